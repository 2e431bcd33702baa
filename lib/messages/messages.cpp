#include "messages/messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/row_batch.hpp"
#include "directory/contacts.hpp"
#include "messages/rows.hpp"

namespace ringctl::messages {
namespace {

/// Messages with somebody, each side by its own index.
void add_party(Where& where, const base::Uuid& workspace, const std::string& party) {
  where.params.emplace_back(workspace);
  const auto here = where.params.size();
  where.add(
      fmt::format("m.id IN (SELECT id FROM messages WHERE workspace_id = ${0} AND from_number = ${{0}} AND "
                  "direction = 'inbound' UNION ALL SELECT id FROM messages WHERE workspace_id = ${0} AND "
                  "to_number = ${{0}} AND direction = 'outbound')",
                  here),
      party);
}

/// Messages of a contact, and those of nobody under one of its phones, whatever channel these text by: what
/// a hold on it keeps (purge.cpp).
std::string of_contact() {
  const auto under = [](std::string_view direction, std::string_view column) {
    auto sql = fmt::format(
        " UNION ALL SELECT o.id FROM contact_phones p JOIN messages o ON o.workspace_id = p.workspace_id AND "
        "o.contact_id IS NULL AND o.direction = '{}' AND o.{} IN (p.phone_number",
        direction, column);
    for (const auto channel : directory::k_message_channels)
      sql += fmt::format(", '{}' || p.phone_number", channel);
    return sql + ") WHERE p.contact_id = ${0}";
  };
  return fmt::format("m.id IN (SELECT id FROM messages WHERE contact_id = ${{0}}{}{})",
                     under("inbound", "from_number"), under("outbound", "to_number"));
}

/// A conversation, contact, number or user belongs to one workspace, which the caller found it in: to name
/// the workspace as well would tempt SQLite to an index that says less.
Where where_of(const base::Uuid& workspace, const MessageFilter& filter) {
  Where where;
  const auto only = [&](std::string_view condition, const std::optional<base::Uuid>& id) {
    if (id) where.add(condition, *id);
  };
  only("m.thread_id = ${}", filter.thread);
  only(of_contact(), filter.contact);
  only("m.number_id = ${}", filter.number);
  only("(m.user_id = ${0} OR m.assigned_user_id = ${0})", filter.user);
  if (!filter.party.empty()) add_party(where, workspace, filter.party);
  if (where.params.empty()) where.add("m.workspace_id = ${}", workspace);
  if (filter.since) where.add("m.created_at >= ${}", *filter.since);
  if (filter.until) where.add("m.created_at < ${}", *filter.until);
  const auto word = [&](std::string_view condition, const std::string& text) {
    if (!text.empty()) where.add(condition, text);
  };
  word("m.direction = ${}", filter.direction);
  word("m.status = ${}", filter.status);
  word("m.keyword = ${}", filter.keyword);
  return where;
}

std::string order_by(std::string_view sort, bool descending) {
  constexpr auto k_sortable =
      std::to_array<std::string_view>({"created_at", "from_number", "to_number", "status", "segments"});
  if (std::find(k_sortable.begin(), k_sortable.end(), sort) == k_sortable.end())
    throw Error(Errc::usage, "messages.bad_sort",
                fmt::format("messages cannot be sorted by {}", base::in_quotes(sort)),
                "ringctl messages list --columns help");
  const std::string_view direction = descending ? " DESC" : "";
  // Places follow the order in which messages came where their times do not say it.
  if (sort == "created_at") return fmt::format(" ORDER BY m.created_at{0}, m.message_seq{0}", direction);
  return fmt::format(" ORDER BY m.{}{}, m.created_at DESC, m.message_seq DESC", sort, direction);
}

/// Looks through the bodies of messages that stream by: case-folded text is no matter of SQL.
class Search {
 public:
  explicit Search(const std::string& text) : needle_(text.empty() ? text : base::fold(text)) {}
  bool active() const { return !needle_.empty(); }
  bool finds(const Message& message) const {
    return base::fold(base::repaired(message.body)).find(needle_) != std::string::npos;
  }

 private:
  std::string needle_;
};

void visit_all(db::Rows rows, const std::function<void(const Message&)>& visit) {
  while (rows.next()) visit(read_message(rows));
}

std::vector<Message> find(db::Connection& db, const base::Uuid& workspace, std::string_view condition,
                          const db::Param& value) {
  auto rows = db.query(fmt::format("{}WHERE {} AND m.workspace_id = $2 LIMIT 2", select_message(), condition),
                       {value, workspace});
  std::vector<Message> found;
  while (rows.next()) found.push_back(read_message(rows));
  return found;
}

void for_each_past(db::Connection& db, const base::Uuid& workspace, std::string_view place,
                   std::int64_t after, std::int64_t limit, const std::function<void(const Message&)>& visit) {
  auto sql =
      fmt::format("{}WHERE m.workspace_id = $1 AND m.{} > $2 ORDER BY m.{}", select_message(), place, place);
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  visit_all(db.stream(sql, {workspace, after}), visit);
}

Where where_of(const base::Uuid& workspace, const NotificationFilter& filter) {
  Where where;
  if (filter.message) where.add("n.message_id = ${}", *filter.message);
  if (filter.user) where.add("n.user_id = ${}", *filter.user);
  if (where.params.empty()) where.add("n.workspace_id = ${}", workspace);
  if (filter.since) where.add("n.created_at >= ${}", *filter.since);
  if (filter.until) where.add("n.created_at < ${}", *filter.until);
  return where;
}

Notification read_notification(const db::Rows& rows) {
  Notification notification;
  int column = 0;
  notification.id = rows.uuid(column++);
  notification.message = rows.uuid(column++);
  for (auto* text :
       {&notification.user_email, &notification.kind, &notification.reason, &notification.from_number,
        &notification.our_number, &notification.assigned_to, &notification.delivery})
    *text = rows.text(column++);
  notification.created_at = rows.instant(column);
  return notification;
}

}  // namespace

void for_each(db::Connection& db, const base::Uuid& workspace, const MessageFilter& filter,
              std::string_view sort, bool descending, std::int64_t limit,
              const std::function<void(const Message&)>& visit) {
  const auto where = where_of(workspace, filter);
  const Search search(filter.search);
  auto sql = fmt::format("{}WHERE {}{}", select_message(), where.sql, order_by(sort, descending));
  if (limit > 0 && !search.active()) sql += fmt::format(" LIMIT {}", limit);
  auto rows = db.stream(sql, where.params);
  std::int64_t visited = 0;
  while ((limit <= 0 || visited < limit) && rows.next()) {
    const auto message = read_message(rows);
    if (search.active() && !search.finds(message)) continue;
    ++visited;
    visit(message);
  }
}

std::int64_t count(db::Connection& db, const base::Uuid& workspace, const MessageFilter& filter) {
  if (!filter.search.empty()) {
    std::int64_t found = 0;
    for_each(db, workspace, filter, "created_at", false, 0, [&](const Message&) { ++found; });
    return found;
  }
  const auto where = where_of(workspace, filter);
  auto rows = db.query(fmt::format("SELECT count(*) FROM messages m WHERE {}", where.sql), where.params);
  return rows.next() ? rows.integer(0) : 0;
}

void for_each_after(db::Connection& db, const base::Uuid& workspace, std::int64_t message_seq,
                    std::int64_t limit, const std::function<void(const Message&)>& visit) {
  for_each_past(db, workspace, "message_seq", message_seq, limit, visit);
}

void for_each_changed(db::Connection& db, const base::Uuid& workspace, std::int64_t changed_seq,
                      std::int64_t limit, const std::function<void(const Message&)>& visit) {
  for_each_past(db, workspace, "changed_seq", changed_seq, limit, visit);
}

std::pair<std::int64_t, std::int64_t> last_places(db::Connection& db, const base::Uuid& workspace) {
  auto rows =
      db.query("SELECT message_seq, changed_seq FROM message_counters WHERE workspace_id = $1", {workspace});
  if (!rows.next()) return {0, 0};
  return {rows.integer(0), rows.integer(1)};
}

Message get(db::Connection& db, const base::Uuid& workspace, std::string_view what) {
  const auto id = base::Uuid::try_parse(what);
  auto found = id ? find(db, workspace, "m.id = $1", *id) : find(db, workspace, "m.message_sid = $1", what);
  if (!id && found.empty() && is_short_id(what))
    found = find(db, workspace, ends_in("m.id", "$1"), base::ascii_lower(what));
  if (found.empty())
    throw Error(Errc::not_found, "messages.unknown",
                fmt::format("there is no message {}", base::in_quotes(what)), "ringctl messages list");
  if (found.size() > 1)
    throw Error(Errc::conflict, "messages.ambiguous", fmt::format("{} names several messages", what),
                "give the whole id");
  return std::move(found.front());
}

/// By SID: to ask for the workspace as well would tempt SQLite to read all its events in order.
std::vector<KeptEvent> events_of(db::Connection& db, const base::Uuid& workspace, const Message& message) {
  std::vector<KeptEvent> events;
  if (message.message_sid.empty()) return events;
  auto rows = db.query(
      "SELECT status, form, error_code, received_at, workspace_id FROM message_events WHERE message_sid = $1 "
      "ORDER BY received_at, event_key",
      {message.message_sid});
  while (rows.next())
    if (rows.text(4) == workspace.view())
      events.push_back({.status = std::string(rows.text(0)),
                        .form = std::string(rows.text(1)),
                        .error_code = maybe_integer(rows, 2),
                        .received_at = rows.instant(3)});
  return events;
}

void for_each_notification(db::Connection& db, const base::Uuid& workspace, const NotificationFilter& filter,
                           std::int64_t limit, const std::function<void(const Notification&)>& visit) {
  const auto where = where_of(workspace, filter);
  auto sql = fmt::format(
      "SELECT n.id, n.message_id, u.email, n.kind, n.reason, m.from_number, m.to_number, o.email, d.state, "
      "n.created_at FROM notifications n JOIN messages m ON m.id = n.message_id JOIN users u ON u.id = n.user_id "
      "LEFT JOIN users o ON o.id = m.assigned_user_id LEFT JOIN message_deliveries d ON d.message_id = n.message_id AND "
      "d.event = 'message.received' WHERE {} ORDER BY n.created_at DESC, n.id DESC",
      where.sql);
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  auto rows = db.stream(sql, where.params);
  while (rows.next()) visit(read_notification(rows));
}

std::int64_t count_notifications(db::Connection& db, const base::Uuid& workspace,
                                 const NotificationFilter& filter) {
  const auto where = where_of(workspace, filter);
  auto rows = db.query(fmt::format("SELECT count(*) FROM notifications n WHERE {}", where.sql), where.params);
  return rows.next() ? rows.integer(0) : 0;
}

void for_each_of_person(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact,
                        const std::vector<std::string_view>& phones,
                        const std::function<void(const Message&)>& visit) {
  const auto under = [&](std::string_view direction, std::string_view column) {
    return fmt::format(
        " UNION ALL SELECT id FROM messages WHERE workspace_id = $1 AND contact_id IS NULL AND direction = '{}' AND {}",
        direction, db.among(column, "$3"));
  };
  const auto array = db::json_array(phones);
  visit_all(db.stream(fmt::format("{}WHERE m.id IN (SELECT id FROM messages WHERE contact_id = $2{}{}) "
                                  "ORDER BY m.created_at, m.message_seq",
                                  select_message(), under("inbound", "from_number"),
                                  under("outbound", "to_number")),
                      {workspace, contact, array}),
            visit);
}

}  // namespace ringctl::messages
