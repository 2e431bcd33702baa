// What holds for every resource: who gets in, what is a path, what a form may say, and pages.
#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <vector>

#include "sim/inventory.hpp"
#include "sim/rest_dates.hpp"
#include "sim/rest_site.hpp"

using namespace ringctl;
using namespace ringctl::test;

TEST_CASE("only the account's token and its keys get in", "[sim]") {
  RestSite site;
  const auto path = RestSite::at("/Calls.json");
  for (const auto& login :
       {std::string(), basic(k_account, "wrong"), basic("AC", k_token), std::string("Bearer x"),
        std::string("Basic !!"), basic(k_account, k_token + "x")}) {
    CAPTURE(login);
    const auto got = site.ask("GET", path, {}, login);
    CHECK(got.status == 401);
    CHECK(got.code() == 20003);
  }
  CHECK(site.ask("GET", path).status == 200);
}

TEST_CASE("an API key gets in everywhere but where accounts and keys are", "[sim]") {
  RestSite site;
  const auto made = site.post("/Keys.json", "FriendlyName=ci");
  REQUIRE(made.status == 201);
  const auto sid = made.json["sid"].get<std::string>();
  const auto login = basic(sid, made.json["secret"].get<std::string>());
  CHECK(site.ask("GET", RestSite::at("/Calls.json"), {}, login).status == 200);
  CHECK(site.ask("GET", RestSite::at("/Keys.json"), {}, login).code() == 20003);
  CHECK(site.ask("GET", RestSite::at(".json"), {}, login).code() == 20003);
  CHECK_FALSE(site.get("/Keys/" + sid + ".json").json.contains("secret"));
  CHECK(site.remove("/Keys/" + sid + ".json").status == 204);
  CHECK(site.ask("GET", RestSite::at("/Calls.json"), {}, login).status == 401);
}

TEST_CASE("what is no path is 404, with Twilio's body", "[sim]") {
  RestSite site;
  const std::string zeros(32, '0');
  for (const auto& target :
       {RestSite::at("/Calls"), RestSite::at("/calls.json"), RestSite::at("/Calls/CA" + zeros + ".json"),
        RestSite::at("/Calls/CF" + zeros + ".json"), RestSite::at("/Calls/CA123.json"),
        RestSite::at("/Accounts.json"), std::string("/2010-04-01/Calls.json"),
        "/2010-04-01/Accounts/AC" + zeros + "/Calls.json", "/2010-04-01/Accounts/AC" + zeros + ".json",
        std::string("/v1/Trunks.json"), std::string("/v2/Trunks"), "/v1/Trunks/TK" + zeros, std::string("/"),
        std::string("/2010-04-01/"), RestSite::at("/")}) {
    CAPTURE(target);
    const auto got = site.ask("GET", target);
    CHECK(got.status == 404);
    CHECK(got.code() == 20404);
    CHECK(got.json.value("status", 0) == 404);
    CHECK(got.json.value("more_info", "") == "https://www.twilio.com/docs/errors/20404");
  }
}

TEST_CASE("methods that a resource does not have are 405", "[sim]") {
  RestSite site;
  for (const auto* const method : {"PUT", "PATCH", "HEAD", "DELETE", "OPTIONS"})
    CHECK(site.ask(method, RestSite::at("/Calls.json")).status == 405);
  CHECK(site.post("/Balance.json").status == 405);
}

TEST_CASE("a body that is no form is 415", "[sim]") {
  RestSite site;
  const auto login = basic(k_account, k_token);
  CHECK(site.ask("POST", RestSite::at("/Queues.json"), "{}", login, "application/json").status == 415);
  CHECK(site.ask("POST", RestSite::at("/Queues.json"), "FriendlyName=a", login,
                 "Application/X-WWW-Form-Urlencoded; charset=utf-8")
            .status == 201);
}

TEST_CASE("an unknown key is refused by its name, with the nearest known one", "[sim]") {
  RestSite site;
  const auto got = site.post("/Applications.json", "VoiceURL=https%3A%2F%2Fpbx.example.com%2F");
  CHECK(got.status == 400);
  CHECK(got.message().find("'VoiceURL'") != std::string::npos);
  CHECK(got.message().find("'VoiceUrl'") != std::string::npos);
  CHECK(site.get("/Calls.json?from=x").message().find("'from'") != std::string::npos);
  CHECK(site.ask("POST", RestSite::at("/Queues.json?FriendlyName=a")).status == 400);
}

TEST_CASE("values are held against their kinds", "[sim]") {
  RestSite site;
  for (const auto* const form :
       {"VoiceUrl=pbx", "VoiceUrl=ftp%3A%2F%2Fa", "VoiceMethod=PATCH", "VoiceCallerIdLookup=yes",
        "FriendlyName=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "VoiceUrl=http%3A%2F%2F"}) {
    CAPTURE(form);
    CHECK(site.post("/Applications.json", form).status == 400);
  }
  CHECK(site.post("/Applications.json", "FriendlyName=a&FriendlyName=b").status == 400);
  CHECK(site.post("/Queues.json").message() == "Missing required parameter FriendlyName in the post body");
  CHECK(site.post("/Queues.json", "FriendlyName=").status == 400);
  CHECK(site.post("/Queues.json", "FriendlyName=a&MaxSize=5001").status == 400);
  CHECK(site.post("/Queues.json", "FriendlyName=a&MaxSize=2x").status == 400);
}

TEST_CASE("what is left out stays, what is empty is cleared", "[sim]") {
  RestSite site;
  const auto made =
      site.post("/Applications.json", "FriendlyName=a&VoiceUrl=https%3A%2F%2Fa.example%2F&VoiceMethod=get");
  REQUIRE(made.status == 201);
  CHECK(made.json["voice_method"] == "GET");
  const auto path = "/Applications/" + made.json["sid"].get<std::string>() + ".json";
  CHECK(site.post(path, "FriendlyName=b").json["voice_url"] == "https://a.example/");
  const auto cleared = site.post(path, "VoiceUrl=&VoiceMethod=");
  CHECK(cleared.status == 200);
  CHECK(cleared.json["voice_url"] == "");
  CHECK(cleared.json["voice_method"] == "POST");
  CHECK(cleared.json["friendly_name"] == "b");
}

// --- pages ---

namespace {

/// Every SID of a list, following its pages; `between` after each.
std::vector<std::string> walk(RestSite& site, std::string target, const std::string& name,
                              const std::function<void(int)>& between = {}) {
  std::vector<std::string> sids;
  for (int page = 0; !target.empty() && page < 100; ++page) {
    const auto got = site.ask("GET", target);
    REQUIRE(got.status == 200);
    for (const auto& one : got.json[name]) sids.push_back(one["sid"]);
    const auto& next = got.json["next_page_uri"];
    target = next.is_null() ? std::string() : next.get<std::string>();
    if (between) between(page);
  }
  return sids;
}

}  // namespace

TEST_CASE("following the pages shows every record once, the newest first", "[sim]") {
  RestSite site;
  std::vector<std::string> expected;
  for (int i = 0; i < 23; ++i) expected.insert(expected.begin(), site.call().sid);
  for (const auto* const size : {"1", "5", "22", "23", "24", "1000"}) {
    CAPTURE(size);
    CHECK(walk(site, RestSite::at(std::string("/Calls.json?PageSize=") + size), "calls") == expected);
  }
}

TEST_CASE("a record deleted between two pages costs no other one", "[sim]") {
  RestSite site;
  std::vector<std::string> expected;
  for (int i = 0; i < 10; ++i)
    expected.insert(expected.begin(), site.number(fmt::format("+120255502{:02}", i)).sid);
  const auto last_of_first_page = expected[2];
  const auto sids = walk(site, RestSite::at("/IncomingPhoneNumbers.json?PageSize=3"),
                         "incoming_phone_numbers", [&](int page) {
                           if (page == 0) site.account.numbers.remove(last_of_first_page);
                         });
  REQUIRE(sids.size() == expected.size() + 1);
  CHECK(std::vector<std::string>(sids.begin(), sids.end() - 1) == expected);
}

TEST_CASE("the page before is there too", "[sim]") {
  RestSite site;
  for (int i = 0; i < 7; ++i) site.call();
  const auto first = site.get("/Calls.json?PageSize=3");
  CHECK(first.json["previous_page_uri"].is_null());
  const auto second = site.ask("GET", first.json["next_page_uri"]);
  CHECK(second.json["page"] == 1);
  CHECK(second.json["start"] == 3);
  CHECK(second.json["end"] == 5);
  CHECK(site.ask("GET", second.json["previous_page_uri"]).json["calls"] == first.json["calls"]);
}

TEST_CASE("pages that are none: sizes, tokens, and past the end", "[sim]") {
  RestSite site;
  site.call();
  CHECK(site.get("/Calls.json?PageSize=0").status == 400);
  CHECK(site.get("/Calls.json?PageSize=1001").status == 400);
  CHECK(site.get("/Calls.json?Page=-1").status == 400);
  CHECK(site.get("/Calls.json?PageToken=nonsense").status == 400);
  CHECK(site.get("/Calls.json?PageToken=PA").status == 400);
  for (const auto* const query : {"Page=9", "Page=9&PageToken=PA00000000000000000000000000000001"}) {
    const auto past = site.get(std::string("/Calls.json?") + query);
    CHECK(past.status == 200);
    CHECK(past.json["calls"].empty());
    CHECK(past.json["next_page_uri"].is_null());
  }
}

TEST_CASE("the links of a page keep its filters", "[sim]") {
  RestSite site;
  for (int i = 0; i < 3; ++i) site.call();
  const auto got = site.get("/Calls.json?From=%2B16265550101&StartTime%3E=2026-03-01&PageSize=2");
  const auto next = got.json["next_page_uri"].get<std::string>();
  CHECK(next.find("From=%2B16265550101&StartTime%3E=2026-03-01&PageSize=2&Page=1&PageToken=PA") !=
        std::string::npos);
  CHECK(site.ask("GET", next).json["calls"].size() == 1);
}

TEST_CASE("lists of v1 say where they are in meta, absolutely", "[sim]") {
  RestSite site;
  for (int i = 0; i < 3; ++i) REQUIRE(site.ask("POST", "/v1/Trunks", "FriendlyName=t").status == 201);
  const auto got = site.ask("GET", "/v1/Trunks?PageSize=2");
  const std::string base = "https://trunking.twilio.com";
  const auto next = got.json["meta"]["next_page_url"].get<std::string>();
  CHECK(got.json["meta"]["key"] == "trunks");
  REQUIRE(next.starts_with(base + "/v1/Trunks?PageSize=2&Page=1&PageToken="));
  const auto second = site.ask("GET", next.substr(base.size()));
  CHECK(second.json["trunks"].size() == 1);
  CHECK(second.json["meta"]["next_page_url"].is_null());
}

// --- filters ---

TEST_CASE("filters by time include the day they name, and both inequalities together", "[sim]") {
  RestSite site;
  site.call();
  const auto count = [&](const std::string& query) {
    return site.get("/Calls.json?" + query).json["calls"].size();
  };
  CHECK(count("StartTime=2026-03-09") == 1);
  CHECK(count("StartTime=2026-03-08") == 0);
  CHECK(count("StartTime%3C=2026-03-09") == 1);
  CHECK(count("StartTime%3C=2026-03-08") == 0);
  CHECK(count("StartTime%3E=2026-03-09") == 1);
  CHECK(count("StartTime%3E=2026-03-10") == 0);
  CHECK(count("StartTime%3E=2026-03-01&StartTime%3C=2026-03-31") == 1);
  CHECK(count("StartTime%3E=2026-03-09T15:00:00Z") == 1);
  CHECK(count("StartTime%3E=2026-03-09T15:00:01Z") == 0);
  CHECK(site.get("/Calls.json?StartTime=yesterday").status == 400);
  CHECK(site.get("/Calls.json?StartTime=2026-02-30").status == 400);
}

TEST_CASE("patterns for numbers are read as Twilio's", "[sim]") {
  using sim::matches_pattern;
  CHECK(matches_pattern("+12025550143", "%5550%"));
  CHECK(matches_pattern("+12025550143", "+1202%"));
  CHECK(matches_pattern("+12025550143", "%01*3"));
  CHECK(matches_pattern("+12025550143", "%JKL0%"));
  CHECK_FALSE(matches_pattern("+12025550143", "202%"));
  CHECK_FALSE(matches_pattern("+12025550143", "%014"));
}
