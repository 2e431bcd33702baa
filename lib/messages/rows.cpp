#include "messages/rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "phone/e164.hpp"

namespace ringctl::messages {

void Where::add(std::string_view condition, const db::Param& value) {
  params.push_back(value);
  if (!sql.empty()) sql += " AND ";
  sql += fmt::format(fmt::runtime(condition), params.size());
}

std::optional<std::int64_t> maybe_integer(const db::Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return rows.integer(column);
}

std::optional<base::Uuid> maybe_uuid(const db::Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return rows.uuid(column);
}

bool is_number(std::string_view party) {
  std::error_code why;
  return phone::E164::try_parse(party, why).has_value();
}

bool is_usable(std::string_view sid) {
  constexpr std::size_t k_longest = 64;
  return !sid.empty() && sid.size() <= k_longest &&
         std::all_of(sid.begin(), sid.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_short_id(std::string_view text) {
  constexpr std::size_t k_size = 8;
  return text.size() == k_size && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string ends_in(std::string_view column, std::string_view placeholder) {
  return fmt::format("substr(CAST({} AS text), 29) = {}", column, placeholder);
}

std::string select_thread() {
  return fmt::format(
      "SELECT t.id, t.our_number, t.party_number, p.sms_mode, t.contact_id, c.name, t.assigned_user_id, u.email, "
      "t.assigned_by, t.number_id, t.assigned_at, t.lease_expires_at, t.last_inbound_at, t.last_message_at, "
      "t.created_at, t.updated_at, t.version, CASE WHEN {} THEN 1 ELSE 0 END FROM message_threads t "
      "LEFT JOIN phone_numbers p ON p.id = t.number_id LEFT JOIN contacts c ON c.id = t.contact_id "
      "LEFT JOIN users u ON u.id = t.assigned_user_id ",
      k_can_have);
}

Thread read_thread(const db::Rows& rows) {
  Thread thread;
  int column = 0;
  thread.id = rows.uuid(column++);
  for (auto* text :
       {&thread.our_number, &thread.party_number, &thread.sms_mode, &thread.contact_id, &thread.contact_name,
        &thread.assigned_user_id, &thread.assigned_to, &thread.assigned_by})
    *text = rows.text(column++);
  thread.number = maybe_uuid(rows, column++);
  for (auto* at : {&thread.assigned_at, &thread.lease_expires_at, &thread.last_inbound_at})
    *at = rows.maybe_instant(column++);
  for (auto* at : {&thread.last_message_at, &thread.created_at, &thread.updated_at})
    *at = rows.instant(column++);
  thread.version = rows.integer(column++);
  thread.holder_can_answer = rows.integer(column) == 1;
  return thread;
}

Thread thread_by_id(db::Connection& db, const base::Uuid& workspace, const base::Uuid& thread) {
  auto rows = db.query(select_thread() + "WHERE t.id = $1 AND t.workspace_id = $2", {thread, workspace});
  if (!rows.next())
    throw Error(Errc::not_found, "messages.no_thread",
                fmt::format("there is no conversation {}", thread.view()), "ringctl messages threads");
  return read_thread(rows);
}

std::string select_message() {
  return "SELECT m.id, m.thread_id, m.message_sid, m.account_sid, m.direction, m.status, m.from_number, m.to_number, "
         "m.body, m.keyword, m.extension, m.encoding, m.details, p.phone_number, m.contact_id, c.name, m.user_id, "
         "u.email, m.assigned_user_id, o.email, m.price, m.price_unit, m.media, m.segments, m.error_code, "
         "m.message_seq, m.changed_seq, m.sent_at, m.delivered_at, m.created_at, m.updated_at, m.version "
         "FROM messages m LEFT JOIN phone_numbers p ON p.id = m.number_id "
         "LEFT JOIN contacts c ON c.id = m.contact_id LEFT JOIN users u ON u.id = m.user_id "
         "LEFT JOIN users o ON o.id = m.assigned_user_id ";
}

Message read_message(const db::Rows& rows) {
  Message message;
  int column = 0;
  message.id = rows.uuid(column++);
  message.thread = rows.uuid(column++);
  for (auto* text :
       {&message.message_sid,      &message.account_sid,  &message.direction, &message.status,
        &message.from_number,      &message.to_number,    &message.body,      &message.keyword,
        &message.extension,        &message.encoding,     &message.details,   &message.number,
        &message.contact_id,       &message.contact_name, &message.user_id,   &message.user_email,
        &message.assigned_user_id, &message.assigned_to,  &message.price,     &message.price_unit})
    *text = rows.text(column++);
  message.media = media_from(rows.text(column++));
  message.segments = rows.integer(column++);
  message.error_code = maybe_integer(rows, column++);
  message.message_seq = rows.integer(column++);
  message.changed_seq = maybe_integer(rows, column++);
  for (auto* at : {&message.sent_at, &message.delivered_at}) *at = rows.maybe_instant(column++);
  for (auto* at : {&message.created_at, &message.updated_at}) *at = rows.instant(column++);
  message.version = rows.integer(column);
  return message;
}

}  // namespace ringctl::messages
