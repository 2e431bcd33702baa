#include "serve/service.hpp"

#include <nlohmann/json.hpp>

#include "base/async_log.hpp"
#include "base/log.hpp"
#include "serve/counters.hpp"

namespace ringctl::serve {
namespace {

/// Agents' calls are few beside those that come in, and each waits for a commit.
constexpr unsigned k_calling_threads = 2;
constexpr std::string_view k_json = "application/json";

Answer json_answer(int status, const nlohmann::json& body) {
  return {.status = status, .content_type = std::string(k_json), .body = body.dump() + "\n"};
}

}  // namespace

struct Service::Impl {
  Impl(ServiceOptions given, OpenDatabase open, const base::Clock& clock)
      : options(std::move(given)),
        office{clock, metrics, options.log},
        estates(open, clock, options.estates),
        notifier(open, clock, estates, options.notifier),
        books(open, clock, books_options()),
        lookups(open, options.lookups),
        outbound(open, clock, {.threads = k_calling_threads}),
        tokens(office, std::move(open), estates, options.tokens),
        webhooks(office, estates, lookups, outbound, books, talking, options.webhooks),
        server([this](const net::Request& request,
                      net::Respond respond) { handle(request, std::move(respond)); },
               {options.limits, options.tls}, clock),
        metrics_server([this](const net::Request& request,
                              net::Respond respond) { handle_metrics(request, std::move(respond)); },
                       {}, clock) {
    server.listen(options.listen);
    if (options.metrics_listen) metrics_server.listen({*options.metrics_listen});
  }

  /// Before anything goes that somebody's thread may still come back to.
  ~Impl() {
    server.drain({});
    outbound.stop();
    lookups.stop();
    tokens.stop();
  }

  Bookkeeping::Options books_options() {
    auto given = options.books;
    given.queued = [this] { notifier.wake(); };
    return given;
  }

  void handle(const net::Request& request, net::Respond respond) {
    const auto route = route_of(request.path);
    if (is_webhook(route.endpoint)) return webhooks.handle(request, route, std::move(respond));
    if (route.endpoint == Endpoint::token || route.endpoint == Endpoint::own_token)
      return tokens.handle(request, route, std::move(respond));
    Exchange exchange(office, request, route, std::move(respond));
    switch (route.endpoint) {
      case Endpoint::health:
        exchange.answer(json_answer(200, {{"status", "ok"}}));
        return;
      case Endpoint::ready:
        exchange.answer(readiness());
        return;
      default:
        exchange.answer(problem(404, "there is nothing here"));
    }
  }

  /// Calls can be answered as soon as the estates were read once, also while the database is away.
  Answer readiness() const {
    const auto books_now = books.journal_stats();
    const bool degraded =
        !estates.database_up() || !books.applier_stats().db_up || books_now.failing || estates.broken() > 0;
    return json_answer(estates.ready() ? 200 : 503, {{"ready", estates.ready()}, {"degraded", degraded}});
  }

  void handle_metrics(const net::Request& request, net::Respond respond) {
    if (request.path != "/metrics") return respond({.status = 404});
    const auto journal = books.journal_stats();
    const auto applier = books.applier_stats();
    const auto hooks = notifier.stats();
    const auto now = server.stats();
    auto text = metrics.text({.db_up = estates.database_up() && applier.db_up,
                              .journal_lag_records = journal.disk.lag_records,
                              .journal_lag_bytes = journal.disk.lag_bytes,
                              .refused_records = applier.refused,
                              .connections = now.open,
                              .in_flight = now.in_flight,
                              .broken_workspaces = estates.broken(),
                              .log_lines_dropped = base::log_lines_dropped(),
                              .hooks_delivered = hooks.delivered,
                              .hooks_failed = hooks.failed,
                              .snapshot_age_s = static_cast<double>(estates.age().count()) / 1000});
    text += listener_text(now) + journal_text(journal);
    respond({.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = std::move(text)});
  }

  ServiceOptions options;
  Metrics metrics;
  Office office;
  Talking talking;
  Estates estates;
  Notifier notifier;
  Bookkeeping books;  ///< whose applier wakes the notifier
  Lookups lookups;
  Outbound outbound;
  AccessTokens tokens;
  Webhooks webhooks;
  net::Server server, metrics_server;
};

Service::Service(ServiceOptions options, OpenDatabase open, const base::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(open), clock)) {}
Service::~Service() = default;

void Service::start() {
  impl_->server.run(impl_->options.threads);
  if (impl_->options.metrics_listen) impl_->metrics_server.run(1);
}

base::Finding Service::reload(const std::vector<base::Secret>& tokens) {
  if (!tokens.empty()) impl_->webhooks.use_tokens(tokens);
  auto finding = impl_->server.reload();
  impl_->estates.refresh();
  return finding;
}

net::Handler Service::handler() {
  return [impl = impl_.get()](const net::Request& request, net::Respond respond) {
    impl->handle(request, std::move(respond));
  };
}

bool Service::settle(std::chrono::milliseconds within) {
  const bool applied = impl_->books.settle(within);
  impl_->estates.refresh();
  return applied;
}

std::size_t Service::notify() { return impl_->notifier.run_due(); }

bool Service::stop() {
  const auto cut = impl_->server.drain(impl_->options.drain_timeout);
  if (impl_->options.metrics_listen) impl_->metrics_server.drain({});
  impl_->outbound.stop();
  impl_->lookups.stop();
  impl_->tokens.stop();
  const bool applied = impl_->books.stop(impl_->options.drain_timeout);
  impl_->notifier.stop(impl_->options.drain_timeout);
  if (cut > 0 || !applied)
    base::log(
        base::LogLevel::warn, "stopped",
        {{"connections_cut", static_cast<std::int64_t>(cut)},
         {"left_in_journal", static_cast<std::int64_t>(impl_->books.journal_stats().disk.lag_records)}});
  return cut == 0 && applied;
}

std::uint16_t Service::port(std::size_t index) const {
  const auto endpoints = impl_->options.listen.size();
  return index < endpoints ? impl_->server.port(index) : impl_->metrics_server.port(0);
}

std::string Service::address() const {
  std::string all;
  for (std::size_t i = 0; i < impl_->options.listen.size(); ++i)
    all.append(i > 0 ? " " : "").append(impl_->server.endpoint(i).text());
  return all;
}

std::string Service::metrics_address() const {
  return impl_->options.metrics_listen ? impl_->metrics_server.endpoint().text() : std::string();
}

bool Service::ready() const { return impl_->estates.ready(); }

}  // namespace ringctl::serve
