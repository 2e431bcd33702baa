#include "sync/text.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "sync/text_desk.hpp"

using namespace ringctl;
using test::MessageDesk;

TEST_CASE("a message that is sent is on record under its SID, and tells serve what becomes of it", "[sync]") {
  MessageDesk f(GENERATE(from_range(test::engines())));
  const auto sent = f.send();
  CHECK(f.log() == sent.message_sid + "|" + sent.status + "\n");
  CHECK(f.effects() == "message.send|done\n");
  CHECK(f.taken() == 1);
  std::string callback, body, from;
  f.box.with([&](sim::Account& at, sim::Network&) {
    const auto& message = *at.messages.find(sent.message_sid);
    callback = message.status_callback;
    body = message.body;
    from = message.from;
  });
  CHECK(callback == "https://pbx.example.com/api/workspaces/" + f.workspace.text() + "/sms/status/" +
                        sent.message.text());
  CHECK(body == "See you at noon");
  CHECK(from == test::k_from);
  CHECK(f.rows("SELECT actor FROM twilio_effects WHERE workspace_id = $1") == "user:" + test::k_ann + "\n");
  CHECK(f.rows("SELECT request FROM twilio_effects WHERE workspace_id = $1").find("noon") ==
        std::string::npos);
}

TEST_CASE("a dry run writes nothing and sends nothing", "[sync]") {
  MessageDesk f(db::Engine::sqlite);
  const auto sent = f.send("See you at noon", false);
  CHECK(sent.outgoing.from_number == test::k_from);
  CHECK(sent.outgoing.size.segments == 1);
  CHECK(f.taken() == 0);
  CHECK(f.log().empty());
  CHECK(f.effects().empty());
}

TEST_CASE("what is refused here never reaches Twilio", "[sync]") {
  MessageDesk f(GENERATE(from_range(test::engines())));
  f.exec(
      "INSERT INTO opt_outs (id, workspace_id, phone_number, channel, created_at, updated_at) "
      "VALUES ($1, $2, $3, 'all', $4, $4)",
      {f.alice.ids.next(), f.workspace, test::k_to, f.clock.now()});
  const auto error = test::error_of([&] { f.send(); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::differs);
  CHECK(error->slug() == "messages.refused");
  REQUIRE(error->details().size() == 1);
  CHECK(error->details()[0].starts_with("opted_out: "));
  CHECK(f.taken() == 0);
  CHECK(f.log().empty());
}

TEST_CASE("a picture that only this network can see is refused, and so is a message nobody would hear of",
          "[sync]") {
  MessageDesk f(db::Engine::sqlite);
  sync::SendOptions options{.draft = {.as = test::k_ann, .to = test::k_to}};
  options.draft.media = {"http://127.0.0.1/a.png"};
  CHECK(test::slug_of([&] { sync::send_text(f.account, options); }) == "messages.bad_media");
  f.account.public_url.clear();
  CHECK(test::slug_of([&] { f.send(); }) == "serve.no_public_url");
  CHECK(f.taken() == 0);
  CHECK(f.log().empty());
}

TEST_CASE("a number of another account is not asked for with this one", "[sync]") {
  MessageDesk f(db::Engine::sqlite);
  f.exec("UPDATE phone_numbers SET account_sid = $1", {"AC" + std::string(32, 'f')});
  const auto error = test::error_of([&] { f.send(); });
  REQUIRE(error);
  CHECK(error->slug() == "numbers.other_account");
  CHECK(error->hint().find("--account AC") != std::string::npos);
  CHECK(f.taken() == 0);
  CHECK(f.log().empty());
}

TEST_CASE("a message that Twilio refuses has failed, and is not open", "[sync]") {
  MessageDesk f(GENERATE(from_range(test::engines())));
  f.exec("UPDATE phone_numbers SET phone_number = '+12025550109'");  // not the account's
  CHECK(test::error_of([&] { f.send(); })->errc() == Errc::twilio);
  CHECK(f.log() == "|failed\n");
  CHECK(f.rows("SELECT error_code FROM messages WHERE workspace_id = $1") == "21606\n");
  CHECK(f.effects() == "message.send|refused\n");
  CHECK(f.open().empty());
}

TEST_CASE("who told Twilio STOP is on the list from then on", "[sync]") {
  MessageDesk f(GENERATE(from_range(test::engines())));
  f.box.with(
      [&](sim::Account&, sim::Network& network) { network.text_in(test::k_to, test::k_from, "STOP"); });
  const auto error = test::error_of([&] { f.send(); });
  REQUIRE(error);
  CHECK(error->slug() == "messages.refused");
  CHECK(error->details().at(0).starts_with("opted_out: "));
  CHECK(f.log() == "|failed\n");
  CHECK(f.rows("SELECT phone_number, channel FROM opt_outs WHERE workspace_id = $1") ==
        test::k_to + "|sms\n");
  CHECK(test::slug_of([&] { f.send(); }) == "messages.refused");
  CHECK(f.log() == "|failed\n");  // the second one was refused here
}

TEST_CASE("a message whose answer is lost is not sent again", "[sync]") {
  MessageDesk f(GENERATE(from_range(test::engines())));
  struct Fault {
    const char* word;
    int taken;
  };
  const auto fault = GENERATE(Fault{"executed_lost", 1}, Fault{"garbage", 1}, Fault{"503", 0});
  f.box.fault(fault.word, 1);
  const auto error = test::error_of([&] { f.send(); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::unknown_outcome);
  CHECK(error->slug() == "messages.unknown_outcome");
  CHECK(f.taken() == fault.taken);
  CHECK(f.log() == "|accepted\n");
  CHECK(f.effects() == "message.send|unknown\n");
}

TEST_CASE("a message that may be on its way is never said to have failed, though nothing can be written down",
          "[sync]") {
  MessageDesk f(db::Engine::sqlite);
  f.db().exec_script(
      "CREATE TRIGGER full BEFORE UPDATE ON twilio_effects WHEN NEW.state <> 'sent' "
      "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
  const std::string fault = GENERATE(as<std::string>{}, "", "executed_lost", "garbage");
  if (!fault.empty()) f.box.fault(fault, 1);
  CHECK(test::slug_of([&] { f.send(); }) == "messages.unknown_outcome");
  CHECK(f.taken() == 1);
  CHECK(f.log() == "|accepted\n");
  f.db().exec_script("DROP TRIGGER full");
  f.box.clear_faults();
  CHECK(f.resolve().state == "done");
  CHECK(f.taken() == 1);
}
