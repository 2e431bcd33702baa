// What of a person leaves the messages when their contact is erased, and what stays.

#include "calls/holds.hpp"
#include "directory/contacts.hpp"
#include "messages/shelf.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using test::holds;
using test::k_caller;
using test::k_stranger;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

/// Lin texted before and after anybody knew who that is, also by another channel, and was answered.
struct Texts : test::Shelf {
  explicit Texts(db::Engine engine) : Shelf(engine) {
    known = put({.n = 1, .body = "about the roof", .contact = contact});
    tell(known);
    put({.n = 2, .direction = "outbound", .status = "sent", .body = "Hello Lin Park", .user = ann_id});
    hear(2, "sent");
    tell(put({.n = 3, .party = "whatsapp:" + k_caller, .body = "on WhatsApp"}), "given_up");
    const auto others = put({.n = 4, .party = k_stranger, .body = "somebody else's"});
    tell(others, "done");
    hear(900, "delivered");  // a message that was not sent from here
    hear(901, "delivered", k_stranger);
    note_in_log("messages.claim", "message_thread", thread_of(k_caller), k_caller);
    note_in_log("messages.send", "message", known, "to " + k_caller);
    exec(
        "INSERT INTO message_stops (workspace_id, phone_number, ours, message_sid, stopped_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        {workspace, k_caller, test::k_from, test::message_sid(1), start});
    exec(
        "INSERT INTO twilio_effects (id, workspace_id, line, kind, effect_key, account_sid, request, state, actor, "
        "created_at, updated_at) VALUES ($1, $2, 0, 'message.send', $3, $4, $5, 'done', 'os:alice', $6, $6)",
        {alice.ids.next(), workspace, k_caller, test::k_account, R"({"to":")" + k_caller + "\"}", start});
  }
  /// But for what keeps the person from being texted again.
  std::string shelf_without_stops() {
    exec("DELETE FROM message_stops WHERE workspace_id = $1", {workspace});
    return shelf();
  }
  base::Uuid known = workspace;
};

}  // namespace

TEST_CASE("erasing a contact takes the person out of the messages", "[messages]") {
  Texts f(any_engine());
  f.erase();
  CHECK(f.count("message_stops") == 1);
  const auto left = f.shelf_without_stops();
  for (const auto* gone : {k_caller.c_str(), "about the roof", "Lin Park", "on WhatsApp"})
    CHECK_FALSE(holds(left, gone));
  CHECK(holds(left, k_stranger));
  CHECK(holds(left, "somebody else's"));
  CHECK(
      f.rows("SELECT message_seq, direction, from_number, to_number, body, media, details, extension, status "
             "FROM messages WHERE workspace_id = $1 AND contact_id IS NOT NULL ORDER BY message_seq") ==
      "1|inbound||" + test::k_from + "|||||received\n2|outbound|" + test::k_from + "||||||sent\n3|inbound||" +
          test::k_from + "|||||received\n");
  CHECK(f.integer("SELECT count(*) FROM message_threads WHERE party_number IS NULL AND contact_id = $1",
                  {f.contact}) == 2);
  CHECK(f.read([&] { return audit::verify(f.db(), f.workspace); }).reason.empty());
}

TEST_CASE("who was told of an erased person's messages stays, and nobody is told any more", "[messages]") {
  Texts f(any_engine());
  f.erase();
  CHECK(f.count("notifications") == 3);
  CHECK(f.rows("SELECT state FROM message_deliveries WHERE workspace_id = $1") == "done\n");
}

TEST_CASE("an export of what changed tells of messages that were erased", "[messages]") {
  Texts f(any_engine());
  f.erase();
  CHECK(f.integer("SELECT count(*) FROM messages WHERE workspace_id = $1 AND changed_seq IS NOT NULL",
                  {f.workspace}) == 3);
  CHECK(f.integer("SELECT changed_seq FROM message_counters WHERE workspace_id = $1", {f.workspace}) == 3);
}

TEST_CASE("a conversation is nobody's any more when the phone was another contact's before", "[messages]") {
  Texts f(any_engine());
  const auto before = f.alice.ids.next();
  f.exec(
      "INSERT INTO contacts (id, workspace_id, name, created_at, updated_at) VALUES ($1, $2, 'Moe Reyes', $3, $3)",
      {before, f.workspace, f.start});
  f.exec("UPDATE message_threads SET contact_id = $2 WHERE workspace_id = $1", {f.workspace, before});
  f.erase();
  CHECK_FALSE(holds(f.rows("SELECT party_number FROM message_threads WHERE workspace_id = $1"), k_caller));
}

TEST_CASE("messages of one of our own numbers are not a contact's who has it as a phone", "[messages]") {
  Texts f(any_engine());
  f.exec(
      "INSERT INTO contact_phones (contact_id, workspace_id, phone_number, position) VALUES ($1, $2, $3, 1)",
      {f.contact, f.workspace, test::k_from});
  f.erase();
  CHECK(holds(f.shelf(), "somebody else's"));
}

TEST_CASE("while a contact is held nothing of the messages is erased", "[messages]") {
  Texts f(any_engine());
  calls::hold(f.session(), f.workspace, {.contact = f.contact}, "Case 2026-17");
  const auto before = f.shelf();
  CHECK(test::slug_of([&] { f.erase(); }) == "contacts.held");
  CHECK(f.shelf() == before);
}

TEST_CASE("a contact who texted cannot be deleted, only erased", "[messages]") {
  Texts f(any_engine());
  records::Records contacts(f.session(), f.workspace, directory::contacts_noun());
  CHECK(test::slug_of([&] { contacts.remove(k_caller); }) == "contacts.in_use");
}
