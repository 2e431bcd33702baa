// assignments, extensions, pools, optouts

#include "cmd/assignments.hpp"

#include <fmt/format.h>

#include <array>

#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "directory/opt_outs.hpp"
#include "directory/workspaces.hpp"
#include "estate/assignments.hpp"
#include "estate/handover.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array<FieldText, 6> k_assignment_texts{{
    {"NUMBER", "E.164 number, SID, or exact label", ValueKind::number, {}, true},
    {"USER", "The agent: e-mail address, name or id", ValueKind::user, {}, true},
    {"N", "Calls a day in the workspace's zone"},
    {"LIST", "Countries they may call, separated by |; empty: the number's own; *: all"},
    {"yes|no", "Whether it is the agent's own first choice", ValueKind::choice, "yes|no"},
    {"yes|no", "Whether the assignment is live", ValueKind::choice, "yes|no", true},
}};

constexpr std::array<FieldText, 4> k_extension_texts{{
    {"DIGITS", "1 to 20 digits", ValueKind::extension},
    {"USER", "Whom it rings: e-mail address, name or id", ValueKind::user, {}, true},
    {"NUMBER", "The only number it works on; empty: any", ValueKind::number, {}, true},
    {"yes|no", "Whether callers can reach it", ValueKind::choice, "yes|no", true},
}};

constexpr std::array<FieldText, 4> k_pool_texts{{
    {"NUMBER", "E.164 number, SID, or exact label", ValueKind::number, {}, true},
    {"USER", "E-mail address, name or id", ValueKind::user, {}, true},
    {"yes|no", "Whether they receive the number's messages", ValueKind::choice, "yes|no", true},
    {"yes|no", "Whether the number's messages come from them first", ValueKind::choice, "yes|no"},
}};

constexpr std::array<FieldText, 4> k_opt_out_texts{{
    {"NUMBER", "E.164 number", ValueKind::opt_out, {}, true},
    {"CHANNEL", "What they do not want: sms, voice or all", ValueKind::choice, "sms|voice|all", true},
    {"TIME", "Since when; by default now"},
    {"TEXT", "How we know"},
}};

constexpr Action k_remove{"remove", "removed"};

void run_remove_assignment(const RecordOptions& opts, Context& ctx) {
  switch_off(estate::assignments_noun(), estate::k_assignment_is_active, k_remove, opts, ctx);
}
void run_remove_extension(const RecordOptions& opts, Context& ctx) {
  switch_off(estate::extensions_noun(), estate::k_extension_is_active, k_remove, opts, ctx);
}
void run_remove_pool_member(const RecordOptions& opts, Context& ctx) {
  switch_off(estate::pools_noun(), estate::k_pool_sms_access_enabled, k_remove, opts, ctx);
}

void run_remove_opt_out(const RecordOptions& opts, Context& ctx) {
  auto rows = records_of(ctx, ctx.workspace(), directory::opt_outs_noun());
  const auto object = rows.get(joined_key(opts)).cells[directory::k_opt_out_number];
  if (ctx.dry_run()) return ctx.io().would_change({.action = "remove", .object = object});
  ctx.io().confirm(fmt::format("forget that {} opted out? They can be called and texted again", object));
  rows.remove(object);
  ctx.io().changed({.action = "removed", .object = object});
}

struct MoveOptions {
  std::string number, agent;
};

void run_move(const MoveOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  std::string canonical;
  base::Finding finding;
  const records::Reading reading{workspace.default_country.value_or("")};
  const auto& number = estate::assignments_noun().fields[estate::k_assignment_number];
  if (!number.canonical(opts.number, reading, canonical, finding))
    throw Error(Errc::invalid, "assignments.invalid", finding.message);
  const auto rest = fmt::format("to {}", opts.agent);
  const bool moved = estate::move_number(ctx.session(), workspace.id, canonical, opts.agent, !ctx.dry_run());
  if (!moved) return ctx.io().unchanged({.action = "move", .object = canonical, .rest = rest});
  Change change{.action = "move", .object = canonical, .rest = rest, .fields = {{"agent", Cell(opts.agent)}}};
  if (ctx.dry_run()) return ctx.io().would_change(change);
  change.action = "moved";
  ctx.io().changed(change);
}

}  // namespace

std::span<const FieldText> assignment_texts() { return k_assignment_texts; }

void add_assignments(Noun& assignments) {
  RecordVerbs verbs(assignments, estate::assignments_noun(), k_assignment_texts);
  verbs.list("List who may call from which number")
      .details(
          "Lists assignments, live ones and those that ended, ordered by number and agent unless --sort says otherwise.")
      .example("ringctl assignments list")
      .example("ringctl assignments list --agent ann@example.com --is-active yes -o json");
  verbs.show("Show one assignment")
      .details("Shows one assignment.")
      .example("ringctl assignments show +12025550123 ann@example.com")
      .example("ringctl assignments show +12025550123 ann@example.com -o json");
  verbs.put("set", "Let an agent call from a number")
      .details(
          "Makes the assignment, or changes the fields that are given. A number has one agent who may call from it: one "
          "that somebody else has is refused; `assignments move` hands it over. `-` sets what new assignments have.")
      .example(
          "ringctl assignments set +12025550124 bob@example.com --daily-limit 100 --allowed-countries 'US|CA'")
      .example("ringctl assignments set +12025550123 ann@example.com --daily-limit 50 -n",
               "shows what would change");
  assignments.verb<MoveOptions>("move", "Hand a number over to another agent", run_move)
      .argument("number", &MoveOptions::number, "E.164 number, SID, or exact label")
      .kind(ValueKind::number)
      .argument("agent", &MoveOptions::agent, "The agent who takes over: e-mail address, name or id")
      .kind(ValueKind::user)
      .details(
          "Ends the assignment of whoever has the number and gives it to another agent with its limit and countries, in "
          "one transaction. Calls that were made count for who made them.")
      .example("ringctl assignments move +12025550123 bob@example.com")
      .example("ringctl assignments move +12025550123 bob@example.com -n")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
  verbs.with_key("remove", "End an assignment", run_remove_assignment)
      .details(
          "The agent may no longer call from the number. The assignment and its history stay, as not active.")
      .example("ringctl assignments remove +12025550123 ann@example.com")
      .example("ringctl assignments remove +12025550123 ann@example.com -n");
  verbs.import("Load assignments from a file: all, or all good ones")
      .details(
          "Columns: phone_number, agent (e-mail), daily_limit, allowed_countries, agent_default, is_active. Numbers and "
          "agents must exist; a number that another agent has is a conflict.")
      .example("ringctl assignments import assignments.csv --dry-run",
               "what would be written, and what is wrong")
      .example("ringctl assignments import assignments.csv");
  verbs.export_all("Write assignments as import reads them")
      .details("Writes the columns that `ringctl assignments import` takes, ordered by number and agent.")
      .example("ringctl assignments export -o csv --out assignments.csv")
      .example("ringctl assignments export --is-active yes -o jsonl");
}

void add_extensions(Noun& extensions) {
  RecordVerbs verbs(extensions, estate::extensions_noun(), k_extension_texts);
  verbs.list("List extensions")
      .details("Lists extensions, ordered by their digits unless --sort says otherwise.")
      .example("ringctl extensions list")
      .example("ringctl extensions list --user ann@example.com -o json");
  verbs.show("Show one extension")
      .details("Shows one extension.")
      .example("ringctl extensions show 101")
      .example("ringctl extensions show 101 -o json");
  verbs.add("Add an extension")
      .details(
          "What a caller presses to reach somebody. It is unique in the workspace; with --phone-number it works on that "
          "number only, and a user has one such extension per number.")
      .example("ringctl extensions add 105 --user bob@example.com")
      .example("ringctl extensions add 105 --user bob@example.com --phone-number +12025550123 -n");
  verbs.update("Change an extension")
      .details("Changes the fields that are given and leaves the others alone. `-` clears a field.")
      .example("ringctl extensions update 101 --user bob@example.com")
      .example("ringctl extensions update 101 --phone-number - -n");
  verbs.with_key("remove", "Take an extension out of use", run_remove_extension)
      .details(
          "Callers no longer reach it. It is kept, as not active: `extensions update --is-active yes` brings it back.")
      .example("ringctl extensions remove 101")
      .example("ringctl extensions remove 101 -n");
  verbs.import("Load extensions from a file: all, or all good ones")
      .details("Columns: extension, user (e-mail), phone_number (empty: any), is_active.")
      .example("ringctl extensions import extensions.csv --dry-run")
      .example("ringctl extensions import extensions.csv");
  verbs.export_all("Write extensions as import reads them")
      .details("Writes the columns that `ringctl extensions import` takes, ordered by extension.")
      .example("ringctl extensions export -o csv --out extensions.csv")
      .example("ringctl extensions export -o jsonl");
}

void add_pools(Noun& pools) {
  RecordVerbs verbs(pools, estate::pools_noun(), k_pool_texts);
  verbs.list("List who receives which number's messages")
      .details("Lists the members of SMS pools, ordered by number and user unless --sort says otherwise.")
      .example("ringctl pools list")
      .example("ringctl pools list --phone-number +12025550123 -o json");
  verbs.show("Show one member of a pool")
      .details("Shows one member of a number's pool.")
      .example("ringctl pools show +12025550123 ann@example.com")
      .example("ringctl pools show +12025550123 ann@example.com -o json");
  verbs.put("add", "Add a user to a number's pool")
      .details("Any number of users may receive a number's messages. It gives no right to call from it.")
      .example("ringctl pools add +12025550124 bob@example.com")
      .example("ringctl pools add +12025550124 bob@example.com --is-primary yes -n");
  verbs.put("set", "Add or change a member of a pool")
      .details("Adds the user, or changes the fields that are given.")
      .example("ringctl pools set +12025550123 ann@example.com --is-primary yes")
      .example("ringctl pools set +12025550123 ann@example.com --sms-access-enabled no -n");
  verbs.with_key("remove", "Take a user out of a number's pool", run_remove_pool_member)
      .details("They no longer receive the number's messages. Nothing is erased.")
      .example("ringctl pools remove +12025550123 ann@example.com")
      .example("ringctl pools remove +12025550123 ann@example.com -n");
  verbs.import("Load pool members from a file: all, or all good ones")
      .details("Columns: phone_number, user (e-mail), sms_access_enabled, is_primary.")
      .example("ringctl pools import pools.csv --dry-run")
      .example("ringctl pools import pools.csv");
  verbs.export_all("Write pool members as import reads them")
      .details("Writes the columns that `ringctl pools import` takes, ordered by number and user.")
      .example("ringctl pools export -o csv --out pools.csv")
      .example("ringctl pools export -o jsonl");
}

void add_opt_outs(Noun& opt_outs) {
  RecordVerbs verbs(opt_outs, directory::opt_outs_noun(), k_opt_out_texts);
  verbs.list("List numbers that opted out")
      .details(
          "Lists numbers that asked not to be called or texted, ordered by number unless --sort says otherwise.")
      .example("ringctl optouts list")
      .example("ringctl optouts list --channel sms -o json");
  verbs.show("Show one opt-out")
      .details("Shows what a number does not want.")
      .example("ringctl optouts show +16265550109")
      .example("ringctl optouts show +16265550109 -o json");
  verbs.add("Record that a number opted out")
      .details("Later calls and messages to the number are refused.")
      .example("ringctl optouts add +16265550108 --channel voice --source 'asked on the phone'")
      .example("ringctl optouts add +16265550108 -n");
  verbs.update("Change an opt-out")
      .details("Changes the fields that are given and leaves the others alone.")
      .example("ringctl optouts update +16265550109 --channel all")
      .example("ringctl optouts update +16265550109 --source - -n");
  verbs.with_key("remove", "Forget that a number opted out", run_remove_opt_out)
      .details("The number can be called and texted again. Asks first, or takes --yes.")
      .exits({Errc::not_found, Errc::conflict, Errc::declined, Errc::schema, Errc::db_down, Errc::db_busy})
      .example("ringctl optouts remove +16265550109 --yes")
      .example("ringctl optouts remove +16265550109 -n");
  verbs.import("Load opt-outs from a file: all, or all good ones")
      .details("Columns: phone_number, channel (sms, voice, all), since, source.")
      .example("ringctl optouts import optouts.csv --dry-run")
      .example("ringctl optouts import optouts.csv");
  verbs.export_all("Write opt-outs as import reads them")
      .details("Writes the columns that `ringctl optouts import` takes, ordered by number.")
      .example("ringctl optouts export -o csv --out optouts.csv")
      .example("ringctl optouts export -o jsonl");
}

}  // namespace ringctl::cmd
