#include "sim/front.hpp"

#include <fmt/format.h>

#include <utility>

#include "sim/rest_broken.hpp"

namespace ringctl::sim {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view k_control = "/sim/v1/", k_twirp = "/twirp/";
/// Slower than anybody waits for a whole answer.
constexpr std::chrono::milliseconds k_drop{200};

net::Server::Options server_options(std::chrono::milliseconds hangs) {
  net::Server::Options options;
  // A hanging request is ended by its fault, not by the server's patience.
  options.limits.handler_time = hangs + std::chrono::seconds(30);
  options.limits.requests_per_connection = 1'000'000;
  return options;
}

net::Response response_of(RestAnswer made) {
  net::Response response;
  response.status = made.status;
  response.content_type = std::move(made.content_type);
  response.body = std::move(made.body);
  response.headers = std::move(made.headers);
  return response;
}

}  // namespace

/// One request on its way. Its Respond is used, or let go, once.
struct Front::Visit {
  explicit Visit(net::Respond way_back) : respond(std::move(way_back)) {}
  net::Respond respond;
  RestRequest request = {};
  std::string path = {}, query = {};
  Steady::time_point began = Steady::now();
  bool is_control = false;
  int at_once = 0;  ///< of REST
};

Front::Front(Agenda& agenda, Account& account, Network& network, Rest& rest, Timeline& timeline,
             Faults& faults, Options options)
    : agenda_(agenda),
      rest_(rest),
      timeline_(timeline),
      faults_(faults),
      options_(std::move(options)),
      control_(agenda, account, network, timeline, faults, options_.on_reset, options_.address_of),
      server_(
          [this](const net::Request& request, net::Respond respond) { receive(request, std::move(respond)); },
          server_options(options_.hangs), agenda.clock()) {}

Front::~Front() {
  *here_ = false;
  server_.drain(std::chrono::milliseconds(0));
}

void Front::start() {
  auto endpoints = options_.listen;
  // Requests dealt out between two networks would find nothing that was told to the other.
  for (auto& endpoint : endpoints) endpoint.alone = true;
  server_.listen(endpoints);
  server_.run(options_.threads);
}

void Front::receive(const net::Request& request, net::Respond respond) {
  // Too many wait for the agenda already, which must not hear of yet another one.
  if (request.overloaded) return respond(response_of(refuse(429, 20429, "Too Many Requests")));
  auto visit = std::make_shared<Visit>(std::move(respond));
  visit->request = {std::string(request.method), std::string(request.target),
                    std::string(request.header("Authorization").value_or("")),
                    std::string(request.header("Content-Type").value_or("")), std::string(request.body)};
  visit->path = request.path;
  visit->query = request.query;
  visit->is_control = visit->path.starts_with(k_control);
  if (!visit->is_control) {
    visit->at_once = ++at_once_;
    ++requests_;
    auto most = most_at_once_.load();
    while (visit->at_once > most && !most_at_once_.compare_exchange_weak(most, visit->at_once)) {
    }
  }
  agenda_.post([this, here = here_, visit = std::move(visit)] {
    if (*here) work(visit);
  });
}

void Front::work(const VisitPtr& visit) {
  if (!visit->is_control)
    return options_.livekit != nullptr && visit->path.starts_with(k_twirp) ? work_livekit(visit)
                                                                           : work_rest(visit);
  if (!rest_.is_main_login(visit->request.authorization)) return answer(visit, Control::no_login());
  answer(visit, control_.handle({visit->request.method, visit->path.substr(k_control.size()), visit->query,
                                 visit->request.body}));
}

void Front::work_rest(const VisitPtr& visit) {
  const bool crowded = options_.at_once != 0 && visit->at_once > options_.at_once;
  auto brought = crowded ? Brought{.answer = too_many(visit->request, timeline_, agenda_.now())}
                         : bring(visit->request, rest_, faults_, timeline_, agenda_.now());
  if (brought.back == Brought::Back::nothing) return hang(visit);
  if (brought.back == Brought::Back::reset) return drop(visit);
  auto response = response_of(std::move(brought.answer));
  if (brought.cut) response.cut = response.body.size() / 2;
  if (brought.drips) response.drip = k_drop;
  const auto after = brought.after + options_.latency;
  if (after <= std::chrono::milliseconds(0)) return send(visit, std::move(response));
  agenda_.in(after, [this, here = here_, visit, response = std::move(response)]() mutable {
    if (*here) send(visit, std::move(response));
  });
}

void Front::work_livekit(const VisitPtr& visit) {
  answer(visit, options_.livekit->handle(visit->request, agenda_.now()));
}

/// By the machine's clock in real time; in virtual time whoever waits does so no longer than all else.
void Front::hang(const VisitPtr& visit) {
  agenda_.in(options_.hangs, [this, here = here_, visit] {
    if (*here) drop(visit);
  });
}

void Front::answer(const VisitPtr& visit, RestAnswer made) { send(visit, response_of(std::move(made))); }

void Front::send(const VisitPtr& visit, net::Response response) {
  const std::chrono::duration<double> took = Steady::now() - visit->began;
  response.headers.emplace_back("Twilio-Request-Id", request_ids_.next("RQ"));
  response.headers.emplace_back("Twilio-Concurrent-Requests", std::to_string(visit->at_once));
  response.headers.emplace_back("Twilio-Request-Duration", fmt::format("{:.3f}", took.count()));
  if (!visit->is_control) --at_once_;
  visit->respond(std::move(response));
}

void Front::drop(const VisitPtr& visit) {
  net::Response response;
  response.drop = true;
  if (!visit->is_control) --at_once_;
  visit->respond(std::move(response));
}

}  // namespace ringctl::sim
