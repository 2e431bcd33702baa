// Twilio first, then the row: stopped between the two, the next look finds the number gone; the other order
// would leave one that is billed every month and known to nobody. Before it goes, Twilio is asked whether the
// SID is that number's: a wrong one here would give back somebody else's.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "estate/number_use.hpp"
#include "jobs/effects.hpp"
#include "sync/purchase.hpp"
#include "sync/release_effect.hpp"
#include "sync/work.hpp"

namespace ringctl::sync {
namespace {

estate::Number number_of(Account& account, std::string_view what) {
  return estate::Numbers(account.session, account.workspace.id,
                         account.workspace.default_country.value_or(""))
      .get(what);
}

/// LiveKit would take its calls for whoever has it next.
void require_not_handed(const estate::Number& number) {
  if (!number.assistant_id.empty())
    throw Error(Errc::conflict, "assistants.has_number",
                fmt::format("{} is handed to an assistant", number.phone_number),
                fmt::format("ringctl assistants detach {}", number.phone_number));
}

/// Inside a transaction.
void require_unused(Account& account, std::string_view number) {
  if (const auto use =
          estate::use_of(account.session.db, account.workspace.id, number, estate::History::may_lose))
    throw *use;
}

void require_releasable(const Account& account, const estate::Number& number) {
  if (number.provider == "twilio" && number.sid.empty() && number.missing_since)  // no sync will find a SID
    throw Error(Errc::invalid, "numbers.not_at_twilio",
                fmt::format("{} is not in the account", number.phone_number),
                fmt::format("ringctl numbers delete {}", number.phone_number));
  if (number.provider != "twilio" || number.sid.empty())
    throw Error(Errc::invalid, "numbers.not_at_twilio",
                number.provider != "twilio" ? fmt::format("{} is at {}: Twilio cannot give it back",
                                                          number.phone_number, number.provider)
                                            : fmt::format("{} has no SID here", number.phone_number),
                number.provider != "twilio" ? fmt::format("ringctl numbers delete {}", number.phone_number)
                                            : "ringctl numbers sync --apply");
  if (!number.account_sid.empty() && number.account_sid != account.client.account_sid())
    throw Error(Errc::conflict, "numbers.other_account",
                fmt::format("{} is account {}'s", number.phone_number, number.account_sid),
                fmt::format("--account {}", number.account_sid));
  require_not_handed(number);
}

std::chrono::seconds wait_of(const Account& account) {
  return std::chrono::seconds(base::parse_int(account.workspace.setting("release_wait_s")).value_or(0));
}

template <class Work>
void transact(Account& account, Work&& work) {
  db::in_transaction(account.session.db, db::Scope::of(account.workspace.id), work);
}

void record(Account& account, std::string_view action, const estate::Number& number, base::Instant at) {
  audit::record(account.session, account.workspace.id,
                {.action = action,
                 .object_type = "number",
                 .object_id = number.id,
                 .object_key = number.phone_number,
                 .before = image_of(number),
                 .after = nlohmann::json{{"release_at", base::format_utc(at)}, {"sid", number.sid}}.dump()});
}

jobs::Effect effect_of(Account& account, const estate::Number& number) {
  jobs::Effect effect;
  effect.id = account.session.ids.next();
  effect.kind = k_release_kind;
  effect.key = number.phone_number;
  effect.account_sid = account.client.account_sid();
  effect.request = nlohmann::json{{"sid", number.sid}, {"phone_number", number.phone_number}}.dump();
  effect.sid = number.sid;
  effect.actor = account.session.actor;
  return effect;
}

/// False: Twilio does not have it any more.
bool require_same_number(Account& account, const estate::Number& number) {
  try {
    const auto there = twilio::fetch_number(account.client, number.sid);
    if (there.phone_number == number.phone_number) return true;
    throw Error(Errc::conflict, "numbers.sid_mismatch",
                fmt::format("{} is the SID of {} at Twilio, not of {}; nothing was given back", number.sid,
                            there.phone_number, number.phone_number),
                "ringctl numbers sync --apply");
  } catch (const Error& error) {
    if (error.errc() == Errc::not_found) return false;
    throw;
  }
}

std::optional<estate::UsedNumber> find_row(Account& account, std::string_view number) {
  std::optional<estate::UsedNumber> row;
  estate::find_used(
      account.session.db, account.workspace.id, {&number, 1},
      [&](const estate::UsedNumber& known) { row = known; }, [](std::string_view) {});
  return row;
}

/// As it is now, in the transaction that says it goes: who uses it since Twilio was asked keeps it.
void require_still_free(Account& account, const estate::Number& number) {
  const auto row = find_row(account, number.phone_number);
  if (!row || row->facts.sid != number.sid)
    throw Error(Errc::conflict, "numbers.changed", fmt::format("{} changed meanwhile", number.phone_number),
                fmt::format("ringctl numbers show {}", number.phone_number));
  require_unused(account, number.phone_number);
}

enum class When { now, due };

/// One that was due and is to be kept by now stays: `kept`.
ReleaseReport give_back(Account& account, const estate::Number& number, When when) {
  const auto now = account.session.clock.now();
  ReleaseReport report{.phone_number = number.phone_number, .action = "released", .at = now};
  auto effect = effect_of(account, number);
  const bool there = require_same_number(account, number);
  bool goes = true;
  transact(account, [&] {
    require_still_free(account, number);
    goes = when == When::now || estate::still_due(account.session, account.workspace.id, number.id);
    if (!goes) return;
    jobs::Effects effects(account.session.db, account.session.clock, account.workspace.id);
    effects.insert(effect);
    effects.sent(effect.id);
  });
  if (!goes) return {.phone_number = number.phone_number, .action = "kept"};
  if (there) {
    const auto outcome = account.client.try_send(twilio::release_number_ask(number.sid));
    if (const auto* failed = std::get_if<twilio::Failed>(&outcome);
        failed != nullptr && failed->kind != twilio::Failed::Kind::not_found) {
      const bool refused =
          failed->kind == twilio::Failed::Kind::refused || failed->kind == twilio::Failed::Kind::auth;
      transact(account, [&] {
        jobs::Effects effects(account.session.db, account.session.clock, account.workspace.id);
        if (refused)
          effects.refused(effect.id, code_of(*failed), failed->message);
        else
          effects.unknown(effect.id, failed->message);
      });
      throw to_error(*failed);
    }
  }
  finish_release(account, effect);
  return report;
}

/// Throws if Twilio was told to take it back, and nobody knows yet what came of that.
void refuse_going(Account& account, const estate::Number& number) {
  const auto open =
      jobs::Effects(account.session.db, account.session.clock, account.workspace.id).open(std::nullopt);
  if (std::none_of(open.begin(), open.end(), [&](const jobs::Effect& effect) {
        return effect.kind == k_release_kind && effect.key == number.phone_number;
      }))
    return;
  throw Error(Errc::conflict, "jobs.effect_under_way",
              fmt::format("{} is on its way back to Twilio", number.phone_number), "ringctl jobs resolve");
}

}  // namespace

void finish_release(Account& account, const jobs::Effect& effect) {
  transact(account, [&] {
    auto& session = account.session;
    jobs::Effects(session.db, session.clock, account.workspace.id).done(effect.id, effect.sid);
    const auto row = find_row(account, effect.key);
    // A row that has another SID by now is another purchase of the same number.
    if (!row || row->facts.sid != effect.sid) return;
    if (row->used()) {  // since it went: `numbers audit` tells that it is missing
      const estate::RowVersion here{row->id, row->version};
      estate::mark_missing(session, account.workspace.id, {&here, 1});
      return;
    }
    estate::forget_released(session, account.workspace.id, row->id);
    audit::record(session, account.workspace.id,
                  {.action = "numbers.release",
                   .object_type = "number",
                   .object_id = row->id,
                   .object_key = effect.key,
                   .before = effect.request});
  });
}

ReleaseReport schedule_release(Account& account, std::string_view what, bool now, bool write) {
  std::optional<db::Lease> lease;
  if (now && write) lease.emplace(take_lease(account));  // what is looked at then stays so
  const auto number = number_of(account, what);
  require_releasable(account, number);
  db::Transaction looking(account.session.db, db::Scope::of(account.workspace.id), db::Access::read);
  require_unused(account, number.phone_number);
  looking.commit();
  const auto at = account.session.clock.now() + (now ? std::chrono::seconds(0) : wait_of(account));
  if (now) {
    if (write) return give_back(account, number, When::now);
    return {.phone_number = number.phone_number, .action = "released", .at = at};
  }
  if (number.release_at)
    return {.phone_number = number.phone_number, .action = "waiting", .at = number.release_at};
  if (write)
    transact(account, [&] {
      if (estate::set_release(account.session, account.workspace.id, number.id, at))
        record(account, "numbers.release_scheduled", number, at);
    });
  return {.phone_number = number.phone_number, .action = "scheduled", .at = at};
}

ReleaseReport cancel_release(Account& account, std::string_view what, bool write) {
  const auto number = number_of(account, what);
  if (!number.release_at) return {.phone_number = number.phone_number, .action = "kept"};
  if (write)
    transact(account, [&] {
      const bool kept = estate::set_release(account.session, account.workspace.id, number.id, {});
      refuse_going(account, number);
      if (kept) record(account, "numbers.release_cancelled", number, *number.release_at);
    });
  return {.phone_number = number.phone_number, .action = "canceled"};
}

namespace {

/// One that Twilio refuses, or that changed this moment, is not to keep the others, today and every day.
ReleaseReport try_give_back(Account& account, const estate::KnownNumber& row) {
  const auto& text = row.facts.phone_number;
  try {
    const auto number = number_of(account, text);
    require_not_handed(number);  // since it was marked
    return give_back(account, number, When::due);
  } catch (const Error& error) {
    const bool ends_all = error.errc() != Errc::twilio && error.errc() != Errc::conflict &&
                          error.errc() != Errc::not_found && error.errc() != Errc::unknown_outcome;
    if (ends_all) throw;
    return {.phone_number = text,
            .action = "failed",
            .at = row.release_at,
            .code = std::string(error.slug()),
            .message = std::string(error.message())};
  }
}

}  // namespace

std::vector<ReleaseReport> release_due(Account& account, bool write) {
  auto& session = account.session;
  std::optional<db::Lease> lease;
  if (write) lease.emplace(take_lease(account));
  db::Transaction transaction(session.db, db::Scope::of(account.workspace.id), db::Access::read);
  const auto due = estate::due_releases(session.db, account.workspace.id, session.clock.now());
  transaction.commit();
  std::vector<ReleaseReport> reports;
  for (const auto& row : due) {
    account.cancel.check("ringctl numbers release --due");
    const auto& owner = row.facts.account_sid;
    if (!owner.empty() && owner != account.client.account_sid()) continue;
    // Somebody uses it again, or it went to another provider: it waits until that is over, or cancelled.
    if (row.used() || row.provider != "twilio" || row.facts.sid.empty()) {
      reports.push_back({.phone_number = row.facts.phone_number, .action = "waiting", .at = row.release_at});
      continue;
    }
    if (!write) {
      reports.push_back({.phone_number = row.facts.phone_number, .action = "released", .at = row.release_at});
      continue;
    }
    lease->renew();
    reports.push_back(try_give_back(account, row));
  }
  return reports;
}

}  // namespace ringctl::sync
