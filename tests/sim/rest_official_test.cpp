// The simulated Twilio beside what Twilio publishes: its client for Node, its API's description (../shared),
// and prism, which answers by that description. RINGCTL_TEST_NODE names a folder whose node_modules hold
// `twilio` 6 and `@stoplight/prism-cli` 5; tests/run.sh makes one.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/front_site.hpp"
#include "support/process.hpp"

using namespace ringctl;
using namespace ringctl::test;
using Json = nlohmann::json;

namespace {

namespace fs = std::filesystem;

fs::path specs() { return fs::path(RINGCTL_SOURCE_DIR) / "../shared/twilio-oai"; }

/// The folder with that package; empty, and said so, where there is none.
std::string node_with(const std::string& package) {
  const char* const folder = std::getenv("RINGCTL_TEST_NODE");
  if (folder != nullptr && fs::exists(fs::path(folder) / "node_modules" / package)) return folder;
  WARN("not run: RINGCTL_TEST_NODE names no folder with the npm package " + package +
       " (offline, or no node)");
  return {};
}

ProcessResult node(const std::string& folder, const std::string& script, std::vector<std::string> arguments) {
  ProcessOptions options;
  options.program = "/usr/bin/env";
  options.environment = {{"NODE_PATH", folder + "/node_modules"}};
  arguments.insert(arguments.begin(), {"node", std::string(RINGCTL_SOURCE_DIR) + "/tests/sim/" + script});
  return Machine().run(arguments, options);
}

// --- the description ---

Json load(const std::string& name) {
  std::ifstream in(specs() / (name + ".json"));
  return Json::parse(in);
}

const Json& resolved(const Json& spec, const Json& schema) {
  if (!schema.contains("$ref")) return schema;
  return spec.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
}

bool is_type(const std::string& type, const Json& value) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  // Twilio's own examples write coordinates and prices as texts.
  if (type == "number") return value.is_number() || value.is_string();
  return type == "array" ? value.is_array() : type != "object" || value.is_object();
}

/// What of `value` the schema does not allow; "" = nothing. A reference to an enumeration says nothing about
/// null, which Twilio sends there.
std::string wrong(const Json& spec, const Json& schema_or_reference, const Json& value,
                  const std::string& path) {
  const auto& schema = resolved(spec, schema_or_reference);
  if (value.is_null()) {
    const bool may = schema.value("nullable", false) || schema.contains("enum") || !schema.contains("type");
    return may ? "" : path + " is null";
  }
  if (schema.contains("type") && !is_type(schema["type"], value)) return path + " is " + value.dump();
  if (schema.contains("enum")) {
    const auto& all = schema["enum"];
    if (std::find(all.begin(), all.end(), value) == all.end()) return path + " is " + value.dump();
  }
  if (value.is_string() &&
      schema.value("maxLength", 1'000'000) < static_cast<int>(value.get<std::string>().size()))
    return path + " is too long";
  if (value.is_array() && schema.contains("items"))
    for (const auto& item : value)
      if (auto found = wrong(spec, schema["items"], item, path + "/*"); !found.empty()) return found;
  if (!value.is_object() || !schema.contains("properties")) return {};
  for (const auto& [name, property] : schema["properties"].items()) {
    if (!value.contains(name)) return path + "/" + name + " is missing";
    if (auto found = wrong(spec, property, value[name], path + "/" + name); !found.empty()) return found;
  }
  for (const auto& [name, member] : value.items())
    if (!schema["properties"].contains(name)) return path + "/" + name + " is not described";
  return {};
}

struct Described {
  std::string of, method, target, path;  ///< `path`: of the description
  std::string form = {};
};

/// Of lists the description names pages that some of Twilio's do not have: those of what can be bought.
Json relevant(Json schema, const Json& value) {
  static const char* const k_pages[] = {"end",       "first_page_uri",    "next_page_uri", "page",
                                        "page_size", "previous_page_uri", "start",         "num_pages",
                                        "total",     "last_page_uri"};
  for (const auto* const name : k_pages)
    if (schema.contains("properties") && !value.contains(name)) schema["properties"].erase(name);
  return schema;
}

}  // namespace

TEST_CASE("Twilio's own client drives numbers, calls, messages and conferences", "[sim][slow]") {
  const auto folder = node_with("twilio");
  if (folder.empty()) return;
  const FrontSite site;
  const auto result =
      node(folder, "official_client.cjs", {std::to_string(site.front->port()), k_account, k_token, k_ours});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.out == "all is well\n");
}

TEST_CASE("prism and the simulator answer the same requests alike", "[sim][slow]") {
  const auto folder = node_with("@stoplight/prism-cli");
  if (folder.empty()) return;
  if (!fs::exists(specs())) {
    WARN("not run: there is no ../shared/twilio-oai here");
    return;
  }
  const FrontSite site;
  const TempDir scratch;
  const auto result = node(
      folder, "prism_differential.cjs",
      {specs().string(), std::to_string(site.front->port()), k_account, k_token, scratch.path().string()});
  INFO(result.err);
  REQUIRE(result.status == 0);
  const auto verdict = Json::parse(result.out);
  CHECK(verdict["compared"].get<int>() > 50);
  CHECK(verdict["differences"] == Json::array());
}

TEST_CASE("every answer holds against Twilio's description", "[sim]") {
  if (!fs::exists(specs())) {
    WARN("not run: there is no ../shared/twilio-oai here");
    return;
  }
  RestSite site;
  const auto call = site.call().sid, number = site.account.find_number(k_ours)->sid;
  const auto trunk = site.ask("POST", "/v1/Trunks", "FriendlyName=t").json["sid"].get<std::string>();
  const auto service = site.ask("POST", "/v1/Services", "FriendlyName=t").json["sid"].get<std::string>();
  const auto queue = site.post("/Queues.json", "FriendlyName=q").json["sid"].get<std::string>();
  sim::Recording recording;
  recording.sid = site.sids.next("RE");
  recording.call_sid = call;
  recording.status = "completed";
  recording.source = "DialVerb";
  site.account.recordings.add(recording);
  sim::Conference room;
  room.sid = site.sids.next("CF");
  room.participants.emplace_back().call_sid = call;
  site.account.conferences.add(room);
  const std::string a = "/2010-04-01/Accounts/{AccountSid}";
  const std::vector<Described> all = {
      {"api_v2010", "GET", ".json", "/2010-04-01/Accounts/{Sid}.json"},
      {"api_v2010", "GET", "/IncomingPhoneNumbers.json", a + "/IncomingPhoneNumbers.json"},
      {"api_v2010", "GET", "/IncomingPhoneNumbers/" + number + ".json",
       a + "/IncomingPhoneNumbers/{Sid}.json"},
      {"api_v2010", "GET", "/IncomingPhoneNumbers/Local.json", a + "/IncomingPhoneNumbers/Local.json"},
      {"api_v2010", "GET", "/AvailablePhoneNumbers.json", a + "/AvailablePhoneNumbers.json"},
      {"api_v2010", "GET", "/AvailablePhoneNumbers/US/Local.json",
       a + "/AvailablePhoneNumbers/{CountryCode}/Local.json"},
      {"api_v2010", "POST", "/Applications.json", a + "/Applications.json", "FriendlyName=a"},
      {"api_v2010", "GET", "/Applications.json", a + "/Applications.json"},
      {"api_v2010", "GET", "/Calls.json", a + "/Calls.json"},
      {"api_v2010", "GET", "/Calls/" + call + ".json", a + "/Calls/{Sid}.json"},
      {"api_v2010", "GET", "/Calls/" + call + "/Recordings.json", a + "/Calls/{CallSid}/Recordings.json"},
      {"api_v2010", "POST", "/Messages.json", a + "/Messages.json",
       "To=%2B12025550191&From=%2B12025550101&Body=a"},
      {"api_v2010", "GET", "/Messages.json", a + "/Messages.json"},
      {"api_v2010", "GET", "/Recordings.json", a + "/Recordings.json"},
      {"api_v2010", "GET", "/Conferences.json", a + "/Conferences.json"},
      {"api_v2010", "GET", "/Conferences/" + room.sid + "/Participants.json",
       a + "/Conferences/{ConferenceSid}/Participants.json"},
      {"api_v2010", "GET", "/Queues/" + queue + ".json", a + "/Queues/{Sid}.json"},
      {"api_v2010", "GET", "/Queues.json", a + "/Queues.json"},
      {"api_v2010", "GET", "/Usage/Records.json", a + "/Usage/Records.json"},
      {"api_v2010", "GET", "/Balance.json", a + "/Balance.json"},
      {"api_v2010", "POST", "/Keys.json", a + "/Keys.json", "FriendlyName=a"},
      {"api_v2010", "GET", "/Keys.json", a + "/Keys.json"},
      {"api_v2010", "POST", "/OutgoingCallerIds.json", a + "/OutgoingCallerIds.json",
       "PhoneNumber=%2B12025550192"},
      {"trunking_v1", "GET", "/v1/Trunks", "/v1/Trunks"},
      {"trunking_v1", "POST", "/v1/Trunks/" + trunk + "/PhoneNumbers", "/v1/Trunks/{TrunkSid}/PhoneNumbers",
       "PhoneNumberSid=" + number},
      {"trunking_v1", "GET", "/v1/Trunks/" + trunk + "/PhoneNumbers", "/v1/Trunks/{TrunkSid}/PhoneNumbers"},
      {"trunking_v1", "POST", "/v1/Trunks/" + trunk + "/OriginationUrls",
       "/v1/Trunks/{TrunkSid}/OriginationUrls",
       "SipUrl=sip%3Aa.example&FriendlyName=a&Weight=1&Priority=1&Enabled=true"},
      {"messaging_v1", "GET", "/v1/Services", "/v1/Services"},
      {"messaging_v1", "POST", "/v1/Services/" + service + "/PhoneNumbers",
       "/v1/Services/{ServiceSid}/PhoneNumbers", "PhoneNumberSid=" + number}};
  std::map<std::string, Json> loaded;
  for (const auto* const name : {"api_v2010", "trunking_v1", "messaging_v1"})
    loaded[name] = load(std::string("twilio_") + name);
  for (const auto& one : all) {
    CAPTURE(one.method, one.target);
    const bool is_v1 = one.target.starts_with("/v1");
    const auto got = site.ask(one.method, is_v1 ? one.target : RestSite::at(one.target), one.form);
    const auto& spec = loaded[one.of];
    const auto& responses = spec["paths"][one.path][one.method == "GET" ? "get" : "post"]["responses"];
    REQUIRE(responses.contains(std::to_string(got.status)));
    const auto& schema = responses[std::to_string(got.status)]["content"]["application/json"]["schema"];
    CHECK(wrong(spec, relevant(resolved(spec, schema), got.json), got.json, "") == "");
  }
}
