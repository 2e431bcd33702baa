#include "serve/outbound.hpp"

#include <memory>

#include "base/error.hpp"
#include "base/log.hpp"
#include "limits/settle.hpp"

namespace ringctl::serve {
namespace {

constexpr auto k_at_once = std::chrono::milliseconds(500);

Placed away(const limits::Request& request, std::string_view why) {
  return {.verdict = limits::answer_without_database(request, why), .problem = {}};
}

/// A database that is there and has no time: nobody may say what it did not, whatever the workspace chose for
/// one that is away.
Placed busy(limits::Request request, std::string_view why) {
  request.when_away = limits::WhenAway::refuse;
  return away(request, why);
}

/// Without having asked the database.
bool is_unasked(const limits::Verdict& verdict) {
  return verdict.uncounted || verdict.refused_for(limits::Refusal::limits_unavailable);
}

}  // namespace

void Outbound::place(const base::Uuid& workspace, limits::Request request,
                     const std::function<bool()>& wanted, const std::function<void(const Placed&)>& done) {
  const auto asked = std::make_shared<const limits::Request>(std::move(request));
  const auto work = [this, workspace, asked, wanted, done] {
    if (!wanted()) return;
    const auto placed = answer(workspace, *asked);
    if (wanted()) return done(placed);
    give_back(workspace, placed.verdict);
  };
  if (!pool_.submit(work)) done(busy(*asked, "too many calls wait to be counted"));
}

Placed Outbound::answer(const base::Uuid& workspace, const limits::Request& request) {
  Placed placed;
  try {
    pool_.with_connection([&](db::Connection& db) { placed = ask(db, workspace, request); });
    return placed;
  } catch (const std::exception& failure) {
    base::log(base::LogLevel::warn, "outbound.failed", {{"why", failure.what()}});
    const auto* const error = dynamic_cast<const Error*>(&failure);
    const bool is_away = error != nullptr && error->errc() == Errc::db_down;
    return is_away ? away(request, failure.what()) : busy(request, failure.what());
  }
}

void Outbound::give_back(const base::Uuid& workspace, const limits::Verdict& verdict) {
  if (!verdict.reservation || verdict.repeated) return;
  try {
    pool_.with_connection([&](db::Connection& db) {
      base::UuidGenerator ids(clock_);
      audit::Session session{db, clock_, ids, "system"};
      limits::give_back(session, workspace, *verdict.reservation);
    });
  } catch (const std::exception& error) {
    base::log(base::LogLevel::warn, "outbound.not_given_back", {{"why", error.what()}});
  }
}

Placed Outbound::ask(db::Connection& db, const base::Uuid& workspace, const limits::Request& request) const {
  Placed placed;
  const auto began = clock_.steady();
  base::UuidGenerator ids(clock_);
  audit::Session session{db, clock_, ids, "system"};
  try {
    placed.verdict = limits::reserve(session, workspace, request);
  } catch (const Error& error) {
    if (error.errc() == Errc::not_found)
      placed.problem = "unknown_agent";
    else if (error.errc() == Errc::invalid)
      placed.problem = error.slug() == limits::k_invalid_from_number ? "bad_from_number" : "bad_destination";
    else
      throw;
  }
  if (!is_unasked(placed.verdict)) return placed;
  // The connection is of no more use. Lost long ago, it says so at once, and with a new one the answer may be
  // another; of a server that hangs that cannot be hoped.
  const bool at_once = clock_.steady() - began < k_at_once;
  throw Error(Errc::db_down, at_once ? "db.connection_lost" : "db.no_answer",
              "the database cannot be asked now");
}

}  // namespace ringctl::serve
