#include "calls/callbacks.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "calls/call_query.hpp"
#include "db/row_batch.hpp"
#include "db/transaction.hpp"

namespace ringctl::calls {
namespace {

constexpr std::size_t k_short_id = 8;

constexpr std::string_view k_select =
    "SELECT b.id, b.phone_number, coalesce(c.customer_name, k.name), b.contact_id, b.user_id, u.email, c.call_sid, "
    "b.notes, b.status, b.due_at, b.created_at, b.updated_at, b.completed_at, b.version FROM callbacks b "
    "LEFT JOIN calls c ON c.id = b.call_id LEFT JOIN contacts k ON k.id = b.contact_id "
    "LEFT JOIN users u ON u.id = b.user_id ";

Callback read_callback(const db::Rows& rows) {
  Callback callback;
  int column = 0;
  callback.id = rows.uuid(column++);
  for (auto* text : {&callback.phone_number, &callback.customer_name, &callback.contact_id, &callback.user_id,
                     &callback.user_email, &callback.call_sid, &callback.notes, &callback.status})
    *text = rows.text(column++);
  for (auto* at : {&callback.due_at, &callback.created_at, &callback.updated_at})
    *at = rows.instant(column++);
  callback.completed_at = rows.maybe_instant(column++);
  callback.version = rows.integer(column);
  return callback;
}

Where where_of(const base::Uuid& workspace, const CallbackFilter& filter) {
  Where where;
  where.add("b.workspace_id = ${}", workspace);
  // As text, not bound: the index of open ones is found by it.
  if (filter.status == "open")
    where.sql += " AND b.status = 'open'";
  else if (!filter.status.empty())
    where.add("b.status = ${}", filter.status);
  if (filter.user) where.add("b.user_id = ${}", *filter.user);
  if (filter.unassigned) where.sql += " AND b.user_id IS NULL";
  if (filter.due_until) where.add("b.due_at <= ${}", *filter.due_until);
  return where;
}

std::string image_of(const Callback& callback) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? nlohmann::json() : nlohmann::json(text);
  };
  return nlohmann::json{{"phone_number", text_or_null(callback.phone_number)},
                        {"user", text_or_null(callback.user_email)},
                        {"status", callback.status},
                        {"due_at", base::format_utc(callback.due_at)},
                        {"notes", text_or_null(callback.notes)},
                        {"call", text_or_null(callback.call_sid)}}
      .dump();
}

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action,
            const CallbackEdit& edit) {
  audit::record(session, workspace,
                {.action = action,
                 .object_type = "callback",
                 .object_id = edit.after.id,
                 .object_key = edit.after.phone_number,
                 .before = edit.before ? std::optional(image_of(*edit.before)) : std::nullopt,
                 .after = image_of(edit.after)});
}

/// Who is to call back must be able to.
void set_user(db::Connection& db, const base::Uuid& workspace, const std::optional<base::Uuid>& user,
              Callback& callback) {
  callback.user_id = callback.user_email = {};
  if (!user) return;
  auto rows =
      db.query("SELECT email, is_active FROM users WHERE workspace_id = $1 AND id = $2", {workspace, *user});
  if (!rows.next())
    throw Error(Errc::not_found, "users.unknown", fmt::format("there is no user {}", user->view()),
                "ringctl users list");
  if (!rows.boolean(1))
    throw Error(Errc::conflict, "callbacks.inactive_user",
                fmt::format("{} takes part no more", rows.text(0)));
  callback.user_id = user->text();
  callback.user_email = rows.text(0);
}

std::optional<base::Uuid> id_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return base::Uuid::parse(text);
}

bool same(const Callback& a, const Callback& b) {
  return a.due_at == b.due_at && a.notes == b.notes && a.status == b.status && a.user_id == b.user_id;
}

void apply(db::Connection& db, const base::Uuid& workspace, const CallbackChange& change, base::Instant now,
           Callback& callback) {
  if (change.due_at) callback.due_at = *change.due_at;
  if (change.notes) callback.notes = *change.notes;
  require_notes(callback.notes, "callbacks");
  if (change.user) set_user(db, workspace, *change.user, callback);
  if (!change.status || *change.status == callback.status) return;
  callback.status = *change.status;
  callback.completed_at = callback.status == "completed" ? std::optional(now) : std::nullopt;
}

}  // namespace

void for_each(db::Connection& db, const base::Uuid& workspace, const CallbackFilter& filter,
              std::int64_t limit, const std::function<void(const Callback&)>& visit) {
  const auto where = where_of(workspace, filter);
  auto sql = fmt::format("{}WHERE {} ORDER BY b.due_at, b.id", k_select, where.sql);
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  auto rows = db.stream(sql, where.params);
  while (rows.next()) visit(read_callback(rows));
}

std::int64_t count(db::Connection& db, const base::Uuid& workspace, const CallbackFilter& filter) {
  const auto where = where_of(workspace, filter);
  auto rows = db.query(fmt::format("SELECT count(*) FROM callbacks b WHERE {}", where.sql), where.params);
  return rows.next() ? rows.integer(0) : 0;
}

void for_each_callback_of_person(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact,
                                 const std::vector<std::string_view>& phones,
                                 const std::function<void(const Callback&)>& visit) {
  const auto array = db::json_array(phones);
  auto rows = db.stream(
      fmt::format(
          "{}WHERE b.id IN (SELECT id FROM callbacks WHERE contact_id = $2 UNION ALL SELECT id FROM callbacks "
          "WHERE workspace_id = $1 AND contact_id IS NULL AND {}) ORDER BY b.created_at, b.id",
          k_select, db.among("phone_number", "$3")),
      {workspace, contact, array});
  while (rows.next()) visit(read_callback(rows));
}

Callback get_callback(db::Connection& db, const base::Uuid& workspace, std::string_view what) {
  const auto id = base::Uuid::try_parse(what);
  const std::string_view condition = id                          ? "b.id = $2"
                                     : what.size() == k_short_id ? "substr(CAST(b.id AS text), 29) = $2"
                                                                 : "c.call_sid = $2";
  auto rows = db.query(fmt::format("{}WHERE b.workspace_id = $1 AND {} LIMIT 2", k_select, condition),
                       {workspace, id ? db::Param(*id) : db::Param(what)});
  if (!rows.next())
    throw Error(Errc::not_found, "callbacks.unknown", fmt::format("there is no callback {}", what),
                "ringctl callbacks list");
  auto callback = read_callback(rows);
  if (rows.next())
    throw Error(Errc::conflict, "callbacks.ambiguous", fmt::format("{} names several callbacks", what),
                "give the whole id");
  return callback;
}

CallbackEdit add_callback(audit::Session& session, const base::Uuid& workspace, const NewCallback& given,
                          bool write) {
  auto& db = session.db;
  CallbackEdit edit;
  const auto insert = [&] {
    edit = {};
    auto& added = edit.after;
    added.id = session.ids.next();
    added.phone_number = given.phone_number;
    added.notes = given.notes;
    require_notes(added.notes, "callbacks");
    added.due_at = given.due_at;
    added.created_at = added.updated_at = session.clock.now();
    if (given.user) set_user(db, workspace, given.user, added);
    std::optional<base::Uuid> call;
    auto contact = given.contact;
    if (!given.call_sid.empty()) {
      const auto found = get(db, workspace, given.call_sid);
      call = found.id;
      added.call_sid = found.call_sid;
      if (!contact) contact = id_of(found.contact_id);
    }
    if (contact) added.contact_id = contact->text();
    db.exec(
        "INSERT INTO callbacks (id, workspace_id, phone_number, contact_id, user_id, call_id, status, due_at, "
        "notes, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9, $9)",
        {added.id, workspace, added.phone_number, contact, id_of(added.user_id), call, added.due_at,
         db::or_null(added.notes), added.created_at});
    edit.changed = true;
    record(session, workspace, "callbacks.add", edit);
    return write;
  };
  try {
    db::in_transaction_if(db, db::Scope::of(workspace), insert);
  } catch (const Error& error) {
    if (error.slug() != "db.unique") throw;
    throw Error(Errc::conflict, "callbacks.exists",
                fmt::format("call {} has a callback already", given.call_sid),
                fmt::format("ringctl callbacks show {}", given.call_sid));
  }
  return edit;
}

CallbackEdit change_callback(audit::Session& session, const base::Uuid& workspace, std::string_view what,
                             std::string_view action, const CallbackChange& change,
                             const CallbackOptions& options) {
  auto& db = session.db;
  CallbackEdit edit;
  db::in_transaction_if(db, db::Scope::of(workspace), [&] {
    edit = {};
    const auto id = get_callback(db, workspace, what).id;
    // Nobody else changes it from here on.
    db.exec("UPDATE callbacks SET version = version WHERE id = $1", {id});
    edit.before = get_callback(db, workspace, id.view());
    edit.after = *edit.before;
    auto& after = edit.after;
    if (options.if_version && *options.if_version != after.version)
      throw Error(Errc::conflict, "callbacks.stale",
                  fmt::format("callback {} has version {}, not {}", id.short_id(), after.version,
                              *options.if_version),
                  fmt::format("ringctl callbacks show {}", id.view()));
    apply(db, workspace, change, session.clock.now(), after);
    edit.changed = !same(*edit.before, after);
    if (!edit.changed) return false;
    ++after.version;
    after.updated_at = session.clock.now();
    db.exec(
        "UPDATE callbacks SET user_id = $2, status = $3, due_at = $4, notes = $5, completed_at = $6, "
        "version = $7, updated_at = $8 WHERE id = $1",
        {after.id, id_of(after.user_id), after.status, after.due_at, db::or_null(after.notes),
         after.completed_at, after.version, after.updated_at});
    record(session, workspace, action, edit);
    return options.write;
  });
  return edit;
}

}  // namespace ringctl::calls
