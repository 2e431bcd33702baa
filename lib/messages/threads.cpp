#include "messages/threads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "messages/rows.hpp"

namespace ringctl::messages {
namespace {

constexpr std::string_view k_newest_first = " ORDER BY t.last_message_at DESC, t.id DESC";
/// Of those with somebody, who has few: told so, no engine walks through all of them in that order.
constexpr std::string_view k_newest_of_few_first =
    " ORDER BY coalesce(t.last_message_at, t.created_at) DESC, t.id DESC";

/// A number or user belongs to one workspace, which the caller found it in: to name the workspace as well
/// would tempt SQLite to an index that says less.
Where where_of(const base::Uuid& workspace, const ThreadFilter& filter, base::Instant now) {
  Where where;
  if (filter.number) where.add("t.number_id = ${}", *filter.number);
  if (filter.user) where.add("t.assigned_user_id = ${}", *filter.user);
  if (where.params.empty()) where.add("t.workspace_id = ${}", workspace);
  if (filter.user)
    where.add(fmt::format("(t.lease_expires_at IS NULL OR t.lease_expires_at > ${{}}) AND {}", k_can_have),
              now);
  if (!filter.party.empty()) where.add("t.party_number = ${}", filter.party);
  if (filter.free_only)
    where.add(
        fmt::format("(t.assigned_user_id IS NULL OR t.lease_expires_at <= ${{}} OR NOT ({}))", k_can_have),
        now);
  if (filter.since) where.add("t.last_message_at >= ${}", *filter.since);
  if (filter.until) where.add("t.last_message_at < ${}", *filter.until);
  return where;
}

std::string order_by(const ThreadFilter& filter, std::string_view sort, bool descending) {
  if (sort.empty() || (sort == "last_message_at" && descending))
    return std::string(filter.party.empty() ? k_newest_first : k_newest_of_few_first);
  constexpr auto k_sortable = std::to_array<std::string_view>(
      {"last_message_at", "our_number", "party_number", "assigned_to", "created_at"});
  if (std::find(k_sortable.begin(), k_sortable.end(), sort) == k_sortable.end())
    throw Error(Errc::usage, "messages.bad_sort",
                fmt::format("conversations cannot be sorted by {}", base::in_quotes(sort)),
                "ringctl messages threads --columns help");
  const auto column = sort == "assigned_to" ? std::string("u.email") : fmt::format("t.{}", sort);
  return fmt::format(" ORDER BY {}{} NULLS LAST, t.last_message_at DESC, t.id DESC", column,
                     descending ? " DESC" : "");
}

std::vector<Thread> find(db::Connection& db, const base::Uuid& workspace, std::string_view our_number,
                         std::string_view condition, const db::Param& value) {
  Where where;
  where.add(condition, value);
  where.add("t.workspace_id = ${}", workspace);
  if (!our_number.empty()) where.add("t.our_number = ${}", our_number);
  auto rows =
      db.query(fmt::format("{}WHERE {}{}", select_thread(), where.sql, k_newest_of_few_first), where.params);
  std::vector<Thread> threads;
  while (rows.next()) threads.push_back(read_thread(rows));
  return threads;
}

/// As it can be named: an id; a SID, a number, else the digits of an id.
std::vector<Thread> find_named(db::Connection& db, const base::Uuid& workspace, std::string_view what,
                               std::string_view our_number) {
  if (const auto id = base::Uuid::try_parse(what)) return find(db, workspace, our_number, "t.id = ${}", *id);
  auto threads = find(db, workspace, our_number, "t.party_number = ${}", what);
  if (threads.empty())
    threads = find(db, workspace, our_number,
                   "t.id = (SELECT m.thread_id FROM messages m WHERE m.message_sid = ${})", what);
  if (threads.empty() && is_short_id(what))
    threads = find(db, workspace, our_number, ends_in("t.id", "${}"), base::ascii_lower(what));
  return threads;
}

Error ambiguous(std::string_view what, const std::vector<Thread>& threads) {
  const bool with_one = std::all_of(threads.begin(), threads.end(),
                                    [&](const Thread& thread) { return thread.party_number == what; });
  Error error(Errc::conflict, "messages.ambiguous",
              with_one ? fmt::format("{} writes to several of our numbers", what)
                       : fmt::format("{} names several conversations", what),
              with_one ? fmt::format("add --number {}", threads.front().our_number) : "give the whole id");
  for (const auto& thread : threads)
    error.detail(with_one ? thread.our_number : std::string(thread.id.view()));
  return error;
}

}  // namespace

void for_each_thread(db::Connection& db, const base::Uuid& workspace, const ThreadFilter& filter,
                     base::Instant now, std::string_view sort, bool descending, std::int64_t limit,
                     const std::function<void(const Thread&)>& visit) {
  const auto where = where_of(workspace, filter, now);
  auto sql = fmt::format("{}WHERE {}{}", select_thread(), where.sql, order_by(filter, sort, descending));
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  auto rows = db.stream(sql, where.params);
  while (rows.next()) visit(read_thread(rows));
}

std::int64_t count_threads(db::Connection& db, const base::Uuid& workspace, const ThreadFilter& filter,
                           base::Instant now) {
  const auto where = where_of(workspace, filter, now);
  auto rows = db.query(fmt::format("SELECT count(*) FROM message_threads t LEFT JOIN users u ON "
                                   "u.id = t.assigned_user_id WHERE {}",
                                   where.sql),
                       where.params);
  return rows.next() ? rows.integer(0) : 0;
}

Thread get_thread(db::Connection& db, const base::Uuid& workspace, std::string_view what,
                  std::string_view our_number) {
  auto threads = find_named(db, workspace, what, our_number);
  if (threads.empty())
    throw Error(Errc::not_found, "messages.no_thread",
                fmt::format("there is no conversation {}", base::in_quotes(what)),
                "ringctl messages threads");
  if (threads.size() > 1) throw ambiguous(what, threads);
  return std::move(threads.front());
}

}  // namespace ringctl::messages
