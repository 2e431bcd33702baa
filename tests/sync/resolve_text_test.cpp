#include "messages/apply.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "sync/text_desk.hpp"

using namespace ringctl;
using test::MessageDesk;

namespace {

/// The box took it, and nobody heard.
void lose(MessageDesk& f, const std::string& body = "See you at noon") {
  f.box.fault("executed_lost", 1);
  REQUIRE(test::error_of([&] { f.send(body); })->errc() == Errc::unknown_outcome);
}

/// Nobody knows whether the box took it.
void hang(MessageDesk& f) {
  f.box.fault("hang", 1);
  REQUIRE(test::error_of([&] { f.send(); })->errc() == Errc::unknown_outcome);
  f.box.clear_faults();
}

/// It did, and has come so far with it; the SID.
std::string there(MessageDesk& f, const std::string& status, const std::string& body) {
  sim::Message message;
  message.sid = "SM" + std::string(32, '7');
  message.from = test::k_from;
  message.to = test::k_to;
  message.body = body;
  message.status = status;
  message.error_code = status == "undelivered" ? 30003 : 0;
  message.direction = "outbound-api";
  message.created_at = message.updated_at = f.wall.now();
  f.box.with([&](sim::Account& at, sim::Network&) { at.messages.add(message); });
  return message.sid;
}

std::vector<std::string> sids_at_twilio(MessageDesk& f) {
  std::vector<std::string> sids;
  twilio::list_messages(f.client, {}, [&](const twilio::Message& message) {
    sids.push_back(message.sid);
    return true;
  });
  return sids;
}

}  // namespace

TEST_CASE("a message whose answer was lost is found again by its text, and not sent twice", "[sync]") {
  MessageDesk f(GENERATE(from_range(test::engines())));
  f.send("Another one");
  lose(f);
  const auto row = f.resolve();
  CHECK(row.state == "done");
  CHECK(f.taken() == 2);
  CHECK(f.open().empty());
  CHECK(f.rows("SELECT message_sid FROM messages WHERE workspace_id = $1 AND body = 'See you at noon'") ==
        row.sid + "\n");
}

TEST_CASE("a callback that names the message settles it without a question", "[sync]") {
  MessageDesk f(GENERATE(from_range(test::engines())));
  lose(f);
  const auto sid = sids_at_twilio(f).at(0);
  const auto id = f.open().at(0).id;
  auto event = messages::event_from(
      messages::Kind::status,
      {{"MessageSid", sid}, {"AccountSid", f.client.account_sid()}, {"MessageStatus", "sent"}},
      f.clock.now());
  event.workspace = f.workspace;
  event.message = id;
  f.write([&] { messages::apply(f.session(), f.workspace, std::span(&event, 1)); });
  f.box.fault("503");
  const auto row = f.resolve();
  CHECK(row.state == "done");
  CHECK(row.sid == sid);
  CHECK(f.log() == sid + "|sent\n");
}

TEST_CASE("a message that never was has failed once Twilio must show it", "[sync]") {
  MessageDesk f(GENERATE(from_range(test::engines())));
  hang(f);
  CHECK(f.resolve().state == "unknown");
  CHECK(f.log() == "|accepted\n");
  f.clock.advance(std::chrono::minutes(2));
  CHECK(f.resolve().state == "undone");
  CHECK(f.log() == "|failed\n");
  CHECK(f.open().empty());
  CHECK(f.taken() == 0);
}

TEST_CASE("a text that Twilio put words of its own before is found as well", "[sync]") {
  MessageDesk f(db::Engine::sqlite);
  hang(f);
  const auto sid = there(f, "sent", "Sent from your Twilio trial account - See you at noon");
  CHECK(f.resolve().sid == sid);
  CHECK(f.log() == sid + "|sent\n");
}

TEST_CASE("a message that is found again and did not arrive is on record with Twilio's reason", "[sync]") {
  MessageDesk f(db::Engine::sqlite);
  hang(f);
  const auto sid = there(f, "undelivered", "See you at noon");
  CHECK(f.resolve().sid == sid);
  CHECK(f.rows("SELECT status, error_code FROM messages WHERE workspace_id = $1") == "undelivered|30003\n");
}

TEST_CASE("a text that was sent twice in the same words is for people to tell apart", "[sync]") {
  MessageDesk f(db::Engine::sqlite);
  lose(f);
  lose(f);
  const auto row = f.resolve();
  CHECK(row.state == "unknown");
  for (const auto& sid : sids_at_twilio(f)) CHECK(row.message.find(sid) != std::string::npos);
  CHECK(f.log() == "|accepted\n|accepted\n");
}

TEST_CASE("a message to a person who was erased meanwhile is settled, and asks nobody", "[sync]") {
  MessageDesk f(db::Engine::sqlite);
  lose(f);
  f.exec("UPDATE twilio_effects SET effect_key = '', request = '{}'");
  f.box.fault("503");
  CHECK(f.resolve().state == "undone");
  CHECK(f.open().empty());
}
