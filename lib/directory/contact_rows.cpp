#include "directory/contact_rows.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "db/bulk_insert.hpp"
#include "directory/contacts.hpp"

namespace ringctl::directory {
namespace {

using records::Written;

/// From so many new contacts on it pays to send their rows in bulk.
constexpr std::size_t k_many = 50;

/// The first phone, then the others.
std::vector<std::string_view> phones_of(const std::vector<std::string>& cells) {
  std::vector<std::string_view> phones{cells[k_contact_phone_number]};
  if (const auto& further = cells[k_contact_phones]; !further.empty())
    for (const auto phone : base::split(further, '|')) phones.push_back(phone);
  return phones;
}

std::vector<std::string_view> agents_of(const std::vector<std::string>& cells) {
  if (cells[k_contact_agents].empty()) return {};
  return base::split(cells[k_contact_agents], '|');
}

class ContactRows final : public records::Beside {
 public:
  ContactRows(audit::Session& session, const base::Uuid& workspace)
      : db_(session.db), now_(session.clock.now()), workspace_(workspace) {}

  void write(std::span<const Written> rows, const std::vector<records::Ids>& ids) override {
    const auto& users = ids[k_contact_agents];
    if (rows.size() >= k_many && !rows.front().before) return insert_many(rows, users);
    for (const auto& row : rows) {
      if (!row.before || phones_of(*row.before) != phones_of(*row.after)) replace_phones(row);
      if (!row.before || agents_of(*row.before) != agents_of(*row.after)) replace_agents(row, users);
    }
  }

  void finish() override {
    if (phones_) phones_->flush();
    if (agents_) agents_->flush();
  }

 private:
  void insert_many(std::span<const Written> rows, const records::Ids& users) {
    open();
    for (const auto& row : rows) {
      std::int64_t position = 0;
      for (const auto phone : phones_of(*row.after)) {
        const db::Param values[] = {row.id, phone, position++};
        phones_->add(values);
      }
    }
    for (const auto& row : rows) {
      for (const auto email : agents_of(*row.after)) {
        const db::Param values[] = {row.id, users.at(std::string(email))};
        agents_->add(values);
      }
    }
  }

  void open() {
    if (phones_) return;
    const auto at = base::format_utc(now_);
    phones_.emplace(db_, "contact_phones",
                    std::vector<db::BulkColumn>{{"contact_id", "uuid"},
                                                {"phone_number", "text"},
                                                {"position", "bigint"},
                                                {"workspace_id", "uuid", workspace_.text()}});
    agents_.emplace(db_, "contact_assignments",
                    std::vector<db::BulkColumn>{{"contact_id", "uuid"},
                                                {"user_id", "uuid"},
                                                {"workspace_id", "uuid", workspace_.text()},
                                                {"status", "text", "active"},
                                                {"created_at", "timestamptz", at},
                                                {"updated_at", "timestamptz", at}});
  }

  void replace_phones(const Written& row) {
    if (row.before)
      db_.exec("DELETE FROM contact_phones WHERE workspace_id = $1 AND contact_id = $2",
               {workspace_, row.id});
    std::int64_t position = 0;
    for (const auto phone : phones_of(*row.after))
      db_.exec(
          "INSERT INTO contact_phones (workspace_id, phone_number, contact_id, position) VALUES ($1, $2, $3, $4)",
          {workspace_, phone, row.id, position++});
  }

  void replace_agents(const Written& row, const records::Ids& users) {
    const auto held = row.before ? agents_of(*row.before) : std::vector<std::string_view>{};
    const auto wanted = agents_of(*row.after);
    for (const auto email : held)
      if (std::find(wanted.begin(), wanted.end(), email) == wanted.end())
        db_.exec(
            "UPDATE contact_assignments SET status = 'inactive', updated_at = $4 "
            "WHERE workspace_id = $1 AND contact_id = $2 AND status = 'active' "
            "AND user_id = (SELECT id FROM users WHERE workspace_id = $1 AND email = $3)",
            {workspace_, row.id, email, now_});
    for (const auto email : wanted)
      db_.exec(
          "INSERT INTO contact_assignments (contact_id, user_id, workspace_id, status, created_at, updated_at) "
          "VALUES ($1, $2, $3, 'active', $4, $4) ON CONFLICT (contact_id, user_id) "
          "DO UPDATE SET status = 'active', updated_at = excluded.updated_at "
          "WHERE contact_assignments.status <> 'active'",
          {row.id, users.at(std::string(email)), workspace_, now_});
  }

  db::Connection& db_;
  base::Instant now_;
  base::Uuid workspace_;
  std::optional<db::BulkInsert> phones_, agents_;
};

}  // namespace

std::unique_ptr<records::Beside> rows_beside_contacts(audit::Session& session, const base::Uuid& workspace) {
  return std::make_unique<ContactRows>(session, workspace);
}

}  // namespace ringctl::directory
