#include "directory/contacts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "directory/contact_rows.hpp"
#include "directory/people.hpp"
#include "records/rows.hpp"
#include "records/values.hpp"

namespace ringctl::directory {
namespace {

using records::Candidate;
using records::Field;
using records::Kind;

constexpr records::Items k_phones{"p.phone_number", "p.contact_id",
                                  "contact_phones p WHERE p.workspace_id = $1 AND p.position > 0",
                                  "p.position"};
constexpr records::Items k_agents{
    "u.email", "c.contact_id",
    "contact_assignments c JOIN users u ON u.id = c.user_id WHERE u.workspace_id = $1 AND c.status = 'active'",
    "u.email"};
/// The name tells more than another phone does.
std::string phone_of_another(std::string_view phone, std::span<const std::string> holder) {
  const auto& known_by = holder[k_contact_phone_number];
  const auto name = holder.size() > k_contact_name ? holder[k_contact_name] : std::string();
  if (!name.empty()) return fmt::format("{} is a phone of contact {} ({})", phone, known_by, name);
  return phone == known_by ? fmt::format("{} is a contact of its own", phone)
                           : fmt::format("{} is a phone of contact {}", phone, known_by);
}

constexpr records::Holders k_phone_holders{
    "p.phone_number", "contact_phones p JOIN contacts t ON t.id = p.contact_id AND p.workspace_id = $1"};

/// Sorted, so that a file that names them in another order changes nothing.
bool canonical_agents(std::string_view text, const records::Reading& reading, std::string& out,
                      base::Finding& finding) {
  if (!records::canonical_emails(text, reading, out, finding)) return false;
  auto emails = base::split(out, '|');
  std::sort(emails.begin(), emails.end());
  out = base::join(std::vector<std::string>(emails.begin(), emails.end()), "|");
  return true;
}

std::vector<std::string_view> items_of(std::string_view canonical) {
  if (canonical.empty()) return {};
  return base::split(canonical, '|');
}

bool holds_item(std::string_view canonical, std::string_view item) {
  const auto items = items_of(canonical);
  return std::find(items.begin(), items.end(), item) != items.end();
}

/// Users a contact gets who do not look after it yet.
std::vector<std::string_view> new_agents(const Candidate& candidate) {
  auto emails = items_of(candidate.after[k_contact_agents]);
  if (!candidate.before.empty())
    std::erase_if(emails, [&](auto email) { return holds_item(candidate.before[k_contact_agents], email); });
  return emails;
}

void inspect_contacts(db::Connection& db, const base::Uuid& workspace, std::span<Candidate> candidates) {
  std::set<std::string> added;
  for (const auto& candidate : candidates)
    for (const auto email : new_agents(candidate)) added.emplace(email);
  const auto inactive = records::keys_failing(db, workspace, user_target(), added, "is_active = TRUE");
  for (auto& candidate : candidates) {
    if (candidate.finding) continue;
    const auto& phone = candidate.after[k_contact_phone_number];
    if (holds_item(candidate.after[k_contact_phones], phone)) {
      candidate.finding = {"first_phone_twice",
                           fmt::format("{} is the contact's first phone; phones holds further ones", phone)};
      candidate.field = k_contact_phones;
      continue;
    }
    for (const auto email : new_agents(candidate)) {
      if (!inactive.contains(std::string(email))) continue;
      candidate.finding = {"agent_inactive", fmt::format("{} is not active", email)};
      candidate.field = k_contact_agents;
    }
  }
}

Field line(std::string_view name, std::vector<std::string_view> aliases = {}) {
  return {.name = name,
          .kind = Kind::text,
          .canonical = records::canonical_line,
          .free_text = true,
          .aliases = std::move(aliases)};
}

std::vector<Field> contact_fields() {
  return {{.name = "phone_number",
           .kind = Kind::text,
           .canonical = records::canonical_phone,
           .required = true,
           .aliases = {"phone", "number", "contact", "mobile"}},
          {.name = "phones",
           .kind = Kind::list,
           .canonical = records::canonical_phones,
           .items = &k_phones,
           .aliases = {"other_phones", "phone_numbers"}},
          line("name", {"full_name", "contact_name"}),
          line("lead_status", {"status", "lead"}),
          line("product"),
          line("market"),
          line("state", {"region"}),
          {.name = "country",
           .kind = Kind::text,
           .canonical = records::canonical_country,
           .aliases = {"country_code"}},
          {.name = "tags", .kind = Kind::list, .canonical = records::canonical_words, .aliases = {"tag"}},
          {.name = "agents",
           .kind = Kind::list,
           .canonical = canonical_agents,
           .target = &user_target(),
           .items = &k_agents,
           .aliases = {"agent", "users", "owner"}},
          {.name = "notes",
           .kind = Kind::text,
           .canonical = records::canonical_notes,
           .free_text = true,
           .aliases = {"note"}}};
}

}  // namespace

const records::Noun& contacts_noun() {
  static const records::Noun k_noun{
      .noun = "contacts",
      .object = "contact",
      .table = "contacts",
      .fields = contact_fields(),
      .uniques = {{.code = "phone_taken",
                   .fields = {k_contact_phone_number, k_contact_phones},
                   .holders = &k_phone_holders,
                   .taken = phone_of_another}},
      .extras = {{"erased_at", Kind::moment, "t.erased_at"}},
      .shown = "t.erased_at IS NULL",
      .hidden_is_gone = true,
      .in_use =
          "EXISTS (SELECT 1 FROM calls l WHERE l.contact_id = t.id) "
          "OR EXISTS (SELECT 1 FROM callbacks b WHERE b.contact_id = t.id) "
          "OR EXISTS (SELECT 1 FROM messages m WHERE m.contact_id = t.id) "
          "OR EXISTS (SELECT 1 FROM message_threads c WHERE c.contact_id = t.id) "
          "OR EXISTS (SELECT 1 FROM legal_holds h WHERE h.contact_id = t.id)",
      .also_known_by =
          "t.id IN (SELECT p.contact_id FROM contact_phones p WHERE p.workspace_id = $1 AND p.phone_number = $2)",
      .beside = rows_beside_contacts,
      .inspect = inspect_contacts,
      .looks_like_key = records::looks_like_phone,
  };
  return k_noun;
}

namespace {

std::string canonical_email(std::string_view text) {
  std::string canonical;
  base::Finding finding;
  if (!records::canonical_email(text, {}, canonical, finding))
    throw Error(Errc::invalid, "contacts.invalid", finding.message);
  return canonical;
}

}  // namespace

records::Plan assign_contact(records::Records& contacts, std::string_view key, std::string_view email,
                             bool write) {
  const auto canonical = canonical_email(email);
  return contacts.update(
      key,
      [&](const records::Record& contact) -> records::Change {
        const auto& held = contact.cells[k_contact_agents];
        return {{k_contact_agents, fmt::format("{}|{}", held, canonical)}};
      },
      write);
}

records::Plan unassign_contact(records::Records& contacts, std::string_view key, std::string_view email,
                               bool write) {
  const auto canonical = canonical_email(email);
  return contacts.update(
      key,
      [&](const records::Record& contact) -> records::Change {
        auto emails = items_of(contact.cells[k_contact_agents]);
        std::erase(emails, canonical);
        return {{k_contact_agents, base::join(std::vector<std::string>(emails.begin(), emails.end()), "|")}};
      },
      write);
}

records::Plan add_note(records::Records& contacts, std::string_view key, std::string_view note, bool write) {
  if (base::trim(note).empty() || note == "-")  // which would clear the notes
    throw Error(Errc::invalid, "contacts.invalid", "a note needs words");
  return contacts.update(
      key,
      [&](const records::Record& contact) -> records::Change {
        const auto& held = contact.cells[k_contact_notes];
        const auto* const gap = held.empty() || held.back() == '\n' ? "" : "\n";
        return {{k_contact_notes, fmt::format("{}{}{}", held, gap, note)}};
      },
      write);
}

}  // namespace ringctl::directory
