#include "messages/apply.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <random>

#include "directory/contacts.hpp"
#include "messages/desk.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"

using namespace ringctl;
using test::k_lin;
using test::message_sid;
using test::TextDesk;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

const std::string k_zoe = "+12025550151";

}  // namespace

TEST_CASE("a text becomes a message of a conversation", "[messages]") {
  TextDesk f(any_engine());
  const auto lin = f.contact(k_lin);
  f.join(f.ann_id);
  const auto applied = f.apply({f.text(1, "Hi \xe2\x9c\x93", k_lin,
                                       {{"MediaUrl0", "https://media.example.com/0"},
                                        {"MediaContentType0", "image/png"},
                                        {"NumSegments", "3"},
                                        {"FromCity", "BOSTON"}})});
  CHECK(applied.fresh == 1);
  CHECK(applied.repeated == 0);
  CHECK(applied.queued == 0);
  const auto message = f.message(1);
  CHECK(message.direction == "inbound");
  CHECK(message.status == "received");
  CHECK(message.from_number == k_lin);
  CHECK(message.to_number == test::k_from);
  CHECK(message.number == test::k_from);
  CHECK(message.body == "Hi \xe2\x9c\x93");
  CHECK(message.encoding == "ucs2");
  CHECK(message.segments == 3);
  CHECK(message.media == std::vector<messages::Media>{{"https://media.example.com/0", "image/png"}});
  CHECK(message.details == R"({"FromCity":"BOSTON"})");
  CHECK(message.account_sid == test::k_account);
  CHECK(message.contact_id == lin.text());
  CHECK(message.contact_name == "Lin Park");
  CHECK(message.message_seq == 1);
  CHECK_FALSE(message.changed_seq);
  CHECK(message.created_at == f.at(1));
  const auto thread = f.thread();
  CHECK(thread.id == message.thread);
  CHECK(thread.contact_id == lin.text());
  CHECK(thread.number == f.number_id);
  CHECK(thread.last_inbound_at == f.at(1));
  CHECK(f.told(1) == "ann:pool");
}

TEST_CASE("texts that come again change nothing", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("round_robin");
  f.set_hook();
  CHECK(f.apply({f.text(1), f.text(1)}).repeated == 1);
  const auto before = f.rows("SELECT * FROM message_threads WHERE workspace_id = $1");
  for (int i = 0; i < 3; ++i) {
    const auto again = f.apply({f.text(1)});
    CHECK(again.fresh == 0);
    CHECK(again.repeated == 1);
    CHECK(again.queued == 0);
  }
  CHECK(f.rows("SELECT * FROM message_threads WHERE workspace_id = $1") == before);
  CHECK(f.count("messages") == 1);
  CHECK(f.count("notifications") == 1);
  CHECK(f.count("message_deliveries") == 1);
  CHECK(f.integer("SELECT turns FROM message_turns WHERE number_id = $1", {f.number_id}) == 1);
  CHECK(f.integer("SELECT message_seq FROM message_counters WHERE workspace_id = $1", {f.workspace}) == 1);
}

TEST_CASE("texts of two people are two conversations, those of one are one", "[messages]") {
  TextDesk f(any_engine());
  f.apply({f.text(1), f.text(2, "Hi", k_zoe), f.text(3)});
  f.apply({f.text(4)});
  CHECK(f.count("message_threads") == 2);
  CHECK(f.message(4).thread == f.message(1).thread);
  CHECK(f.message(2).thread != f.message(1).thread);
  CHECK(f.thread().last_message_at == f.at(4));
  CHECK(f.message(4).message_seq == 4);
}

TEST_CASE("more texts than are applied at a time come out in their order", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("round_robin");
  std::vector<messages::Event> events;
  for (int i = 1; i <= 600; ++i) events.push_back(f.text(i, "Hi", fmt::format("+442079460{:03}", i)));
  CHECK(f.apply(events).fresh == 600);
  CHECK(f.message(600).message_seq == 600);
  CHECK(f.rows("SELECT assigned_user_id, count(*) FROM messages WHERE workspace_id = $1 "
               "GROUP BY assigned_user_id ORDER BY assigned_user_id") ==
        fmt::format("{}|200\n{}|200\n{}|200\n", f.ann_id.view(), f.bob_id.view(), f.cleo_id.view()));
}

TEST_CASE("notify_all tells everybody in the pool of every text", "[messages]") {
  TextDesk f(any_engine());
  f.join(f.ann_id);
  f.join(f.cleo_id);
  f.apply({f.text(1), f.text(2)});
  for (const int n : {1, 2}) CHECK(f.told(n) == "ann:pool cleo:pool");
  CHECK(f.owner().empty());
}

TEST_CASE("who has a conversation is told alone, until the lease has run out", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("claim");
  f.exec("UPDATE workspaces SET sms_lease_s = 60 WHERE id = $1", {f.workspace});
  f.apply({f.text(1)});
  messages::claim(f.session(), f.workspace, f.thread().id, f.person(test::k_bob));
  f.apply({f.text(2)});
  CHECK(f.told(1) == "ann:pool bob:pool cleo:pool");
  CHECK(f.told(2) == "bob:owner");
  CHECK(f.message(2).assigned_to == test::k_bob);
  f.clock.advance(std::chrono::seconds(60));
  f.apply({f.text(3)});
  CHECK(f.told(3) == "ann:pool bob:pool cleo:pool");
  CHECK(f.message(3).assigned_to.empty());
}

TEST_CASE("round robin deals conversations in turn, from one transaction to the next", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("round_robin");
  f.apply({f.text(1, "Hi", k_lin), f.text(2, "Hi", k_zoe)});
  f.apply({f.text(3, "Hi", "+12025550152"), f.text(4, "again", k_zoe), f.text(5, "Hi", "+12025550153")});
  CHECK(f.told(1) == "ann:turn");
  CHECK(f.told(2) == "bob:turn");
  CHECK(f.told(3) == "cleo:turn");
  CHECK(f.told(4) == "bob:owner");
  CHECK(f.told(5) == "ann:turn");
  CHECK(f.thread().assigned_by == "round_robin");
  CHECK(f.thread().lease_expires_at == f.clock.now() + std::chrono::hours(24));
  CHECK(f.message(4).assigned_to == test::k_bob);
}

TEST_CASE("a text that comes while somebody claims its conversation takes it from nobody", "[messages]") {
  TextDesk f(any_engine());
  if (f.database.engine() == db::Engine::sqlite) return;  // it has one writer at a time
  f.all_join();
  f.apply({f.text(1)});
  f.mode("round_robin");
  const auto lin = f.thread().id;
  const auto bob = f.person(test::k_bob);
  test::Actor claiming(f.database.connect(), f.clock), applying(f.database.connect(), f.clock);
  const std::vector<messages::Event> again{f.text(2)};
  std::atomic<bool> done = false;
  std::future<void> waiting;
  db::in_transaction(*claiming.connection, db::Scope::of(f.workspace), [&] {
    REQUIRE(messages::claim_now(claiming.session, f.workspace, lin, bob, messages::By::claim,
                                std::chrono::hours(1))
                .won);
    waiting = std::async(std::launch::async, [&] {
      db::in_transaction(*applying.connection, db::Scope::of(f.workspace),
                         [&] { messages::apply(applying.session, f.workspace, again); });
      done = true;
    });
    const auto* const waits =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    CHECK(test::eventually([&] { return done || f.integer(waits) > 0; }));
    CHECK_FALSE(done);
  });
  waiting.get();
  CHECK(f.owner() == "bob");
  CHECK(f.told(2) == "bob:owner");
}

TEST_CASE("round robin passes over who is offline, unless the workspace says otherwise", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("round_robin");
  f.set_user(f.bob_id, "availability", "offline");
  f.apply({f.text(1), f.text(2, "Hi", k_zoe)});
  CHECK(f.told(2) == "cleo:turn");
  f.decide("sms_offline", "include");
  f.apply({f.text(3, "Hi", "+12025550152"), f.text(4, "Hi", "+12025550153")});
  CHECK(f.told(3) == "ann:turn");
  CHECK(f.told(4) == "bob:turn");
}

TEST_CASE("where everybody is offline all are told, and nobody has it", "[messages]") {
  TextDesk f(any_engine());
  f.join(f.ann_id);
  f.join(f.bob_id);
  f.mode("round_robin");
  for (const auto* user : {&f.ann_id, &f.bob_id}) f.set_user(*user, "availability", "offline");
  f.apply({f.text(1)});
  CHECK(f.told(1) == "ann:pool bob:pool");
  CHECK(f.owner().empty());
  f.set_user(f.bob_id, "availability", "online");
  f.apply({f.text(2)});
  CHECK(f.told(2) == "bob:turn");
}

TEST_CASE("what somebody had who is active no more is dealt anew", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("round_robin");
  f.apply({f.text(1)});
  REQUIRE(f.owner() == "ann");
  f.deactivate(f.ann_id);
  f.apply({f.text(2)});
  CHECK(f.told(2) == "bob:turn");
  CHECK(f.owner() == "bob");
}

TEST_CASE("a member who is a manager is dealt nothing, and keeps nothing", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("round_robin");
  f.set_user(f.ann_id, "role", "manager");
  f.apply({f.text(1)});
  CHECK(f.told(1) == "bob:turn");
  f.set_user(f.bob_id, "role", "manager");
  f.apply({f.text(2)});
  CHECK(f.told(2) == "cleo:turn");
  CHECK(f.owner() == "cleo");
}

TEST_CASE("who left the pool keeps their conversations", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("round_robin");
  f.apply({f.text(1)});
  f.exec("UPDATE agent_phone_numbers SET sms_access_enabled = FALSE WHERE agent_id = $1", {f.ann_id});
  f.apply({f.text(2), f.text(3, "Hi", k_zoe)});
  CHECK(f.told(2) == "ann:owner");
  CHECK(f.told(3) == "bob:turn");
}

TEST_CASE("a text to an extension goes to its user", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("round_robin");
  f.extension("101", f.cleo_id);
  f.extension("102", f.bob_id, f.number("+12025550109"));
  f.apply({f.text(1, "#101 are you there?"), f.text(2, "#102 hello", k_zoe),
           f.text(3, "#999 hello", "+12025550152")});
  CHECK(f.told(1) == "cleo:extension");
  CHECK(f.owner() == "cleo");
  CHECK(f.thread().assigned_by == "extension");
  CHECK(f.message(1).extension == "101");
  CHECK(f.told(2) == "ann:turn");  // not on this number
  CHECK(f.told(3) == "bob:turn");  // nobody's
  f.apply({f.text(4, "#101 and you?", k_zoe)});
  CHECK(f.told(4) == "ann:owner cleo:extension");
}

TEST_CASE("a pool with nobody in it falls back: contact's agents, number's owner, default user, admins",
          "[messages]") {
  TextDesk f(any_engine());
  const auto root = f.agent("root@example.com");
  f.set_user(root, "role", "admin");
  int n = 0;
  const auto next = [&] {
    f.apply({f.text(++n)});
    return f.told(n);
  };
  CHECK(next() == "root:support");
  f.decide("default_user", "cleo@example.com");
  CHECK(next() == "cleo:default_user");
  f.assign(f.bob_id, f.number_id);
  CHECK(next() == "bob:number_owner");
  const auto lin = f.contact(k_lin);
  f.look_after(lin, f.ann_id);
  f.look_after(lin, f.cleo_id);
  CHECK(next() == "ann:contact cleo:contact");
  f.deactivate(f.ann_id);
  f.deactivate(f.cleo_id);
  CHECK(next() == "bob:number_owner");
  f.deactivate(f.bob_id);
  CHECK(next() == "root:support");
}

TEST_CASE("a text to a number that is not the workspace's is kept, and goes to who is left", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.set_user(f.cleo_id, "role", "admin");
  auto text = f.text(1);
  for (auto& [name, value] : text.parameters)
    if (name == "To") value = "+12025550177";
  f.apply({text});
  CHECK(f.told(1) == "cleo:support");
  CHECK(f.message(1).number.empty());
  CHECK(f.message(1).to_number == "+12025550177");
  CHECK_FALSE(f.thread().number);
}

TEST_CASE("texts that are bad input are kept as far as they can be", "[messages]") {
  TextDesk f(any_engine());
  f.join(f.ann_id);
  test::Form media;
  for (int i = 0; i < 12; ++i)
    media.emplace_back(fmt::format("MediaUrl{}", i), fmt::format("https://media.example.com/{}", i));
  f.apply({f.text(1, ""), f.text(2, std::string(5000, 'x')), f.text(3, "a\xff" + std::string(1, '\0') + "b"),
           f.text(4, "", k_lin, media), f.text(5, "Hi", "72345"), f.text(6, "Hi", "whatsapp:" + k_lin)});
  CHECK(f.message(1).body.empty());
  CHECK(f.message(2).body.size() == 5000);
  CHECK(f.message(2).segments == 33);
  CHECK(f.message(3).body ==
        "a\xEF\xBF\xBD\xEF\xBF\xBD"
        "b");
  CHECK(f.message(4).media.size() == 12);
  CHECK(f.thread("72345").party_number == "72345");
  CHECK(f.message(6).from_number == "whatsapp:" + k_lin);
  CHECK(f.count("notifications") == 6);
  auto no_sid = f.text(7);
  no_sid.message_sid.clear();
  const auto applied = f.apply({no_sid});
  CHECK(applied.fresh == 0);
  CHECK(f.count("messages") == 6);
}

TEST_CASE("a delivery is queued for each text where the workspace wants to be told", "[messages]") {
  TextDesk f(any_engine());
  f.join(f.ann_id);
  f.set_hook();
  CHECK(f.apply({f.text(1), f.text(2, "STOP", k_zoe)}).queued == 2);
  CHECK(f.rows("SELECT event, state, attempts FROM message_deliveries WHERE workspace_id = $1") ==
        "message.received|waiting|0\nmessage.received|waiting|0\n");
  f.exec("UPDATE message_hooks SET is_active = FALSE WHERE workspace_id = $1", {f.workspace});
  CHECK(f.apply({f.text(3)}).queued == 0);
}

TEST_CASE("a word for the network is kept, opts out, and takes no turn", "[messages]") {
  TextDesk f(any_engine());
  f.all_join();
  f.mode("round_robin");
  f.apply({f.text(1, "STOP"), f.text(2, "hello", k_zoe)});
  CHECK(f.told(1).empty());
  CHECK(f.told(2) == "ann:turn");
  CHECK(f.message(1).keyword == "stop");
  CHECK(f.rows("SELECT phone_number, channel, source FROM opt_outs WHERE workspace_id = $1") ==
        k_lin + "|all|STOP\n");
  f.apply({f.text(3, "stop", k_zoe), f.text(4, "START", k_lin), f.text(5, "HELP", "+12025550152")});
  CHECK(f.told(3) == "ann:owner");
  CHECK(f.integer("SELECT count(*) FROM notifications WHERE workspace_id = $1 AND kind = 'inbound_opt_out'",
                  {f.workspace}) == 1);
  CHECK(f.rows("SELECT phone_number FROM opt_outs WHERE workspace_id = $1") == k_zoe + "\n");
  // Whoever opted out is still heard.
  f.apply({f.text(6, "still there", k_zoe)});
  CHECK(f.told(6) == "ann:owner");
}

TEST_CASE("a STOP said to a messaging service is lifted by a START said to it", "[messages]") {
  TextDesk f(any_engine());
  const test::Form service{{"MessagingServiceSid", "MG1"}, {"OptOutType", "STOP"}};
  f.apply({f.text(1, "arret", k_lin, service), f.text(2, "START")});
  CHECK(f.count("opt_outs") == 1);
  f.apply({f.text(3, "START", k_lin, {{"MessagingServiceSid", "MG1"}})});
  CHECK(f.count("opt_outs") == 0);
}

TEST_CASE("a STOP said to a number before it was a messaging service's is lifted by a START said to it",
          "[messages]") {
  TextDesk f(any_engine());
  f.apply({f.text(1, "STOP")});
  CHECK(f.count("opt_outs") == 1);
  f.apply({f.text(2, "START", k_lin, {{"MessagingServiceSid", "MG1"}})});
  CHECK(f.count("opt_outs") == 0);
  CHECK(f.count("message_stops") == 0);
}

TEST_CASE("a START lifts no STOP that was said after it, whichever is applied first", "[messages]") {
  TextDesk f(any_engine());
  f.apply({f.text(2, "STOP")});
  f.apply({f.text(1, "START")});
  CHECK(f.count("opt_outs") == 1);
  f.apply({f.text(4, "STOP")});
  f.apply({f.text(3, "START")});
  CHECK(f.count("opt_outs") == 1);
  f.apply({f.text(5, "START")});
  CHECK(f.count("opt_outs") == 0);
  CHECK(f.count("message_stops") == 0);
}

TEST_CASE("senders that are no numbers opt out of nothing here", "[messages]") {
  TextDesk f(any_engine());
  f.apply({f.text(1, "STOP", "72345"), f.text(2, "STOP", "whatsapp:" + k_lin)});
  CHECK(f.message(1).keyword == "stop");
  CHECK(f.count("opt_outs") == 0);
  CHECK(f.count("message_stops") == 0);
}

TEST_CASE("in whatever order callbacks come, and however often, the message comes out the same",
          "[messages]") {
  TextDesk f(any_engine());
  constexpr std::array<const char*, 6> k_states{"queued",      "sending", "sent",
                                                "undelivered", "failed",  "delivered"};
  std::vector<std::vector<int>> orders;
  std::vector<int> order{0, 1, 2, 3, 4, 5};
  do {
    orders.push_back(order);
  } while (std::next_permutation(order.begin(), order.end()));
  REQUIRE(orders.size() == 720);
  f.send(1);
  f.exec("DELETE FROM messages WHERE workspace_id = $1", {f.workspace});
  const auto thread = f.thread().id;
  f.write([&] {
    for (int n = 0; n < 720; ++n)
      f.db().exec(
          "INSERT INTO messages (id, workspace_id, thread_id, message_sid, account_sid, direction, from_number, "
          "to_number, encoding, segments, status, status_rank, message_seq, created_at, updated_at) VALUES "
          "($1, $2, $3, $4, 'AC1', 'outbound', $5, $6, 'gsm7', 1, 'accepted', 1, $7, $8, $8)",
          {f.alice.ids.next(), f.workspace, thread, message_sid(n), test::k_from, k_lin, 1000 + n,
           f.clock.now()});
  });
  std::mt19937 random(3);
  for (std::size_t turn = 0; turn < k_states.size(); ++turn) {
    std::vector<messages::Event> events;
    for (int n = 0; n < 720; ++n) {
      const auto state = orders[static_cast<std::size_t>(n)][turn];
      const std::string word = k_states[static_cast<std::size_t>(state)];
      test::Form error;
      if (state == 3 || state == 4) error = {{"ErrorCode", std::to_string(30000 + state)}};
      events.push_back(f.status(n, word, state, error));
      if (random() % 2 == 0) events.push_back(f.status(n, word, state + 60, error));
    }
    f.apply(events);
    if (turn == 3) f.apply(events);
  }
  CHECK(
      f.rows("SELECT DISTINCT status, status_rank, error_code, sent_at, delivered_at FROM messages "
             "WHERE workspace_id = $1") ==
      f.rows(
          "SELECT status, status_rank, error_code, sent_at, delivered_at FROM messages WHERE workspace_id = $1 "
          "AND message_seq = 1000"));
  const auto message = f.message(0);
  CHECK(message.status == "delivered");
  CHECK_FALSE(message.error_code);
  CHECK(message.sent_at == f.at(2));
  CHECK(message.delivered_at == f.at(5));
  CHECK(f.count("message_events") == 720 * 6);
}

TEST_CASE("the error stands with the state that it came with", "[messages]") {
  TextDesk f(any_engine());
  f.send(1);
  f.apply({f.status(1, "undelivered", 5, {{"ErrorCode", "30003"}})});
  CHECK(f.message(1).status == "undelivered");
  CHECK(f.message(1).error_code == 30003);
  CHECK(f.message(1).changed_seq == 1);
  f.apply({f.status(1, "sent", 6)});
  CHECK(f.message(1).status == "undelivered");
  CHECK(f.message(1).sent_at == f.at(6));
  f.apply({f.status(1, "undelivered", 5, {{"ErrorCode", "30003"}}), f.status(1, "nonsense", 7)});
  CHECK(f.message(1).changed_seq == 2);
}

TEST_CASE("a callback for a message that nobody knows is kept, and counts when it turns up", "[messages]") {
  TextDesk f(any_engine());
  CHECK(f.apply({f.status(1, "sent", 3)}).fresh == 1);
  CHECK(f.apply({f.status(1, "sent", 3)}).repeated == 1);
  CHECK(f.count("messages") == 0);
  CHECK(f.count("message_events") == 1);
  const auto id = f.send(0);
  auto named = f.status(1, "delivered", 5);
  named.message = id;
  f.apply({named});
  const auto message = f.message(1);
  CHECK(message.id == id);
  CHECK(message.status == "delivered");
  CHECK(message.sent_at == f.at(3));
  CHECK(f.read([&] { return messages::events_of(f.db(), f.workspace, message).size(); }) == 2);
}

TEST_CASE("a callback that names a message of another SID leaves it alone", "[messages]") {
  TextDesk f(any_engine());
  const auto id = f.send(1);
  auto wrong = f.status(2, "delivered", 5);
  wrong.message = id;
  f.apply({wrong});
  CHECK(f.message(1).status == "accepted");
  CHECK(f.count("message_events") == 1);
  // One whose SID another message has already does not take it away.
  const auto open = f.send(0);
  auto taken = f.status(1, "sent", 6);
  taken.message = open;
  f.apply({taken});
  CHECK(f.message(1).id == id);
  CHECK(f.message(1).status == "sent");
}

TEST_CASE("what another workspace has is left alone", "[messages]") {
  TextDesk f(any_engine());
  f.join(f.ann_id);
  f.apply({f.text(1)});
  const auto own = f.send(2);
  const auto other = f.database.add_workspace("other");
  messages::Applied applied;
  auto named = f.status(3, "delivered", 5);
  named.message = own;
  const std::vector<messages::Event> events{f.text(1, "theirs"), f.status(2, "delivered", 5), named};
  db::in_transaction(f.db(), db::Scope::of(other),
                     [&] { applied = messages::apply(f.session(), other, events); });
  CHECK(applied.fresh == 2);  // the callbacks are kept
  CHECK(f.message(1).body == "Hello");
  CHECK(f.message(2).status == "accepted");
  db::Transaction transaction(f.db(), db::Scope::of(other), db::Access::read);
  for (const auto* table : {"messages", "message_threads", "notifications"})
    CHECK(f.db().integer(fmt::format("SELECT count(*) FROM {} WHERE workspace_id = $1", table), {other}) ==
          0);
  transaction.commit();
}

TEST_CASE("what is told of an erased person's message is kept without their number", "[messages]") {
  TextDesk f(any_engine());
  const auto lin = f.contact(k_lin);
  f.apply({f.text(1)});
  f.send(2);
  f.exec("UPDATE messages SET contact_id = $2 WHERE workspace_id = $1", {f.workspace, lin});
  directory::erase_contact(f.session(), f.workspace, lin, true);
  f.apply({f.status(2, "delivered", 5)});
  CHECK(f.message(2).status == "delivered");
  CHECK(f.rows("SELECT form FROM message_events WHERE workspace_id = $1") == "{}\n");
  // Whoever texts from the number now is somebody else.
  f.apply({f.text(3)});
  CHECK(f.message(3).thread != f.message(1).thread);
  CHECK(f.message(3).contact_id.empty());
}

TEST_CASE("what is missing is what would be new", "[messages]") {
  TextDesk f(any_engine());
  const std::vector<messages::Event> all{f.text(1), f.text(2), f.status(3, "sent", 5),
                                         f.status(3, "delivered", 6)};
  f.apply({all[0], all[2]});
  const auto missing = f.read([&] { return messages::missing(f.db(), f.workspace, all); });
  CHECK(missing == std::vector<const messages::Event*>{&all[1], &all[3]});
  f.apply(all);
  CHECK(f.read([&] { return messages::missing(f.db(), f.workspace, all).size(); }) == 0);
}
