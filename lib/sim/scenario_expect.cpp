// What shall come of a scenario.
#include <fmt/format.h>

#include "base/text.hpp"
#include "sim/scenario_parts.hpp"

namespace ringctl::sim {
namespace {

using Columns = std::vector<std::string>;

/// `calls list`, and the words of this file for what people look for first.
const Columns k_record = {"call",      "status",        "answered_by",   "direction",    "from_number",
                          "to_number", "number",        "customer_name", "user_email",   "user_name",
                          "team",      "duration_s",    "duration",      "outcome",      "routed_by",
                          "rule",      "refusal",       "started_at",    "answered_at",  "ended_at",
                          "notes",     "recording_url", "recording_sid", "has_recording"};
const Columns k_attempt = {"call", "party",      "user",       "status",      "step",
                           "wave", "started_at", "ringing_at", "answered_at", "ended_at"};
const Columns k_callback = {"call", "phone_number", "customer_name", "user", "status", "notes", "due_at"};
const Columns k_message = {"from",      "to",         "body",     "status",
                           "direction", "error_code", "segments", "num_media"};
const Columns k_text = {"direction", "from_number", "to_number",    "number",   "body",      "status",
                        "keyword",   "extension",   "encoding",     "segments", "media",     "error_code",
                        "user",      "assigned_to", "contact_name", "has_sid",  "created_at"};
const Columns k_thread = {"our_number",   "party_number", "sms_mode",         "assigned_to",    "assigned_by",
                          "contact_name", "assigned_at",  "lease_expires_at", "last_message_at"};
const Columns k_notification = {"user",       "reason",      "kind",      "from_number",
                                "our_number", "assigned_to", "created_at"};
const Columns k_opt_out = {"phone_number", "channel", "source"};
const Columns k_recording = {"call",  "kind",     "status",     "source",
                             "track", "channels", "duration_s", "duration"};
const Columns k_limit = {"number",   "agent",     "used_today", "daily_limit", "left",
                         "reserved", "connected", "refunded",   "adjusted",    "callable"};

std::string read_bound(const JsonReader& read, const Json& json) {
  auto text = read.text(json);
  if (!try_parse_bound(text))
    read.refuse(
        json, fmt::format("is {}, not a time such as 20s, \"at least 20s\" or \"at most 1m\"", json.dump()));
  return text;
}

std::vector<std::string> read_text_or_texts(const JsonReader& read, const Json& json) {
  if (json.is_text()) return {read.text(json)};
  return read.texts(json);
}

ExpectedRow read_row(const JsonReader& read, const Json& json, const Columns& columns,
                     const StepNames& names) {
  read.object_of(json, columns);
  ExpectedRow row{.path = json.path};
  for (std::size_t i = 0; i < json.items.size(); ++i) {
    const auto& name = json.names[i];
    const auto& value = json.items[i];
    if (value.is_list() || value.is_object())
      read.refuse(value, fmt::format("is {}, not a value", value.dump()));
    if (name == "call") require_known(read, value, read.text(value), names.calls, "call");
    if (name == "duration") read_bound(read, value);
    row.cells.emplace_back(name, value);
  }
  return row;
}

std::vector<ExpectedRow> read_table(const JsonReader& read, const Json& json, const Columns& columns,
                                    const StepNames& names) {
  std::vector<ExpectedRow> rows;
  bool named = false, unnamed = false;
  for (const auto& item : read.list(json).items) {
    rows.push_back(read_row(read, item, columns, names));
    (item.find("call") != nullptr ? named : unnamed) = true;
    if (named && unnamed)
      read.refuse(item, "stands beside rows of another kind: all name a call, or none does");
  }
  return rows;
}

ExpectedCall read_call(const JsonReader& read, const std::string& name, const Json& json) {
  read.object_of(json, {"status", "duration", "answered_by", "rings", "hears", "does_not_hear"});
  ExpectedCall call{.path = json.path, .name = name};
  if (const auto* const status = json.find("status"))
    call.status = read.one_of(*status, {"queued", "initiated", "ringing", "in-progress", "completed", "busy",
                                        "failed", "no-answer", "canceled"});
  if (const auto* const by = json.find("answered_by"))
    call.answered_by = by->kind == Json::Kind::null ? "" : read_address(read, *by);
  if (const auto* const duration = json.find("duration")) call.duration = read_bound(read, *duration);
  if (const auto* const rings = json.find("rings")) {
    auto& waves = call.rings.emplace();
    for (const auto& wave : read.list(*rings).items) {
      auto& parties = waves.emplace_back();
      for (const auto& party : read.list(wave).items) parties.push_back(read_address(read, party));
    }
  }
  if (const auto* const hears = json.find("hears")) call.hears = read_text_or_texts(read, *hears);
  if (const auto* const not_heard = json.find("does_not_hear"))
    call.does_not_hear = read_text_or_texts(read, *not_heard);
  return call;
}

ExpectedTwiml read_twiml(const JsonReader& read, const Json& json, const StepNames& names) {
  read.object_of(json, {"of", "kind", "has", "not", "text"});
  ExpectedTwiml twiml{.path = json.path};
  if (const auto* const of = json.find("of")) {
    twiml.of = read.text(*of);
    require_known(read, *of, twiml.of, names.calls, "call");
  }
  if (const auto* const kind = json.find("kind")) twiml.kind = read.one_of(*kind, webhook_kinds());
  if (const auto* const has = json.find("has")) twiml.has = read.text(*has);
  if (const auto* const lacks = json.find("not")) twiml.lacks = read.text(*lacks);
  if (const auto* const text = json.find("text")) twiml.text = read.text(*text);
  if (twiml.has.empty() && twiml.lacks.empty() && twiml.text.empty())
    read.refuse(json, "expects nothing: it needs \"has\", \"not\" or \"text\"");
  return twiml;
}

ExpectedRest read_rest(const JsonReader& read, const std::string& name, const Json& json) {
  read.object_of(json, {"status", "body"});
  ExpectedRest rest{.path = json.path, .name = name};
  constexpr std::int64_t k_most_status = 599;
  if (const auto* const status = json.find("status"))
    rest.status = read.whole_number(*status, 0, k_most_status);
  if (const auto* const body = json.find("body")) rest.body = *body;
  return rest;
}

void read_lists(const JsonReader& read, const Json& json, const StepNames& names, Expect& expect) {
  const auto table = [&](std::string_view name, const Columns& columns, auto& into) {
    if (const auto* const rows = json.find(name)) into = read_table(read, *rows, columns, names);
  };
  table("records", k_record, expect.records);
  table("attempts", k_attempt, expect.attempts);
  table("callbacks", k_callback, expect.callbacks);
  table("messages", k_message, expect.messages);
  table("recordings", k_recording, expect.recordings);
  table("limits", k_limit, expect.limits);
  table("texts", k_text, expect.texts);
  table("threads", k_thread, expect.threads);
  table("notifications", k_notification, expect.notifications);
  table("opt_outs", k_opt_out, expect.opt_outs);
}

std::vector<std::string> read_problems(const JsonReader& read, const Json& json) {
  std::vector<std::string> codes;
  for (const auto& item : read.list(json).items)
    codes.push_back(item.kind == Json::Kind::number ? item.text : read.text(item));
  return codes;
}

}  // namespace

Expect read_expect(const JsonReader& read, const Json& json, const StepNames& names) {
  read.object_of(json, {"calls", "twiml", "records", "attempts", "callbacks", "messages", "recordings",
                        "limits", "texts", "threads", "notifications", "opt_outs", "rest", "refused",
                        "webhooks", "problems", "takes"});
  Expect expect;
  const auto each_of = [&](std::string_view name, const auto& visit) {
    if (const auto* const object = json.find(name))
      for (std::size_t i = 0; i < read.object(*object).items.size(); ++i)
        visit(object->names[i], object->items[i]);
  };
  each_of("calls", [&](const std::string& name, const Json& item) {
    require_known(read, item, name, names.calls, "call");
    expect.calls.push_back(read_call(read, name, item));
  });
  each_of("rest", [&](const std::string& name, const Json& item) {
    require_known(read, item, name, names.rest, "request");
    expect.rest.push_back(read_rest(read, name, item));
  });
  each_of("refused", [&](const std::string& name, const Json& item) {
    require_known(read, item, name, names.acts, "message or claim");
    expect.refused.push_back({item.path, name, read.text(item)});
  });
  constexpr std::int64_t k_most = 1'000'000;
  each_of("webhooks", [&](const std::string& name, const Json& item) {
    expect.webhooks.emplace_back(name, read.whole_number(item, 0, k_most));
  });
  if (const auto* const twiml = json.find("twiml"))
    for (const auto& item : read.list(*twiml).items) expect.twiml.push_back(read_twiml(read, item, names));
  read_lists(read, json, names, expect);
  if (const auto* const problems = json.find("problems")) expect.problems = read_problems(read, *problems);
  if (const auto* const takes = json.find("takes")) expect.takes = read_bound(read, *takes);
  return expect;
}

}  // namespace ringctl::sim
