// calls hold, unhold, holds

#include <fmt/format.h>

#include <array>

#include "calls/holds.hpp"
#include "cmd/calls.hpp"
#include "cmd/contacts.hpp"
#include "cmd/terminal.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"created_at", ColumnType::time},      Column{"call_sid", ColumnType::sid},
    Column{"contact", ColumnType::e164},         Column{"reason", ColumnType::text},
    Column{"held_by", ColumnType::text},         Column{"ended_at", ColumnType::time, false},
    Column{"ended_by", ColumnType::text, false}, Column{"contact_id", ColumnType::uuid, false},
    Column{"id", ColumnType::uuid, false},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

struct TargetOptions {
  std::optional<std::string> call, contact;
};
struct HoldOptions : TargetOptions {
  std::string reason;
};
struct UnholdOptions : TargetOptions {};
struct HoldsOptions {
  bool ended = false;
};

base::Uuid id_of_call(const std::string& what, Context& ctx) {
  auto& db = ctx.database();
  const auto& workspace = ctx.workspace();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  const auto id = calls::get(db, workspace.id, what).id;
  transaction.commit();
  return id;
}

calls::HoldTarget target_of(const TargetOptions& opts, std::string_view verb, Context& ctx) {
  if (opts.call.has_value() == opts.contact.has_value())
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("calls {}: name a call, or a contact with --contact", verb),
                fmt::format("ringctl calls {} --help", verb));
  if (opts.call) return {.call = id_of_call(*opts.call, ctx)};
  return {.contact = get_person(ctx, *opts.contact).id};
}

void report(Context& ctx, std::string_view infinitive, std::string_view past, const calls::HoldEdit& edit) {
  const bool of_contact = edit.hold.call_sid.empty();
  const auto called = of_contact ? fmt::format("all calls of {}", edit.hold.contact) : edit.hold.call_sid;
  const auto rest = fmt::format("({})", visible(edit.hold.reason));
  const bool done = edit.changed && !ctx.dry_run();
  const Change change{.action = done ? past : infinitive,
                      .object = of_contact ? edit.hold.contact : edit.hold.call_sid,
                      .rest = rest,
                      .fields = {{"reason", text_or_null(edit.hold.reason)}},
                      .called = called};
  if (!edit.changed) return ctx.io().unchanged(change);
  ctx.dry_run() ? ctx.io().would_change(change) : ctx.io().changed(change);
}

void run_hold(const HoldOptions& opts, Context& ctx) {
  const auto target = target_of(opts, "hold", ctx);
  report(ctx, "hold", "held",
         calls::hold(ctx.session(), ctx.workspace().id, target, opts.reason, !ctx.dry_run()));
}

void run_unhold(const UnholdOptions& opts, Context& ctx) {
  const auto target = target_of(opts, "unhold", ctx);
  report(ctx, "release", "released",
         calls::unhold(ctx.session(), ctx.workspace().id, target, !ctx.dry_run()));
}

void run_holds(const HoldsOptions& opts, Context& ctx) {
  const auto limit = ctx.list_options().limit;
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(k_columns);
  std::uint64_t total = 0;
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each_hold(db, workspace.id, opts.ended, [&](const calls::Hold& hold) {
    if (++total; limit > 0 && total > static_cast<std::uint64_t>(limit)) return;
    rows.row({hold.created_at, text_or_null(hold.call_sid), text_or_null(hold.contact),
              text_or_null(hold.reason), hold.held_by, hold.ended_at, text_or_null(hold.ended_by),
              text_or_null(hold.contact_id), hold.id});
  });
  transaction.commit();
  rows.finish(total);
}

template <class Options>
Verb<Options>& target_arguments(Verb<Options>& verb) {
  return verb.argument("call", &TargetOptions::call, k_which_call)
      .kind(ValueKind::call)
      .flag("contact", &TargetOptions::contact, "NUMBER",
            "All calls of this contact, those to come included, by any of its phones or id")
      .kind(ValueKind::contact)
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace

void add_calls_hold(Noun& calls) {
  auto hold = calls.verb<HoldOptions>("hold", "Keep a call, or all of a contact, whatever its age", run_hold);
  target_arguments(hold)
      .flag("reason", &HoldOptions::reason, "TEXT", "Why, for whoever looks at it in years")
      .required()
      .details(
          "A legal hold: `calls purge` passes over what is held, and a contact is not erased while it, or one of its calls, "
          "is. What is held for this reason already stays as it is; for another one it is refused (exit 6).")
      .example("ringctl calls hold CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --reason 'Case 2026-17'")
      .example("ringctl calls hold --contact +16265550101 --reason 'Case 2026-17' -n");

  auto unhold = calls.verb<UnholdOptions>("unhold", "End a legal hold", run_unhold);
  target_arguments(unhold)
      .details(
          "What was held is purged when its time is over, and may be erased. That it was held, by whom, why and until when "
          "stays on record for as long as the call or contact does.")
      .example("ringctl calls unhold --contact +16265550102")
      .example("ringctl calls unhold --contact +16265550102 -n");

  calls.verb<HoldsOptions>("holds", "List legal holds, newest first", run_holds)
      .flag("ended", &HoldsOptions::ended, "Those that ended as well")
      .columns(k_columns)
      .lists()
      .details("Lists what is held: single calls, and contacts with all their calls.")
      .example("ringctl calls holds")
      .example("ringctl calls holds --ended -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
