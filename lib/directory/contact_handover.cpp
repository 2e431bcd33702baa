// What becomes of somebody's contacts when they leave.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "jobs/journal.hpp"

namespace ringctl::directory {
namespace {

/// Those that the user looked after until now, in order.
std::vector<std::string> end_assignments(audit::Session& session, const base::Uuid& workspace,
                                         const base::Uuid& user) {
  std::vector<std::string> contacts;
  auto rows = session.db.query(
      "UPDATE contact_assignments SET status = 'inactive', updated_at = $3 "
      "WHERE workspace_id = $1 AND user_id = $2 AND status = 'active' RETURNING contact_id",
      {workspace, user, session.clock.now()});
  while (rows.next()) contacts.emplace_back(rows.text(0));
  std::sort(contacts.begin(), contacts.end());
  return contacts;
}

/// A job whose rows are the contacts, so that the history of each of them leads to it. Inside a write
/// transaction, after the contacts were written.
base::Uuid note_in_journal(audit::Session& session, const base::Uuid& workspace, const std::string& among,
                           const std::string& array, const nlohmann::json& options) {
  auto& db = session.db;
  std::vector<jobs::JobRow> handed;
  auto rows =
      db.query(fmt::format("SELECT id, phone_number, version FROM contacts WHERE workspace_id = $1 AND id {} "
                           "ORDER BY phone_number NULLS LAST, id",
                           among),
               {workspace, array});
  while (rows.next())
    handed.push_back({.line = std::ssize(handed) + 1,
                      .key = std::string(rows.is_null(1) ? rows.text(0) : rows.text(1)),
                      .verdict = "update",
                      .version_after = rows.integer(2),
                      .object_id = rows.uuid(0)});
  jobs::Job job;
  job.id = session.ids.next();
  job.kind = "contacts.handover";
  job.state = jobs::State::finished;
  job.actor = session.actor;
  job.options = options.dump();
  job.counts.rows = job.counts.updated = std::ssize(handed);
  job.finished_at = session.clock.now();
  jobs::Journal journal(db, session.clock, workspace);
  journal.insert(job);
  journal.add_rows(job.id, handed);
  return job.id;
}

}  // namespace

std::int64_t count_contacts_of(db::Connection& db, const base::Uuid& workspace, const base::Uuid& user) {
  return db
      .integer(
          "SELECT count(*) FROM contact_assignments WHERE workspace_id = $1 AND user_id = $2 AND status = 'active'",
          {workspace, user})
      .value_or(0);
}

void hand_over_contacts(audit::Session& session, const base::Uuid& workspace, const records::Record& from,
                        const std::optional<records::Record>& to) {
  auto& db = session.db;
  const auto now = session.clock.now();
  const auto contacts = end_assignments(session, workspace, from.id);
  if (contacts.empty()) return;
  const auto array = nlohmann::json(contacts).dump();
  const auto among = fmt::format("IN (SELECT CAST(value AS {}) FROM {})",
                                 db.engine() == db::Engine::sqlite ? "text" : "uuid", db.text_array("$2"));
  db.exec(fmt::format(
              "UPDATE contacts SET version = version + 1, updated_at = $3 WHERE workspace_id = $1 AND id {}",
              among),
          {workspace, array, now});
  if (to)
    db.exec(
        fmt::format(
            "INSERT INTO contact_assignments (contact_id, user_id, workspace_id, status, created_at, "
            "updated_at) SELECT id, $4, $1, 'active', $3, $3 FROM contacts WHERE workspace_id = $1 AND id {} "
            "ON CONFLICT (contact_id, user_id) DO UPDATE SET status = 'active', updated_at = "
            "excluded.updated_at WHERE contact_assignments.status <> 'active'",
            among),
        {workspace, array, now, to->id});
  const auto& leaver = from.cells[k_user_email];
  const auto heir = to ? nlohmann::json(to->cells[k_user_email]) : nlohmann::json();
  const auto job = note_in_journal(session, workspace, among, array, {{"from", leaver}, {"to", heir}});
  const nlohmann::json moved{
      {"to", heir}, {"contacts", contacts.size()}, {"digest", base::sha256_hex(array)}};
  audit::record(session, workspace,
                {.action = "contacts.handover",
                 .object_type = "user",
                 .object_id = from.id,
                 .object_key = leaver,
                 .after = moved.dump(),
                 .job_id = job});
}

}  // namespace ringctl::directory
