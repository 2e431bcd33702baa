#pragma once
// An office that is texted: webhooks as serve takes them, and the rows they leave.

#include "calls/desk.hpp"
#include "messages/apply.hpp"
#include "messages/messages.hpp"
#include "messages/threads.hpp"

namespace ringctl::test {

inline const std::string k_bob = "bob@example.com";
inline const std::string k_cleo = "cleo@example.com";
inline const std::string k_lin = k_caller;
inline const std::string k_account = "AC" + std::string(32, '1');

inline std::string message_sid(int n) { return fmt::format("SM{:032x}", n); }

/// Ann, Bob and Cleo, by id; nobody is in the pool of the number yet. Lin texts it.
struct TextDesk : Desk {
  explicit TextDesk(db::Engine engine) : Desk(engine), bob_id(agent(k_bob)), cleo_id(agent(k_cleo)) {}

  void join(const base::Uuid& user) { join(user, number_id); }
  void join(const base::Uuid& user, const base::Uuid& number) {
    exec(
        "INSERT INTO agent_phone_numbers (id, workspace_id, agent_id, phone_number_id, voice, is_active, "
        "sms_access_enabled, created_at, updated_at) VALUES ($1, $2, $3, $4, FALSE, FALSE, TRUE, $5, $5)",
        {alice.ids.next(), workspace, user, number, clock.now()});
  }
  void all_join() {
    for (const auto* user : {&ann_id, &bob_id, &cleo_id}) join(*user);
  }
  void mode(std::string_view word) {
    exec("UPDATE phone_numbers SET sms_mode = $2 WHERE workspace_id = $1", {workspace, word});
  }
  void set_user(const base::Uuid& user, std::string_view column, std::string_view value) {
    exec(fmt::format("UPDATE users SET {} = $2 WHERE id = $1", column), {user, value});
  }
  void deactivate(const base::Uuid& user) {
    exec("UPDATE users SET is_active = FALSE WHERE id = $1", {user});
  }
  void set_hook() {
    exec(
        "INSERT INTO message_hooks (workspace_id, url, sealed, key_id, is_active, created_at, updated_at) "
        "VALUES ($1, 'https://hooks.example.com/sms', 'sealed', 'k1', TRUE, $2, $2)",
        {workspace, clock.now()});
  }
  base::Uuid contact(const std::string& phone) {
    const auto id = alice.ids.next();
    exec(
        "INSERT INTO contacts (id, workspace_id, phone_number, name, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'Lin Park', $4, $4)",
        {id, workspace, phone, clock.now()});
    exec(
        "INSERT INTO contact_phones (contact_id, workspace_id, phone_number, position) VALUES ($1, $2, $3, 0)",
        {id, workspace, phone});
    return id;
  }
  void look_after(const base::Uuid& contact, const base::Uuid& user) {
    exec(
        "INSERT INTO contact_assignments (contact_id, user_id, workspace_id, status, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'active', $4, $4)",
        {contact, user, workspace, clock.now()});
  }
  void extension(const std::string& digits, const base::Uuid& user,
                 const std::optional<base::Uuid>& only_on = {}) {
    exec(
        "INSERT INTO user_extensions (id, workspace_id, user_id, extension, number_id, is_active, created_at, "
        "updated_at) VALUES ($1, $2, $3, $4, $5, TRUE, $6, $6)",
        {alice.ids.next(), workspace, user, digits, only_on, clock.now()});
  }

  /// The webhook of a text.
  messages::Event text(int n, const std::string& body = "Hello", const std::string& from = k_lin,
                       const Form& more = {}) const {
    Form form{{"MessageSid", message_sid(n)},
              {"SmsStatus", "received"},
              {"AccountSid", k_account},
              {"From", from},
              {"To", k_from},
              {"Body", body}};
    form.insert(form.end(), more.begin(), more.end());
    return messages::event_from(messages::Kind::inbound, form, at(n));
  }
  /// A status callback, so many seconds after the start.
  messages::Event status(int n, const std::string& word, int seconds, const Form& more = {}) const {
    Form form{{"MessageSid", message_sid(n)},
              {"MessageStatus", word},
              {"AccountSid", k_account},
              {"From", k_from},
              {"To", k_lin}};
    form.insert(form.end(), more.begin(), more.end());
    return messages::event_from(messages::Kind::status, form, at(seconds));
  }
  messages::Applied apply(const std::vector<messages::Event>& events) {
    messages::Applied applied;
    write([&] { applied = messages::apply(session(), workspace, events); });
    return applied;
  }

  /// A message of ours to somebody that Twilio took under this SID, or (0) never answered for; its id.
  base::Uuid send(int n, const std::string& to = k_lin) {
    const auto thread = thread_with(to);
    const auto id = alice.ids.next();
    const auto sid = n == 0 ? std::string() : message_sid(n);
    write([&] {
      const auto seq = messages_kept() + 1;
      db().exec(
          "INSERT INTO messages (id, workspace_id, thread_id, message_sid, account_sid, number_id, user_id, "
          "direction, from_number, to_number, body, encoding, segments, status, status_rank, message_seq, "
          "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'outbound', $8, $9, 'Hi Lin', 'gsm7', 1, "
          "'accepted', 1, $10, $11, $11)",
          {id, workspace, thread, db::or_null(sid), k_account, number_id, ann_id, k_from, to, seq,
           clock.now()});
      db().exec("UPDATE message_counters SET message_seq = $2 WHERE workspace_id = $1", {workspace, seq});
    });
    return id;
  }

  /// "ann:pool bob:pool": who was told of a message, and why.
  std::string told(int n) {
    return read([&] {
      std::string all;
      auto rows = db().query(
          "SELECT u.email, n.reason FROM notifications n JOIN messages m ON m.id = n.message_id "
          "JOIN users u ON u.id = n.user_id WHERE n.workspace_id = $1 AND m.message_sid = $2 ORDER BY u.email",
          {workspace, message_sid(n)});
      while (rows.next())
        all += fmt::format("{}{}:{}", all.empty() ? "" : " ", name_in(rows.text(0)), rows.text(1));
      return all;
    });
  }
  messages::Thread thread(const std::string& party = k_lin) {
    return read([&] { return messages::get_thread(db(), workspace, party); });
  }
  /// "ann": whose the conversation is, as it is written.
  std::string owner(const std::string& party = k_lin) { return name_in(thread(party).assigned_to); }
  messages::Message message(int n) {
    return read([&] { return messages::get(db(), workspace, message_sid(n)); });
  }
  messages::Person person(const std::string& email) {
    return read([&] { return messages::get_actor(db(), workspace, email); });
  }
  std::int64_t count(const std::string& table) {
    return integer(fmt::format("SELECT count(*) FROM {} WHERE workspace_id = $1", table), {workspace});
  }

  static std::string name_in(std::string_view email) { return std::string(email.substr(0, email.find('@'))); }

  base::Uuid bob_id, cleo_id;

 private:
  std::int64_t messages_kept() {
    db().exec("INSERT INTO message_counters (workspace_id) VALUES ($1) ON CONFLICT (workspace_id) DO NOTHING",
              {workspace});
    return db()
        .integer("SELECT message_seq FROM message_counters WHERE workspace_id = $1", {workspace})
        .value_or(0);
  }
  base::Uuid thread_with(const std::string& party) {
    const auto id = alice.ids.next();
    exec(
        "INSERT INTO message_threads (id, workspace_id, our_number, party_number, number_id, last_message_at, "
        "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $6) ON CONFLICT (workspace_id, our_number, "
        "party_number) DO NOTHING",
        {id, workspace, k_from, party, number_id, clock.now()});
    return thread(party).id;
  }
};

}  // namespace ringctl::test
