#include "calls/holds.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "calls/counter.hpp"
#include "db/transaction.hpp"

namespace ringctl::calls {
namespace {

constexpr std::size_t k_longest_reason = 1000;

constexpr std::string_view k_select =
    "SELECT h.id, c.call_sid, h.contact_id, k.phone_number, h.reason, h.held_by, h.ended_by, h.created_at, h.ended_at "
    "FROM legal_holds h LEFT JOIN calls c ON c.id = h.call_id LEFT JOIN contacts k ON k.id = h.contact_id ";

Hold read_hold(const db::Rows& rows) {
  Hold hold;
  int column = 0;
  hold.id = rows.uuid(column++);
  for (auto* text :
       {&hold.call_sid, &hold.contact_id, &hold.contact, &hold.reason, &hold.held_by, &hold.ended_by})
    *text = rows.text(column++);
  hold.created_at = rows.instant(column++);
  hold.ended_at = rows.maybe_instant(column);
  return hold;
}

void require_reason(std::string_view reason) {
  const auto bad = [](std::string message) {
    return Error(Errc::invalid, "holds.bad_reason", std::move(message));
  };
  if (!base::valid_utf8(reason) || reason.find('\0') != std::string_view::npos)
    throw bad("the reason is not UTF-8 text");
  if (base::trim(reason).empty()) throw bad("a hold needs a reason");
  if (reason.size() > k_longest_reason)
    throw bad(fmt::format("a reason of {} bytes; {} are kept at most", reason.size(), k_longest_reason));
}

/// A call or a contact that is there, and what it is called. Throws Errc::not_found.
struct Held {
  std::string_view type, column;
  base::Uuid id;
  std::string key;
};
Held get_held(db::Connection& db, const base::Uuid& workspace, const HoldTarget& target) {
  if (target.call) {
    const auto sid =
        db.text("SELECT call_sid FROM calls WHERE id = $1 AND workspace_id = $2", {*target.call, workspace});
    if (!sid) throw Error(Errc::not_found, "calls.unknown", "the call is gone", "ringctl calls list");
    return {"call", "call_id", *target.call, *sid};
  }
  auto rows =
      db.query("SELECT phone_number FROM contacts WHERE id = $1 AND workspace_id = $2 AND erased_at IS NULL",
               {target.contact.value(), workspace});
  if (!rows.next())
    throw Error(Errc::not_found, "contacts.unknown", "the contact is gone", "ringctl contacts list");
  return {"contact", "contact_id", *target.contact, std::string(rows.text(0))};
}

std::optional<Hold> find_newest(db::Connection& db, const base::Uuid& workspace, const Held& held) {
  auto rows =
      db.query(fmt::format("{}WHERE h.{} = $1 AND h.workspace_id = $2 "
                           "ORDER BY CASE WHEN h.ended_at IS NULL THEN 0 ELSE 1 END, h.created_at DESC, "
                           "h.id DESC LIMIT 1",
                           k_select, held.column),
               {held.id, workspace});
  if (!rows.next()) return std::nullopt;
  return read_hold(rows);
}

/// One hold has one reason: whoever ends it must not end another's unseen.
Error other_reason(const Held& held, const std::string& stands, std::string_view asked) {
  const auto target = (held.type == "contact" ? "--contact " : "") + base::for_shell(held.key);
  return Error(Errc::conflict, "holds.other_reason",
               fmt::format("{} is held already, for another reason: {}", held.key, base::in_quotes(stands)),
               fmt::format("then hold it for both: ringctl calls hold {} --reason {}", target,
                           base::for_shell(fmt::format("{}; {}", stands, asked))))
      .detail(fmt::format("end that hold: ringctl calls unhold {}", target));
}

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action, const Held& held,
            bool was, bool is, const std::string& reason) {
  const auto image = [&](bool held_then) -> std::optional<std::string> {
    if (!held_then) return std::nullopt;
    return nlohmann::json{{"held", reason}}.dump();
  };
  audit::record(session, workspace,
                {.action = action,
                 .object_type = held.type,
                 .object_id = held.id,
                 .object_key = held.key,
                 .before = image(was),
                 .after = image(is)});
}

}  // namespace

const std::string_view k_not_held =
    "NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.call_id = c.id AND h.ended_at IS NULL) AND "
    "NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.contact_id = c.contact_id AND h.ended_at IS NULL) AND "
    // What stands under a phone alone is of whoever has the phone.
    "NOT (c.contact_id IS NULL AND EXISTS (SELECT 1 FROM contact_phones p JOIN legal_holds h "
    "ON h.contact_id = p.contact_id AND h.ended_at IS NULL WHERE p.workspace_id = c.workspace_id AND "
    "p.phone_number IN (c.from_number, c.to_number)))";

HoldEdit hold(audit::Session& session, const base::Uuid& workspace, const HoldTarget& target,
              std::string_view reason, bool write) {
  require_reason(reason);
  auto& db = session.db;
  HoldEdit edit;
  db::in_transaction_if(db, db::Scope::of(workspace), [&] {
    // Nothing is purged or erased between the look and the hold.
    lock_counter(db, workspace);
    const auto held = get_held(db, workspace, target);
    const auto newest = find_newest(db, workspace, held);
    edit.changed = !newest || newest->ended_at;
    if (!edit.changed) {
      if (newest->reason != reason) throw other_reason(held, newest->reason, reason);
      edit.hold = *newest;
      return false;
    }
    const auto now = session.clock.now();
    db.exec(
        "INSERT INTO legal_holds (id, workspace_id, call_id, contact_id, reason, held_by, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        {session.ids.next(), workspace, target.call, target.contact, reason, session.actor, now});
    edit.hold = find_newest(db, workspace, held).value();
    record(session, workspace, "calls.hold", held, false, true, edit.hold.reason);
    return write;
  });
  return edit;
}

HoldEdit unhold(audit::Session& session, const base::Uuid& workspace, const HoldTarget& target, bool write) {
  auto& db = session.db;
  HoldEdit edit;
  db::in_transaction_if(db, db::Scope::of(workspace), [&] {
    lock_counter(db, workspace);
    const auto held = get_held(db, workspace, target);
    const auto newest = find_newest(db, workspace, held);
    if (!newest)
      throw Error(Errc::not_found, "holds.unknown",
                  fmt::format("{} {} was never held", held.type, base::in_quotes(held.key)),
                  "ringctl calls holds");
    edit.hold = *newest;
    edit.changed = !newest->ended_at;
    if (!edit.changed) return false;
    edit.hold.ended_at = session.clock.now();
    edit.hold.ended_by = session.actor;
    db.exec("UPDATE legal_holds SET ended_at = $2, ended_by = $3, updated_at = $2 WHERE id = $1",
            {edit.hold.id, *edit.hold.ended_at, edit.hold.ended_by});
    record(session, workspace, "calls.unhold", held, true, false, edit.hold.reason);
    return write;
  });
  return edit;
}

void for_each_hold(db::Connection& db, const base::Uuid& workspace, bool ended_too,
                   const std::function<void(const Hold&)>& visit) {
  auto rows = db.stream(fmt::format("{}WHERE h.workspace_id = $1{} ORDER BY h.created_at DESC, h.id DESC",
                                    k_select, ended_too ? "" : " AND h.ended_at IS NULL"),
                        {workspace});
  while (rows.next()) visit(read_hold(rows));
}

std::vector<Hold> holds_on(db::Connection& db, const base::Uuid& workspace, const base::Uuid& call) {
  auto rows = db.query(
      fmt::format(
          "{}WHERE h.workspace_id = $1 AND h.ended_at IS NULL AND (h.call_id = $2 OR "
          "h.contact_id = (SELECT l.contact_id FROM calls l WHERE l.id = $2) OR h.contact_id IN (SELECT p.contact_id "
          "FROM calls l JOIN contact_phones p ON p.workspace_id = l.workspace_id AND "
          "p.phone_number IN (l.from_number, l.to_number) WHERE l.id = $2 AND l.contact_id IS NULL)) "
          "ORDER BY h.created_at, h.id",
          k_select),
      {workspace, call});
  std::vector<Hold> holds;
  while (rows.next()) holds.push_back(read_hold(rows));
  return holds;
}

}  // namespace ringctl::calls
