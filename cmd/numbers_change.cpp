// numbers add, update, delete

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cmd/numbers.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

/// --provider and its like, shared by add and update.
struct FieldOptions {
  std::optional<std::string> provider, country_code, label, status, capabilities, sid, record_policy,
      sms_mode;

  estate::NumberChange change() const {
    return {provider, country_code, label, status, capabilities, sid, record_policy, sms_mode};
  }
  bool empty() const {
    return !provider && !country_code && !label && !status && !capabilities && !sid && !record_policy &&
           !sms_mode;
  }
};

template <class Options>
void add_fields(Verb<Options>& verb) {
  verb.flag("provider", &Options::provider, "NAME",
            "Who the number is with: one lower-case word; twilio at first")
      .flag("country-code", &Options::country_code, "CC",
            "Country of the number; by default read from the number")
      .kind(ValueKind::country)
      .flag("label", &Options::label, "TEXT", "What people call the number")
      .flag("status", &Options::status, "STATUS", "active or inactive; active at first")
      .flag("capabilities", &Options::capabilities, "LIST",
            "What it can do: voice, sms, mms, fax, separated by |")
      .flag("sid", &Options::sid, "PN...", "Twilio's SID of the number")
      .flag(
          "record-policy", &Options::record_policy, "WHAT",
          "Which of its calls are recorded: never, always, inbound or outbound; at first what the workspace says")
      .flag(
          "sms-mode", &Options::sms_mode, "MODE",
          "Who gets its messages: notify_all (all of its pool; so at first), claim (whoever claims or answers first) "
          "or round_robin (each of the pool in turn)");
}

void print_warnings(Context& ctx, const phone::E164& number, const estate::NumberChange& change) {
  for (const auto& warning : estate::warnings_of(number, change)) ctx.io().warn(warning.message);
}

/// "(label, status)": what a plan would set.
std::string planned_values(const estate::NumberPlan& plan) {
  std::vector<std::string> parts;
  for (const auto column : plan.changed_fields()) parts.emplace_back(column);
  return parts.empty() ? std::string() : fmt::format("({})", base::join(parts, ", "));
}

struct AddOptions : FieldOptions {
  std::string number;
};

void run_add(const AddOptions& opts, Context& ctx) {
  // What was typed is checked before the first number makes a database.
  const auto* known = ctx.find_workspace();
  const auto number = phone::parse_typed(opts.number, known ? known->default_country.value_or("") : "");
  const auto asked = opts.change();
  print_warnings(ctx, number, asked);
  const auto& workspace = ctx.workspace_for_write();
  auto numbers = numbers_of(ctx, workspace);
  const auto object = number.text();
  const auto rest = fmt::format("to {}", workspace.name);
  const Change same{.action = "add", .object = object};
  Change change{
      .action = "add", .object = object, .rest = rest, .fields = {{"workspace", Cell(workspace.name)}}};
  if (ctx.dry_run())
    return numbers.plan_add(number, asked).before ? ctx.io().unchanged(same) : ctx.io().would_change(change);
  if (!numbers.add(number, asked)) return ctx.io().unchanged(same);
  change.action = "added";
  ctx.io().changed(change);
}

struct UpdateOptions : FieldOptions {
  std::string number;
  std::optional<std::int64_t> if_version;
};

void run_update(const UpdateOptions& opts, Context& ctx) {
  if (opts.empty())
    throw Error(Errc::usage, "usage.nothing_to_do", "numbers update: no field to change was given",
                "ringctl numbers update --help");
  auto numbers = numbers_of(ctx, ctx.workspace());
  const auto existing = numbers.get(opts.number);
  const auto number = phone::E164::parse(existing.phone_number);
  const auto change = opts.change();
  print_warnings(ctx, number, change);
  const auto object = number.text();
  if (ctx.dry_run()) {
    const auto plan = numbers.plan_update(number, change, opts.if_version);
    const auto values = planned_values(plan);
    if (values.empty()) return ctx.io().unchanged({.action = "update", .object = object});
    return ctx.io().would_change({.action = "update", .object = object, .rest = values});
  }
  const bool changed = numbers.update(number, change, opts.if_version);
  changed ? ctx.io().changed({.action = "updated", .object = object})
          : ctx.io().unchanged({.action = "update", .object = object});
}

struct DeleteOptions {
  std::vector<std::string> numbers;
  bool forget_history = false;
};

void run_delete(const DeleteOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto numbers = numbers_of(ctx, workspace);
  // All are looked up before the first goes, so that a mistyped one changes nothing.
  std::vector<phone::E164> found;
  for (const auto& what : opts.numbers) {
    const auto number = phone::E164::parse(numbers.get(what).phone_number);
    if (std::find(found.begin(), found.end(), number) == found.end()) found.push_back(number);
  }
  // One that cannot go stops all of them.
  const auto history = opts.forget_history ? estate::History::may_lose : estate::History::keeps;
  numbers.remove(found, history, false);
  if (ctx.dry_run()) {
    for (const auto& number : found) ctx.io().would_change({.action = "delete", .object = number.view()});
    return;
  }
  ctx.io().confirm(
      found.size() == 1
          ? fmt::format("delete {} from {}? Twilio keeps it", found.front().view(), workspace.name)
          : fmt::format("delete {} numbers from {}? Twilio keeps them", found.size(), workspace.name));
  numbers.remove(found, history);
  for (const auto& number : found) ctx.io().changed({.action = "deleted", .object = number.view()});
}

}  // namespace

void add_numbers_change(Noun& numbers) {
  auto add = numbers.verb<AddOptions>("add", "Add a number", run_add);
  add.argument("number", &AddOptions::number,
               "E.164 number; national form where the workspace has a default country");
  add_fields(add);
  add.details(
         "Adds one number to the workspace. A number that is there already with the same values is left as "
         "it is; with other values, or held by another workspace, it is a conflict. On SQLite the first "
         "number makes the database and the workspace \"default\".")
      .example("ringctl numbers add +12025550123 --label Sales --capabilities 'voice|sms'")
      .example("ringctl numbers add +442079460123 --provider telnyx --country-code GB -n",
               "shows what would be added")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  auto update = numbers.verb<UpdateOptions>("update", "Change a number", run_update);
  update.argument("number", &UpdateOptions::number, "E.164 number, SID, or exact label")
      .kind(ValueKind::number);
  add_fields(update);
  update
      .flag("if-version", &UpdateOptions::if_version, "N",
            "Refuse if the number was changed since it had version N")
      .details(
          "Changes the fields that are given and leaves the others alone. `-` clears a field: provider, "
          "status, country and SMS mode fall back to their defaults. Conversations that somebody has stay theirs when "
          "the mode changes.")
      .example("ringctl numbers update +12025550123 --label Support")
      .example("ringctl numbers update Sales --status inactive --label -", "by its label, which is cleared")
      .example("ringctl numbers update +12025550123 --sms-mode round_robin")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  numbers.verb<DeleteOptions>("delete", "Delete numbers from the workspace", run_delete)
      .argument("number", &DeleteOptions::numbers, "E.164 numbers, SIDs, or exact labels")
      .kind(ValueKind::number)
      .required()
      .flag("forget-history", &DeleteOptions::forget_history,
            "Also numbers that calls or messages are on record of: those are of no number then")
      .details(
          "Forgets numbers. One that an agent has, whose messages somebody receives, or that an extension works on "
          "alone, is refused, and one that calls or messages are on record of, unless --forget-history is given. Twilio is not told: a number that is billed stays billed until it is released there. Asks "
          "first, or takes --yes.")
      .example("ringctl numbers delete +12025550124 --yes")
      .example("ringctl numbers delete +12025550124 +16135550111 -n", "shows what would be deleted")
      .exits({Errc::not_found, Errc::conflict, Errc::declined, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
