#include "sim/kept.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "calls/callbacks.hpp"
#include "calls/calls.hpp"
#include "db/transaction.hpp"
#include "limits/status.hpp"
#include "messages/messages.hpp"
#include "messages/threads.hpp"

namespace ringctl::sim {
namespace {

void put(PlayedRow& row, std::string_view column, std::string_view text) {
  if (!text.empty()) row.emplace(column, text);
}
void put(PlayedRow& row, std::string_view column, const std::optional<std::int64_t>& number) {
  if (number) row.emplace(column, std::to_string(*number));
}
void put(PlayedRow& row, std::string_view column, const std::optional<base::Instant>& at) {
  if (at) row.emplace(column, base::format_utc(*at));
}

PlayedRow row_of(const calls::Call& call) {
  PlayedRow row;
  put(row, "call_sid", call.call_sid);
  put(row, "status", call.status);
  put(row, "direction", call.direction);
  put(row, "from_number", call.from_number);
  put(row, "to_number", call.to_number);
  put(row, "number", call.number);
  put(row, "customer_name", call.customer_name);
  put(row, "user_email", call.user_email);
  put(row, "user_name", call.user_name);
  put(row, "team", call.team);
  put(row, "outcome", call.outcome);
  put(row, "routed_by", call.routed_by);
  put(row, "rule", call.rule);
  put(row, "refusal", call.refusal);
  put(row, "notes", call.notes);
  put(row, "recording_sid", call.recording_sid);
  put(row, "recording_url", call.recording_url);
  put(row, "has_recording", call.recording_sid.empty() ? "false" : "true");
  put(row, "duration_s", call.duration_s);
  put(row, "started_at", std::optional(call.started_at));
  put(row, "answered_at", call.answered_at);
  put(row, "ended_at", call.ended_at);
  if (call.answered_at) put(row, "answered_by", call.user_email);
  return row;
}

PlayedRow row_of(const calls::Attempt& attempt, const std::string& call_sid) {
  PlayedRow row;
  put(row, "call_sid", call_sid);
  put(row, "leg_sid", attempt.leg_sid);
  put(row, "party", attempt.party);
  put(row, "user", attempt.user_email);
  put(row, "status", attempt.status);
  put(row, "step", attempt.step);
  put(row, "wave", attempt.wave);
  put(row, "started_at", std::optional(attempt.started_at));
  put(row, "ringing_at", attempt.ringing_at);
  put(row, "answered_at", attempt.answered_at);
  put(row, "ended_at", attempt.ended_at);
  return row;
}

PlayedRow row_of(const calls::Recording& recording, const std::string& call_sid) {
  PlayedRow row;
  put(row, "call_sid", call_sid);
  put(row, "recording_sid", recording.recording_sid);
  put(row, "kind", recording.kind);
  put(row, "status", recording.status);
  put(row, "duration_s", recording.duration_s);
  put(row, "channels", recording.channels);
  return row;
}

PlayedRow row_of(const calls::Callback& callback) {
  PlayedRow row;
  put(row, "call_sid", callback.call_sid);
  put(row, "phone_number", callback.phone_number);
  put(row, "customer_name", callback.customer_name);
  put(row, "user", callback.user_email);
  put(row, "status", callback.status);
  put(row, "notes", callback.notes);
  put(row, "due_at", std::optional(callback.due_at));
  return row;
}

PlayedRow row_of(const limits::Status& status) {
  PlayedRow row;
  put(row, "number", status.phone_number);
  put(row, "agent", status.agent);
  put(row, "used_today", std::optional(status.used));
  put(row, "daily_limit", std::optional(status.daily_limit));
  put(row, "left", std::optional(status.left()));
  put(row, "reserved", std::optional(status.reserved));
  put(row, "connected", std::optional(status.connected));
  put(row, "refunded", std::optional(status.refunded));
  put(row, "adjusted", std::optional(status.adjusted));
  put(row, "callable", status.can_call() ? "true" : "false");
  return row;
}

PlayedRow row_of(const messages::Message& message) {
  PlayedRow row;
  put(row, "direction", message.direction);
  put(row, "from_number", message.from_number);
  put(row, "to_number", message.to_number);
  put(row, "number", message.number);
  put(row, "body", message.body);
  put(row, "status", message.status);
  put(row, "keyword", message.keyword);
  put(row, "extension", message.extension);
  put(row, "encoding", message.encoding);
  put(row, "segments", std::optional(message.segments));
  put(row, "media", std::optional(static_cast<std::int64_t>(message.media.size())));
  put(row, "error_code", message.error_code);
  put(row, "user", message.user_email);
  put(row, "assigned_to", message.assigned_to);
  put(row, "contact_name", message.contact_name);
  put(row, "has_sid", message.message_sid.empty() ? "false" : "true");
  put(row, "created_at", std::optional(message.created_at));
  return row;
}

PlayedRow row_of(const messages::Thread& thread) {
  PlayedRow row;
  put(row, "our_number", thread.our_number);
  put(row, "party_number", thread.party_number);
  put(row, "sms_mode", thread.sms_mode);
  put(row, "assigned_to", thread.assigned_to);
  put(row, "assigned_by", thread.assigned_by);
  put(row, "contact_name", thread.contact_name);
  put(row, "assigned_at", thread.assigned_at);
  put(row, "lease_expires_at", thread.lease_expires_at);
  put(row, "last_message_at", std::optional(thread.last_message_at));
  return row;
}

PlayedRow row_of(const messages::Notification& notification) {
  PlayedRow row;
  put(row, "user", notification.user_email);
  put(row, "reason", notification.reason);
  put(row, "kind", notification.kind);
  put(row, "from_number", notification.from_number);
  put(row, "our_number", notification.our_number);
  put(row, "assigned_to", notification.assigned_to);
  put(row, "created_at", std::optional(notification.created_at));
  return row;
}

void read_texts(audit::Session& session, const base::Uuid& workspace, Records& records) {
  auto& db = session.db;
  messages::for_each_after(db, workspace, 0, 0, [&](const messages::Message& message) {
    records.texts.push_back(row_of(message));
  });
  messages::for_each_thread(db, workspace, {}, session.clock.now(), {}, true, 0,
                            [&](const auto& thread) { records.threads.push_back(row_of(thread)); });
  messages::for_each_notification(db, workspace, {}, 0, [&](const messages::Notification& notification) {
    records.notifications.push_back(row_of(notification));
  });
  auto listed = db.query(
      "SELECT phone_number, channel, source FROM opt_outs WHERE workspace_id = $1 ORDER BY phone_number",
      {workspace});
  while (listed.next()) {
    PlayedRow row;
    put(row, "phone_number", listed.text(0));
    put(row, "channel", listed.text(1));
    put(row, "source", listed.text(2));
    records.opt_outs.push_back(std::move(row));
  }
}

/// Nothing where it is not on record, or as part of another call.
std::optional<calls::Details> find_details(db::Connection& db, const base::Uuid& workspace,
                                           const std::string& sid) {
  try {
    auto details = calls::get_details(db, workspace, sid);
    if (details.call.call_sid == sid) return details;
  } catch (const Error& error) {
    if (error.slug() != "calls.unknown") throw;
  }
  return std::nullopt;
}

void add_call(Records& records, const calls::Details& details) {
  const auto& sid = details.call.call_sid;
  records.calls.push_back(row_of(details.call));
  for (const auto& attempt : details.attempts) records.attempts.push_back(row_of(attempt, sid));
  for (const auto& recording : details.recordings) records.recordings.push_back(row_of(recording, sid));
}

/// Those of the network first, in its order; then what else began since, which should be nothing. A log that
/// was there before is not gone through.
void read_calls(db::Connection& db, const base::Uuid& workspace, const std::vector<Call>& legs,
                base::Instant since, Records& records) {
  std::set<std::string> others;
  calls::CallFilter filter;
  filter.since = std::chrono::floor<std::chrono::seconds>(since);  // as exact as Twilio's times are
  calls::for_each(db, workspace, filter, {}, 0,
                  [&](const calls::Call& call) { others.insert(call.call_sid); });
  for (const auto& leg : legs) {
    if (!leg.parent_sid.empty()) continue;
    others.erase(leg.sid);
    if (const auto details = find_details(db, workspace, leg.sid)) add_call(records, *details);
  }
  for (const auto& sid : others) add_call(records, calls::get_details(db, workspace, sid));
}

}  // namespace

Records read_records(audit::Session& session, const base::Uuid& workspace, const std::vector<Call>& legs,
                     base::Instant since) {
  Records records;
  auto& db = session.db;
  {
    db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
    read_calls(db, workspace, legs, since, records);
    calls::for_each(db, workspace, calls::CallbackFilter{}, 0,
                    [&](const calls::Callback& callback) { records.callbacks.push_back(row_of(callback)); });
    read_texts(session, workspace, records);
    transaction.commit();
  }
  limits::for_each_status(session, workspace, {},
                          [&](const limits::Status& status) { records.limits.push_back(row_of(status)); });
  return records;
}

}  // namespace ringctl::sim
