#include "serve/outbound.hpp"

#include <memory>

#include "base/error.hpp"
#include "base/log.hpp"

namespace ringctl::serve {
namespace {

constexpr std::string_view k_prefix = "agent_";
constexpr std::size_t k_bare_uuid = 32;

Placed unavailable(const limits::Request& request) {
  Placed placed;
  placed.verdict.to_number = request.to;
  placed.verdict.refusals.push_back(
      {.refusal = limits::Refusal::limits_unavailable, .message = "the database cannot be asked now"});
  return placed;
}

}  // namespace

std::optional<base::Uuid> user_of_identity(std::string_view identity) {
  if (!identity.starts_with(k_prefix)) return std::nullopt;
  identity.remove_prefix(k_prefix.size());
  if (identity.size() != k_bare_uuid) return base::Uuid::try_parse(identity);
  std::string text(identity);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return base::Uuid::try_parse(text);
}

void Outbound::place(const base::Uuid& workspace, limits::Request request,
                     std::function<void(const Placed&)> done) {
  const auto asked = std::make_shared<const limits::Request>(std::move(request));
  if (!pool_.submit([this, workspace, asked, done] { done(answer(workspace, *asked)); }))
    done(unavailable(*asked));
}

Placed Outbound::answer(const base::Uuid& workspace, const limits::Request& request) {
  Placed placed;
  try {
    pool_.with_connection([&](db::Connection& db) {
      base::UuidGenerator ids(clock_);
      audit::Session session{db, clock_, ids, "system"};
      try {
        placed.verdict = limits::reserve(session, workspace, request);
      } catch (const Error& error) {
        if (error.errc() == Errc::not_found)
          placed.problem = "unknown_agent";
        else if (error.errc() == Errc::invalid)
          placed.problem = "bad_destination";
        else
          throw;
      }
    });
    return placed;
  } catch (const std::exception& error) {
    base::log(base::LogLevel::warn, "outbound.failed", {{"why", error.what()}});
    return unavailable(request);
  }
}

}  // namespace ringctl::serve
