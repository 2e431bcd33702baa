// Who gets in, and what is answered where something is missing.

#include <set>

#include "base/mask.hpp"
#include "db/transaction.hpp"
#include "routing/rules.hpp"
#include "serve/journal_site.hpp"
#include "serve/switchboard.hpp"
#include "support/catch.hpp"
#include "support/stderr_of.hpp"

namespace ringctl::serve {
namespace {

using test::call_sid;
using test::Form;
using test::Switchboard;

const std::string k_by_number = "/api/twilio/voice/inbound";
const std::string k_other = "ACfedcba9876543210fedcba9876543210";
const std::string k_others_token = "fedcba9876543210fedcba9876543210";
const std::string k_unknown = "+12025550177";

template <class Verb>
bool begins_with(const twiml::Response& response) {
  return !response.verbs.empty() && std::holds_alternative<Verb>(response.verbs.front());
}

/// Beside the configured account one whose owner has a token of their own.
void start_with_two(Switchboard& board) {
  auto options = board.options();
  options.webhooks.tokens.emplace_back(k_other + ":" + k_others_token);
  board.service.emplace(std::move(options), board.opener(), board.clock);
  board.service->start();
}

TEST_CASE("the token of one account signs nothing in the name of another", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  start_with_two(board);
  const auto own = board.form(), others = board.form({{"AccountSid", k_other}});
  const auto own_token = std::string(Switchboard::k_token);
  CHECK(board.post_as(own_token, board.voice(), own).status == 200);
  CHECK(board.post_as(k_others_token, board.voice(), own).status == 403);
  CHECK(board.post_as(own_token, board.voice(), others).status == 403);
  // Signed as it should be, by an account that is none of the workspace's.
  CHECK(board.post_as(k_others_token, board.voice(), others).status == 403);
  board.stop();
  board.exec("UPDATE workspaces SET twilio_accounts = $2, version = version + 1 WHERE id = $1",
             {board.workspace, R"(["ACfedcba9876543210fedcba9876543210"])"});
  start_with_two(board);
  CHECK(board.post_as(k_others_token, board.voice(), others).status == 200);
  CHECK(board.post_as(own_token, board.voice(), others).status == 403);
}

TEST_CASE("the log says what a webhook lacks to be verified", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(false);
  auto nameless = board.form();
  std::erase_if(nameless, [](const auto& field) { return field.first == "AccountSid"; });
  const auto signed_log = test::stderr_of(
      [&] { CHECK(board.post_as(Switchboard::k_token, board.voice(), nameless).status == 403); });
  CHECK(signed_log.find("there is no AccountSid") != std::string::npos);
  for (const auto& form : {nameless, board.form()}) {
    const auto log = test::stderr_of([&] {
      const auto reply = test::HttpClient(board.socket().string())
                             .post(board.voice(), test::encode_form(form),
                                   {{"Content-Type", "application/x-www-form-urlencoded"}});
      CHECK(reply.status == 403);
    });
    CHECK(log.find("there is no X-Twilio-Signature") != std::string::npos);
  }
}

TEST_CASE("what was kept is in the database as soon as a service has settled", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.start(false);
  for (int i = 1; i <= 3; ++i) board.answer("", board.form({{"CallSid", call_sid(i)}}));
  REQUIRE(board.service->settle(test::k_patience));
  CHECK(board.integer("SELECT count(*) FROM calls") == 3);
  CHECK(board.stop());
}

/// Whom the first call of a server that draws from `first` rings, in their order.
std::vector<std::string> first_order(Switchboard& board, std::uint64_t first) {
  auto options = board.options();
  options.webhooks.first_draw = first;
  board.service.emplace(std::move(options), board.opener(), board.clock);
  board.service->start();
  static int calls = 100;
  const auto says = board.answer("", board.form({{"CallSid", call_sid(++calls)}}));
  REQUIRE(board.stop());
  std::vector<std::string> order;
  for (const auto& verb : says.verbs)
    if (const auto* dial = std::get_if<twiml::Dial>(&verb))
      for (const auto& noun : dial->nouns) order.push_back(std::get<twiml::Client>(noun).identity);
  return order;
}

TEST_CASE("a server that was started anew draws other orders, and the same where it is told to", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  for (const auto* const email : {"bob@example.com", "cid@example.com", "dan@example.com"})
    board.agent(email);
  records::Records rules(board.session(), board.workspace, routing::rules_noun());
  rules.add({{routing::k_rule_name, "Everybody"},
             {routing::k_rule_position, "1"},
             {routing::k_rule_ring,
              R"([{"user":"bob@example.com"},{"user":"cid@example.com"},{"user":"dan@example.com"}])"},
             {routing::k_rule_strategy, "random"}});
  const auto order = first_order(board, 1);
  CHECK(order.size() == 1);  // one after the other: the first wave
  CHECK(first_order(board, 1) == order);
  std::set<std::vector<std::string>> orders;
  for (std::uint64_t first = 0; first < 20; ++first) orders.insert(first_order(board, first));
  CHECK(orders.size() > 1);
}

TEST_CASE("a token that came while the server ran counts from the reload on", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(false);
  const auto old = std::string(Switchboard::k_token), fresh = k_others_token;
  CHECK(board.post_as(fresh, board.voice(), board.form()).status == 403);
  board.service->reload({base::Secret(old), base::Secret(fresh)});
  for (const auto& token : {old, fresh})
    CHECK(board.post_as(token, board.voice(), board.form()).status == 200);
  board.service->reload({base::Secret(fresh)});
  CHECK(board.post_as(old, board.voice(), board.form()).status == 403);
  board.service->reload();
  CHECK(board.post_as(fresh, board.voice(), board.form()).status == 200);
}

TEST_CASE("a change is in force for the first call after it was looked for, which is done twice a second",
          "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  auto options = board.options();
  CHECK(options.estates.every <= std::chrono::milliseconds(500));
  options.estates.every = std::chrono::hours(1);  // here when the test says so
  board.service.emplace(std::move(options), board.opener(), board.clock);
  board.service->start();
  const auto rings = [&](int call) {
    return begins_with<twiml::Dial>(board.answer("", board.form({{"CallSid", call_sid(call)}})));
  };
  CHECK(rings(1));
  board.exec("UPDATE users SET availability = 'offline', version = version + 1");
  CHECK(rings(2));
  board.service->reload();
  CHECK_FALSE(rings(3));
}

TEST_CASE("a call to the path that names no workspace rings as last read while the database is away",
          "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.start(true);
  const auto dial = board.answer_at(k_by_number, board.form());
  REQUIRE(begins_with<twiml::Dial>(dial));
  CHECK(std::get<twiml::Dial>(dial.verbs.front()).nouns.size() == 1);
  const auto nobodys =
      board.answer_at(k_by_number, board.form({{"CallSid", call_sid(2)}, {"To", "+12025550177"}}));
  CHECK(begins_with<twiml::Say>(nobodys));
  board.away = false;
  REQUIRE(board.stop());
  CHECK(board.integer("SELECT count(*) FROM calls WHERE call_sid = $1", {call_sid(1)}) == 1);
  CHECK(board.integer("SELECT count(*) FROM calls WHERE call_sid = $1", {call_sid(2)}) == 0);
}

TEST_CASE("a call to a number that nobody has is told so, and is its account's only workspace's", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  const bool shared = GENERATE(false, true);
  INFO("several workspaces take the account: " << shared);
  const auto other = board.database.add_workspace("other");
  if (!shared)
    db::in_transaction(board.db(), db::Scope::of(other), [&] {
      board.db().exec("UPDATE workspaces SET twilio_accounts = $2, version = version + 1 WHERE id = $1",
                      {other, std::string(R"(["ACfedcba9876543210fedcba9876543210"])")});
    });
  board.start(false);
  const auto call = board.form({{"To", k_unknown}});
  for (int i = 0; i < 2; ++i) {
    const auto says = board.answer_at(k_by_number, call);
    CHECK(begins_with<twiml::Say>(says));
    CHECK(std::holds_alternative<twiml::Hangup>(says.verbs.back()));
  }
  REQUIRE(board.stop());
  CHECK(
      board.integer("SELECT count(*) FROM calls WHERE routed_by = 'unknown_number' AND number_id IS NULL") ==
      (shared ? 0 : 1));
}

TEST_CASE("the log says which number nobody has, masked", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(false);
  const auto logged = test::stderr_of([&] { board.answer_at(k_by_number, board.form({{"To", k_unknown}})); });
  INFO(logged);
  CHECK(logged.find("number.unknown") != std::string::npos);
  CHECK(logged.find("to=" + base::masked_party(k_unknown)) != std::string::npos);
  CHECK(logged.find(k_unknown) == std::string::npos);
}

TEST_CASE("an agent's call to the path that names no workspace is placed by the agent's own", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.start(false);
  const auto call = board.form({{"From", board.from_ann()}, {"To", test::k_to}});
  const auto dial = board.answer_at(k_by_number, call);
  REQUIRE(begins_with<twiml::Dial>(dial));
  CHECK(std::get<twiml::Dial>(dial.verbs.front()).caller_id == test::k_from);
  const auto strangers = board.answer_at(
      k_by_number, board.form({{"CallSid", call_sid(2)}, {"From", "client:stranger"}, {"To", test::k_to}}));
  CHECK(begins_with<twiml::Say>(strangers));
  CHECK(std::holds_alternative<twiml::Hangup>(strangers.verbs.back()));
}

TEST_CASE("an agent hears which of the two numbers of a call is none, another's or the same", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(false);
  const auto said = [&](int call, Form more) {
    more.insert(more.end(), {{"CallSid", call_sid(call)}, {"From", board.from_ann()}});
    const auto response = board.answer("", board.form(std::move(more)));
    REQUIRE(begins_with<twiml::Say>(response));
    return std::get<twiml::Say>(response.verbs.front()).text;
  };
  CHECK(said(1, {{"To", "nowhere"}}) == "The number you called is not a number.");
  CHECK(said(2, {{"To", test::k_to}, {"FromNumber", "nothing"}}) ==
        "The number you call from is not a number.");
  CHECK(said(3, {{"To", test::k_to}, {"FromNumber", "+12025550177"}}) ==
        "The number you call from is not one of yours.");
  CHECK(said(4, {{"To", test::k_from}}) == "The number you called is your own.");
  REQUIRE(board.stop());
  CHECK(board.integer("SELECT count(*) FROM calls WHERE refusal = 'bad_from_number'") == 1);
  CHECK(board.integer("SELECT count(*) FROM calls WHERE refusal = 'same_number'") == 1);
}

/// Every answer waits for a commit that does not come, until the safe one goes out.
void start_late(Switchboard& board) {
  auto options = board.options();
  options.books.durability = Durability::database;
  options.webhooks.deadline = std::chrono::milliseconds(50);
  board.service.emplace(std::move(options), board.opener(), board.clock);
  board.service->start();
  board.away = true;
}

TEST_CASE("what a step came to is read in full also when the answer is late", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  start_late(board);
  REQUIRE(begins_with<twiml::Dial>(board.answer("", board.form())));
  const auto after = [&](Form more) { return board.answer("/next/s0w0", board.form(std::move(more))); };
  CHECK(begins_with<twiml::Hangup>(after({{"DialCallStatus", "completed"}, {"DialBridged", "true"}})));
  // Somebody picked up, and did not press the key.
  CHECK_FALSE(begins_with<twiml::Hangup>(after({{"DialCallStatus", "completed"}, {"DialBridged", "false"}})));
}

TEST_CASE("an agent's own call never ends in the company's voicemail, however late the answer is",
          "[serve]") {
  Switchboard board(db::Engine::sqlite);
  start_late(board);
  const auto end =
      board.answer("/next/calling", board.form({{"From", board.from_ann()}, {"To", test::k_to}}));
  REQUIRE(end.verbs.size() == 1);
  CHECK(begins_with<twiml::Hangup>(end));
}

TEST_CASE("a caller is led on where the journal cannot be written, and nobody is told that it was",
          "[serve]") {
  Switchboard board(db::Engine::sqlite);
  auto options = board.options();
  options.books.journal.max_queue = 16;  // smaller than any record
  board.service.emplace(std::move(options), board.opener(), board.clock);
  board.service->start();
  CHECK(begins_with<twiml::Dial>(board.answer("", board.form())));
  CHECK(board.post("/status", board.form({{"SequenceNumber", "1"}})).status == 503);
}

TEST_CASE(
    "a call that a full disk leaves no room for is Twilio's to send elsewhere, and the next one is kept",
    "[serve]") {
  test::FaultyDisk disk;
  Switchboard board(db::Engine::sqlite);
  auto options = board.options();
  options.books.disk = &disk;
  board.service.emplace(std::move(options), board.opener(), board.clock);
  board.service->start();
  const auto is_degraded = [&] {
    return test::HttpClient(board.socket().string()).get("/readyz").body.find(R"("degraded":true)") !=
           std::string::npos;
  };
  disk.fail(test::FaultyDisk::Op::write, std::errc::no_space_on_device, 1'000'000);
  CHECK(board.post("", board.form()).status == 503);
  CHECK(is_degraded());
  disk.heal();
  CHECK(begins_with<twiml::Dial>(board.answer("", board.form({{"CallSid", call_sid(2)}}))));
  CHECK_FALSE(is_degraded());
  CHECK(board.stop());
  CHECK(board.integer("SELECT count(*) FROM calls WHERE call_sid = $1", {call_sid(2)}) == 1);
}

}  // namespace
}  // namespace ringctl::serve
