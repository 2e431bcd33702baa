// teams, users

#include "directory/people.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "cmd/numbers.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "cmd/users_token.hpp"
#include "directory/workspaces.hpp"
#include "estate/handover.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array<FieldText, 3> k_team_texts{{
    {"NAME", "1 to 200 characters", ValueKind::team},
    {"USER", "Who supervises the team: e-mail address, name or id", ValueKind::user, {}, true},
    {"yes|no", "Whether rules can ring it", ValueKind::choice, "yes|no", true},
}};

constexpr std::array<FieldText, 9> k_user_texts{{
    {"EMAIL", "E-mail address", ValueKind::user},
    {"NAME", "What people call them"},
    {"ROLE", "agent, manager, supervisor or admin; sales_rep is read as agent", ValueKind::text, {}, true},
    {"TEAM", "Name of their team", ValueKind::team, {}, true},
    {"NUMBER", "Their phone, which extensions ring; a number of the workspace becomes their direct line"},
    {"DEVICE", "What rings for them: client, phone or both", ValueKind::choice, "client|phone|both"},
    {"LIST", "What they can do, separated by |", ValueKind::text, {}, true},
    {"STATE", "online, busy or offline", ValueKind::choice, "online|busy|offline", true},
    {"yes|no", "Whether they take part", ValueKind::choice, "yes|no", true},
}};

struct DeactivateOptions {
  std::string user;
  std::optional<std::string> move_to;
};

/// "2 numbers (+12025550101, +12025550123), 1 extension (101) and 3 contacts"
std::string text_of(const estate::Holdings& held) {
  std::vector<std::string> parts;
  const auto list = [&](const std::vector<std::string>& items, std::string_view one, std::string_view many) {
    if (!items.empty())
      parts.push_back(
          fmt::format("{} {} ({})", items.size(), items.size() == 1 ? one : many, base::join(items, ", ")));
  };
  list(held.numbers, "number", "numbers");
  list(held.extensions, "extension", "extensions");
  list(held.pools, "SMS pool", "SMS pools");
  list(held.teams, "team to supervise", "teams to supervise");
  if (held.contacts != 0)
    parts.push_back(fmt::format("{} {}", held.contacts, held.contacts == 1 ? "contact" : "contacts"));
  return base::join(parts, ", ");
}

void run_deactivate_user(const DeactivateOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& session = ctx.session();
  const auto& email = opts.user;
  const auto& successor = opts.move_to;
  // Says what is in the way before anybody is asked.
  const auto held = estate::deactivate_user(session, workspace.id, email, successor, false);
  const auto user = records_of(ctx, workspace, directory::users_noun()).get(email);
  if (held.empty() && user.cells[directory::k_user_is_active] != "yes")
    return ctx.io().unchanged({.action = "deactivate", .object = email});
  const auto rest = held.empty() ? std::string()
                    : successor  ? fmt::format("({} to {})", text_of(held), *successor)
                                 : fmt::format("({} given up)", text_of(held));
  Change change{.action = "deactivate",
                .object = email,
                .rest = rest,
                .fields = {{"numbers", std::ssize(held.numbers)},
                           {"extensions", std::ssize(held.extensions)},
                           {"pools", std::ssize(held.pools)},
                           {"teams", std::ssize(held.teams)},
                           {"contacts", held.contacts},
                           {"moved_to", successor ? Cell(*successor) : Cell(nullptr)}}};
  if (ctx.dry_run()) return ctx.io().would_change(change);
  if (!held.empty() && !successor)
    ctx.io().note(fmt::format("{} holds {}; --move-to USER would hand it over", email, text_of(held)));
  ctx.io().confirm(fmt::format("deactivate {}{}{}?", email, rest.empty() ? "" : " ", rest));
  estate::deactivate_user(session, workspace.id, email, successor, true);
  change.action = "deactivated";
  ctx.io().changed(change);
}

struct AvailabilityOptions {
  std::string user, state;
};

void run_availability(const AvailabilityOptions& opts, Context& ctx) {
  const auto plan = records_of(ctx, ctx.workspace(), directory::users_noun())
                        .update(opts.user, {{directory::k_user_availability, opts.state}}, !ctx.dry_run());
  const auto& email = plan.after.cells[directory::k_user_email];
  const auto rest = fmt::format("({})", plan.after.cells[directory::k_user_availability]);
  if (plan.changed.empty()) return ctx.io().unchanged({.action = "update", .object = email});
  if (ctx.dry_run()) return ctx.io().would_change({.action = "update", .object = email, .rest = rest});
  ctx.io().changed({.action = "updated", .object = email, .rest = rest});
}

/// A direct line takes its calls past rules, extensions and whoever else has the number.
void warn_of_direct_line(RecordOptions& opts, Context& ctx) {
  const auto* const workspace = ctx.find_workspace();
  if (workspace == nullptr) return;
  for (const auto& given : opts.change) {
    if (given.field != directory::k_user_phone_number || given.text.empty() || given.text == "-") continue;
    const auto number = numbers_of(ctx, *workspace).find(given.text);
    if (!number || number->provider != "twilio" || !number->trunk_sid.empty()) continue;
    const auto agent =
        number->assigned_to.empty() || number->assigned_to == base::ascii_lower(opts.key.front())
            ? std::string()
            : fmt::format(", which {} has", number->assigned_to);
    ctx.io().warn(fmt::format("{} is a number of this workspace{}: calls to it ring {} and nobody else",
                              number->phone_number, agent, opts.key.front()));
  }
}

void run_deactivate_team(const RecordOptions& opts, Context& ctx) {
  switch_off(directory::teams_noun(), directory::k_team_is_active, {"deactivate", "deactivated"}, opts, ctx);
}

}  // namespace

void add_teams(Noun& teams) {
  RecordVerbs verbs(teams, directory::teams_noun(), k_team_texts);
  verbs.list("List teams")
      .details("Lists the teams of the workspace, ordered by name unless --sort says otherwise.")
      .example("ringctl teams list")
      .example("ringctl teams list -o json");
  verbs.show("Show one team")
      .details("Shows one team, by name or id.")
      .example("ringctl teams show Sales")
      .example("ringctl teams show Sales -o json");
  verbs.add("Add a team")
      .details("Adds a team. One of this name that is there already with the same values is left as it is.")
      .example("ringctl teams add Night --supervisor ann@example.com")
      .example("ringctl teams add Night -n", "shows what would be added");
  verbs.update("Change a team")
      .details("Changes the fields that are given and leaves the others alone. `-` clears a field.")
      .example("ringctl teams update Sales --supervisor ann@example.com")
      .example("ringctl teams update Sales --supervisor - -n");
  verbs.with_key("deactivate", "Take a team out of use", run_deactivate_team)
      .details(
          "Rules can no longer ring the team. Its members and its history stay; `teams update --is-active yes` brings it "
          "back.")
      .example("ringctl teams deactivate Sales")
      .example("ringctl teams deactivate Sales -n");
  verbs.import("Load teams from a file: all, or all good ones")
      .details(
          "Columns: name, supervisor (e-mail), is_active. Where teams name supervisors and users name teams, load the users with "
          "--map team=- first, then the teams, then the users again.")
      .example("ringctl teams import teams.csv --dry-run", "what would be written, and what is wrong")
      .example("ringctl teams import teams.csv");
  verbs.export_all("Write teams as import reads them")
      .details("Writes the columns that `ringctl teams import` takes, ordered by name.")
      .example("ringctl teams export -o csv --out teams.csv")
      .example("ringctl teams export -o jsonl");
}

void add_users(Noun& users) {
  RecordVerbs verbs(users, directory::users_noun(), k_user_texts);
  verbs.list("List users")
      .details("Lists the users of the workspace, ordered by e-mail unless --sort says otherwise.")
      .example("ringctl users list")
      .example("ringctl users list --role agent --skills spanish -o json", "agents who speak Spanish");
  verbs.show("Show one user")
      .details("Shows one user, by e-mail, name or id.")
      .example("ringctl users show ann@example.com")
      .example("ringctl users show ann@example.com -o json");
  verbs.add("Add a user", warn_of_direct_line)
      .details("Adds a user. One of this e-mail that is there already with the same values is left as it is.")
      .example("ringctl users add zoe@example.com --name 'Zoe Ash' --role agent --team Sales")
      .example("ringctl users add zoe@example.com --skills 'solar|spanish' -n", "shows what would be added");
  verbs.update("Change a user", warn_of_direct_line)
      .details(
          "Changes the fields that are given and leaves the others alone. `-` clears a field, or sets what new users "
          "have.")
      .example("ringctl users update ann@example.com --ring-on both")
      .example("ringctl users update ann@example.com --team - -n");
  users.verb<AvailabilityOptions>("availability", "Say whether somebody takes calls", run_availability)
      .argument("user", &AvailabilityOptions::user, "E-mail address, name or id")
      .kind(ValueKind::user)
      .argument("state", &AvailabilityOptions::state, "online, busy or offline")
      .choices("online|busy|offline")
      .details("Offline and busy agents are not rung. Everybody is online unless somebody says otherwise.")
      .example("ringctl users availability ann@example.com offline")
      .example("ringctl users availability ann@example.com busy -n")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
  add_users_token(users);
  users.verb<DeactivateOptions>("deactivate", "Take a user out of use", run_deactivate_user)
      .argument("user", &DeactivateOptions::user, "E-mail address, name or id")
      .kind(ValueKind::user)
      .flag("move-to", &DeactivateOptions::move_to, "USER",
            "Who takes over numbers, extensions, pools, teams and contacts")
      .kind(ValueKind::user)
      .details(
          "Says what the user holds, asks, and takes them out of use in one transaction: their numbers, extensions, SMS "
          "pools, contacts and the teams they supervise go to --move-to, or are given up. Limits and allowed countries "
          "go along with a number; history stays. Nobody who is referred to is ever deleted.")
      .example("ringctl users deactivate ann@example.com --move-to bob@example.com --yes")
      .example("ringctl users deactivate ann@example.com -n", "shows what would be given up")
      .exits({Errc::not_found, Errc::conflict, Errc::declined, Errc::invalid, Errc::schema, Errc::db_down,
              Errc::db_busy});
  verbs.import("Load users from a file: all, or all good ones")
      .details(
          "Columns: email, name, role, team, phone_number, ring_on, skills, availability, is_active, in any order. An "
          "empty cell leaves alone what is there, - clears it, | separates skills. A team must exist.")
      .example("ringctl users import users.csv --dry-run", "what would be written, and what is wrong")
      .example("ringctl users import users.csv --map team=-", "before the teams are there");
  verbs.export_all("Write users as import reads them")
      .details("Writes the columns that `ringctl users import` takes, ordered by e-mail.")
      .example("ringctl users export -o csv --out users.csv")
      .example("ringctl users export --team Sales -o jsonl");
}

}  // namespace ringctl::cmd
