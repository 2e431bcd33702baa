#include "sim/house.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>

#include "base/error.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono_literals;

/// A journal that is gone with the run needs no disk that it can trust.
class QuickDisk final : public serve::Disk {
 public:
  std::error_code create(const std::filesystem::path& path, base::Fd& fd) override {
    return system_.create(path, fd);
  }
  std::error_code open(const std::filesystem::path& path, base::Fd& fd) override {
    return system_.open(path, fd);
  }
  std::error_code grow(int fd, std::uint64_t bytes) override {
    return ::ftruncate(fd, static_cast<off_t>(bytes)) == 0 ? std::error_code()
                                                           : std::error_code(errno, std::generic_category());
  }
  std::error_code write(int fd, std::string_view first, std::string_view second,
                        std::uint64_t offset) override {
    return system_.write(fd, first, second, offset);
  }
  std::error_code sync(int) override { return {}; }
  std::error_code rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return system_.rename(from, to);
  }
  std::error_code remove(const std::filesystem::path& path) override { return system_.remove(path); }
  std::error_code sync_folder(const std::filesystem::path&) override { return {}; }

 private:
  serve::Disk& system_ = serve::system_disk();
};

/// Webhooks that only tell, or go by a plan that was made before: they decide nothing by the estate.
bool decides(std::string_view url) {
  static constexpr auto k_telling = std::to_array<std::string_view>(
      {"/status", "/recording", "/wait/", "/accept/", "/accepted/", "/consent", "/voicemail"});
  const auto path = url.substr(0, url.find_first_of("?#"));
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
    : options_(std::move(options)),
      clock_(std::make_unique<WallClock>(scenario_clock)),
      disk_(std::make_unique<QuickDisk>()) {}

House::~House() = default;

serve::ServiceOptions House::options() const {
  serve::ServiceOptions options;
  options.webhooks.public_url = options_.public_url;
  options.webhooks.account_sid = options_.account_sid;
  options.webhooks.tokens.push_back(options_.auth_token);
  options.webhooks.deadline = options.webhooks.record_deadline = options_.patience;
  options.webhooks.first_draw = options_.seed;
  options.books.state = options_.state;
  options.books.journal.bounds = {.max_bytes = 64U << 20U, .segment_bytes = 1U << 20U};
  options.books.disk = disk_.get();
  // The estate is read when it is asked for, never in between. Of what was heard in this very millisecond the
  // database may not know yet.
  options.estates.every = 24h;
  options.estates.lag = 1ms;
  options.estates.gap = 24h * 3650;
  options.lookups.threads = options_.on_server ? 1 : 0;
  options.lookups.answer = options_.patience;
  options.tokens.pool.threads = options.lookups.threads;
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
  if (!ending->settle(options_.patience) || !ending->stop()) throw stuck();
}

void House::settle() {
  if (service_ && !service_->settle(options_.patience)) throw stuck();
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
    if (decides(request.url)) house_.settle();
    agenda_.in(0ms, [done = std::move(done), outcome = house_.ask(request)] { done(outcome); });
  } catch (const Error&) {
    agenda_.in(0ms, [failure = std::current_exception()] { std::rethrow_exception(failure); });
  }
}

}  // namespace ringctl::sim
