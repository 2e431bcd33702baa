// route explain, replay

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "base/zone.hpp"
#include "cmd/context.hpp"
#include "cmd/json_text.hpp"
#include "cmd/root.hpp"
#include "cmd/rule_file.hpp"
#include "cmd/xml_lines.hpp"
#include "directory/workspaces.hpp"
#include "phone/e164.hpp"
#include "routing/answer.hpp"
#include "routing/replay.hpp"
#include "twiml/write.hpp"

namespace ringctl::cmd {
namespace {

// --- explain ---

struct ExplainOptions {
  std::string from, to;
  std::optional<std::string> digits, at;
  bool twiml = false;
};

constexpr std::array k_explain_columns = {
    Column{"from", ColumnType::e164},  Column{"to", ColumnType::e164},
    Column{"at", ColumnType::time},    Column{"routed_by", ColumnType::word},
    Column{"rule", ColumnType::text},  Column{"plan", ColumnType::json},
    Column{"trace", ColumnType::json}, Column{"twiml", ColumnType::text},
};

/// A number as people type it.
std::string number_of(std::string_view flag, const std::string& typed,
                      const directory::Workspace& workspace) {
  std::error_code error;
  const auto number = phone::try_parse_typed(typed, workspace.default_country.value_or(""), error);
  if (!number)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--{}: {} {}", flag, base::in_quotes(typed), error.message()),
                fmt::format("--{} +12025550123", flag));
  return number->text();
}

/// What Twilio sends for a caller who is no number.
bool is_other_caller(std::string_view text) {
  static constexpr std::array<std::string_view, 4> k_words = {"anonymous", "restricted", "unavailable",
                                                              "unknown"};
  static constexpr std::array<std::string_view, 3> k_schemes = {"sip:", "sips:", "client:"};
  return std::ranges::find(k_words, base::ascii_lower(text)) != k_words.end() ||
         std::ranges::any_of(
             k_schemes, [&](auto scheme) { return text.starts_with(scheme) && text.size() > scheme.size(); });
}

std::string caller_of(const std::string& typed, const directory::Workspace& workspace) {
  return is_other_caller(typed) ? typed : number_of("from", typed, workspace);
}

routing::Facts facts_of(const ExplainOptions& opts, const routing::Snapshot& snapshot, Context& ctx) {
  const auto& workspace = ctx.workspace();
  const auto now = ctx.clock().now();
  const auto at = opts.at ? parse_time("at", *opts.at, ctx.zone(), now) : now;
  auto facts = routing::read_facts(ctx.database(), workspace.id, caller_of(opts.from, workspace),
                                   number_of("to", opts.to, workspace), at);
  // Who is talking is known of now only.
  if (!opts.at)
    facts.presence = std::make_shared<routing::Presence>(
        routing::read_presence(ctx.database(), workspace.id, now,
                               snapshot.zone.start_of(snapshot.zone.day_of(now)), snapshot.wants_usage));
  if (opts.digits) facts.menu = routing::MenuAnswer{*opts.digits, 0};
  return facts;
}

std::string json_of(const routing::Trace& trace) {
  std::string out = "[";
  for (const auto& line : trace) {
    const std::pair<std::string_view, const std::string&> fields[] = {
        {"stage", line.stage}, {"subject", line.subject}, {"verdict", line.verdict}, {"why", line.why}};
    out += out.size() > 1 ? ",{" : "{";
    for (const auto& [key, value] : fields) {
      if (value.empty()) continue;
      if (out.back() != '{') out += ',';
      append_json(out, key);
      out += ':';
      append_json(out, value);
    }
    out += '}';
  }
  return out + "]";
}

std::string text_of(const routing::Trace& trace) {
  std::size_t stage = 0, subject = 0;
  for (const auto& line : trace) {
    stage = std::max(stage, line.stage.size());
    subject = std::max(subject, line.subject.size());
  }
  std::string out;
  for (const auto& line : trace) {
    auto text = fmt::format("{:<{}}  {:<{}}  {}", line.stage, stage, line.subject, subject, line.verdict);
    if (!line.why.empty()) text += fmt::format(" ({})", line.why);
    out += text + "\n";
  }
  return out;
}

void run_explain(const ExplainOptions& opts, Context& ctx) {
  const bool digits = !opts.digits || std::all_of(opts.digits->begin(), opts.digits->end(),
                                                  [](char c) { return c >= '0' && c <= '9'; });
  if (!digits)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--digits: {} are not digits", base::in_quotes(*opts.digits)), "--digits 101");
  const auto& workspace = ctx.workspace();
  const auto snapshot = routing::load_snapshot(ctx.database(), workspace.id);
  auto facts = facts_of(opts, snapshot, ctx);
  if (facts.menu) {
    auto before = facts;
    before.menu.reset();
    facts.menu->announced = routing::decide(snapshot, before).announced;
  }
  routing::Trace trace;
  const auto plan = routing::decide(snapshot, facts, &trace);
  const routing::Links links{fmt::format("/api/workspaces/{}/voice", workspace.id.view()),
                             routing::queue_of(workspace.id)};
  const auto twiml = twiml::write(routing::answer(plan, {}, links));
  if (opts.twiml) return ctx.io().text(xml_lines(twiml));
  if (ctx.io().format() == Format::table) return ctx.io().text(text_of(trace) + "\n" + xml_lines(twiml));
  const auto plan_text = routing::to_json(plan), trace_text = json_of(trace);
  const Cell cells[] = {facts.from,
                        facts.to,
                        facts.now,
                        routing::name_of(plan.routed_by),
                        plan.rule.empty() ? Cell() : Cell(plan.rule),
                        RawJson{plan_text},
                        RawJson{trace_text},
                        twiml};
  ctx.io().record(k_explain_columns, cells);
}

// --- replay ---

struct ReplayOptions {
  std::optional<std::string> since;
  std::string rules;
};

constexpr std::array k_replay_columns = {
    Column{"call_sid", ColumnType::word}, Column{"started_at", ColumnType::time},
    Column{"from", ColumnType::e164},     Column{"to", ColumnType::e164},
    Column{"now", ColumnType::text},      Column{"then", ColumnType::text},
};

void run_replay(const ReplayOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  const auto rules = read_rule_file(opts.rules);
  const auto now = routing::load_snapshot(ctx.database(), workspace.id);
  const auto then = routing::with_rules(now, rules);
  const auto since = parse_time("since", opts.since.value_or("-7d"), ctx.zone(), ctx.clock().now());
  for (const auto& rule : then.rules)
    for (const auto& gone : rule.gone) ctx.io().warn(fmt::format("{}: {} is not there", rule.name, gone));
  auto rows = ctx.io().rows(k_replay_columns);
  const auto replayed =
      routing::replay(ctx.database(), now, then, since, [&](const routing::Difference& difference) {
        rows.row({difference.call_sid, difference.started_at, difference.from, difference.to, difference.now,
                  difference.then});
      });
  rows.finish();
  ctx.io().note(fmt::format("{} of {} calls would be routed differently",
                            base::group_digits(static_cast<std::uint64_t>(replayed.different)),
                            base::group_digits(static_cast<std::uint64_t>(replayed.calls))));
}

}  // namespace

void add_route(Noun& route) {
  route.verb<ExplainOptions>("explain", "Show whom a call would ring, and why", run_explain)
      .flag("from", &ExplainOptions::from, "CALLER", "Who calls: a number, anonymous, sip:... or client:...")
      .kind(ValueKind::contact)
      .required()
      .flag("to", &ExplainOptions::to, "NUMBER", "The number called")
      .kind(ValueKind::number)
      .required()
      .flag("digits", &ExplainOptions::digits, "DIGITS", "What the caller presses at the menu")
      .flag("at", &ExplainOptions::at, "TIME", "When; by default now")
      .flag("twiml", &ExplainOptions::twiml, "Only the TwiML of the first answer")
      .columns(k_explain_columns)
      .details(
          "Decides the call as `serve` would, from the database, and says why: each tier, each rule with the first "
          "condition that does not hold, each agent who is skipped. Nothing rings. With --at it is taken that "
          "nobody is on a call.")
      .example("ringctl route explain --from +16265550101 --to +12025550123 -o table")
      .example("ringctl route explain --from anonymous --to +12025550123 --digits 101 --twiml")
      .example(
          "ringctl route explain --from +16265550102 --to +12025550123 --at 2026-03-08T22:00:00Z -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy, Errc::invalid});
  route.verb<ReplayOptions>("replay", "Run recorded calls through other rules", run_replay)
      .flag("since", &ReplayOptions::since, "TIME",
            "Calls from TIME on: 2026-03-08, -7d, yesterday, RFC 3339")
      .default_text("-7d")
      .flag("rules", &ReplayOptions::rules, "FILE", "The other rules, as `ringctl rules import` takes them")
      .kind(ValueKind::file)
      .required()
      .columns(k_replay_columns)
      .details(
          "Decides every inbound call since then twice, by the rules in force and by those of the file, and lists the "
          "calls that would go elsewhere. Contacts and numbers count as they are now, agents as free; the hour is "
          "that of the call. Nothing is changed.")
      .example("ringctl route replay --since -7d --rules rules.json")
      .example("ringctl route replay --since 2026-03-01 --rules rules.json -o csv")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy, Errc::invalid});
}

}  // namespace ringctl::cmd
