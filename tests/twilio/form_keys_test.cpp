// Names in queries and forms, held against those that Twilio publishes: prism lets one pass that nobody
// knows, and so, without a word, does Twilio.
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "twilio/every_request.hpp"

using namespace ringctl;
using namespace ringctl::test;

namespace {

struct Operation {
  std::string method;
  std::vector<std::string> path;
  std::set<std::string> names;
};

std::vector<std::string> pieces_of(const std::string& path) {
  std::vector<std::string> pieces;
  std::istringstream in(path);
  for (std::string piece; std::getline(in, piece, '/');) pieces.push_back(piece);
  return pieces;
}

std::vector<Operation> published() {
  std::vector<Operation> all;
  std::istringstream in(read_text(RINGCTL_SOURCE_DIR "/fixtures/twilio_form_names.txt"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    Operation one;
    std::string path;
    words >> one.method >> path;
    one.path = pieces_of(path);
    for (std::string name; words >> name;) one.names.insert(name);
    all.push_back(std::move(one));
  }
  return all;
}

/// "{Sid}.json" fits "{CallSid}.json", and "call-{Sid}" fits "{ConferenceSid}".
bool fits(const std::string& piece, const std::string& pattern) {
  if (!pattern.starts_with('{')) return piece == pattern;
  const auto ending = pattern.substr(pattern.find('}') + 1);
  return piece.size() > ending.size() && piece.ends_with(ending) &&
         (!ending.empty() || !piece.ends_with(".json"));
}

/// The one with the most pieces that are no pattern; null if there is none.
const Operation* find(const std::vector<Operation>& all, const std::string& method, const std::string& path) {
  const auto pieces = pieces_of(path);
  const Operation* best = nullptr;
  std::size_t most = 0;
  for (const auto& one : all) {
    if (one.method != method || one.path.size() != pieces.size()) continue;
    if (!std::equal(pieces.begin(), pieces.end(), one.path.begin(), fits)) continue;
    const auto literal = static_cast<std::size_t>(std::count_if(
        one.path.begin(), one.path.end(), [](const auto& piece) { return !piece.starts_with('{'); }));
    if (best != nullptr && literal <= most) continue;
    best = &one;
    most = literal;
  }
  return best;
}

}  // namespace

TEST_CASE("every name in every request is one that Twilio publishes for it", "[twilio]") {
  TwilioBox box;
  base::SystemClock clock;
  twilio::Client client(box.options(), clock);
  EveryRequest(box, client).send();

  const auto all = published();
  CHECK(all.size() > 100);
  std::size_t held = 0;
  for (const auto& asked : box.names_asked()) {
    std::istringstream words(asked);
    std::string method, path, name;
    words >> method >> path >> name;
    // Of prices Twilio publishes no description.
    if (path.starts_with("/v1/PhoneNumbers/Countries")) continue;
    INFO(asked);
    const auto* const operation = find(all, method, path);
    REQUIRE(operation != nullptr);
    CHECK((name.empty() || operation->names.contains(name)));
    ++held;
  }
  CHECK(held > 150);
}

TEST_CASE("a name that Twilio does not publish is noticed", "[twilio]") {
  const auto all = published();
  const auto* const update = find(all, "POST", "/2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers/{Sid}.json");
  REQUIRE(update != nullptr);
  CHECK(update->names.contains("VoiceUrl"));
  CHECK_FALSE(update->names.contains("VoiceURL"));
  CHECK(find(all, "GET", "/2010-04-01/Accounts/{Sid}/IncomingPhoneNumbers/Local.json")
            ->names.contains("Origin"));
  CHECK(find(all, "GET", "/2010-04-01/Accounts/{Sid}/Nonsense.json") == nullptr);
}

TEST_CASE("the table of published names is what the descriptions say", "[twilio]") {
  const char* const named = std::getenv("RINGCTL_TWILIO_OAI");
  const std::filesystem::path specs = named != nullptr ? named : RINGCTL_SOURCE_DIR "/../shared/twilio-oai";
  if (!std::filesystem::exists(specs / "twilio_api_v2010.json")) {
    WARN("not run: RINGCTL_TWILIO_OAI names no folder with Twilio's descriptions");
    return;
  }
  ProcessOptions options;
  options.program = "/usr/bin/env";
  const auto made =
      Machine().run({"python3", RINGCTL_SOURCE_DIR "/tests/twilio/form_names.py", specs.string()}, options);
  INFO(made.err);
  CHECK(made.status == 0);
  CHECK(made.out == read_text(RINGCTL_SOURCE_DIR "/fixtures/twilio_form_names.txt"));
}
