// What remembers a person, in one list. A table that comes to hold people's names or phones gets its line
// here.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"

namespace ringctl::directory {
namespace {

/// $1 is the workspace, $2 the contact.
constexpr std::string_view k_images_of_contact =
    "audit_id IN (SELECT id FROM audit_log WHERE workspace_id = $1 AND object_type = 'contact' AND object_id = $2)";
/// $1 is the workspace.
constexpr std::string_view k_of_imports =
    "workspace_id = $1 AND job_id IN (SELECT id FROM jobs WHERE workspace_id = $1 AND kind = 'contacts.import')";

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

/// Those it has, and those it had that nobody else has now.
std::set<std::string> phones_of(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact) {
  std::set<std::string> phones;
  add_phones_of_images(db.query(fmt::format("SELECT before_image, after_image FROM audit_images WHERE {}",
                                            k_images_of_contact),
                                {workspace, contact}),
                       phones);
  add_phones_of_images(
      db.query(
          fmt::format("SELECT before_image, NULL FROM job_rows WHERE {} AND object_id = $2", k_of_imports),
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

/// Calls and callbacks that stand under a phone alone are this contact's from here on, and scrubbed as such.
void claim_calls(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact,
                 const std::string& phones) {
  db.exec(
      fmt::format(
          "UPDATE calls SET contact_id = $2 WHERE workspace_id = $1 AND contact_id IS NULL AND ({} OR {})",
          db.among("from_number", "$3"), db.among("to_number", "$3")),
      {workspace, contact, phones});
  db.exec(fmt::format(
              "UPDATE callbacks SET contact_id = $2 WHERE workspace_id = $1 AND contact_id IS NULL AND {}",
              db.among("phone_number", "$3")),
          {workspace, contact, phones});
}

/// What stands under a phone alone: reservations, and rows of imports that were refused or that this contact
/// was in the way of.
void scrub_phones(db::Connection& db, const base::Uuid& workspace, const std::string& array) {
  db.exec(fmt::format("UPDATE reservations SET to_number = '' WHERE workspace_id = $1 AND {}",
                      db.among("to_number", "$2")),
          {workspace, array});
  db.exec(fmt::format("DELETE FROM job_rows WHERE {} AND object_id IS NULL AND {}", k_of_imports,
                      db.among("row_key", "$2")),
          {workspace, array});
  db.exec(fmt::format("UPDATE job_rows SET message = NULL WHERE {} AND message IS NOT NULL AND EXISTS "
                      "(SELECT 1 FROM {} p WHERE message LIKE '%' || p.value || '%')",
                      k_of_imports, db.text_array("$2")),
          {workspace, array});
}

}  // namespace

void erase_contact(audit::Session& session, const base::Uuid& workspace, const base::Uuid& contact,
                   bool write) {
  auto& db = session.db;
  db::in_transaction_if(db, db::Scope::of(workspace), [&] {
    // Locks the contact, so that it gets no phone meanwhile.
    if (db.exec(
            "UPDATE contacts SET erased_at = $3 WHERE workspace_id = $1 AND id = $2 AND erased_at IS NULL",
            {workspace, contact, session.clock.now()}) == 0)
      throw Error(Errc::conflict, "contacts.erased", "the contact was erased meanwhile");
    // Webhooks that are being applied have read the calls' rows and would write them back.
    db.exec("UPDATE call_counters SET closed_seq = closed_seq WHERE workspace_id = $1", {workspace});
    const auto phones = nlohmann::json(phones_of(db, workspace, contact)).dump();
    scrub_phones(db, workspace, phones);
    claim_calls(db, workspace, contact, phones);
    db.exec(fmt::format("DELETE FROM job_rows WHERE {} AND object_id = $2", k_of_imports),
            {workspace, contact});
    db.exec("DELETE FROM contact_phones WHERE workspace_id = $1 AND contact_id = $2", {workspace, contact});
    for (const auto statement : k_scrub_around_calls) db.exec(statement, {workspace, contact});
    for (const auto statement : k_scrub_contact)
      db.exec(statement, {workspace, contact, session.clock.now()});
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
