// What the database lost of the calls comes back from the journal: the real program, on both engines.
#include "support/eventually.hpp"
#include "support/serve_site.hpp"

using namespace ringctl;
using test::ServeSite;
using test::Site;

namespace {

/// Answers a webhook of three calls, and ends when they are in the log.
void take_calls(ServeSite& serve) {
  serve.start();
  for (const auto* caller : {"+16265550101", "+16265550102", "+16265550103"})
    serve.answer(serve.voice(), serve.inbound(caller, "+12025550100"));
  CHECK(serve.terminate() == 0);
  REQUIRE(serve.site().json({"calls", "list"}).size() == 3);
}

}  // namespace

TEST_CASE("calls that a restored database lacks are found in the journal and put right, once",
          "[serve][slow]") {
  ServeSite serve(GENERATE(from_range(test::engines())));
  const auto& site = serve.site();
  site.ok({"numbers", "add", "+12025550100", "--country-code", "US"});
  site.ok({"users", "add", "ann@example.com"});
  take_calls(serve);
  const Site::Arguments replay{"webhooks", "replay", "--since", "-1h"};
  CHECK(site.json(replay).empty());
  const auto before = site.json({"calls", "show", "CA00000000000000000000000000000002"});

  site.tamper("DELETE FROM call_events WHERE call_sid LIKE '%2'");
  site.tamper("DELETE FROM calls WHERE call_sid LIKE '%2'");
  CHECK(site.failure(replay) == "8 webhooks.differ");
  const auto found =
      nlohmann::json::parse(site.run({"webhooks", "replay", "--since", "-1h", "-o", "json"}).out);
  REQUIRE(found.size() == 1);
  CHECK(found[0].at("call_sid") == "CA00000000000000000000000000000002");
  CHECK(found[0].at("from_number") == "+16265550102");
  CHECK(found[0].at("status_before").is_null());
  CHECK(found[0].at("status") == "ringing");
  CHECK(found[0].at("webhooks") == 1);
  CHECK(found[0].at("differs") == "missing");
  CHECK(site.failure({"webhooks", "replay", "--since", "-1h", "--apply", "-n"}) == "8 webhooks.differ");
  CHECK(site.json({"webhooks", "replay", "--since", "-1h", "--until", "-30m"}).empty());
  CHECK(site.json({"calls", "list"}).size() == 2);

  CHECK(site.json({"webhooks", "replay", "--since", "-1h", "--apply"}) == found);
  auto after = site.json({"calls", "show", "CA00000000000000000000000000000002"});
  CHECK(after.at("plan") == before.at("plan"));
  for (const auto* column : {"from_number", "to_number", "status", "direction", "started_at", "routed_by"})
    CHECK(after.at(column) == before.at(column));
  CHECK(site.json({"webhooks", "replay", "--since", "-1h", "--apply"}).empty());
  CHECK(site.json({"audit", "list", "--action", "webhooks.replay"}).size() == 1);
  site.ok({"audit", "verify"});
}

TEST_CASE("messages that a restored database lacks are found in the journal and kept, once",
          "[serve][slow]") {
  ServeSite serve(GENERATE(from_range(test::engines())));
  const auto& site = serve.site();
  serve.lay_out(1);
  serve.start();
  for (const auto* sid : {"SM00000000000000000000000000000001", "SM00000000000000000000000000000002"})
    CHECK(serve
              .post("/api/twilio/webhook", {{"AccountSid", ServeSite::k_account},
                                            {"Body", "Hello"},
                                            {"From", "+16265550101"},
                                            {"MessageSid", sid},
                                            {"To", test::k_main_line}})
              .status() == 200);
  CHECK(serve.terminate() == 0);
  REQUIRE(site.json({"messages", "list"}).size() == 2);
  const Site::Arguments replay{"webhooks", "replay", "--since", "-1h"};
  CHECK(site.json(replay).empty());

  site.tamper("DELETE FROM messages WHERE message_sid LIKE '%2'");
  const auto missing = site.run(replay);
  CHECK(missing.status == 8);
  CHECK(missing.err.find("1 webhook about messages") != std::string::npos);
  CHECK(site.json({"messages", "list"}).size() == 1);
  site.ok({"webhooks", "replay", "--since", "-1h", "--apply"});
  CHECK(site.json({"messages", "list"}).size() == 2);
  site.ok(replay);
  site.ok({"audit", "verify"});
}

TEST_CASE("a replay may run while a server does", "[serve][slow]") {
  ServeSite serve(GENERATE(from_range(test::engines())));
  const auto& site = serve.site();
  take_calls(serve);
  site.tamper("DELETE FROM call_events");
  site.tamper("DELETE FROM calls");
  serve.start();
  serve.answer(serve.voice(), serve.inbound("+16265550104", "+12025550100"));
  CHECK(site.json({"webhooks", "replay", "--since", "-1h", "--apply"}).size() == 3);
  CHECK(test::eventually([&] { return site.json({"calls", "list"}).size() == 4; }, 50));
  CHECK(serve.terminate() == 0);
  CHECK(site.json({"webhooks", "replay", "--since", "-1h"}).empty());
}

TEST_CASE("a replay needs a time to begin at", "[serve]") {
  const Site site(db::Engine::sqlite);
  site.init();
  CHECK(site.run({"webhooks", "replay"}).status == 2);
  CHECK(site.failure({"webhooks", "replay", "--since", "soon"}).starts_with("7 "));
  CHECK(site.json({"webhooks", "replay", "--since", "-7d"}).empty());
}
