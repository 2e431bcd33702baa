// What completion offers from an estate that has some of everything.
#include <set>

#include "support/catch.hpp"
#include "system/sample_account.hpp"

using namespace ringctl::test;

namespace {

/// The first values of the lines that come before the directive.
std::set<std::string> offered(const Machine& machine, std::vector<std::string> words) {
  words.insert(words.begin(), {"__complete", "--"});
  ProcessResult result;  // nothing where the machine was too slow for a shell
  eventually([&] { return result = machine.run(words), result.out.find('\n') < result.out.size() - 1; });
  std::set<std::string> values;
  for (std::size_t at = 0; at < result.out.size();) {
    const auto end = result.out.find('\n', at);
    const auto line = result.out.substr(at, end - at);
    if (!line.starts_with(':')) values.insert(line.substr(0, line.find('\t')));
    at = end + 1;
  }
  return values;
}

}  // namespace

TEST_CASE("completion offers what there is of everything that people name", "[system][slow]") {
  const SampleAccount account;
  const SampleEstate estate(account.url());
  const auto& machine = estate.machine();
  CHECK(offered(machine, {"extensions", "show", ""}).contains("101"));
  CHECK(offered(machine, {"rules", "enable", ""}) == std::set<std::string>{"Nights", "VIP"});
  CHECK(offered(machine, {"rules", "move", "VIP", "--after", "N"}).contains("Nights"));
  CHECK(offered(machine, {"optouts", "show", "+"}).contains("+16265550109"));
  CHECK(offered(machine, {"trunks", "update", ""}).contains("backup"));
  CHECK(offered(machine, {"assistants", "show", ""}).contains("desk"));
  CHECK(offered(machine, {"accounts", "check", ""}).contains(SampleEstate::k_account));
  CHECK(offered(machine, {"numbers", "sync", "--account", "AC0"}).contains(SampleEstate::k_account));
  CHECK(offered(machine, {"callbacks", "complete", ""}).contains("00000002"));
  CHECK(offered(machine, {"calls", "transfer", "CA1", "bob"}).contains("bob@example.com"));
  CHECK(offered(machine, {"calls", "show", ""}).contains("CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5"));
  CHECK(offered(machine, {"recordings", "list", "--call", "CA5"}).size() == 1);
  CHECK(offered(machine, {"recordings", "fetch", ""}).contains("RE5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5"));
  CHECK(offered(machine, {"messages", "show", "SM"}).size() > 1);
  CHECK(offered(machine, {"numbers", "list", "--assistant", ""}).contains("desk"));
  CHECK(offered(machine, {"calls", "start", "ann@example.com", "+1626"}).contains("+16265550101"));
  REQUIRE(machine.run({"workspaces", "update", "default", "--outcomes", "sold|call back"}).status == 0);
  CHECK(offered(machine, {"calls", "outcome", "CA1", ""}) == std::set<std::string>{"call back", "sold"});
  CHECK(offered(machine, {"callerids", "verify", ""}) ==
        std::set<std::string>{"+12025550191", "+12025550192", "+12025550193"});
  for (const auto* verb : {"claim", "release", "reassign"}) {
    INFO(verb);
    CHECK_FALSE(offered(machine, {"messages", verb, ""}).empty());
  }
}
