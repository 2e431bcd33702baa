#pragma once
// Lin, and messages that lie on record, put there with plain SQL: for what reads, counts and removes them.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "calls/person.hpp"
#include "messages/desk.hpp"
#include "messages/status.hpp"

namespace ringctl::test {

inline const std::string k_stranger = "+12025550177";

/// One message. Its number counts: it is its place as well.
struct Text {
  int n;
  std::string direction = "inbound", party = k_caller, status = "received";
  std::string body = "Hello";
  std::string keyword = {};
  bool taken = true;  ///< has a SID
  std::int64_t segments = 1;
  std::optional<base::Uuid> contact = {}, user = {}, assigned = {};
  int seconds = 0;  ///< after the start
};

struct Shelf : Person {
  explicit Shelf(db::Engine engine) : Person(engine) {}

  base::Uuid thread_of(const std::string& party) {
    if (const auto known = find_thread(party)) return *known;
    const auto id = alice.ids.next();
    exec(
        "INSERT INTO message_threads (id, workspace_id, our_number, party_number, number_id, last_message_at, created_at, "
        "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $6)",
        {id, workspace, k_from, party, number_id, start});
    return id;
  }

  base::Uuid put(const Text& text) {
    const auto thread = thread_of(text.party);
    const auto id = alice.ids.next();
    const auto sid = text.taken ? message_sid(text.n) : std::string();
    const bool in = text.direction == "inbound";
    const auto from = in ? text.party : k_from, to = in ? k_from : text.party;
    exec(
        "INSERT INTO messages (id, workspace_id, thread_id, message_sid, account_sid, number_id, contact_id, user_id, "
        "assigned_user_id, direction, from_number, to_number, extension, body, media, details, keyword, encoding, segments, "
        "status, status_rank, message_seq, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
        "$12, '101', $13, $14, $15, $16, 'gsm7', $17, $18, $19, $20, $21, $21)",
        {id,
         workspace,
         thread,
         db::or_null(sid),
         k_account,
         number_id,
         text.contact,
         text.user,
         text.assigned,
         text.direction,
         from,
         to,
         text.body,
         R"([{"content_type":"image/png","url":"https://api.example.com/Media/1"}])",
         R"({"FromCity":"PASADENA"})",
         db::or_null(text.keyword),
         text.segments,
         text.status,
         messages::rank_of(text.status),
         text.n,
         at(text.seconds)});
    exec(
        "INSERT INTO message_counters (workspace_id, message_seq) VALUES ($1, $2) ON CONFLICT (workspace_id) "
        "DO UPDATE SET message_seq = excluded.message_seq",
        {workspace, text.n});
    return id;
  }

  /// That Ann was told of it, and the workspace's own webhook will be.
  void tell(const base::Uuid& message, std::string_view delivery = "waiting") {
    exec(
        "INSERT INTO notifications (id, workspace_id, message_id, thread_id, user_id, kind, reason, created_at) "
        "SELECT $1, workspace_id, id, thread_id, $2, 'inbound_client_message', 'pool', created_at FROM messages "
        "WHERE id = $3",
        {alice.ids.next(), ann_id, message});
    exec(
        "INSERT INTO message_deliveries (id, workspace_id, message_id, event, state, due_at, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'message.received', $4, $5, $5, $5)",
        {alice.ids.next(), workspace, message, delivery, start});
  }

  /// What Twilio told of the n-th message, on record here or not.
  void hear(int n, const std::string& status, const std::string& to = k_caller, int seconds = 0) {
    const auto sid = message_sid(n), key = sid + " " + status,
               form = fmt::format(R"({{"MessageSid":"{}","MessageStatus":"{}","To":"{}"}})", sid, status, to);
    exec(
        "INSERT INTO message_events (id, workspace_id, event_key, message_sid, status, form, received_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {alice.ids.next(), workspace, key, sid, status, form, at(seconds)});
  }

  /// That somebody did something with a conversation or a message.
  void note_in_log(std::string_view action, std::string_view type, const base::Uuid& object,
                   const std::string& key) {
    write([&] {
      audit::record(session(), workspace,
                    {.action = action,
                     .object_type = type,
                     .object_id = object,
                     .object_key = key,
                     .after = R"({"with":")" + key + "\"}"});
    });
  }

  std::int64_t count(const std::string& table) {
    return integer("SELECT count(*) FROM " + table + " WHERE workspace_id = $1", {workspace});
  }
  /// The places of what is on record.
  std::string places() {
    auto text = rows("SELECT message_seq FROM messages WHERE workspace_id = $1 ORDER BY message_seq");
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
  }
  /// All that is on record about messages, as text.
  std::string shelf() {
    std::string all;
    for (const auto* table : {"message_threads", "messages", "message_events", "notifications",
                              "message_deliveries", "message_stops", "twilio_effects", "audit_images"})
      all += rows(fmt::format("SELECT * FROM {} WHERE workspace_id = $1", table));
    return all;
  }

 private:
  std::optional<base::Uuid> find_thread(const std::string& party) {
    return read([&]() -> std::optional<base::Uuid> {
      auto found = db().query("SELECT id FROM message_threads WHERE workspace_id = $1 AND party_number = $2",
                              {workspace, party});
      if (!found.next()) return std::nullopt;
      return found.uuid(0);
    });
  }
};

}  // namespace ringctl::test
