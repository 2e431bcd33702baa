// callbacks

#include "calls/callbacks.hpp"

#include <fmt/format.h>

#include <array>

#include "base/zone.hpp"
#include "cmd/callbacks_call.hpp"
#include "cmd/context.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "phone/e164.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"due_at", ColumnType::time},
    Column{"phone_number", ColumnType::e164},
    Column{"customer_name", ColumnType::text},
    Column{"user", ColumnType::text},
    Column{"status", ColumnType::word},
    Column{"notes", ColumnType::text},
    Column{"id", ColumnType::job},
    Column{"call_sid", ColumnType::word, false},
    Column{"contact_id", ColumnType::uuid, false},
    Column{"user_id", ColumnType::uuid, false},
    Column{"completed_at", ColumnType::time, false},
    Column{"version", ColumnType::integer, false},
    Column{"created_at", ColumnType::time, false},
    Column{"updated_at", ColumnType::time, false},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::array<Cell, k_columns.size()> cells_of(const calls::Callback& callback) {
  return {callback.due_at,
          text_or_null(callback.phone_number),
          text_or_null(callback.customer_name),
          text_or_null(callback.user_email),
          callback.status,
          text_or_null(callback.notes),
          callback.id,
          text_or_null(callback.call_sid),
          text_or_null(callback.contact_id),
          text_or_null(callback.user_id),
          callback.completed_at,
          callback.version,
          callback.created_at,
          callback.updated_at};
}

/// When something is due: what base says of times that lie behind is of no help here.
base::Instant time_of(const std::string& text, Context& ctx) {
  try {
    return base::parse_instant(text, ctx.zone(), ctx.clock().now());
  } catch (const Error& error) {
    if (error.slug() != "time.malformed") throw;
    throw Error(error.errc(), error.slug(), fmt::format("--due: {}", error.message()),
                "use 2030-03-08, 2030-03-08 09:30, 2030-03-08T09:30:00Z or now");
  }
}

base::Uuid user_of(const std::string& key, Context& ctx) {
  return records_of(ctx, ctx.workspace(), directory::users_noun()).get(key).id;
}

std::string local_time(base::Instant at, Context& ctx) {
  std::string text;
  ctx.io().times().append_local(text, at);
  return text;
}

void report(Context& ctx, std::string_view infinitive, std::string_view past, const calls::CallbackEdit& edit,
            const std::string& rest) {
  const auto id = edit.after.id.short_id();
  const auto object = edit.after.phone_number.empty() ? id : edit.after.phone_number;
  if (!edit.changed) return ctx.io().unchanged({.action = infinitive, .object = object, .rest = rest});
  if (ctx.dry_run()) return ctx.io().would_change({.action = infinitive, .object = object, .rest = rest});
  ctx.io().changed({.action = past,
                    .object = object,
                    .rest = rest,
                    .fields = {{"id", edit.after.id}, {"version", edit.after.version}}});
}

// --- list, show ---

struct ListVerbOptions {
  std::string status = "open";
  std::optional<std::string> user;
  bool unassigned = false, due = false;
};

void run_list(const ListVerbOptions& opts, Context& ctx) {
  calls::CallbackFilter filter;
  if (opts.status != "all") filter.status = opts.status;
  if (opts.user) filter.user = user_of(*opts.user, ctx);
  filter.unassigned = opts.unassigned;
  if (opts.due) filter.due_until = ctx.clock().now();
  const auto limit = ctx.list_options().limit;
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(k_columns);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each(db, workspace.id, filter, limit,
                  [&](const calls::Callback& callback) { rows.row(cells_of(callback)); });
  const bool maybe_cut = limit > 0 && rows.count() == static_cast<std::uint64_t>(limit);
  const auto total =
      maybe_cut ? static_cast<std::uint64_t>(calls::count(db, workspace.id, filter)) : rows.count();
  transaction.commit();
  rows.finish(total);
}

struct ShowOptions {
  std::string callback;
};

void run_show(const ShowOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  const auto callback = calls::get_callback(db, workspace.id, opts.callback);
  transaction.commit();
  ctx.io().record(k_columns, cells_of(callback));
}

// --- add ---

struct AddOptions {
  std::string number;
  std::optional<std::string> due, user, call, notes;
};

void run_add(const AddOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  calls::NewCallback callback;
  callback.phone_number = phone::parse_typed(opts.number, workspace.default_country.value_or("")).text();
  callback.due_at = opts.due ? time_of(*opts.due, ctx) : ctx.clock().now();
  if (opts.user) callback.user = user_of(*opts.user, ctx);
  const auto contact = records_of(ctx, workspace, directory::contacts_noun()).find(callback.phone_number);
  if (contact && contact->shown) callback.contact = contact->id;
  callback.call_sid = opts.call.value_or("");
  callback.notes = opts.notes.value_or("");
  const auto edit = calls::add_callback(ctx.session(), workspace.id, callback, !ctx.dry_run());
  report(ctx, "add callback of", "added callback of", edit,
         fmt::format("(due {})", local_time(edit.after.due_at, ctx)));
}

// --- changes ---

struct UpdateOptions {
  std::string callback;
  std::optional<std::string> due, notes, status;
  std::optional<std::int64_t> if_version;
};

void run_update(const UpdateOptions& opts, Context& ctx) {
  calls::CallbackChange change;
  if (opts.due) change.due_at = time_of(*opts.due, ctx);
  if (opts.notes) change.notes = *opts.notes == "-" ? std::string() : *opts.notes;
  change.status = opts.status;
  if (!change.due_at && !change.notes && !change.status)
    throw Error(Errc::usage, "usage.nothing_to_do", "callbacks update: no field to change was given",
                "ringctl callbacks update --help");
  const auto edit =
      calls::change_callback(ctx.session(), ctx.workspace().id, opts.callback, "callbacks.update", change,
                             {.write = !ctx.dry_run(), .if_version = opts.if_version});
  report(ctx, "update callback of", "updated callback of", edit,
         fmt::format("({}, due {})", edit.after.status, local_time(edit.after.due_at, ctx)));
}

struct CompleteOptions {
  std::string callback;
  std::optional<std::string> notes;
};

void run_complete(const CompleteOptions& opts, Context& ctx) {
  calls::CallbackChange change{.status = "completed"};
  if (opts.notes) change.notes = *opts.notes == "-" ? std::string() : *opts.notes;
  const auto edit = calls::change_callback(ctx.session(), ctx.workspace().id, opts.callback,
                                           "callbacks.complete", change, {.write = !ctx.dry_run()});
  report(ctx, "complete callback of", "completed callback of", edit, "");
}

struct ReassignOptions {
  std::string callback, user;
};

void run_reassign(const ReassignOptions& opts, Context& ctx) {
  calls::CallbackChange change;
  change.user = opts.user == "-" ? std::optional<base::Uuid>() : std::optional(user_of(opts.user, ctx));
  const auto edit = calls::change_callback(ctx.session(), ctx.workspace().id, opts.callback,
                                           "callbacks.reassign", change, {.write = !ctx.dry_run()});
  report(
      ctx, "reassign callback of", "reassigned callback of", edit,
      edit.after.user_email.empty() ? std::string("to nobody") : fmt::format("to {}", edit.after.user_email));
}

constexpr std::string_view k_which = "Its id, the last eight digits of that, or the SID of its call";

void add_reading_verbs(Noun& callbacks) {
  callbacks.verb<ListVerbOptions>("list", "List who is to be called back, the earliest due first", run_list)
      .flag("status", &ListVerbOptions::status, "STATUS", "Only those of this status, or all")
      .choices("open|completed|canceled|all")
      .default_text("open")
      .flag("user", &ListVerbOptions::user, "USER", "Only those that this user is to make")
      .kind(ValueKind::user)
      .flag("unassigned", &ListVerbOptions::unassigned, "Only those that nobody was given")
      .excludes("user")
      .flag("due", &ListVerbOptions::due, "Only those that are due by now")
      .columns(k_columns)
      .lists()
      .details(
          "A missed call leaves a callback behind, and so does a caller who was told that somebody will call back: one for "
          "each call. Others are added by hand.")
      .example("ringctl callbacks list --due")
      .example("ringctl callbacks list --user ann@example.com -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});

  callbacks.verb<ShowOptions>("show", "Show one callback", run_show)
      .argument("callback", &ShowOptions::callback, k_which)
      .kind(ValueKind::callback)
      .columns(k_columns)
      .details("Shows everything known about one callback.")
      .example("ringctl callbacks show CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5")
      .example("ringctl callbacks show CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

void add_changing_verbs(Noun& callbacks) {
  callbacks.verb<UpdateOptions>("update", "Change when, what or whether", run_update)
      .argument("callback", &UpdateOptions::callback, k_which)
      .kind(ValueKind::callback)
      .flag("due", &UpdateOptions::due, "TIME", "When it is due: 2030-03-08, RFC 3339 ...")
      .flag("notes", &UpdateOptions::notes, "TEXT", "In place of the notes there are; - clears them")
      .flag("status", &UpdateOptions::status, "STATUS", "open, completed or canceled")
      .choices("open|completed|canceled")
      .flag("if-version", &UpdateOptions::if_version, "N", "Refuse if it was changed since it had version N")
      .kind(ValueKind::count)
      .details("Changes what is given and leaves the rest alone.")
      .example(
          "ringctl callbacks update CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --due 2030-03-08 --notes 'After six'")
      .example("ringctl callbacks update CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --status canceled -n")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  callbacks.verb<CompleteOptions>("complete", "Say that it was done", run_complete)
      .argument("callback", &CompleteOptions::callback, k_which)
      .kind(ValueKind::callback)
      .flag("notes", &CompleteOptions::notes, "TEXT", "In place of the notes there are; - clears them")
      .details("Keeps when it was done. Done already: nothing changes.")
      .example("ringctl callbacks complete CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --notes 'Booked for Tuesday'")
      .example("ringctl callbacks complete CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 -n")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  callbacks.verb<ReassignOptions>("reassign", "Say who is to call", run_reassign)
      .argument("callback", &ReassignOptions::callback, k_which)
      .kind(ValueKind::callback)
      .argument("user", &ReassignOptions::user, "E-mail address, name or id, or - for nobody")
      .kind(ValueKind::user)
      .details("Gives the callback to an active user, or to nobody.")
      .example("ringctl callbacks reassign CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 bob@example.com")
      .example("ringctl callbacks reassign CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 - -n")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace

void add_callbacks(Noun& callbacks) {
  add_reading_verbs(callbacks);
  callbacks.verb<AddOptions>("add", "Have somebody called back", run_add)
      .argument("number", &AddOptions::number, "Whom, as E.164 or as dialled in the workspace's country")
      .kind(ValueKind::contact)
      .flag("due", &AddOptions::due, "TIME", "When: 2030-03-08, RFC 3339 ...")
      .default_text("now")
      .flag("user", &AddOptions::user, "USER", "Who is to call")
      .kind(ValueKind::user)
      .flag("call", &AddOptions::call, "CALL",
            "The call it is for, by SID or id; a call has one callback at most")
      .kind(ValueKind::call)
      .flag("notes", &AddOptions::notes, "TEXT", "What about")
      .details("A contact that has the number is linked.")
      .example(
          "ringctl callbacks add +16265550101 --user ann@example.com --due 2030-03-08 --notes 'About the quote'")
      .example("ringctl callbacks add +16265550120 -n", "shows what would be added")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
  add_changing_verbs(callbacks);
  add_callbacks_call(callbacks);
}

}  // namespace ringctl::cmd
