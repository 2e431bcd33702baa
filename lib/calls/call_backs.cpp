#include "calls/call_backs.hpp"

#include <fmt/format.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "calls/rows.hpp"
#include "db/row_batch.hpp"
#include "phone/e164.hpp"

namespace ringctl::calls {
namespace {

// What the notes of such a row begin as; as long as they say so and nobody changed the row, it is ours to
// change.
constexpr std::string_view k_asked = "asked to be called back", k_missed_call = "missed call";

using Notes = std::unordered_map<std::string, std::string>;

/// By the id of the call, of those that have a row; rows that people changed read as "changed".
Notes read_notes(db::Connection& db, std::span<CallRow* const> calls) {
  std::vector<std::string_view> ids;
  for (const auto* call : calls) ids.push_back(call->id.view());
  auto rows = db.query(fmt::format("SELECT call_id, notes, version FROM callbacks WHERE {}",
                                   db::ids_among(db, "call_id", "$1")),
                       {db::json_array(ids)});
  Notes notes;
  while (rows.next())
    notes.emplace(rows.text(0), rows.integer(2) == 1 ? std::string(rows.text(1)) : "changed");
  return notes;
}

bool callable(const CallRow& call) {
  std::error_code ignored;
  return phone::E164::try_parse(call.from_number, ignored).has_value();
}

/// Of calls, those whose plan says that a missed call is not to be called back.
std::set<std::string> unwanted(db::Connection& db, const base::Uuid& workspace,
                               const std::vector<std::string_view>& sids) {
  std::set<std::string> out;
  for (const auto& [sid, text] : read_plans(db, workspace, sids)) {
    const auto plan = nlohmann::json::parse(text, nullptr, false);
    if (!plan.is_object()) continue;
    const auto wanted = plan.find("call_back");
    if (wanted != plan.end() && wanted->is_boolean() && !wanted->get<bool>()) out.emplace(sid);
  }
  return out;
}

bool may_be_called_back(const CallRow& call) {
  return call.missed() && call.refusal.empty() && callable(call);
}

}  // namespace

void write_call_backs(audit::Session& session, const base::Uuid& workspace, std::span<CallRow* const> all) {
  auto& db = session.db;
  std::vector<CallRow*> calls;
  for (auto* call : all)
    if (call->closed_seq || call->asked_at) calls.push_back(call);
  if (calls.empty()) return;
  const auto notes = read_notes(db, calls);
  const auto notes_of = [&](const CallRow& call) {
    const auto found = notes.find(call.id.text());
    return found == notes.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  };
  std::vector<std::string_view> missed, answered;
  for (const auto* call : calls)
    if (may_be_called_back(*call)) missed.emplace_back(call->sid);
  const auto unwanted_missed = unwanted(db, workspace, missed);

  db::RowBatch rows(
      db,
      "INSERT INTO callbacks (id, workspace_id, phone_number, contact_id, call_id, status, due_at, notes, "
      "created_at, updated_at)",
      10,
      "ON CONFLICT (call_id) WHERE call_id IS NOT NULL DO UPDATE SET notes = excluded.notes, "
      "due_at = excluded.due_at, updated_at = excluded.updated_at");
  const auto now = session.clock.now();
  std::deque<base::Uuid> ids;
  for (const auto* call : calls) {
    const auto held = notes_of(*call);
    const auto add = [&](std::string_view note, base::Instant due) {
      rows.add({ids.emplace_back(session.ids.next()), workspace, call->from_number, call->contact, call->id,
                "open", due, note, now, now});
    };
    if (call->asked_at && call->direction == Direction::inbound && callable(*call)) {
      if (!held || held == k_missed_call) add(k_asked, *call->asked_at);
    } else if (may_be_called_back(*call) && !unwanted_missed.contains(call->sid)) {
      if (!held) add(k_missed_call, *call->own.ended_at);
    } else if (held == k_missed_call) {
      answered.push_back(call->id.view());
    }
  }
  rows.flush();
  if (!answered.empty())
    db.exec(fmt::format("DELETE FROM callbacks WHERE {}", db::ids_among(db, "call_id", "$1")),
            {db::json_array(answered)});
}

void complete_call_backs(audit::Session& session, const base::Uuid& workspace,
                         std::span<CallRow* const> all) {
  std::vector<std::string_view> answered;
  for (const auto* call : all)
    if (call->direction == Direction::outbound && call->answered_at) answered.emplace_back(call->sid);
  if (answered.empty()) return;
  auto& db = session.db;
  db.exec(fmt::format("UPDATE callbacks SET status = 'completed', completed_at = $2, version = version + 1, "
                      "updated_at = $2 WHERE workspace_id = $1 AND status = 'open' AND {}",
                      db.among("calling_sid", "$3")),
          {workspace, session.clock.now(), db::json_array(answered)});
}

}  // namespace ringctl::calls
