#include "messages/apply.hpp"
#include "support/catch.hpp"
#include "sync/text_desk.hpp"

using namespace ringctl;
using test::MessageDesk;

namespace {

struct Log : MessageDesk {
  using MessageDesk::MessageDesk;

  /// At the box, as it is by now.
  std::string there(int n, const std::string& status, const std::string& direction = "outbound-api") {
    sim::Message message;
    message.sid = fmt::format("SM{:032x}", n);
    message.from = direction == "inbound" ? test::k_to : test::k_from;
    message.to = direction == "inbound" ? test::k_from : test::k_to;
    message.body = "See you at noon";
    message.status = status;
    message.direction = direction;
    message.error_code = status == "undelivered" ? 30003 : 0;
    message.created_at = message.updated_at = wall.now();
    message.sent_at = wall.now();
    box.with([&](sim::Account& at, sim::Network&) { at.messages.add(message); });
    return message.sid;
  }
  /// Sent here, as far as the answer told.
  void here(const std::string& sid) {
    write([&] {
      messages::Draft draft{.as = test::k_ann, .to = test::k_to};
      draft.body = "See you at noon";
      auto outgoing = messages::plan_send(db(), workspace, draft, clock.now());
      outgoing.account_sid = client.account_sid();
      const auto id = messages::record_send(session(), workspace, outgoing);
      messages::note_sent(session(), workspace, id, sid, "queued", 1);
    });
  }
  sync::TextsReconciled reconcile(bool write = true) {
    return sync::reconcile_texts(account, clock.now() - std::chrono::hours(1),
                                 clock.now() + std::chrono::hours(1), write);
  }
  std::string states() {
    return rows(
        "SELECT message_sid, status, error_code FROM messages WHERE workspace_id = $1 ORDER BY message_seq");
  }
};

}  // namespace

TEST_CASE("a message whose callbacks were lost gets its last state and its price, once", "[sync]") {
  Log f(GENERATE(from_range(test::engines())));
  const auto delivered = f.there(1, "delivered"), undelivered = f.there(2, "undelivered");
  f.here(delivered);
  f.here(undelivered);
  const auto planned = f.reconcile(false);
  CHECK(planned.changed == 2);
  CHECK(f.states() == delivered + "|queued|\n" + undelivered + "|queued|\n");
  const auto done = f.reconcile();
  CHECK(done.seen == 2);
  CHECK(done.changed == 2);
  CHECK(done.foreign == 0);
  CHECK(f.states() == delivered + "|delivered|\n" + undelivered + "|undelivered|30003\n");
  CHECK(f.integer("SELECT count(*) FROM messages WHERE price IS NOT NULL AND price_unit = 'USD'") > 0);
  CHECK(f.reconcile().changed == 0);
}

TEST_CASE("what nobody here knows is counted and left out", "[sync]") {
  Log f(db::Engine::sqlite);
  f.there(1, "delivered");
  f.there(2, "received", "inbound");
  const auto done = f.reconcile();
  CHECK(done.seen == 2);
  CHECK(done.foreign == 2);
  CHECK(done.changed == 0);
  CHECK(f.states().empty());
}

TEST_CASE("a state at Twilio that lies behind the one on record is no change", "[sync]") {
  Log f(db::Engine::sqlite);
  const auto sid = f.there(1, "sent");
  f.here(sid);
  auto event = messages::event_from(
      messages::Kind::status,
      {{"MessageSid", sid}, {"AccountSid", f.client.account_sid()}, {"MessageStatus", "delivered"}},
      f.clock.now());
  event.workspace = f.workspace;
  f.write([&] { messages::apply(f.session(), f.workspace, std::span(&event, 1)); });
  f.reconcile();
  CHECK(f.states() == sid + "|delivered|\n");
}
