// The control API: what people and tests tell the network while it runs.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "sim/front.hpp"
#include "sim/scenario_parts.hpp"
#include "twilio/form.hpp"

namespace ringctl::sim {
namespace {

using Out = nlohmann::ordered_json;

/// Of the timeline in one answer.
constexpr std::size_t k_most_entries = 1000;

RestAnswer error(int status, const std::string& why) {
  return {.status = status, .body = Out{{"error", why}}.dump(-1, ' ', false, Out::error_handler_t::replace)};
}

RestAnswer ok(const Out& json) { return {.body = json.dump(-1, ' ', false, Out::error_handler_t::replace)}; }

RestAnswer made(const std::string& sid) { return ok({{"sid", sid}}); }

/// The body of a request, for as long as its values are read.
struct Body {
  explicit Body(const std::string& text) : file("request", text), read(file) {}
  JsonFile file;
  JsonReader read;
  const Json& root() const { return file.root(); }
};

Parameters read_extra(const Body& body) {
  Parameters all;
  const auto* const with = body.root().find("with");
  if (with == nullptr) return all;
  const auto& object = body.read.object(*with);
  for (std::size_t i = 0; i < object.names.size(); ++i)
    all.emplace_back(object.names[i], body.read.any_text(object.items[i]));
  return all;
}

std::vector<Doing> read_then(const Body& body) {
  const auto* const then = body.root().find("then");
  return then == nullptr ? std::vector<Doing>() : read_doings(body.read, *then);
}

bool lives(const Call& call) { return !call.is_over() && !call.deleted; }

}  // namespace

RestAnswer Control::no_login() { return error(401, "the account's SID and auth token are the login"); }

RestAnswer Control::handle(const ControlRequest& request) {
  try {
    return answer(request);
  } catch (const Error& failure) {
    return error(400, failure.message());
  } catch (const std::exception& failure) {
    return error(500, failure.what());
  }
}

RestAnswer Control::answer(const ControlRequest& request) {
  if (request.method == "GET") return get(request);
  if (request.method == "POST") return post(request);
  if (request.method == "DELETE" && request.path == "faults") {
    faults_.clear();
    return answer_gone();
  }
  return error(405, fmt::format("{} does not take {}", request.path, request.method));
}

RestAnswer Control::get(const ControlRequest& request) const {
  if (request.path == "state") return state();
  if (request.path == "timeline") return timeline(request.query);
  if (request.path == "faults") return faults();
  return error(404, fmt::format("there is no {} to get", request.path));
}

RestAnswer Control::post(const ControlRequest& request) {
  if (request.path == "people") return set_person(request);
  if (request.path == "calls") return call_in(request);
  if (request.path == "client-calls") return call_from_client(request);
  if (request.path == "texts") return text_in(request);
  if (request.path == "faults") return add_faults(request);
  if (request.path.starts_with("calls/") && request.path.ends_with("/do")) return do_now(request);
  if (request.path != "reset") return error(404, fmt::format("there is no {} to post to", request.path));
  faults_.clear();
  if (on_reset_) on_reset_();
  return ok({{"done", true}});
}

RestAnswer Control::state() const {
  auto calls = Out::array();
  account_.calls.each([&](const Call& call) {
    if (lives(call))
      calls.push_back({{"sid", call.sid},
                       {"from", call.from},
                       {"to", call.to},
                       {"status", call.status},
                       {"direction", call.direction},
                       {"parent_sid", call.parent_sid}});
  });
  return ok({{"account_sid", account_.sid},
             {"now", base::format_utc(agenda_.now())},
             {"idle", network_.idle()},
             {"next", timeline_.forgotten() + timeline_.entries().size()},
             {"calls", calls}});
}

RestAnswer Control::timeline(const std::string& query) const {
  twilio::Form form;
  form.parse(query);
  const auto text = form.get("since");
  const auto since = text.empty() ? std::optional<std::int64_t>(0) : base::parse_int(text);
  if (!since || *since < 0) return error(400, fmt::format("since is {}, not a number of entries", text));
  const auto& all = timeline_.entries();
  const auto begin =
      std::max(static_cast<std::size_t>(*since), timeline_.forgotten()) - timeline_.forgotten();
  const auto end = std::min(begin + std::min(all.size(), k_most_entries), all.size());
  auto entries = Out::array();
  for (auto i = begin; i < end; ++i) {
    auto facts = Out::object();
    for (const auto& [name, value] : all[i].facts) facts[name] = value;
    entries.push_back({{"at", base::format_utc(all[i].at)},
                       {"what", name_of(all[i].what)},
                       {"call_sid", all[i].call_sid},
                       {"text", all[i].text},
                       {"facts", facts}});
  }
  return ok(
      {{"next", timeline_.forgotten() + std::min(begin, all.size()) + entries.size()}, {"entries", entries}});
}

RestAnswer Control::faults() const {
  auto all = Out::array();
  for (const auto& [fault, struck] : faults_.counted()) {
    Out one = {{"of", fault.of}, {"do", fault.word}, {"share", fault.share}, {"struck", struck}};
    if (fault.by) one["by"] = span_text(*fault.by);
    if (fault.times) one["times"] = *fault.times;
    all.push_back(std::move(one));
  }
  return ok({{"faults", all}});
}

std::string Control::address(const JsonReader& read, const Json& json) const {
  auto written = read_address(read, json);
  return address_of_ ? address_of_(written) : written;
}

RestAnswer Control::set_person(const ControlRequest& request) {
  const Body body(request.body);
  body.read.object_of(body.root(), {"address", "behaviour"});
  const auto whose = address(body.read, body.read.member(body.root(), "address"));
  network_.set_behaviour(whose, read_behaviour(body.read, body.read.member(body.root(), "behaviour")));
  return ok({{"done", true}});
}

RestAnswer Control::call_in(const ControlRequest& request) {
  const Body body(request.body);
  body.read.object_of(body.root(), {"from", "to", "with", "then"});
  const auto from = address(body.read, body.read.member(body.root(), "from"));
  const auto to = address(body.read, body.read.member(body.root(), "to"));
  return made(network_.call_in(from, to, read_then(body), read_extra(body)));
}

RestAnswer Control::call_from_client(const ControlRequest& request) {
  const Body body(request.body);
  body.read.object_of(body.root(), {"from", "to", "application", "with", "then"});
  const auto from = address(body.read, body.read.member(body.root(), "from"));
  const auto* const named = body.root().find("application");
  const auto wanted = named == nullptr ? std::string() : body.read.text(*named);
  const auto* const app = wanted.empty()
                              ? account_.applications.first([](const Application&) { return true; })
                              : account_.applications.find(wanted);
  if (app == nullptr) return error(404, "the account has no such application");
  Parameters sent;
  if (const auto* const to = body.root().find("to")) sent.emplace_back("To", address(body.read, *to));
  for (auto& parameter : read_extra(body)) sent.push_back(std::move(parameter));
  return made(network_.call_from_client(from, app->sid, sent, read_then(body)));
}

RestAnswer Control::text_in(const ControlRequest& request) {
  const Body body(request.body);
  body.read.object_of(body.root(), {"from", "to", "body", "media", "with"});
  const auto from = address(body.read, body.read.member(body.root(), "from"));
  const auto to = address(body.read, body.read.member(body.root(), "to"));
  const auto* const text = body.root().find("body");
  const auto* const media = body.root().find("media");
  return made(network_.text_in(from, to, text == nullptr ? std::string() : body.read.any_text(*text),
                               media == nullptr ? std::vector<std::string>() : body.read.texts(*media),
                               read_extra(body)));
}

RestAnswer Control::do_now(const ControlRequest& request) {
  constexpr std::string_view k_before = "calls/", k_after = "/do";
  const auto sid =
      request.path.substr(k_before.size(), request.path.size() - k_before.size() - k_after.size());
  const Body body(request.body);
  body.read.object_of(body.root(), {"then"});
  for (const auto& doing : read_doings(body.read, body.read.member(body.root(), "then")))
    if (!network_.do_now(sid, doing)) return error(404, fmt::format("there is no call {} that is up", sid));
  return ok({{"done", true}});
}

RestAnswer Control::add_faults(const ControlRequest& request) {
  const Body body(request.body);
  body.read.object_of(body.root(), {"faults"});
  for (auto& line : read_faults(body.read, body.read.member(body.root(), "faults"))) faults_.add(line.fault);
  return faults();
}

}  // namespace ringctl::sim
