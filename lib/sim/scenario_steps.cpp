// What happens in a scenario, and what goes wrong on the way.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "sim/scenario_parts.hpp"

namespace ringctl::sim {
namespace {

const std::vector<std::string> k_steps = {
    "call",  "client_call", "text",    "send",   "claim",  "release",       "reassign",   "rest",
    "press", "speak",       "hang_up", "person", "estate", "restart_serve", "stop_serve", "start_serve"};

std::string read_value(const JsonReader& read, const Json& json) {
  if (json.kind == Json::Kind::number || json.kind == Json::Kind::flag) return json.text;
  return read.any_text(json);
}

/// A list gives a name several times.
Parameters read_parameters(const JsonReader& read, const Json* json) {
  Parameters all;
  if (json == nullptr) return all;
  for (std::size_t i = 0; i < read.object(*json).items.size(); ++i) {
    const auto& value = json->items[i];
    if (!value.is_list())
      all.emplace_back(json->names[i], read_value(read, value));
    else
      for (const auto& item : value.items) all.emplace_back(json->names[i], read_value(read, item));
  }
  return all;
}

/// "" where it has none.
std::string read_name(const JsonReader& read, const Json& json, StepNames& names) {
  const auto* const name = json.find("name");
  if (name == nullptr) return {};
  auto text = read.text(*name);
  if (!names.all.insert(text).second)
    read.refuse(*name, fmt::format("is {}, as a step before is called", name->dump()));
  return text;
}

std::vector<Doing> read_then(const JsonReader& read, const Json& json) {
  const auto* const then = json.find("then");
  return then == nullptr ? std::vector<Doing>() : read_doings(read, *then);
}

std::string read_from(const JsonReader& read, const Json& json) {
  return read.text(read.member(json, "from"));
}
std::string read_to(const JsonReader& read, const Json& json) { return read.text(read.member(json, "to")); }

CallStep read_call(const JsonReader& read, const Json& json, StepNames& names) {
  read.object_of(json, {"name", "from", "to", "with", "then"});
  CallStep step{.name = read_name(read, json, names), .from = read_from(read, json)};
  step.to = read_address(read, read.member(json, "to"));
  step.with = read_parameters(read, json.find("with"));
  step.then = read_then(read, json);
  if (!step.name.empty()) names.calls.insert(step.name);
  return step;
}

ClientCallStep read_client_call(const JsonReader& read, const Json& json, StepNames& names) {
  read.object_of(json, {"name", "from", "to", "with", "then"});
  ClientCallStep step{.name = read_name(read, json, names), .from = read_from(read, json)};
  if (!step.from.starts_with("client:")) read.refuse(read.member(json, "from"), "is no client: address");
  step.to = read_to(read, json);
  step.with = read_parameters(read, json.find("with"));
  step.then = read_then(read, json);
  if (!step.name.empty()) names.calls.insert(step.name);
  return step;
}

TextStep read_text_step(const JsonReader& read, const Json& json, StepNames& names) {
  read.object_of(json, {"name", "from", "to", "body", "media", "with"});
  TextStep step{.name = read_name(read, json, names), .from = read_from(read, json)};
  step.to = read_to(read, json);
  if (const auto* const body = json.find("body")) step.body = read.any_text(*body);
  if (const auto* const media = json.find("media")) step.media = read.texts(*media);
  step.with = read_parameters(read, json.find("with"));
  return step;
}

/// That of a step which may be refused.
std::string read_act_name(const JsonReader& read, const Json& json, StepNames& names) {
  auto name = read_name(read, json, names);
  if (!name.empty()) names.acts.insert(name);
  return name;
}

SendStep read_send(const JsonReader& read, const Json& json, StepNames& names) {
  read.object_of(json, {"name", "as", "to", "from", "body", "media", "name_extension"});
  SendStep step{.name = read_act_name(read, json, names), .as = read.text(read.member(json, "as"))};
  step.to = read_to(read, json);
  if (const auto* const from = json.find("from")) step.from = read.text(*from);
  if (const auto* const body = json.find("body")) step.body = read.any_text(*body);
  if (const auto* const media = json.find("media")) step.media = read.texts(*media);
  if (const auto* const named = json.find("name_extension")) step.name_extension = read.flag(*named);
  return step;
}

ThreadStep read_thread_step(const JsonReader& read, const std::string& what, const Json& json,
                            StepNames& names) {
  using What = ThreadStep::What;
  ThreadStep step{.what = what == "claim" ? What::claim : what == "release" ? What::release : What::reassign};
  std::vector<std::string> known = {"name", "as", "thread", "number"};
  if (step.what == What::reassign) known.emplace_back("to");
  read.object_of(json, known);
  step.name = read_act_name(read, json, names);
  step.as = read.text(read.member(json, "as"));
  step.thread = read.text(read.member(json, "thread"));
  if (const auto* const number = json.find("number")) step.number = read.text(*number);
  if (step.what == What::reassign) step.to = read_to(read, json);
  return step;
}

RestStep read_rest(const JsonReader& read, const Json& json, StepNames& names) {
  read.object_of(json, {"name", "method", "path", "form"});
  RestStep step{.name = read_name(read, json, names)};
  const auto* const method = json.find("method");
  step.method = method == nullptr ? "GET" : read.one_of(*method, {"GET", "POST", "DELETE", "PUT"});
  const auto& path = read.member(json, "path");
  step.path = read.text(path);
  if (!step.path.starts_with('/')) read.refuse(path, fmt::format("is {}: it begins with /", path.dump()));
  step.form = read_parameters(read, json.find("form"));
  if (step.name.empty()) return step;
  names.rest.insert(step.name);
  names.calls.insert(step.name);  // it may have made one
  return step;
}

std::string read_call_name(const JsonReader& read, const Json& json, const StepNames& names) {
  const auto& call = read.member(json, "call");
  auto name = read.text(call);
  require_known(read, call, name, names.calls, "call");
  return name;
}

DoStep read_do(const JsonReader& read, const std::string& what, const Json& json, const StepNames& names) {
  if (what == "press") {
    read.object_of(json, {"call", "digits"});
    return {read_call_name(read, json, names), Press{read.text(read.member(json, "digits"))}};
  }
  if (what == "speak") {
    read.object_of(json, {"call", "text", "takes"});
    Speak said{.text = read.text(read.member(json, "text"))};
    if (const auto* const takes = json.find("takes")) said.takes = read_span(read, *takes);
    return {read_call_name(read, json, names), said};
  }
  read.object_of(json, {"call"});
  return {read_call_name(read, json, names), HangUp{}};
}

PersonStep read_person(const JsonReader& read, const Json& json) {
  PersonStep step{.address = read_address(read, read.member(json, "address"))};
  auto rest = json;  // what is left describes the behaviour
  const auto at = std::ranges::find(rest.names, "address") - rest.names.begin();
  rest.names.erase(rest.names.begin() + at);
  rest.items.erase(rest.items.begin() + at);
  step.behaviour = read_behaviour(read, rest);
  return step;
}

EstateStep read_estate(const JsonReader& read, const Json& json) {
  EstateStep step;
  step.nouns = read_rows(read, json, {"workspace"});
  if (const auto* const workspace = json.find("workspace")) step.workspace = read_workspace(read, *workspace);
  return step;
}

ServeStep read_serve(const JsonReader& read, const std::string& what, const Json& json) {
  if (!read.flag(json)) read.refuse(json, "can only be true");
  if (what == "restart_serve") return ServeStep::restart;
  return what == "stop_serve" ? ServeStep::stop : ServeStep::start;
}

StepWhat read_what(const JsonReader& read, const std::string& what, const Json& json, StepNames& names) {
  if (what == "call") return read_call(read, json, names);
  if (what == "client_call") return read_client_call(read, json, names);
  if (what == "text") return read_text_step(read, json, names);
  if (what == "send") return read_send(read, json, names);
  if (what == "claim" || what == "release" || what == "reassign")
    return read_thread_step(read, what, json, names);
  if (what == "rest") return read_rest(read, json, names);
  if (what == "person") return read_person(read, json);
  if (what == "estate") return read_estate(read, json);
  if (what.ends_with("_serve")) return read_serve(read, what, json);
  return read_do(read, what, json, names);
}

Step read_step(const JsonReader& read, const Json& json, StepNames& names) {
  auto known = k_steps;
  known.emplace_back("at");
  read.object_of(json, known);
  const auto* const at = json.find("at");
  if (json.names.size() != (at == nullptr ? 1U : 2U))
    read.refuse(json, fmt::format("says more or less than one of {}", base::join(k_steps, ", ")));
  const std::size_t what = json.names.front() == "at" ? 1 : 0;
  Step step{.at = milliseconds(0),
            .what = read_what(read, json.names[what], json.items[what], names),
            .line = json.line,
            .path = json.path};
  if (at != nullptr) step.at = read_span(read, *at);
  return step;
}

}  // namespace

void require_known(const JsonReader& read, const Json& json, const std::string& name,
                   const std::set<std::string>& known, std::string_view what) {
  if (known.contains(name)) return;
  const auto near = base::nearest(name, {known.begin(), known.end()}, 1);
  read.refuse(json, fmt::format("names a {} that no step {}{}", what, what == "request" ? "asks" : "makes",
                                near.empty() ? "" : fmt::format("; did you mean {}?", near.front())));
}

std::vector<Step> read_steps(const JsonReader& read, const Json& json, StepNames& names) {
  std::vector<Step> all;
  for (const auto& item : read.list(json).items) {
    auto step = read_step(read, item, names);
    if (item.find("at") == nullptr && !all.empty()) step.at = all.back().at;
    if (!all.empty() && step.at < all.back().at)
      read.refuse(*item.find("at"),
                  fmt::format("lies before the step above it ({})", span_text(all.back().at)));
    all.push_back(std::move(step));
  }
  if (all.empty()) read.refuse(json, "is empty: nothing would happen");
  return all;
}

std::vector<FaultLine> read_faults(const JsonReader& read, const Json& json) {
  constexpr std::int64_t k_most = 1'000'000;
  std::vector<FaultLine> all;
  for (const auto& item : read.list(json).items) {
    read.object_of(item, {"of", "do", "by", "share", "times"});
    const auto& whose = read.member(item, "of");
    const auto of = read.text(whose);
    if (of != "*" && of != "rest") read.one_of(whose, webhook_kinds());
    const auto& word = read.member(item, "do");
    auto fault = try_make_fault(of, read.text(word));
    if (!fault) {
      read.one_of(word, fault_words(of == "rest"));
      read.refuse(word, fmt::format("is {}, which cannot happen to {}", word.dump(), base::in_quotes(of)));
    }
    if (const auto* const by = item.find("by")) fault->by = read_span(read, *by);
    if (const auto* const share = item.find("share")) fault->share = read.share(*share);
    if (const auto* const times = item.find("times"))
      fault->times = static_cast<int>(read.whole_number(*times, 1, k_most));
    all.push_back({*fault, item.path});
  }
  return all;
}

}  // namespace ringctl::sim
