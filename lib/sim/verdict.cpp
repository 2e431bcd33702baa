#include "sim/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "base/text.hpp"

namespace ringctl::sim {
namespace {

using Differences = std::vector<Difference>;

bool holds_text(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string or_nobody(const std::string& text) { return text.empty() ? "nobody" : text; }

std::string sid_of(const Played& played, const std::string& name) {
  const auto found = played.sids.find(name);
  return found == played.sids.end() ? std::string() : found->second;
}

std::string waves_text(const std::vector<std::vector<std::string>>& waves) {
  std::string text;
  for (const auto& wave : waves)
    text += fmt::format("{}[{}]", text.empty() ? "" : " ", base::join(wave, ", "));
  return text.empty() ? "nobody was rung" : text;
}

std::vector<std::vector<std::string>> sorted(std::vector<std::vector<std::string>> waves) {
  for (auto& wave : waves) std::ranges::sort(wave);
  return waves;
}

std::vector<std::string> heard_on(const Played& played, const std::string& sid) {
  std::vector<std::string> all;
  for (const auto& entry : played.timeline)
    if (entry.what == What::heard && entry.call_sid == sid) all.emplace_back(entry.fact("text"));
  return all;
}

void judge_hearing(const ExpectedCall& expected, const std::vector<std::string>& heard, Differences& out) {
  const auto is_heard = [&](const std::string& part) {
    return std::ranges::any_of(heard, [&](const std::string& text) { return holds_text(text, part); });
  };
  const auto all = heard.empty() ? std::string("nothing") : base::join(heard, " | ");
  for (const auto& part : expected.hears)
    if (!is_heard(part)) out.push_back({expected.path + "/hears", base::in_quotes(part), all});
  for (const auto& part : expected.does_not_hear)
    if (is_heard(part))
      out.push_back({expected.path + "/does_not_hear", "not " + base::in_quotes(part), all});
}

void judge_call(const ExpectedCall& expected, const Played& played, Differences& out) {
  const auto sid = sid_of(played, expected.name);
  const auto* const call = played.find_call(sid);
  if (call == nullptr) return out.push_back({expected.path, "a call", "none was made"});
  if (expected.status && call->status != *expected.status)
    out.push_back({expected.path + "/status", *expected.status, call->status});
  if (expected.answered_by)
    if (const auto by = answered_by(played, sid); by != *expected.answered_by)
      out.push_back({expected.path + "/answered_by", or_nobody(*expected.answered_by), or_nobody(by)});
  if (expected.duration) {
    const auto lasted = call->duration(played.ended);
    if (!try_parse_bound(*expected.duration)->holds(lasted))
      out.push_back({expected.path + "/duration", *expected.duration, span_text(lasted)});
  }
  if (expected.rings)
    if (const auto rung = waves_of(played, sid); sorted(rung) != sorted(*expected.rings))
      out.push_back({expected.path + "/rings", waves_text(*expected.rings), waves_text(rung)});
  judge_hearing(expected, heard_on(played, sid), out);
}

/// Of the answers that are meant, one has what is expected, and none what is not.
void judge_twiml(const ExpectedTwiml& expected, const Played& played, Differences& out) {
  const auto sid = sid_of(played, expected.of);
  std::vector<std::string> answers;
  bool has = expected.has.empty(), has_text = expected.text.empty(), lacks = true;
  for (const auto& entry : played.timeline) {
    const bool meant = entry.what == What::webhook && (expected.of.empty() || entry.call_sid == sid) &&
                       (expected.kind.empty() || entry.fact("kind") == expected.kind);
    if (!meant) continue;
    const auto twiml = entry.fact("twiml");
    has = has || holds_text(twiml, expected.has);
    has_text = has_text || holds_text(entry.fact("body"), expected.text);
    lacks = lacks && (expected.lacks.empty() || !holds_text(twiml, expected.lacks));
    answers.push_back(fmt::format("{}: {}", entry.fact("kind"), twiml.empty() ? "nothing" : twiml));
  }
  const auto all = answers.empty() ? std::string("no such answer") : base::join(answers, " | ");
  if (!has) out.push_back({expected.path + "/has", base::in_quotes(expected.has), all});
  if (!has_text) out.push_back({expected.path + "/text", base::in_quotes(expected.text), all});
  if (!lacks) out.push_back({expected.path + "/not", "not " + base::in_quotes(expected.lacks), all});
}

// --- tables ---

/// Rows by the names of the calls they are about.
std::vector<PlayedRow> with_names(std::vector<PlayedRow> rows, const Played& played) {
  for (auto& row : rows)
    if (const auto sid = row.find("call_sid"); sid != row.end())
      if (const auto name = played.name_of(sid->second); !name.empty()) row.emplace("call", name);
  return rows;
}

/// Where rows name calls, only what belongs to those calls is meant.
std::vector<PlayedRow> meant(const std::vector<ExpectedRow>& expected, std::vector<PlayedRow> found) {
  std::set<std::string> named;
  for (const auto& row : expected)
    for (const auto& [column, value] : row.cells)
      if (column == "call") named.insert(value.text);
  if (named.empty()) return found;
  std::erase_if(found, [&](const PlayedRow& row) {
    const auto call = row.find("call");
    return call == row.end() || !named.contains(call->second);
  });
  return found;
}

struct Judge {
  const Scenario& scenario;
  const Played& played;
  Differences& out;

  void table(std::string_view name, const std::vector<ExpectedRow>& expected,
             const std::vector<PlayedRow>& found, bool ordered) const {
    judge_rows(fmt::format("/expect/{}", name), expected, meant(expected, with_names(found, played)), ordered,
               played.began, out);
  }

  /// Rows of tables that show all there is: others may stand beside those expected.
  void limits(const std::vector<PlayedRow>& found) const {
    for (const auto& row : scenario.expect.limits) {
      const auto is_meant = [&](const PlayedRow& one) {
        return std::ranges::all_of(row.cells, [&](const auto& cell) {
          return (cell.first != "number" && cell.first != "agent") ||
                 cell_holds(cell.first, cell.second, one, played.began);
        });
      };
      std::vector<PlayedRow> these;
      std::ranges::copy_if(found, std::back_inserter(these), is_meant);
      judge_rows(row.path, {row}, these, true, played.began, out);
    }
  }

  std::vector<PlayedRow> messages() const {
    std::vector<PlayedRow> rows;
    for (const auto& message : played.messages) {
      PlayedRow row = {{"from", message.from},
                       {"to", message.to},
                       {"status", message.status},
                       {"direction", message.direction},
                       {"segments", std::to_string(message.segments)},
                       {"num_media", std::to_string(message.media.size())}};
      if (!message.body.empty()) row.emplace("body", message.body);
      if (message.error_code != 0) row.emplace("error_code", std::to_string(message.error_code));
      rows.push_back(std::move(row));
    }
    return rows;
  }

  /// The network's, and what the phone system takes them for.
  std::vector<PlayedRow> recordings() const {
    std::vector<PlayedRow> rows;
    for (const auto& recording : played.recordings) {
      const auto* const leg = played.find_call(recording.call_sid);
      PlayedRow row = {
          {"call_sid", leg != nullptr && !leg->parent_sid.empty() ? leg->parent_sid : recording.call_sid},
          {"recording_sid", recording.sid},
          {"status", recording.status},
          {"source", recording.source},
          {"track", recording.track},
          {"channels", std::to_string(recording.channels)},
          {"duration_s",
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(recording.length).count())}};
      if (played.records)
        for (const auto& kept : played.records->recordings)
          if (kept.contains("recording_sid") && kept.at("recording_sid") == recording.sid &&
              kept.contains("kind"))
            row.emplace("kind", kept.at("kind"));
      rows.push_back(std::move(row));
    }
    return rows;
  }

  void tables() const {
    const auto& expect = scenario.expect;
    if (expect.messages) table("messages", *expect.messages, messages(), true);
    if (expect.recordings) table("recordings", *expect.recordings, recordings(), false);
    const bool asks = expect.records || expect.attempts || expect.callbacks || !expect.limits.empty() ||
                      expect.texts || expect.threads || expect.notifications || expect.opt_outs;
    if (!asks) return;
    if (!played.records)
      return out.push_back({"/expect", "records", "there is no database to look into (--database)"});
    if (expect.records) table("records", *expect.records, played.records->calls, true);
    if (expect.attempts) table("attempts", *expect.attempts, played.records->attempts, false);
    if (expect.callbacks) table("callbacks", *expect.callbacks, played.records->callbacks, false);
    limits(played.records->limits);
    if (expect.texts) table("texts", *expect.texts, played.records->texts, true);
    if (expect.threads) table("threads", *expect.threads, played.records->threads, false);
    if (expect.notifications)
      table("notifications", *expect.notifications, played.records->notifications, false);
    if (expect.opt_outs) table("opt_outs", *expect.opt_outs, played.records->opt_outs, false);
  }

  /// Users may do what they do, but for what the scenario says they may not.
  void refused() const {
    const auto& expected = scenario.expect.refused;
    for (const auto& [path, name, code] : expected) {
      const auto found = std::ranges::find(played.refused, name, &RefusedStep::name);
      if (found == played.refused.end())
        out.push_back({path, code, "it was not refused"});
      else if (found->code != code)
        out.push_back({path, code, fmt::format("{}: {}", found->code, found->why)});
    }
    for (const auto& step : played.refused)
      if (step.name.empty() ||
          std::ranges::find(expected, step.name, &ExpectedRefusal::name) == expected.end())
        out.push_back({step.path, "to be done", fmt::format("{}: {}", step.code, step.why)});
  }

  void rest() const;
  void body(const std::string& path, const Json& expected, const Json* found) const;

  void webhooks() const {
    for (const auto& [kind, count] : scenario.expect.webhooks) {
      const auto asked = std::ranges::count_if(played.timeline, [&](const Entry& entry) {
        return entry.what == What::webhook && entry.fact("kind") == kind;
      });
      if (asked != count)
        out.push_back({"/expect/webhooks/" + kind, std::to_string(count), std::to_string(asked)});
    }
  }

  void problems() const {
    std::vector<std::string> codes, texts;
    for (const auto& entry : played.timeline) {
      if (entry.what != What::problem) continue;
      codes.emplace_back(entry.fact("code"));
      texts.push_back(entry.text);
    }
    auto expected = scenario.expect.problems;
    std::ranges::sort(expected);
    std::ranges::sort(codes);
    if (codes == expected) return;
    out.push_back({"/expect/problems", expected.empty() ? "none" : base::join(expected, ", "),
                   texts.empty() ? "none" : base::join(texts, " | ")});
  }

  /// A fault that never struck was not tried.
  void faults() const {
    for (std::size_t i = 0; i < played.faults.size() && i < scenario.faults.size(); ++i) {
      const auto& [fault, path] = scenario.faults[i];
      if (played.faults[i] == 0 && fault.share >= 1)
        out.push_back({path, fmt::format("{} of {}", fault.word, fault.of), "nothing that it could strike"});
    }
  }

  void takes() const {
    if (!scenario.expect.takes) return;
    const auto took = played.ended - played.began;
    if (!try_parse_bound(*scenario.expect.takes)->holds(took))
      out.push_back({"/expect/takes", *scenario.expect.takes, span_text(took)});
  }
};

void Judge::body(const std::string& path, const Json& expected, const Json* found) const {
  if (found == nullptr) return out.push_back({path, shown_cell(expected), "nothing"});
  if (expected.is_object() && found->is_object()) {
    for (std::size_t i = 0; i < expected.items.size(); ++i)
      body(path + "/" + expected.names[i], expected.items[i], found->find(expected.names[i]));
  } else if (expected.is_list() && found->is_list() && expected.items.size() == found->items.size()) {
    for (std::size_t i = 0; i < expected.items.size(); ++i)
      body(fmt::format("{}/{}", path, i), expected.items[i], &found->items[i]);
  } else if (expected.is_text() && found->is_text()) {
    if (!holds_text(found->text, expected.text)) out.push_back({path, expected.text, found->text});
  } else if (expected.dump() != found->dump()) {
    out.push_back({path, shown_cell(expected), shown_cell(*found)});
  }
}

void Judge::rest() const {
  for (const auto& expected : scenario.expect.rest) {
    const auto done = played.rest.find(expected.name);
    if (done == played.rest.end()) {
      out.push_back({expected.path, "an answer", "it was not asked"});
      continue;
    }
    if (expected.status && *expected.status != done->second.status)
      out.push_back({expected.path + "/status", std::to_string(*expected.status),
                     fmt::format("{} {}", done->second.status, done->second.body)});
    if (!expected.body) continue;
    try {
      const JsonFile found("body", done->second.body);
      body(expected.path + "/body", *expected.body, &found.root());
    } catch (const Error&) {
      out.push_back({expected.path + "/body", "JSON", base::in_quotes(done->second.body)});
    }
  }
}

}  // namespace

std::string Difference::text() const {
  return fmt::format("{}: expected {}, found {}", path, expected, found);
}

const Call* Played::find_call(const std::string& sid) const {
  const auto at = std::ranges::find(calls, sid, &Call::sid);
  return at == calls.end() ? nullptr : &*at;
}

std::string Played::name_of(const std::string& sid) const {
  for (const auto& [name, made] : sids)
    if (made == sid) return name;
  return {};
}

std::vector<std::vector<std::string>> waves_of(const Played& played, const std::string& call_sid) {
  std::vector<std::vector<std::string>> waves;
  std::optional<Instant> at;
  for (const auto& entry : played.timeline) {
    if (entry.what != What::call || entry.fact("parent") != call_sid || call_sid.empty()) continue;
    if (at != entry.at) waves.emplace_back();
    at = entry.at;
    waves.back().emplace_back(entry.fact("to"));
  }
  return waves;
}

std::string answered_by(const Played& played, const std::string& call_sid) {
  const Call* best = nullptr;
  for (const auto& leg : played.calls) {
    if (leg.parent_sid != call_sid || !leg.answered_at) continue;
    const auto lasted = [&](const Call& one) {
      return one.ended_at.value_or(played.ended) - *one.answered_at;
    };
    if (best == nullptr || lasted(leg) >= lasted(*best)) best = &leg;
  }
  return best == nullptr ? std::string() : best->to;
}

std::vector<Difference> judge(const Scenario& scenario, const Played& played) {
  std::vector<Difference> out;
  for (const auto& [path, why] : played.trouble) out.push_back({path, "to be done", why});
  const Judge all{scenario, played, out};
  for (const auto& call : scenario.expect.calls) judge_call(call, played, out);
  for (const auto& twiml : scenario.expect.twiml) judge_twiml(twiml, played, out);
  all.tables();
  all.rest();
  all.refused();
  all.webhooks();
  all.problems();
  all.faults();
  all.takes();
  return out;
}

}  // namespace ringctl::sim
