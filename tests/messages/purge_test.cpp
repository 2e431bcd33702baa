// What is left of messages whose time is over, and what stays although it is.

#include "messages/purge.hpp"

#include <stdexcept>

#include "calls/holds.hpp"
#include "messages/cursor.hpp"
#include "messages/shelf.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using test::holds;
using test::k_caller;
using test::k_stranger;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

constexpr int k_days = 48 * 3600;

/// Two old messages with Lin and one with a stranger, whom somebody wrote to again two days later.
struct Archive : test::Shelf {
  explicit Archive(db::Engine engine) : Shelf(engine) {
    first = put({.n = 1, .body = "about the roof", .contact = contact});
    tell(first);
    asked_for(put({.n = 2,
                   .direction = "outbound",
                   .status = "delivered",
                   .contact = contact,
                   .user = ann_id,
                   .seconds = 60}),
              k_caller);
    hear(2, "sent", k_caller, 61);
    hear(2, "delivered", k_caller, 62);
    put({.n = 3, .party = k_stranger, .seconds = 120});
    note_in_log("messages.claim", "message_thread", thread_of(k_caller), k_caller);
    note_in_log("messages.claim", "message_thread", thread_of(k_stranger), k_stranger);
    note_in_log("messages.send", "message", first, "an answer");
    clock.advance(std::chrono::seconds(k_days));
    put({.n = 4, .party = k_stranger, .seconds = k_days});
    asked_for(alice.ids.next(), k_stranger);
    note_in_log("messages.release", "message_thread", thread_of(k_stranger), "still " + k_stranger);
  }
  /// What was written down before Twilio was asked to send it.
  void asked_for(const base::Uuid& message, const std::string& to) {
    exec(
        "INSERT INTO twilio_effects (id, workspace_id, line, kind, effect_key, account_sid, request, state, actor, "
        "created_at, updated_at) VALUES ($1, $2, 1, 'message.send', $3, $4, '{}', 'done', 'user:ann', $5, $5)",
        {message, workspace, to, test::k_account, clock.now()});
  }
  messages::PurgeOptions old(bool write = true) const { return {.before = at(3600), .write = write}; }
  messages::Purged purge(const messages::PurgeOptions& options) {
    return messages::purge(session(), workspace, options);
  }
  std::int64_t purges_on_record() {
    return integer("SELECT count(*) FROM audit_log WHERE workspace_id = $1 AND action = 'messages.purge'",
                   {workspace});
  }
  base::Uuid first = workspace;
};

}  // namespace

TEST_CASE("purging takes old messages with all that hangs on them, and leaves the chain whole",
          "[messages]") {
  Archive f(any_engine());
  const auto purged = f.purge(f.old());
  CHECK(purged.messages == 3);
  CHECK(purged.threads == 1);
  CHECK(purged.notifications == 1);
  CHECK(purged.events == 2);
  CHECK(purged.held == 0);
  CHECK(purged.open == 0);
  CHECK(f.places() == "4 ");
  CHECK(f.count("message_threads") == 1);
  CHECK(f.count("notifications") == 0);
  CHECK(f.count("message_deliveries") == 0);
  CHECK(f.count("message_events") == 0);
  CHECK(f.rows("SELECT effect_key FROM twilio_effects WHERE workspace_id = $1") == k_stranger + "\n");
  const auto left = f.shelf();
  CHECK_FALSE(holds(left, "about the roof"));
  CHECK_FALSE(holds(left, k_caller));
  CHECK_FALSE(holds(left, "an answer"));
  CHECK(f.read([&] { return audit::verify(f.db(), f.workspace); }).reason.empty());
  CHECK(f.rows("SELECT after_image FROM audit_images WHERE workspace_id = $1 AND object_key = 'messages'") ==
        R"({"before":")" + base::format_utc(f.at(3600)) +
            R"(","events":2,"messages":3,"notifications":1,"threads":1})" + "\n");
  CHECK(f.purge(f.old()).messages == 0);
  CHECK(f.purges_on_record() == 1);
}

TEST_CASE("a conversation that goes on keeps what was done with it since", "[messages]") {
  Archive f(any_engine());
  f.purge(f.old());
  const auto kept = f.rows("SELECT object_key FROM audit_images WHERE workspace_id = $1");
  CHECK(holds(kept, "still " + k_stranger + "\n"));
  CHECK_FALSE(holds("\n" + kept, "\n" + k_stranger + "\n"));
}

TEST_CASE("a dry run counts what a purge removes, and removes nothing", "[messages]") {
  Archive f(any_engine());
  f.hear(900, "sent", k_stranger, 10);
  const auto before = f.shelf();
  const auto counted = f.purge(f.old(false));
  CHECK(f.shelf() == before);
  CHECK(f.purges_on_record() == 0);
  const auto purged = f.purge(f.old());
  CHECK(counted.messages == purged.messages);
  CHECK(counted.threads == purged.threads);
  CHECK(counted.notifications == purged.notifications);
  CHECK(counted.events == purged.events);
  CHECK(purged.events == 3);
}

TEST_CASE("messages with a contact that is held stay until the hold ends", "[messages]") {
  Archive f(any_engine());
  // Those included of which nobody knew whose they are.
  if (GENERATE(false, true))
    f.exec("UPDATE messages SET contact_id = NULL WHERE workspace_id = $1", {f.workspace});
  calls::hold(f.session(), f.workspace, {.contact = f.contact}, "Case 2026-17");
  const auto held = f.purge(f.old());
  CHECK(held.messages == 1);
  CHECK(held.held == 2);
  CHECK(f.places() == "1 2 4 ");
  CHECK(f.count("message_events") == 2);
  calls::unhold(f.session(), f.workspace, {.contact = f.contact});
  CHECK(f.purge(f.old()).held == 0);
  CHECK(f.places() == "4 ");
}

TEST_CASE("a hold keeps what came from the contact's phone by another channel as well", "[messages]") {
  Archive f(any_engine());
  f.put({.n = 5, .party = "whatsapp:" + k_caller, .seconds = 130});
  f.put({.n = 6, .direction = "outbound", .party = "rcs:" + k_caller, .status = "sent", .seconds = 131});
  f.put({.n = 7, .party = "whatsapp:" + k_stranger, .seconds = 132});
  calls::hold(f.session(), f.workspace, {.contact = f.contact}, "Case 2026-17");
  CHECK(f.purge(f.old()).held == 4);
  CHECK(f.places() == "1 2 4 5 6 ");
}

TEST_CASE("a message of which nobody knows whether Twilio took it stays, and one that it refused goes",
          "[messages]") {
  Archive f(any_engine());
  f.put({.n = 5, .direction = "outbound", .status = "accepted", .taken = false, .seconds = 10});
  f.put({.n = 6, .direction = "outbound", .status = "failed", .taken = false, .seconds = 11});
  const auto purged = f.purge(f.old());
  CHECK(purged.messages == 4);
  CHECK(purged.open == 1);
  CHECK(f.places() == "4 5 ");
}

TEST_CASE("what Twilio told of messages that were never here goes when it is old", "[messages]") {
  Archive f(any_engine());
  f.hear(900, "sent", k_stranger, 10);
  f.hear(901, "sent", k_stranger, k_days);
  auto options = f.old();
  options.piece = 1;
  CHECK(f.purge(options).events == 3);
  CHECK(f.rows("SELECT message_sid FROM message_events WHERE workspace_id = $1") ==
        test::message_sid(901) + "\n");
}

TEST_CASE("a purge of messages that is stopped says what it did, and is gone on with", "[messages]") {
  Archive f(any_engine());
  auto options = f.old();
  options.piece = 1;
  options.between = [&](const messages::Purged& so_far) {
    CHECK(so_far.messages == 1);
    throw std::runtime_error("stopped");
  };
  CHECK_THROWS_WITH(f.purge(options), "stopped");
  CHECK(f.places() == "2 3 4 ");
  CHECK(f.count("message_threads") == 2);
  CHECK(f.purges_on_record() == 1);
  options.between = [&](const messages::Purged& so_far) {
    CHECK(f.purges_on_record() == so_far.messages + 1);
  };
  CHECK(f.purge(options).messages == 2);
  CHECK(f.places() == "4 ");
}

TEST_CASE("cursors stay good when the messages at their places are purged", "[messages]") {
  Archive f(any_engine());
  const auto own = [&](std::int64_t place, const base::Uuid& message) {
    return test::slug_of([&] {
      f.read([&] {
        messages::require_own(f.db(), f.workspace,
                              {.workspace = f.workspace, .place = place, .message = message.text()});
        return 0;
      });
    });
  };
  CHECK(own(1, f.first).empty());
  f.purge(f.old());
  CHECK(own(1, f.first).empty());
  f.exec("DELETE FROM messages WHERE workspace_id = $1", {f.workspace});
  CHECK(f.integer("SELECT message_seq FROM message_counters WHERE workspace_id = $1", {f.workspace}) == 4);
}

TEST_CASE("messages of the last 24 hours are not purged", "[messages]") {
  Archive f(any_engine());
  CHECK(test::slug_of([&] { f.purge({.before = f.clock.now() - std::chrono::hours(23)}); }) ==
        "messages.purge_too_young");
  CHECK(f.count("messages") == 4);
}

TEST_CASE("another workspace's messages are not purged", "[messages]") {
  Archive f(any_engine());
  const auto other = f.database.add_workspace("other");
  CHECK(messages::purge(f.session(), other, f.old()).messages == 0);
  CHECK(f.count("messages") == 4);
  CHECK(f.count("message_events") == 2);
}
