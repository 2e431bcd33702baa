// The verifier beside Twilio's own helper library for Node, which makes, signs and judges the requests.
// RINGCTL_TEST_NODE names a folder whose node_modules hold `twilio` 6; tests/run.sh makes one. With
// RINGCTL_TEST_FULL a million requests instead of 100,000.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "twilio/signature.hpp"

using namespace ringctl;
using namespace ringctl::twilio;
using Json = nlohmann::json;

namespace {

std::string official_requests(const std::string& node_folder, int count, int seed) {
  test::ProcessOptions options;
  options.program = "/usr/bin/env";
  options.environment = {{"NODE_PATH", node_folder + "/node_modules"}};
  const auto script = std::string(RINGCTL_SOURCE_DIR) + "/tests/twilio/official_requests.cjs";
  const auto result =
      test::Machine().run({"node", script, std::to_string(count), std::to_string(seed)}, options);
  INFO(result.err);
  REQUIRE(result.status == 0);
  return result.out;
}

bool accepted(const Json& line, Scratch& scratch) {
  Form form;
  const auto body = line["body"].get<std::string>();
  const bool is_form = line["kind"] == "form";
  if (is_form) REQUIRE(form.parse(body) == Parsed::ok);
  const auto base = line["base"].get<std::string>(), target = line["target"].get<std::string>(),
             signature = line["signature"].get<std::string>();
  std::vector<base::Secret> tokens;
  tokens.emplace_back(line["token"].get<std::string>());
  const Request request{.base = base,
                        .target = target,
                        .signature = signature,
                        .form = is_form ? &form : nullptr,
                        .body = body};
  return verify(request, tokens, scratch) == Signed::ok;
}

}  // namespace

TEST_CASE("the verdict is that of Twilio's helper library on generated requests", "[twilio][slow]") {
  const char* const folder = std::getenv("RINGCTL_TEST_NODE");
  if (folder == nullptr) {
    WARN("not run: RINGCTL_TEST_NODE names no folder with the npm package twilio (offline, or no node)");
    return;
  }
  constexpr int k_at_once = 10'000;
  const int rounds = std::getenv("RINGCTL_TEST_FULL") != nullptr ? 100 : 10;
  Scratch scratch;
  int passed = 0, disagreements = 0;
  for (int round = 0; round < rounds; ++round) {
    std::istringstream lines(official_requests(folder, k_at_once, round + 1));
    int count = 0;
    for (std::string text; std::getline(lines, text); ++count) {
      const auto line = Json::parse(text);
      const bool verdict = line["verdict"].get<bool>();
      passed += verdict ? 1 : 0;
      if (accepted(line, scratch) == verdict) continue;
      ++disagreements;
      CAPTURE(text);
      if (disagreements <= 5) CHECK(verdict == !verdict);
    }
    REQUIRE(count == k_at_once);
  }
  CHECK(disagreements == 0);
  // Both verdicts are common, or the comparison would say little.
  CHECK(passed > rounds * k_at_once / 4);
  CHECK(passed < rounds * k_at_once * 3 / 4);
}
