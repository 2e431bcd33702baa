#include "sim/house.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>

#include "base/error.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono_literals;

std::string_view path_of(const http::Request& request) {
  return std::string_view(request.url).substr(0, request.url.find_first_of("?#"));
}

/// What a text comes to is decided when it is applied, by the estate of that moment.
bool is_text(const http::Request& request) {
  const auto path = path_of(request);
  return path.ends_with("/sms") || path.ends_with("/twilio/webhook");
}

/// Webhooks that only tell, or go by a plan that was made before, decide nothing by the estate; one that
/// leaves a queue asks who is free by now.
bool decides(const http::Request& request) {
  static constexpr auto k_telling = std::to_array<std::string_view>(
      {"/status", "/recording", "/wait/", "/accept/", "/accepted/", "/consent", "/voicemail"});
  const auto path = path_of(request);
  if (path.find("/next/") != std::string_view::npos)
    return request.body.find("QueueResult=") != std::string::npos;
  return std::ranges::none_of(
      k_telling, [&](std::string_view part) { return path.find(part) != std::string_view::npos; });
}

Error stuck() {
  return {Errc::failure, "sim.serve_stuck", "serve did not bring all that it was told to the database",
          "the same with --verbose says what it met"};
}

}  // namespace

/// The scenario's day and the machine's seconds.
class House::WallClock final : public base::Clock {
 public:
  explicit WallClock(const base::Clock& day) : day_(day) {}
  base::Instant now() const override { return day_.now(); }
  std::chrono::steady_clock::time_point steady() const override { return system_.steady(); }

 private:
  const base::Clock& day_;
  base::SystemClock system_;
};

House::House(HouseOptions options, const base::Clock& scenario_clock)
    : options_(std::move(options)), clock_(std::make_unique<WallClock>(scenario_clock)) {}

House::~House() = default;

serve::ServiceOptions House::options() const {
  serve::ServiceOptions options;
  options.webhooks.public_url = options_.public_url;
  options.webhooks.account_sid = options_.account_sid;
  options.webhooks.tokens.push_back(options_.auth_token);
  options.webhooks.deadline = options.webhooks.record_deadline = options_.patience;
  options.webhooks.first_draw = options_.seed;
  options.books.durability = serve::Durability::none;
  // The estate is read when it is asked for, never in between. Of what was heard in this very millisecond the
  // database may not know yet.
  options.estates.every = 24h;
  options.estates.lag = 1ms;
  options.estates.gap = 24h * 3650;
  options.lookups.threads = options_.on_server ? 1 : 0;
  options.lookups.answer = options_.patience;
  options.tokens.pool.threads = options.lookups.threads;
  options.notifier.thread = false;  // there is nobody outside
  return options;
}

void House::start() {
  if (service_) return;
  service_ = std::make_unique<serve::Service>(options(), options_.open, *clock_);
  service_->start();
  door_ = std::make_unique<net::Inside>(service_->handler(), *clock_);
}

void House::stop() {
  if (!service_) return;
  door_.reset();
  const auto ending = std::move(service_);
  if (!ending->settle(options_.away) || !ending->stop()) throw stuck();
}

void House::settle() {
  if (service_ && !service_->settle(options_.away)) throw stuck();
}

http::Outcome House::ask(const http::Request& request) {
  if (!door_) return http::Failure{http::Fault::unreachable, false, "nobody listens"};
  const auto target = std::string_view(request.url).substr(k_nowhere.size());
  std::vector<net::Field> fields;
  for (const auto& [name, value] : request.fields) fields.push_back({name, value});
  net::Request asked{.method = request.method, .target = target.empty() ? "/" : target};
  const auto question = std::min(asked.target.size(), asked.target.find('?'));
  asked.path = asked.target.substr(0, question);
  asked.query = asked.target.substr(std::min(asked.target.size(), question + 1));
  asked.fields = fields;
  asked.body = request.body;
  asked.remote = "127.0.0.1";
  auto answer = door_->ask(asked, options_.patience);
  if (!answer) return http::Failure{http::Fault::broken, true, "the connection ended without an answer"};
  if (answer->body.size() > request.max_body)
    return http::Failure{http::Fault::too_large, true, "the answer is too large"};
  http::Response response{.status = answer->status};
  response.fields = std::move(answer->headers);
  if (!answer->content_type.empty())
    response.fields.emplace_back("Content-Type", std::move(answer->content_type));
  response.body = std::move(answer->body);
  return response;
}

void HouseTransport::send(http::Request request, Done done) {
  if (!request.url.starts_with(House::k_nowhere)) return through_.send(std::move(request), std::move(done));
  try {
    const bool text = is_text(request);
    if (!text && decides(request)) house_.settle();
    auto outcome = house_.ask(request);
    if (text) house_.settle();
    agenda_.in(0ms, [done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
  } catch (const Error&) {
    agenda_.in(0ms, [failure = std::current_exception()] { std::rethrow_exception(failure); });
  }
}

}  // namespace ringctl::sim
