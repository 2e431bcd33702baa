#include "messages/threads.hpp"

#include <algorithm>

#include "messages/desk.hpp"
#include "messages/follow.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using test::k_bob;
using test::k_lin;
using test::message_sid;
using test::TextDesk;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

const std::string k_zoe = "+12025550151";

/// Lin and Zoe wrote; Bob has what Zoe wrote, for a minute.
struct Threads : TextDesk {
  explicit Threads(db::Engine engine) : TextDesk(engine) {
    all_join();
    mode("claim");
    exec("UPDATE workspaces SET sms_lease_s = 60 WHERE id = $1", {workspace});
    contact(k_lin);
    apply({text(1), text(2, "Hi", k_zoe), text(3)});
    messages::claim(session(), workspace, thread(k_zoe).id, person(k_bob));
  }
  /// The last digits of the numbers that they are with.
  std::string list(const messages::ThreadFilter& filter, std::string_view sort = {}, bool descending = false,
                   std::int64_t limit = 0) {
    return read([&] {
      std::string all;
      messages::for_each_thread(db(), workspace, filter, clock.now(), sort, descending, limit,
                                [&](const messages::Thread& one) { all += one.party_number.back(); });
      CHECK((limit > 0 || messages::count_threads(db(), workspace, filter, clock.now()) == std::ssize(all)));
      return all;
    });
  }
  std::string refusal(const std::string& what, const std::string& ours = {}) {
    return test::slug_of([&] { read([&] { return messages::get_thread(db(), workspace, what, ours).id; }); });
  }
};

/// The last digits of the SIDs of messages.
struct Messages : Threads {
  explicit Messages(db::Engine engine) : Threads(engine) { send(9); }
  std::string list(const messages::MessageFilter& filter, std::string_view sort = "created_at",
                   bool descending = false, std::int64_t limit = 0) {
    return read([&] {
      std::string all;
      messages::for_each(db(), workspace, filter, sort, descending, limit,
                         [&](const messages::Message& one) { all += one.message_sid.back(); });
      CHECK((limit > 0 || messages::count(db(), workspace, filter) == std::ssize(all)));
      return all;
    });
  }
  std::string notified(const messages::NotificationFilter& filter) {
    return read([&] {
      std::string all;
      messages::for_each_notification(db(), workspace, filter, 0, [&](const messages::Notification& one) {
        all += name_in(one.user_email).front();
      });
      CHECK(messages::count_notifications(db(), workspace, filter) == std::ssize(all));
      return all;
    });
  }
};

}  // namespace

TEST_CASE("conversations are listed by what they are, newest first", "[messages]") {
  Threads f(any_engine());
  CHECK(f.list({}) == "01");
  CHECK(f.list({}, {}, false, 1) == "0");
  CHECK(f.list({}, "last_message_at", true) == "01");
  CHECK(f.list({}, "last_message_at") == "10");
  CHECK(f.list({}, "party_number") == "01");
  CHECK(f.list({}, "party_number", true) == "10");
  CHECK(f.list({}, "assigned_to") == "10");
  CHECK(f.list({.user = f.bob_id}) == "1");
  CHECK(f.list({.user = f.ann_id}).empty());
  CHECK(f.list({.number = f.number_id}) == "01");
  CHECK(f.list({.party = k_zoe}) == "1");
  CHECK(f.list({.free_only = true}) == "0");
  CHECK(f.list({.since = f.at(3)}) == "0");
  CHECK(f.list({.until = f.at(3)}) == "1");
  CHECK(test::slug_of([&] { f.list({}, "body; DROP"); }) == "messages.bad_sort");
}

TEST_CASE("a conversation is free again when its lease has run out", "[messages]") {
  Threads f(any_engine());
  CHECK_FALSE(f.thread(k_zoe).is_free(f.clock.now()));
  f.clock.advance(std::chrono::seconds(60));
  CHECK(f.thread(k_zoe).is_free(f.clock.now()));
  CHECK(f.list({.free_only = true}) == "01");
  CHECK(f.list({.user = f.bob_id}).empty());
}

TEST_CASE("a conversation is free when whoever has it takes part no more", "[messages]") {
  Threads f(any_engine());
  CHECK(f.list({.user = f.bob_id}) == "1");
  if (GENERATE(true, false))
    f.deactivate(f.bob_id);
  else
    f.set_user(f.bob_id, "role", "manager");
  CHECK(f.thread(k_zoe).assigned_to == k_bob);
  CHECK(f.thread(k_zoe).is_free(f.clock.now()));
  CHECK(f.list({.free_only = true}) == "01");
  CHECK(f.list({.user = f.bob_id}).empty());
}

TEST_CASE("a conversation says whom it is with, on which number, and whose it is", "[messages]") {
  Threads f(any_engine());
  const auto lin = f.thread();
  CHECK(lin.our_number == test::k_from);
  CHECK(lin.contact_name == "Lin Park");
  CHECK(lin.sms_mode == "claim");
  CHECK(lin.assigned_user_id.empty());
  const auto zoe = f.thread(k_zoe);
  CHECK(zoe.assigned_to == k_bob);
  CHECK(zoe.assigned_by == "claim");
  CHECK(zoe.assigned_at == f.clock.now());
  CHECK(zoe.lease_expires_at == f.clock.now() + std::chrono::seconds(60));
  CHECK(zoe.version == 2);
}

TEST_CASE("a conversation is found by number, message or id", "[messages]") {
  Threads f(any_engine());
  const auto id = f.thread(k_zoe).id;
  CHECK(f.thread(message_sid(2)).id == id);
  CHECK(f.thread(id.text()).id == id);
  CHECK(f.thread(id.short_id()).id == id);
  CHECK(f.refusal("+12025550199") == "messages.no_thread");
  CHECK(f.refusal(message_sid(404)) == "messages.no_thread");
  CHECK(f.refusal("00000000") == "messages.no_thread");
  CHECK(f.refusal(k_lin, "+12025550109") == "messages.no_thread");
}

TEST_CASE("somebody who writes to two of our numbers has to be told which", "[messages]") {
  Threads f(any_engine());
  auto other = f.text(5);
  for (auto& [name, value] : other.parameters)
    if (name == "To") value = "+12025550109";
  f.apply({other});
  CHECK(f.refusal(k_lin) == "messages.ambiguous");
  const auto error = test::error_of([&] { f.thread(); });
  REQUIRE(error);
  CHECK(error->details() == std::vector<std::string>{"+12025550109", test::k_from});
  CHECK(f.refusal(k_lin, "+12025550109").empty());
}

TEST_CASE("messages are listed by what they are", "[messages]") {
  Messages f(any_engine());
  CHECK(f.list({}) == "9123");
  CHECK(f.list({}, "created_at", true) == "3219");
  CHECK(f.list({}, "created_at", true, 2) == "32");
  CHECK(f.list({}, "to_number") == "3219");
  CHECK(f.list({.direction = "outbound"}) == "9");
  CHECK(f.list({.status = "received"}) == "123");
  CHECK(f.list({.party = k_lin}) == "913");
  CHECK(f.list({.user = f.ann_id}) == "9");
  CHECK(f.list({.user = f.bob_id, .number = f.number_id}).empty());
  CHECK(f.list({.since = f.at(2), .until = f.at(3)}) == "2");
  CHECK(f.list({.thread = f.thread().id}) == "913");
  CHECK(f.list({.search = "HELLO"}) == "13");
  CHECK(f.list({.search = "HELLO"}, "created_at", false, 1) == "1");
  CHECK(f.list({.search = "hi LIN"}) == "9");
  CHECK(f.list({.keyword = "stop"}).empty());
  CHECK(f.list({.contact = base::Uuid::parse(f.thread().contact_id)}) == "913");
  CHECK(test::slug_of([&] { f.list({}, "body"); }) == "messages.bad_sort");
}

TEST_CASE("a message is found by its SID or id", "[messages]") {
  Messages f(any_engine());
  const auto found = f.message(2);
  const auto get = [&](const std::string& what) {
    return f.read([&] { return messages::get(f.db(), f.workspace, what).message_sid; });
  };
  CHECK(get(found.id.text()) == message_sid(2));
  CHECK(get(found.id.short_id()) == message_sid(2));
  CHECK(test::slug_of([&] { get(message_sid(404)); }) == "messages.unknown");
  CHECK(test::slug_of([&] { get("00000000"); }) == "messages.unknown");
}

TEST_CASE("notifications are listed by whom they are for and what of", "[messages]") {
  Messages f(any_engine());
  CHECK(f.notified({}).size() == 9);
  CHECK(f.notified({.user = f.cleo_id}) == "ccc");
  CHECK(f.notified({.message = f.message(1).id}).size() == 3);
  CHECK(f.notified({.since = f.clock.now() + std::chrono::seconds(1)}).empty());
  f.set_hook();
  f.apply({f.text(4, "Hi", k_zoe)});
  const messages::NotificationFilter newest{.message = f.message(4).id};
  const auto one = f.read([&] {
    messages::Notification found;
    messages::for_each_notification(f.db(), f.workspace, newest, 0,
                                    [&](const messages::Notification& visited) { found = visited; });
    return found;
  });
  CHECK(one.user_email == k_bob);
  CHECK(one.kind == "inbound_client_message");
  CHECK(one.reason == "owner");
  CHECK(one.from_number == k_zoe);
  CHECK(one.our_number == test::k_from);
  CHECK(one.assigned_to == k_bob);
  CHECK(one.delivery == "waiting");
}

TEST_CASE("a person's messages are those of the contact, and of nobody under their phones", "[messages]") {
  Messages f(any_engine());
  const auto lin = base::Uuid::parse(f.thread().contact_id);
  const auto of = [&](const std::vector<std::string_view>& phones) {
    return f.read([&] {
      std::string all;
      messages::for_each_of_person(f.db(), f.workspace, lin, phones,
                                   [&](const messages::Message& one) { all += one.message_sid.back(); });
      return all;
    });
  };
  CHECK(of({}) == "13");
  CHECK(of({k_lin}) == "913");
  CHECK(of({k_zoe}) == "123");
}

TEST_CASE("a contact's messages are also those from before it was one, whatever channel they came by",
          "[messages]") {
  TextDesk f(any_engine());
  f.apply({f.text(1), f.text(2, "Hello", "whatsapp:" + k_lin), f.text(3, "Hello", k_zoe)});
  f.send(9);
  const auto lin = f.contact(k_lin);
  f.apply({f.text(4)});
  const messages::MessageFilter filter{.contact = lin};
  f.read([&] {
    std::string all;
    messages::for_each(f.db(), f.workspace, filter, "created_at", false, 0,
                       [&](const messages::Message& one) { all += one.message_sid.back(); });
    std::sort(all.begin(), all.end());
    CHECK(all == "1249");
    CHECK(messages::count(f.db(), f.workspace, filter) == 4);
    return 0;
  });
}

TEST_CASE("a follower hands out what is new or changed, once each", "[messages]") {
  Messages f(any_engine());
  messages::Follower follower(f.db(), f.workspace);
  const auto poll = [&] {
    std::string all;
    follower.poll([&](const messages::Message& one) { all += one.message_sid.back(); });
    return all;
  };
  CHECK(poll().empty());
  f.apply({f.text(4), f.text(5)});
  CHECK(poll() == "45");
  f.apply({f.status(9, "sent", 1)});
  CHECK(poll() == "9");
  f.send(8);
  f.apply({f.status(8, "sent", 1), f.status(9, "delivered", 2)});
  CHECK(poll() == "89");
  CHECK(poll().empty());
}
