// Calls, messages, conferences, queues, recordings and usage as REST shows and makes them.
#include "sim/media.hpp"
#include "sim/rest_site.hpp"

using namespace ringctl;
using namespace ringctl::test;

namespace {
constexpr const char* k_say = "&Twiml=%3CResponse%3E%3CSay%3Ehello%3C%2FSay%3E%3C%2FResponse%3E";
}

TEST_CASE("a call is placed, is looked up, and what is a number is sent as text", "[sim]") {
  RestSite site;
  const auto placed = site.post("/Calls.json", std::string("To=%2B12025550191&From=%2B12025550101") + k_say);
  REQUIRE(placed.status == 201);
  CHECK(placed.json["status"] == "queued");
  CHECK(placed.json["direction"] == "outbound-api");
  CHECK(placed.json["duration"].is_null());
  const auto path = "/Calls/" + placed.json["sid"].get<std::string>() + ".json";
  CHECK(site.get(path).json["to_formatted"] == "(202) 555-0191");
  CHECK(site.remove(path).status == 400);
  const auto over = site.get("/Calls/" + site.call().sid + ".json").json;
  CHECK(over["duration"] == "61");
  CHECK(over["price"] == "-0.01700");
  CHECK(over["start_time"] == "Mon, 09 Mar 2026 15:00:00 +0000");
}

TEST_CASE("calls that cannot be placed say why with Twilio's codes", "[sim]") {
  RestSite site;
  const auto code = [&](const std::string& form) { return site.post("/Calls.json", form).code(); };
  const std::string both = "To=%2B12025550191&From=%2B12025550101";
  CHECK(code(std::string("From=%2B12025550101") + k_say) == 21201);
  CHECK(code(std::string("To=%2B12025550191") + k_say) == 21213);
  CHECK(code("To=nonsense&From=%2B12025550101" + std::string(k_say)) == 21211);
  CHECK(code("To=%2B12025550191&From=%2B12025550199" + std::string(k_say)) == 21210);
  CHECK(code(both) == 21205);
  CHECK(code(both + "&Url=nonsense") == 21205);
  CHECK(code(both + "&ApplicationSid=AP" + std::string(32, '0')) == 21218);
  CHECK(code(both + "&Timeout=601" + k_say) == 21208);
  CHECK(code(both + "&Twiml=" + std::string(4001, 'a')) == 32018);
  CHECK(code(both + "&StatusCallbackEvent=ringing&StatusCallbackEvent=failed" + k_say) == 20422);
  CHECK(site.account.calls.size() == 0);
}

TEST_CASE("a call that is over can be deleted, and is gone from every list", "[sim]") {
  RestSite site;
  const auto path = "/Calls/" + site.call().sid + ".json";
  CHECK(site.remove(path).status == 204);
  CHECK(site.get(path).status == 404);
  CHECK(site.remove(path).status == 404);
  CHECK(site.get("/Calls.json").json["calls"].empty());
}

TEST_CASE("messages that cannot be sent say why, and a text can be taken away", "[sim]") {
  RestSite site;
  const auto code = [&](const std::string& form) { return site.post("/Messages.json", form).code(); };
  CHECK(code("From=%2B12025550101&Body=a") == 21604);
  CHECK(code("To=%2B12025550191&Body=a") == 21603);
  CHECK(code("To=%2B12025550191&From=%2B12025550101") == 21602);
  CHECK(code("To=%2B12025550191&From=%2B12025550101&Body=" + std::string(1601, 'a')) == 21617);
  const auto sent = site.post("/Messages.json", "To=%2B12025550191&From=%2B12025550101&Body=a");
  REQUIRE(sent.status == 201);
  CHECK(sent.json["num_segments"] == "1");
  const auto path = "/Messages/" + sent.json["sid"].get<std::string>() + ".json";
  CHECK(site.post(path, "Body=other").status == 400);
  CHECK(site.post(path, "Body=").json["body"] == "");
}

TEST_CASE("a recording's media are as long as it is, and go with it", "[sim]") {
  RestSite site;
  sim::Recording one;
  one.sid = site.sids.next("RE");
  one.call_sid = site.call().sid;
  one.status = "completed";
  one.source = "RecordVerb";
  one.length = std::chrono::seconds(2);
  one.created_at = one.updated_at = site.clock.now();
  const auto path = "/Recordings/" + site.account.recordings.add(one).sid;
  CHECK(site.get(path + ".json").json["duration"] == "2");
  CHECK(site.get(path + ".wav").body.substr(0, 4) == "RIFF");
  CHECK(site.get(path).body == site.get(path + ".wav").body);
  CHECK(site.ask("GET", RestSite::at(path + ".wav"), {}, "").status == 401);
  CHECK(site.get("/Calls/" + one.call_sid + "/Recordings.json").json["recordings"].size() == 1);
  CHECK(site.remove(path + ".json").status == 204);
  CHECK(site.get(path + ".wav").status == 404);
  CHECK(site.get("/Recordings.json").json["recordings"].empty());
  CHECK(site.get("/Recordings.json?IncludeSoftDeleted=true").json["recordings"].size() == 1);
}

TEST_CASE("participants are found by call and by label, and only while they are there", "[sim]") {
  RestSite site;
  sim::Conference room;
  room.sid = site.sids.next("CF");
  room.friendly_name = "room";
  room.status = "in-progress";
  sim::Participant ann;
  ann.call_sid = site.sids.next("CA");
  ann.label = "ann";
  room.participants = {ann};
  const auto path = "/Conferences/" + site.account.conferences.add(room).sid;
  CHECK(site.get("/Conferences.json?FriendlyName=room&Status=in-progress").json["conferences"].size() == 1);
  CHECK(site.get(path + "/Participants.json").json["participants"].size() == 1);
  CHECK(site.get(path + "/Participants.json?Muted=true").json["participants"].empty());
  CHECK(site.get(path + "/Participants/ann.json").json["call_sid"] == ann.call_sid);
  CHECK(site.get(path + "/Participants/" + ann.call_sid + ".json").json["status"] == "connected");
  CHECK(site.get(path + "/Participants/bob.json").status == 404);
  CHECK(site.post(path + "/Participants/ann.json", "Status=completed").status == 400);
}

TEST_CASE("queues show who waits and how long", "[sim]") {
  RestSite site;
  const auto made = site.post("/Queues.json", "FriendlyName=sales");
  const auto sid = made.json["sid"].get<std::string>();
  auto& queue = *site.account.queues.find(sid);
  queue.members = {site.sids.next("CA")};
  queue.enqueued_at[queue.members.front()] = site.clock.now() - std::chrono::seconds(9);
  const auto front = site.get("/Queues/" + sid + "/Members/Front.json").json;
  CHECK(front["call_sid"] == queue.members.front());
  CHECK(front["wait_time"] == 9);
  CHECK(front["position"] == 1);
  CHECK(site.get("/Queues/" + sid + "/Members.json").json["queue_members"].size() == 1);
  CHECK(site.remove("/Queues/" + sid + ".json").status == 400);
  queue.members.clear();
  CHECK(site.remove("/Queues/" + sid + ".json").status == 204);
}

TEST_CASE("usage is added up from the calls", "[sim]") {
  RestSite site;
  site.call();
  site.call();
  const auto today = site.get("/Usage/Records/Today.json?Category=calls-inbound-local").json["usage_records"];
  REQUIRE(today.size() == 1);
  CHECK(today[0]["count"] == "2");
  CHECK(today[0]["usage"] == "4");
  CHECK(today[0]["start_date"] == "2026-03-09");
  CHECK(site.get("/Usage/Records/Yesterday.json?Category=calls").json["usage_records"][0]["count"] == "0");
  CHECK(site.get("/Usage/Records.json?Category=nonsense").status == 400);
  CHECK(site.get("/Usage/Records/Daily.json?Category=calls&StartDate=-2days").json["usage_records"].size() ==
        3);
  CHECK(site.get("/Balance.json").json["balance"] == "99.96600");
}

TEST_CASE("two queues may have one name", "[sim]") {
  RestSite site;
  CHECK(site.post("/Queues.json", "FriendlyName=sales").status == 201);
  CHECK(site.post("/Queues.json", "FriendlyName=sales").status == 201);
  CHECK(site.get("/Queues.json").json["queues"].size() == 2);
}

TEST_CASE("nobody is called into a conference from somebody else's number", "[sim]") {
  RestSite site;
  const auto code = [&](const std::string& form) {
    return site.post("/Conferences/room/Participants.json", form).code();
  };
  CHECK(code("To=%2B12025550191&From=%2B12025550199") == 21210);
  CHECK(code("To=nonsense&From=%2B12025550101") == 21211);
  CHECK(site.account.calls.size() == 0);
}

TEST_CASE("a text is told of to its application, and one of a template is refused", "[sim]") {
  RestSite site;
  const auto app =
      site.post("/Applications.json", "MessageStatusCallback=https%3A%2F%2Fpbx.example.com%2Ftexts");
  const std::string text = "To=%2B12025550191&From=%2B12025550101&Body=a";
  const auto sent =
      site.post("/Messages.json", text + "&ApplicationSid=" + app.json["sid"].get<std::string>());
  REQUIRE(sent.status == 201);
  CHECK(site.account.messages.find(sent.json["sid"])->status_callback == "https://pbx.example.com/texts");
  CHECK(site.post("/Messages.json", text + "&ApplicationSid=AP" + std::string(32, '0')).code() == 21218);
  CHECK(site.post("/Messages.json",
                  "To=%2B12025550191&From=%2B12025550101&ContentSid=HX" + std::string(32, '0'))
            .code() == 21655);
  CHECK(site.post("/Messages.json", "To=nonsense&From=%2B12025550101&Body=a").code() == 21211);
}

TEST_CASE("a recording is there as an MP3 file too", "[sim]") {
  RestSite site;
  sim::Recording one;
  one.sid = site.sids.next("RE");
  one.status = "completed";
  one.length = std::chrono::seconds(3);
  site.account.recordings.add(one);
  const auto got = site.get("/Recordings/" + one.sid + ".mp3");
  CHECK(got.status == 200);
  CHECK(got.body == sim::silence_mp3(one.length));
}

TEST_CASE("usage by days counts a number from the day it came on, and each call once", "[sim]") {
  RestSite site;  // with a number of today
  site.number("+12025550102").created_at = site.clock.now() - std::chrono::hours(48);
  site.call();
  const auto counts = [&](const std::string& query) {
    std::vector<std::string> all;
    const auto got = site.get("/Usage/Records/Daily.json?" + query);
    for (const auto& one : got.json.at("usage_records")) all.push_back(one["count"]);
    return all;
  };
  CHECK(counts("Category=phonenumbers&StartDate=-3days") == std::vector<std::string>{"2", "1", "1", "0"});
  CHECK(counts("Category=calls&StartDate=-3days") == std::vector<std::string>{"1", "0", "0", "0"});
  CHECK(counts("Category=calls&StartDate=-1days&EndDate=9999-12-31") == std::vector<std::string>{"1", "0"});
  CHECK(site.get("/Usage/Records.json?StartDate=--9223372036854775808days").status == 400);
}
