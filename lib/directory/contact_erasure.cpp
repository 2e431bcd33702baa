// What remembers a person, in one list. A table that comes to hold people's names or phones gets its line
// here.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"
#include "directory/log_locks.hpp"

namespace ringctl::directory {
namespace {

/// $1 is the workspace, $2 the contact.
constexpr std::string_view k_images_of_contact =
    "audit_id IN (SELECT id FROM audit_log WHERE workspace_id = $1 AND object_type = 'contact' AND object_id = $2)";
/// $1 is the workspace.
constexpr std::string_view k_of_jobs =
    "workspace_id = $1 AND job_id IN (SELECT id FROM jobs WHERE workspace_id = $1 AND "
    "kind IN ('contacts.import', 'contacts.handover'))";

/// $1 is the workspace, $2 the contact.
constexpr std::string_view k_holds_of_contact =
    "workspace_id = $1 AND (contact_id = $2 OR call_id IN (SELECT id FROM calls WHERE contact_id = $2))";

/// $1 is the workspace, $2 the contact: what lies about its calls. Before the calls themselves.
constexpr std::string_view k_scrub_around_calls[] = {
    "UPDATE call_events SET form = '{}' WHERE workspace_id = $1 AND call_sid IN "
    "(SELECT call_sid FROM calls WHERE contact_id = $2 UNION ALL "
    "SELECT a.leg_sid FROM call_attempts a JOIN calls c ON c.id = a.call_id WHERE c.contact_id = $2)",
    "UPDATE audit_images SET object_key = NULL, salt = NULL, before_image = NULL, after_image = NULL "
    "WHERE audit_id IN (SELECT id FROM audit_log WHERE workspace_id = $1 AND "
    "(object_type = 'call' AND object_id IN (SELECT id FROM calls WHERE contact_id = $2) OR "
    "object_type = 'callback' AND object_id IN (SELECT id FROM callbacks WHERE contact_id = $2)))",
};

/// The same about its messages.
constexpr std::string_view k_scrub_around_messages[] = {
    "UPDATE message_events SET form = '{}' WHERE workspace_id = $1 AND message_sid IN "
    "(SELECT message_sid FROM messages WHERE contact_id = $2)",
    // Nobody is told any more of what is not there any more.
    "DELETE FROM message_deliveries WHERE workspace_id = $1 AND state <> 'done' AND message_id IN "
    "(SELECT id FROM messages WHERE contact_id = $2)",
    "UPDATE audit_images SET object_key = NULL, salt = NULL, before_image = NULL, after_image = NULL "
    "WHERE audit_id IN (SELECT id FROM audit_log WHERE workspace_id = $1 AND "
    "(object_type = 'message' AND object_id IN (SELECT id FROM messages WHERE contact_id = $2) OR "
    "object_type = 'message_thread' AND object_id IN (SELECT id FROM message_threads WHERE contact_id = $2 UNION ALL "
    "SELECT thread_id FROM messages WHERE contact_id = $2)))",
};

/// $1 is the workspace, $2 the contact, $3 the time. The digests in the audit log stay: without their salt
/// they tell nothing.
constexpr std::string_view k_scrub_contact[] = {
    "UPDATE call_attempts SET party = '', updated_at = $3 WHERE workspace_id = $1 AND user_id IS NULL AND call_id IN "
    "(SELECT id FROM calls WHERE contact_id = $2 AND direction = 'outbound')",
    "UPDATE recordings SET url = NULL, version = version + 1, updated_at = $3 WHERE workspace_id = $1 AND call_id IN "
    "(SELECT id FROM calls WHERE contact_id = $2)",
    "UPDATE callbacks SET phone_number = '', notes = NULL, "
    "status = CASE status WHEN 'open' THEN 'canceled' ELSE status END, version = version + 1, updated_at = $3 "
    "WHERE workspace_id = $1 AND contact_id = $2",
    "UPDATE calls SET from_number = CASE direction WHEN 'inbound' THEN '' ELSE from_number END, "
    "to_number = CASE direction WHEN 'outbound' THEN '' ELSE to_number END, customer_name = NULL, notes = NULL, "
    "plan = NULL, version = version + 1, updated_at = $3 WHERE workspace_id = $1 AND contact_id = $2",
    "UPDATE messages SET from_number = CASE direction WHEN 'inbound' THEN '' ELSE from_number END, "
    "to_number = CASE direction WHEN 'outbound' THEN '' ELSE to_number END, body = NULL, media = NULL, details = NULL, "
    "extension = NULL, version = version + 1, updated_at = $3 WHERE workspace_id = $1 AND contact_id = $2",
    // One that was somebody else's before they had the phone included.
    "UPDATE message_threads SET party_number = NULL, version = version + 1, updated_at = $3 WHERE workspace_id = $1 AND "
    "(contact_id = $2 OR id IN (SELECT thread_id FROM messages WHERE contact_id = $2))",
    "UPDATE contact_assignments SET status = 'inactive', updated_at = $3 "
    "WHERE workspace_id = $1 AND contact_id = $2 AND status = 'active'",
    "UPDATE contacts SET phone_number = NULL, name = NULL, tags = NULL, notes = NULL, erased_at = $3, "
    "updated_at = $3, version = version + 1 WHERE workspace_id = $1 AND id = $2",
};

void add_phones(std::string_view image, std::set<std::string>& phones) {
  const auto json = nlohmann::json::parse(image, nullptr, false);
  if (!json.is_object()) return;
  for (const auto* field : {"phone_number", "phones"}) {
    const auto list = json.value(field, std::string());
    for (const auto phone : base::split(list, '|'))
      if (!phone.empty()) phones.emplace(phone);
  }
}

void add_phones_of_images(db::Rows images, std::set<std::string>& phones) {
  while (images.next()) {
    add_phones(images.text(0), phones);
    add_phones(images.text(1), phones);
  }
}

/// Calls and callbacks that stand under a phone alone are this contact's from here on, and scrubbed as such.
void claim_calls(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact,
                 const std::string& phones) {
  // One at a time: each has its index.
  constexpr std::pair<std::string_view, std::string_view> k_columns[] = {
      {"calls", "from_number"}, {"calls", "to_number"}, {"callbacks", "phone_number"}};
  for (const auto& [table, column] : k_columns)
    db.exec(fmt::format("UPDATE {} SET contact_id = $2 WHERE workspace_id = $1 AND contact_id IS NULL AND {}",
                        table, db.among(column, "$3")),
            {workspace, contact, phones});
}

/// Messages and conversations, likewise. Whoever texts from one of our own numbers is not the contact of all
/// that it receives.
void claim_messages(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact,
                    const std::string& addresses) {
  constexpr std::pair<std::string_view, std::string_view> k_parties[] = {
      {"messages SET contact_id = $2 WHERE direction = 'inbound'", "from_number"},
      {"messages SET contact_id = $2 WHERE direction = 'outbound'", "to_number"},
      {"message_threads SET contact_id = $2 WHERE TRUE", "party_number"}};
  for (const auto& [update, party] : k_parties)
    db.exec(fmt::format("UPDATE {} AND workspace_id = $1 AND contact_id IS NULL AND {}", update,
                        db.among(party, "$3")),
            {workspace, contact, addresses});
}

/// By a legal hold, on the contact or on one of its calls.
void require_not_held(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact) {
  if (db.integer(
            fmt::format("SELECT count(*) FROM legal_holds WHERE ended_at IS NULL AND {}", k_holds_of_contact),
            {workspace, contact})
          .value_or(0) == 0)
    return;
  throw Error(Errc::conflict, "contacts.held",
              "a legal hold is on the contact or on one of its calls: nothing of it is erased",
              "ringctl calls holds");
}

/// A text that holds one of the numbers, whole: not as the beginning of a longer one.
bool holds_one(std::string_view text, const std::set<std::string>& phones) {
  return std::any_of(phones.begin(), phones.end(), [&](const std::string& phone) {
    for (auto at = text.find(phone); at != std::string_view::npos; at = text.find(phone, at + 1)) {
      const auto end = at + phone.size();
      if (end == text.size() || text[end] < '0' || text[end] > '9') return true;
    }
    return false;
  });
}

/// Condition: one of the columns holds one of the texts of an array, maybe as a part of something longer.
std::string may_hold(const db::Connection& db, std::initializer_list<std::string_view> columns,
                     std::string_view array) {
  const auto* find = db.engine() == db::Engine::sqlite ? "instr" : "strpos";
  std::string any;
  for (const auto column : columns)
    fmt::format_to(std::back_inserter(any), "{}{}({}, p.value) > 0", any.empty() ? "" : " OR ", find, column);
  return fmt::format("EXISTS (SELECT 1 FROM {} p WHERE {})", db.text_array(array), any);
}

/// Contacts who had a number before: what the audit log holds of them from then, whole, for its digests hold
/// only with everything they were made of.
void scrub_images_of_others(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact,
                            const std::set<std::string>& phones) {
  const auto array = nlohmann::json(phones).dump();
  auto ids = nlohmann::json::array();
  auto rows = db.query(
      fmt::format(
          "SELECT i.audit_id, i.object_key, i.before_image, i.after_image FROM audit_images i JOIN audit_log l "
          "ON l.id = i.audit_id WHERE l.workspace_id = $1 AND l.object_type = 'contact' AND l.object_id <> $2 "
          "AND {}",
          may_hold(db, {"i.object_key", "i.before_image", "i.after_image"}, "$3")),
      {workspace, contact, array});
  while (rows.next())
    if (holds_one(rows.text(1), phones) || holds_one(rows.text(2), phones) || holds_one(rows.text(3), phones))
      ids.push_back(rows.text(0));
  const auto images = ids.dump();
  db.exec(fmt::format(
              "UPDATE audit_images SET object_key = NULL, salt = NULL, before_image = NULL, "
              "after_image = NULL WHERE workspace_id = $1 AND audit_id IN (SELECT CAST(value AS {}) FROM {})",
              db.engine() == db::Engine::sqlite ? "text" : "uuid", db.text_array("$2")),
          {workspace, images});
}

/// Rows of imports that say a number in words, or in what they replaced.
void scrub_job_rows(db::Connection& db, const base::Uuid& workspace, const std::set<std::string>& phones) {
  struct Row {
    base::Uuid job;
    std::int64_t line;
    std::string key;
    bool message, image;
  };
  const auto array = nlohmann::json(phones).dump();
  std::vector<Row> found;
  auto rows = db.query(
      fmt::format("SELECT job_id, line, row_key, message, before_image FROM job_rows WHERE {} AND {}",
                  k_of_jobs, may_hold(db, {"message", "before_image"}, "$2")),
      {workspace, array});
  while (rows.next())
    found.push_back({rows.uuid(0), rows.integer(1), std::string(rows.text(2)),
                     holds_one(rows.text(3), phones), holds_one(rows.text(4), phones)});
  for (const auto& row : found)
    db.exec(
        "UPDATE job_rows SET message = CASE WHEN CAST($5 AS boolean) = TRUE THEN NULL ELSE message END, "
        "before_image = CASE WHEN CAST($6 AS boolean) = TRUE THEN NULL ELSE before_image END "
        "WHERE workspace_id = $1 AND job_id = $2 AND line = $3 AND row_key = $4",
        {workspace, row.job, row.line, row.key, row.message, row.image});
}

void scrub_effects(db::Connection& db, const base::Uuid& workspace, const std::set<std::string>& phones) {
  for (const auto& id : effects_about(db, workspace, phones))
    db.exec(
        "UPDATE twilio_effects SET effect_key = '', request = '{}', message = NULL WHERE workspace_id = $1 AND id = $2",
        {workspace, id});
}

/// What Twilio told of messages to a number that are not on record here.
void scrub_stray_events(db::Connection& db, const base::Uuid& workspace,
                        const std::set<std::string>& phones) {
  const auto array = nlohmann::json(phones).dump();
  std::vector<base::Uuid> found;
  auto rows = db.query(
      fmt::format("SELECT e.id, e.form FROM message_events e WHERE e.workspace_id = $1 AND NOT EXISTS "
                  "(SELECT 1 FROM messages m WHERE m.message_sid = e.message_sid) AND {}",
                  may_hold(db, {"e.form"}, "$2")),
      {workspace, array});
  while (rows.next())
    if (holds_one(rows.text(1), phones)) found.push_back(rows.uuid(0));
  for (const auto& id : found)
    db.exec("UPDATE message_events SET form = '{}' WHERE workspace_id = $1 AND id = $2", {workspace, id});
}

/// What stands under a phone: reservations, and rows of imports that were refused, that this contact was in
/// the way of, or that changed who had the phone before.
void scrub_phones(db::Connection& db, const base::Uuid& workspace, const std::set<std::string>& phones) {
  const auto array = nlohmann::json(phones).dump();
  db.exec(fmt::format("UPDATE reservations SET to_number = '' WHERE workspace_id = $1 AND {}",
                      db.among("to_number", "$2")),
          {workspace, array});
  db.exec(fmt::format("DELETE FROM job_rows WHERE {} AND {}", k_of_jobs, db.among("row_key", "$2")),
          {workspace, array});
  scrub_job_rows(db, workspace, phones);
  scrub_effects(db, workspace, phones);
  scrub_stray_events(db, workspace, phones);
  db.exec(fmt::format(
              "UPDATE call_rooms SET consult_to = NULL, version = version + 1 WHERE workspace_id = $1 AND {}",
              db.among("consult_to", "$2")),
          {workspace, array});
}

}  // namespace

std::vector<std::string> messaging_addresses(const std::set<std::string>& phones) {
  std::vector<std::string> addresses;
  for (const auto& phone : phones) {
    addresses.push_back(phone);
    for (const auto channel : k_message_channels) addresses.push_back(std::string(channel) + phone);
  }
  return addresses;
}

std::set<std::string> phones_ever_of(db::Connection& db, const base::Uuid& workspace,
                                     const base::Uuid& contact) {
  std::set<std::string> phones;
  add_phones_of_images(db.query(fmt::format("SELECT before_image, after_image FROM audit_images WHERE {}",
                                            k_images_of_contact),
                                {workspace, contact}),
                       phones);
  add_phones_of_images(
      db.query(fmt::format("SELECT before_image, NULL FROM job_rows WHERE {} AND object_id = $2", k_of_jobs),
               {workspace, contact}),
      phones);
  const auto array = nlohmann::json(phones).dump();
  auto others = db.query(fmt::format("SELECT phone_number FROM contact_phones WHERE workspace_id = $1 AND "
                                     "contact_id <> $2 AND {}",
                                     db.among("phone_number", "$3")),
                         {workspace, contact, array});
  while (others.next()) phones.erase(std::string(others.text(0)));
  auto own = db.query("SELECT phone_number FROM contact_phones WHERE workspace_id = $1 AND contact_id = $2",
                      {workspace, contact});
  while (own.next()) phones.emplace(own.text(0));
  return phones;
}

std::vector<base::Uuid> effects_about(db::Connection& db, const base::Uuid& workspace,
                                      const std::set<std::string>& phones) {
  const auto array = nlohmann::json(phones).dump();
  std::vector<base::Uuid> found;
  auto rows = db.query(
      fmt::format("SELECT id, effect_key, request, message FROM twilio_effects WHERE workspace_id = $1 AND "
                  "kind IN ('call.start', 'participant.add', 'message.send') AND {} ORDER BY created_at, id",
                  may_hold(db, {"effect_key", "request", "message"}, "$2")),
      {workspace, array});
  while (rows.next())
    if (holds_one(rows.text(1), phones) || holds_one(rows.text(2), phones) || holds_one(rows.text(3), phones))
      found.push_back(rows.uuid(0));
  return found;
}

void erase_contact(audit::Session& session, const base::Uuid& workspace, const base::Uuid& contact,
                   bool write) {
  auto& db = session.db;
  db::in_transaction_if(db, db::Scope::of(workspace), [&] {
    // Locks the contact, so that it gets no phone meanwhile.
    if (db.exec(
            "UPDATE contacts SET erased_at = $3 WHERE workspace_id = $1 AND id = $2 AND erased_at IS NULL",
            {workspace, contact, session.clock.now()}) == 0)
      throw Error(Errc::conflict, "contacts.erased", "the contact was erased meanwhile");
    lock_logs(db, workspace);  // and nothing is held meanwhile
    const auto phones = phones_ever_of(db, workspace, contact);
    scrub_phones(db, workspace, phones);
    scrub_images_of_others(db, workspace, contact, phones);
    claim_calls(db, workspace, contact, nlohmann::json(phones).dump());
    claim_messages(db, workspace, contact, nlohmann::json(messaging_addresses(phones)).dump());
    require_not_held(db, workspace, contact);
    db.exec(fmt::format("DELETE FROM job_rows WHERE {} AND object_id = $2", k_of_jobs), {workspace, contact});
    db.exec("DELETE FROM contact_phones WHERE workspace_id = $1 AND contact_id = $2", {workspace, contact});
    for (const auto statement : k_scrub_around_calls) db.exec(statement, {workspace, contact});
    for (const auto statement : k_scrub_around_messages) db.exec(statement, {workspace, contact});
    for (const auto statement : k_scrub_contact)
      db.exec(statement, {workspace, contact, session.clock.now()});
    // Why something was held says who it was.
    db.exec(fmt::format("UPDATE legal_holds SET reason = '', updated_at = $3 WHERE {}", k_holds_of_contact),
            {workspace, contact, session.clock.now()});
    db.exec(fmt::format("UPDATE audit_images SET object_key = NULL, salt = NULL, before_image = NULL, "
                        "after_image = NULL WHERE {}",
                        k_images_of_contact),
            {workspace, contact});
    audit::record(session, workspace,
                  {.action = "contacts.erase",
                   .object_type = "contact",
                   .object_id = contact,
                   .object_key = contact.view()});
    return write;
  });
}

}  // namespace ringctl::directory
