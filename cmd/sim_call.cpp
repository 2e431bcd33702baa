// sim call

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "cmd/numbers.hpp"
#include "cmd/sim.hpp"
#include "db/transaction.hpp"
#include "directory/user_names.hpp"
#include "directory/workspaces.hpp"
#include "estate/capabilities.hpp"
#include "phone/e164.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"status", ColumnType::word},         Column{"from_number", ColumnType::e164},
    Column{"to_number", ColumnType::e164},      Column{"customer_name", ColumnType::text},
    Column{"user_email", ColumnType::text},     Column{"routed_by", ColumnType::word},
    Column{"rule", ColumnType::text},           Column{"refusal", ColumnType::word},
    Column{"started_at", ColumnType::time},     Column{"answered_at", ColumnType::time},
    Column{"ended_at", ColumnType::time},       Column{"duration_s", ColumnType::duration},
    Column{"attempts", ColumnType::json},       Column{"heard", ColumnType::json, false},
    Column{"call_sid", ColumnType::sid, false},
};
/// For people: who was rung, a line each.
constexpr std::array k_attempt_columns = {
    Column{"party", ColumnType::text},      Column{"status", ColumnType::word},
    Column{"ringing_at", ColumnType::time}, Column{"answered_at", ColumnType::time},
    Column{"ended_at", ColumnType::time},
};

struct CallOptions : AgainstOptions {
  std::string from = "+16265550101", to;
  std::vector<std::string> press, answer, decline;
  std::chrono::milliseconds answer_after{3000}, talk{20'000};
  bool ladder = false, timeline = false;
  std::optional<std::int64_t> seed;
};

std::string number_of(std::string_view flag, const std::string& typed, const std::string& country) {
  std::error_code error;
  const auto number = phone::try_parse_typed(typed, country, error);
  if (!number)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--{}: {} {}", flag, base::in_quotes(typed), error.message()),
                fmt::format("--{} +12025550123", flag));
  return number->text();
}

/// Throws Errc::not_found, Errc::invalid for one that no telephone reaches through Twilio.
void require_line(const std::string& number, Context& ctx, const directory::Workspace& workspace) {
  const auto line = numbers_of(ctx, workspace).find(number);
  if (!line)
    throw Error(Errc::not_found, "numbers.unknown", fmt::format("{} is not in this workspace", number),
                "ringctl numbers list");
  std::string_view bad_word;
  const auto can = estate::parse_capabilities(line->capabilities, bad_word).value_or(estate::Capabilities{0});
  std::string why;
  if (line->provider != "twilio")
    why = "its provider is " + line->provider;
  else if (line->status != "active")
    why = "it is " + line->status;
  else if (!line->capabilities.empty() && (can & estate::k_voice) == 0)
    why = "it takes no calls, only " + line->capabilities;
  if (!why.empty())
    throw Error(Errc::invalid, "sim.no_line", fmt::format("Twilio brings no calls to {}: {}", number, why),
                "ringctl numbers show " + number);
}

using People = std::map<std::string, sim::Behaviour>;

std::string client_of(std::string_view flag, const std::string& email, const People& people) {
  constexpr std::string_view k_client = "client:";
  auto address = std::string(k_client) + base::ascii_lower(email);
  if (people.contains(address)) return address;
  std::vector<std::string> known;
  for (const auto& [one, behaviour] : people)
    if (one.starts_with(k_client)) known.push_back(one.substr(k_client.size()));
  Error error(Errc::not_found, "users.unknown",
              fmt::format("--{}: {} is no user of this workspace", flag, base::in_quotes(email)),
              "ringctl users list");
  if (const auto near = base::nearest(email, known, 1); !near.empty())
    error.detail("did you mean: " + near.front());
  throw error;
}

/// A user, whose e-mail address stands for whatever else was typed by now, or a telephone.
std::string address_of(std::string_view flag, const std::string& who, const std::string& country,
                       const People& people) {
  constexpr std::string_view k_client = "client:";
  if (who.starts_with(k_client) && who.find('@') != std::string::npos)
    return client_of(flag, who.substr(k_client.size()), people);
  if (who.starts_with(k_client) || who.starts_with("sip:")) return who;
  if (directory::may_be_user(who)) return client_of(flag, who, people);
  std::error_code error;
  if (!phone::try_parse_typed(who, country, error))
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--{}: {} is neither a user nor a number: {}", flag, base::in_quotes(who),
                            error.message()),
                fmt::format("--{} ann@example.com, --{} +12025550123", flag, flag));
  return number_of(flag, who, country);
}

/// Whoever --answer or --decline names.
struct Named {
  std::string_view flag;
  std::string who, address;
};

/// Everybody's client and telephone can be reached; who is to answer is said.
void add_people(sim::Scenario& scenario, std::vector<Named>& named, const CallOptions& opts, Context& ctx,
                const directory::Workspace& workspace) {
  const auto country = workspace.default_country.value_or("");
  auto& db = ctx.database();
  {
    db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
    auto users = db.query("SELECT email, phone_number FROM users WHERE workspace_id = $1 ORDER BY email",
                          {workspace.id});
    const sim::Behaviour rings{.pickup = sim::Pickup::ring_out};
    while (users.next()) {
      scenario.people["client:" + std::string(users.text(0))] = rings;
      if (!users.is_null(1)) scenario.people[std::string(users.text(1))] = rings;
    }
    transaction.commit();
  }
  for (const auto& who : opts.answer) {
    named.push_back({"answer", who, address_of("answer", who, country, scenario.people)});
    scenario.people[named.back().address] = {.pickup = sim::Pickup::answer, .after = opts.answer_after};
  }
  for (const auto& who : opts.decline) {
    named.push_back({"decline", who, address_of("decline", who, country, scenario.people)});
    auto& person = scenario.people[named.back().address];
    if (person.pickup == sim::Pickup::answer)
      throw Error(Errc::usage, "usage.bad_value",
                  fmt::format("--answer and --decline cannot both name {}", base::in_quotes(who)));
    person = {.pickup = sim::Pickup::decline, .after = opts.answer_after};
  }
}

std::vector<sim::Doing> caller_does(const CallOptions& opts) {
  using namespace std::chrono_literals;
  std::vector<sim::Doing> all;
  for (const auto& digits : opts.press) {
    if (digits.empty() || digits.find_first_not_of("0123456789*#w") != std::string::npos)
      throw Error(Errc::usage, "usage.bad_value",
                  fmt::format("--press: {}: keys are 0 to 9, * and #", base::in_quotes(digits)),
                  "--press 101");
    all.emplace_back(sim::WaitFor{1s});
    all.emplace_back(sim::Press{digits});
  }
  all.emplace_back(sim::WaitForSomebody{});
  all.emplace_back(sim::WaitFor{opts.talk});
  all.emplace_back(sim::HangUp{});
  return all;
}

sim::Scenario scenario_of(const CallOptions& opts, Context& ctx, const directory::Workspace& workspace,
                          std::vector<Named>& named) {
  const auto country = workspace.default_country.value_or("");
  sim::Scenario scenario;
  scenario.file = "sim call";
  scenario.name = "a call";
  scenario.at = ctx.clock().now();
  sim::CallStep call{.name = "call", .to = number_of("to", opts.to, country), .then = caller_does(opts)};
  require_line(call.to, ctx, workspace);
  add_people(scenario, named, opts, ctx, workspace);
  call.from = opts.from.starts_with('+') || (!opts.from.empty() && opts.from[0] >= '0' && opts.from[0] <= '9')
                  ? number_of("from", opts.from, country)
                  : opts.from;
  scenario.steps.push_back({.what = std::move(call), .path = "/steps/0"});
  return scenario;
}

/// Who was rung for this call; a server elsewhere takes others meanwhile.
std::vector<sim::PlayedRow> attempts_of(const sim::Played& played, const std::string& sid) {
  std::vector<sim::PlayedRow> all;
  if (!played.records) return all;
  for (const auto& row : played.records->attempts)
    if (row.contains("call_sid") && row.at("call_sid") == sid) all.push_back(row);
  return all;
}

std::string attempts_json(const std::vector<sim::PlayedRow>& attempts) {
  std::string out = "[";
  for (const auto& row : attempts) {
    out += out.size() > 1 ? ",{" : "{";
    for (const auto& [name, value] : row) {
      if (!out.ends_with('{')) out += ',';
      base::append_json(out, name);
      out += ':';
      if (name == "step" || name == "wave")
        out += value;
      else
        base::append_json(out, value);
    }
    out += '}';
  }
  return out + "]";
}

std::string heard_json(const sim::Played& played, const std::string& sid) {
  std::string out = "[";
  for (const auto& entry : played.timeline) {
    if (entry.what != sim::What::heard || entry.call_sid != sid) continue;
    if (out.size() > 1) out += ',';
    base::append_json(out, entry.fact("text"));
  }
  return out + "]";
}

Cell text_cell(const sim::PlayedRow& row, const std::string& column) {
  const auto at = row.find(column);
  return at == row.end() ? Cell() : Cell(at->second);
}
Cell time_cell(const sim::PlayedRow& row, const std::string& column) {
  const auto at = row.find(column);
  return at == row.end() ? Cell() : Cell(base::parse_utc(at->second));
}
Cell number_cell(const sim::PlayedRow& row, const std::string& column) {
  const auto at = row.find(column);
  return at == row.end() ? Cell() : Cell(base::parse_int(at->second));
}

/// What the network knows of a call that nobody put on record.
sim::PlayedRow unrecorded(const sim::Played& played, const std::string& sid) {
  sim::PlayedRow row;
  const auto* const leg = played.find_call(sid);
  if (leg == nullptr) return row;
  row = {{"status", leg->status},
         {"from_number", leg->from},
         {"to_number", leg->to},
         {"started_at", base::format_utc(leg->created_at)},
         {"duration_s", std::to_string(leg->duration(played.ended).count())}};
  if (leg->answered_at) row.emplace("answered_at", base::format_utc(*leg->answered_at));
  if (leg->ended_at) row.emplace("ended_at", base::format_utc(*leg->ended_at));
  return row;
}

sim::PlayedRow record_of(const sim::Played& played, const std::string& sid) {
  if (played.records)
    for (const auto& one : played.records->calls)
      if (one.contains("call_sid") && one.at("call_sid") == sid) return one;
  return unrecorded(played, sid);
}

void print_attempts(const std::vector<sim::PlayedRow>& attempts, Io& io) {
  if (attempts.empty()) return;
  io.text("\nrung\n");
  auto rows = io.rows(k_attempt_columns);
  for (const auto& row : attempts)
    rows.row({text_cell(row, "party"), text_cell(row, "status"), time_cell(row, "ringing_at"),
              time_cell(row, "answered_at"), time_cell(row, "ended_at")});
  rows.finish();
}

void print_record(const sim::Played& played, Context& ctx) {
  const auto sid = played.sids.at("call");
  const auto row = record_of(played, sid);
  const auto rung = attempts_of(played, sid);
  const auto attempts = attempts_json(rung);
  const auto heard = heard_json(played, sid);
  const Cell cells[] = {text_cell(row, "status"),
                        text_cell(row, "from_number"),
                        text_cell(row, "to_number"),
                        text_cell(row, "customer_name"),
                        text_cell(row, "user_email"),
                        text_cell(row, "routed_by"),
                        text_cell(row, "rule"),
                        text_cell(row, "refusal"),
                        time_cell(row, "started_at"),
                        time_cell(row, "answered_at"),
                        time_cell(row, "ended_at"),
                        number_cell(row, "duration_s"),
                        RawJson{attempts},
                        RawJson{heard},
                        sid};
  if (ctx.io().format() != Format::table || !ctx.io().wanted_columns().empty())
    return ctx.io().record(k_columns, cells);
  constexpr std::size_t k_of_the_call = 12;  // the lists come as lines
  ctx.io().record(std::span(k_columns).first(k_of_the_call), std::span(cells).first(k_of_the_call));
  print_attempts(rung, ctx.io());
}

sim::Result play(const CallOptions& opts, Context& ctx, std::vector<Named>& named) {
  const auto& workspace = ctx.workspace();
  const auto scenario = scenario_of(opts, ctx, workspace, named);
  sim::RunnerOptions options{.outside = outside_of(opts, ctx), .cancel = &ctx.cancel(false)};
  if (opts.seed) options.seed = seed_of(*opts.seed);
  const bool outside = options.outside.has_value();
  if (outside && !opts.seed) options.seed = fresh_seed(ctx);
  sim::Runner runner(std::move(options));
  if (outside) return runner.run(scenario);
  return runner.run_on(scenario, workspace.id.text(), ctx.database());
}

/// What they were to do, nobody saw.
void warn_of_unrung(const sim::Played& played, const std::vector<Named>& named, Context& ctx) {
  for (const auto& one : named) {
    const bool rung = std::ranges::any_of(played.calls, [&](const sim::Call& leg) {
      return leg.to == one.address && leg.sid != played.sids.at("call");
    });
    if (!rung) ctx.io().warn(fmt::format("--{} {}: was never rung", one.flag, visible(one.who)));
  }
}

void run_call(const CallOptions& opts, Context& ctx) {
  hush_log(ctx);
  if (ctx.dry_run())
    return ctx.io().note(
        fmt::format("would play a call from {} to {}", visible(opts.from), visible(opts.to)));
  std::vector<Named> named;
  const auto result = play(opts, ctx, named);
  if (opts.timeline) show_people(sim::timeline_text(result.played), ctx);
  if (opts.ladder) show_people(sim::ladder(result.played, ladder_options(ctx)), ctx);
  print_record(result.played, ctx);
  for (const auto& entry : result.played.timeline)
    if (entry.what == sim::What::problem) ctx.io().warn(entry.text);
  warn_of_unrung(result.played, named, ctx);
}

}  // namespace

void add_sim_call(Noun& sim) {
  auto verb =
      sim.verb<CallOptions>("call", "Play one call on a copy of the estate, and show who rings", run_call);
  verb.flag("to", &CallOptions::to, "NUMBER", "Which of our numbers is called")
      .kind(ValueKind::number)
      .required()
      .flag("from", &CallOptions::from, "NUMBER", "Who calls; anonymous for nobody knows")
      .default_text("+16265550101")
      .flag("press", &CallOptions::press, "DIGITS", "What the caller presses, a second after the answer")
      .flag("answer", &CallOptions::answer, "WHO",
            "Who answers: a user, by e-mail address, name or id, or a number")
      .kind(ValueKind::party)
      .flag("decline", &CallOptions::decline, "WHO", "Who declines")
      .kind(ValueKind::party)
      .flag("answer-after", &CallOptions::answer_after, "DUR", "How long it rings before that")
      .kind(ValueKind::duration)
      .default_text("3s")
      .flag("talk", &CallOptions::talk, "DUR", "How long the caller talks with who answers")
      .kind(ValueKind::duration)
      .default_text("20s")
      .flag("ladder", &CallOptions::ladder, "Draw who did what, as a ladder diagram")
      .flag("timeline", &CallOptions::timeline, "Print what happened, line by line")
      .flag("seed", &CallOptions::seed, "N", "What chance is drawn from")
      .kind(ValueKind::count);
  add_against(verb);
  verb.columns(k_columns)
      .details(
          "Copies the database to a temporary place, plays the call there through serve in this process, on a clock that "
          "jumps, and prints the record it leaves. Nothing of yours is written, nobody is rung, no account is needed. All "
          "users' clients and telephones ring; who is not named by --answer or --decline does not come.\n\n"
          "With --against a server that runs already is called, in real time; it keeps the call on record.")
      .example("ringctl sim call --to +12025550123 --answer ann@example.com --ladder",
               "who rings, and for how long")
      .example("ringctl sim call --to +12025550123 --from +442079460123 --press 101 -o json",
               "a caller who presses an extension")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::twilio_down,
              Errc::db_down, Errc::db_busy, Errc::db_corrupt});
}

}  // namespace ringctl::cmd
