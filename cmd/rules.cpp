// rules list, show, add, update, move, enable, disable, remove, import, export

#include "routing/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "directory/workspaces.hpp"
#include "routing/snapshot.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array<FieldText, 7> k_rule_texts{{
    {"NAME", "What the rule is called", ValueKind::rule},
    {"N", "Its place: rules are tried from the lowest on; by default behind all others"},
    {"yes|no", "Whether the rule is tried", ValueKind::choice, "yes|no", true},
    {"JSON", "Conditions, as ringctl-rules(5) describes them; {}: every call"},
    {"JSON", "Whom it rings, in order, as ringctl-rules(5) describes it"},
    {"STRATEGY", "In which order", ValueKind::choice,
     "ring_all|in_order|round_robin|longest_idle|least_used|random", true},
    {"SECONDS", "How long each rings, 5 to 600, or 20s, 1m; empty: as long as the workspace says"},
}};

/// A new rule goes behind the others, unless it is said where; one that is there already stays where it is.
void place_last(RecordOptions& opts, Context& ctx) {
  const bool given = std::any_of(opts.change.begin(), opts.change.end(), [](const records::Given& value) {
    return value.field == routing::k_rule_position;
  });
  if (given) return;
  std::string position = std::to_string(routing::k_position_step);
  if (const auto* const workspace = ctx.find_workspace()) {
    const auto held = records_of(ctx, *workspace, routing::rules_noun()).find(joined_key(opts));
    position = held ? held->cells[routing::k_rule_position]
                    : std::to_string(routing::next_position(ctx.database(), workspace->id));
  }
  opts.change.push_back({routing::k_rule_position, std::move(position)});
}

/// Nobody is told when the last of a team leaves: here it shows.
void warn_of_faults(Context& ctx) {
  const auto snapshot = routing::load_snapshot(ctx.database(), ctx.workspace().id);
  for (const auto& fault : routing::faults(snapshot))
    ctx.io().warn(fmt::format("rule {}: {}", base::in_quotes(fault.name), fault.why));
}

struct MoveOptions {
  std::string name;
  std::optional<std::string> before, after;
  std::optional<std::int64_t> to;
};

routing::NewPlace place_of(const MoveOptions& opts) {
  const int given = (opts.before ? 1 : 0) + (opts.after ? 1 : 0) + (opts.to ? 1 : 0);
  if (given != 1)
    throw Error(Errc::usage, "usage.bad_value", "rules move takes one of --before, --after and --to",
                "ringctl rules move --help");
  using Where = routing::NewPlace::Where;
  if (opts.before) return {Where::before, *opts.before, 0};
  if (opts.after) return {Where::after, *opts.after, 0};
  if (*opts.to < 1)
    throw Error(Errc::usage, "usage.bad_value", fmt::format("--to {}: the first place is 1", *opts.to));
  return {Where::to, {}, *opts.to};
}

void run_move(const MoveOptions& opts, Context& ctx) {
  const auto place = place_of(opts);
  const auto moved = routing::move_rule(ctx.session(), ctx.workspace().id, opts.name, place, !ctx.dry_run());
  const auto rest = fmt::format("to place {}", moved.to);
  if (moved.from == moved.to)
    return ctx.io().unchanged({.action = "move", .object = moved.name, .rest = rest});
  if (ctx.dry_run()) return ctx.io().would_change({.action = "move", .object = moved.name, .rest = rest});
  ctx.io().changed({.action = "moved",
                    .object = moved.name,
                    .rest = rest,
                    .fields = {{"place", moved.to}, {"renumbered", moved.changed}}});
}

void set_enabled(std::string_view flag, Action action, const RecordOptions& opts, Context& ctx) {
  auto rules = records_of(ctx, ctx.workspace(), routing::rules_noun());
  const auto plan =
      rules.update(joined_key(opts), {{routing::k_rule_enabled, std::string(flag)}}, !ctx.dry_run());
  const auto& object = plan.after.cells[routing::k_rule_name];
  if (plan.changed.empty()) return ctx.io().unchanged({.action = action.infinitive, .object = object});
  if (ctx.dry_run()) return ctx.io().would_change({.action = action.infinitive, .object = object});
  ctx.io().changed({.action = action.past, .object = object});
}

void run_enable(const RecordOptions& opts, Context& ctx) {
  set_enabled("yes", {"enable", "enabled"}, opts, ctx);
}
void run_disable(const RecordOptions& opts, Context& ctx) {
  set_enabled("no", {"disable", "disabled"}, opts, ctx);
}

void run_remove(const RecordOptions& opts, Context& ctx) {
  auto rules = records_of(ctx, ctx.workspace(), routing::rules_noun());
  const auto object = rules.get(joined_key(opts)).cells[routing::k_rule_name];
  if (ctx.dry_run()) return ctx.io().would_change({.action = "remove", .object = object});
  ctx.io().confirm(fmt::format("remove the rule {}? `rules disable` would keep it", base::in_quotes(object)));
  rules.remove(object);
  ctx.io().changed({.action = "removed", .object = object});
}

}  // namespace

void add_rules(Noun& rules) {
  RecordVerbs verbs(rules, routing::rules_noun(), k_rule_texts);
  verbs.list("List the rules of the main line", "position", warn_of_faults)
      .details(
          "Lists rules in the order in which they are tried, by position, unless --sort says otherwise. Warns of rules in "
          "use that name somebody who is gone or not active, or a team or skill that has nobody.")
      .example("ringctl rules list")
      .example("ringctl rules list --enabled yes -o json");
  verbs.show("Show one rule")
      .details("Shows one rule.")
      .example("ringctl rules show VIP")
      .example("ringctl rules show VIP -o json");
  verbs.add("Add a rule", place_last)
      .details(
          "Adds a rule behind the others, or where --position says. What its JSON names must be there: users, teams, "
          "extensions, numbers called. A rule that would ring nobody, or a number of ours, is refused.")
      .example(
          R"(ringctl rules add Berlin --when '{"caller": {"country": "DE"}}' --ring '[{"team": "Sales"}]')")
      .example(
          R"(ringctl rules add Lunch --when '{"hours": {"from": "12:00", "to": "13:00"}}' --ring '[{"voicemail": true}]' -n)");
  verbs.update("Change a rule")
      .details("Changes the fields that are given and leaves the others alone. `-` clears a field.")
      .example(R"(ringctl rules update VIP --ring '[{"team": "Sales"}, {"queue": true}]')")
      .example("ringctl rules update VIP --strategy longest_idle --ring-timeout 20 -n");
  rules.verb<MoveOptions>("move", "Try a rule earlier or later", run_move)
      .argument("name", &MoveOptions::name, "The rule")
      .kind(ValueKind::rule)
      .flag("before", &MoveOptions::before, "NAME", "Right before this rule")
      .kind(ValueKind::rule)
      .excludes("after")
      .flag("after", &MoveOptions::after, "NAME", "Right behind this rule")
      .kind(ValueKind::rule)
      .excludes("to")
      .flag("to", &MoveOptions::to, "N", "To this place; 1 is the first")
      .excludes("before")
      .details(
          "Takes the rule out and puts it there; all rules get the positions 10, 20, 30 and so on, in one transaction.")
      .example("ringctl rules move Nights --before VIP")
      .example("ringctl rules move VIP --to 2 -n")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
  verbs.with_key("enable", "Try a rule again", run_enable)
      .details("The next calls are tried against it.")
      .example("ringctl rules enable Nights")
      .example("ringctl rules enable Nights -n");
  verbs.with_key("disable", "Keep a rule without trying it", run_disable)
      .details("The rule stays, and calls pass it by.")
      .example("ringctl rules disable Nights")
      .example("ringctl rules disable Nights -n");
  verbs.with_key("remove", "Delete a rule", run_remove)
      .details("Deletes the rule; what it said stays in the audit log. Asks first, or takes --yes.")
      .exits({Errc::not_found, Errc::conflict, Errc::declined, Errc::schema, Errc::db_down, Errc::db_busy})
      .example("ringctl rules remove Nights --yes")
      .example("ringctl rules remove Nights -n");
  verbs.import("Load rules from a file: all, or all good ones")
      .details(
          "Columns: name, position, enabled, when, ring, strategy, ring_timeout. New rules without a position go behind the "
          "others, in the order of the file. A .json file holds an array of objects "
          "(or one a line) with when and ring as they are; in CSV they are JSON in a cell.")
      .example("ringctl rules import rules.json --dry-run")
      .example("ringctl rules import rules.json");
  verbs.export_all("Write rules as import reads them")
      .details("Writes the columns that `ringctl rules import` takes, ordered by name.")
      .example("ringctl rules export --enabled yes -o csv")
      .example("ringctl rules export -o json --out rules.json");
}

}  // namespace ringctl::cmd
