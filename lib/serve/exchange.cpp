#include "serve/exchange.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/mask.hpp"

namespace ringctl::serve {

Answer twiml_answer(std::string body) {
  return {.content_type = "text/xml; charset=utf-8", .body = std::move(body)};
}
Answer no_content() { return {.status = 204}; }

Answer problem(int status, std::string_view detail) {
  const nlohmann::json body = {{"type", "about:blank"},
                               {"title", std::string(net::reason_phrase(status))},
                               {"status", status},
                               {"detail", std::string(detail)}};
  return {.status = status,
          .content_type = "application/problem+json",
          .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

Exchange::Exchange(Office& office, const net::Request& request, const Route& route, net::Respond respond)
    : office_(office),
      endpoint_(route.endpoint),
      rest_(route.rest),
      id_(request.id),
      received_at_(office.clock.now()),
      started_(office.clock.steady()),
      overloaded_(request.overloaded),
      remote_(net::client_of(request, office.log.trusted_proxies)),
      respond_(std::move(respond)) {
  if (route.workspace) log_workspace_ = route.workspace->text();
}

void Exchange::about_workspace(const base::Uuid& id) {
  const std::lock_guard lock(log_mutex_);
  log_workspace_ = id.text();
}

void Exchange::about_parties(std::string_view from, std::string_view to) {
  // Not verified yet: who knows what somebody posts.
  constexpr std::size_t k_most = 64;
  const auto text = [this](std::string_view party) {
    party = party.substr(0, k_most);
    return office_.log.numbers ? std::string(party) : base::masked_party(party);
  };
  from_ = text(from);
  to_ = text(to);
}

bool Exchange::finish(Answer answer, std::string_view cause) noexcept {
  if (answered_.exchange(true, std::memory_order_acq_rel)) return false;
  const int status = answer.status;
  respond_(std::move(answer));
  try {
    if (!cause.empty()) office_.metrics.safe_answer(cause);
    report(status, cause);
  } catch (const std::exception&) {  // for want of memory: the answer is out
  }
  return true;
}

void Exchange::report(int status, std::string_view cause) {
  const auto took = office_.clock.steady() - started_;
  office_.metrics.answered(endpoint_, status, took);
  const auto level = cause.empty() ? base::LogLevel::info : base::LogLevel::warn;
  if (!base::log_enabled(level)) return;
  const std::lock_guard lock(log_mutex_);
  base::log(level, "request",
            {{"route", endpoint_name(endpoint_)},
             {"status", std::int64_t{status}},
             {"request_id", id_},
             {"call_sid", call_sid_},
             {"message_sid", message_sid_},
             {"tenant", log_workspace_},
             {"from", from_},
             {"to", to_},
             {"remote", remote_},
             {"safe_answer", cause},
             {"dur_ms", std::chrono::duration<double, std::milli>(took).count()}});
}

}  // namespace ringctl::serve
