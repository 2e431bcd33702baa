// Whoever a command is to act on or look for: the same user by e-mail address, name and id, and the same
// failure for nobody, in every place where a command takes one. The places come from the program itself.
#include <fmt/format.h>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

using Words = Site::Arguments;

/// One flag or argument that takes a user, in a command line that lacks nothing.
struct Place {
  std::string command, name;
  Words before, after;  ///< of the user

  Words with(const std::string& who) const {
    auto words = before;
    words.push_back(who);
    words.insert(words.end(), after.begin(), after.end());
    return words;
  }
};

/// Left out, it makes two runs differ.
bool is_now(const nlohmann::json& described) { return described.value("default", nlohmann::json()) == "now"; }

/// A value that is taken for what it is; of most there is none such here.
std::string some(const nlohmann::json& described) {
  if (!described["choices"].is_null()) return described["choices"][0].get<std::string>();
  const auto kind = described["kind"].get<std::string>(), name = described["name"].get<std::string>();
  if (kind == "user") return "bob@example.com";
  if (kind == "workspace") return "default";
  if (kind == "duration") return "1h";
  if (kind == "extension") return "101";
  if (is_now(described)) return "2030-03-08";
  return kind == "number" || kind == "contact" || name == "to" ? "+12025550100" : "1";
}

Words words_of(const nlohmann::json& command) {
  Words words = {command["noun"].get<std::string>()};
  if (command["verb"].is_string()) words.push_back(command["verb"].get<std::string>());
  return words;
}

/// The place of `described` of `command`, all else that has to be said before it or behind it.
Place place_of(const nlohmann::json& command, const nlohmann::json& described, bool is_flag) {
  Place place{
      command["command"].get<std::string>(), described["name"].get<std::string>(), words_of(command), {"-n"}};
  for (const auto& flag : command["flags"])
    if ((flag["required"] == true || is_now(flag)) && (!is_flag || flag["name"] != place.name))
      place.before.insert(place.before.end(),
                          {fmt::format("--{}", flag["name"].get<std::string>()), some(flag)});
  bool behind = is_flag;
  for (const auto& argument : command["arguments"]) {
    if (!is_flag && argument["name"] == place.name) {
      behind = true;
    } else if (argument["required"] == true || !behind) {
      (behind ? place.after : place.before).push_back(some(argument));
    }
  }
  if (is_flag) place.before.push_back("--" + place.name);
  return place;
}

/// All that take a value of this kind, by `help --tree json`.
std::vector<Place> places(const Site& site, const std::string& kind) {
  std::vector<Place> all;
  const auto tree = nlohmann::json::parse(site.ok({"help", "--tree", "json"}));
  for (const auto& command : tree["commands"]) {
    for (const auto& argument : command["arguments"])
      if (argument["kind"] == kind) all.push_back(place_of(command, argument, false));
    for (const auto& flag : command["flags"])
      if (flag["kind"] == kind) all.push_back(place_of(command, flag, true));
  }
  return all;
}

void lay_out(const Site& site) {
  site.init();
  site.ok({"numbers", "add", "+12025550100", "--capabilities", "voice|sms"});
  site.ok({"users", "add", "ann@example.com", "--name", "Ann Baker", "--role", "admin"});
  site.ok({"users", "add", "bob@example.com", "--name", "Bob Carter", "--role", "admin"});
  site.ok({"users", "add", "bob2@example.com", "--name", "bob carter"});
  site.ok({"contacts", "add", "+12025550100"});
  site.ok({"extensions", "add", "101", "--user", "bob@example.com"});
}

}  // namespace

TEST_CASE("whoever is no user of the workspace is not found, wherever a command takes one",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  const auto all = places(site, "user");
  CHECK(all.size() > 40);
  for (const auto& place : all)
    for (const std::string who : {"nobody@example.com", "Nobody", "019ccd51-8e00-7000-8000-000000000001"}) {
      INFO(place.command << " " << place.name << " " << who);
      const auto result = site.run(place.with(who));
      INFO(result.err);
      CHECK(test::failure_of(result) == "5 users.unknown");
    }
}

TEST_CASE("a user is the same by e-mail address, name and id, wherever a command takes one",
          "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  const auto id = site.json({"users", "show", "ann@example.com"}).at("id").get<std::string>();
  for (const auto& place : places(site, "user")) {
    const auto expected = site.run(place.with("ann@example.com"));
    for (const auto& who : {std::string("ANN@Example.com"), std::string("ann baker"), id}) {
      INFO(place.command << " " << place.name << " " << who);
      const auto result = site.run(place.with(who));
      CHECK(test::failure_of(result) == test::failure_of(expected));
      CHECK(result.out == expected.out);
      CHECK(result.err == expected.err);
    }
  }
}

TEST_CASE(
    "a name that several users have is refused with their e-mail addresses, wherever a command takes one",
    "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  for (const auto& place : places(site, "user")) {
    INFO(place.command << " " << place.name);
    const auto result = site.run(place.with("Bob Carter"));
    CHECK(test::failure_of(result) == "2 users.ambiguous");
    CHECK(result.err.find("\n  bob2@example.com\n  bob@example.com\n") != std::string::npos);
  }
}

TEST_CASE("whoever was mistyped is named in the error", "[system]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  for (const std::string who : {"anne@example.com", "Ann Bakre", "ann"}) {
    const auto result = site.run({"users", "show", who});
    INFO(result.err);
    CHECK(result.err.find("\n  did you mean: ann@example.com\n  hint: ringctl users list\n") !=
          std::string::npos);
  }
}

TEST_CASE("whom a call goes to is a user by e-mail address, name and id", "[system][slow]") {
  const Site site(GENERATE(from_range(test::engines())));
  lay_out(site);
  site.ok({"extensions", "add", "102", "--user", "ann@example.com"});
  const auto id = site.json({"users", "show", "ann@example.com"}).at("id").get<std::string>();
  for (const auto& who : {std::string("ANN@example.com"), std::string("ann baker"), id}) {
    INFO(who);
    const auto call = site.json({"sim", "call", "--to", "+12025550100", "--press", "102", "--answer", who});
    CHECK(call.at("status") == "completed");
    CHECK(call.at("user_email") == "ann@example.com");
  }
  for (const auto& place : places(site, "party")) {
    INFO(place.command << " " << place.name);
    CHECK(test::failure_of(site.run(place.with("Bob Carter"))) == "2 users.ambiguous");
  }
}
