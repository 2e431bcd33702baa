#include "routing/facts.hpp"

#include <map>

#include "base/text.hpp"
#include "db/transaction.hpp"
#include "phone/region.hpp"
#include "records/values.hpp"
#include "routing/codes.hpp"

namespace ringctl::routing {
namespace {

constexpr std::string_view k_number =
    "SELECT n.id, n.status, n.record_policy, "
    "(SELECT a.agent_id FROM agent_phone_numbers a WHERE a.phone_number_id = n.id AND a.voice = TRUE "
    "AND a.is_active = TRUE) "
    "FROM phone_numbers n WHERE n.workspace_id = $1 AND n.phone_number = $2";

constexpr std::string_view k_contact =
    "SELECT c.id, c.name, c.lead_status, c.product, c.market, c.state, c.country, c.tags, a.user_id "
    "FROM contact_phones p JOIN contacts c ON c.id = p.contact_id "
    "LEFT JOIN contact_assignments a ON a.contact_id = c.id AND a.status = 'active' "
    "WHERE p.workspace_id = $1 AND p.phone_number = $2 AND c.erased_at IS NULL ORDER BY a.user_id";

constexpr std::string_view k_used =
    "SELECT user_id, count(*) FROM call_attempts WHERE workspace_id = $1 AND started_at >= $2 "
    "AND answered_at IS NOT NULL AND user_id IN (SELECT id FROM users WHERE workspace_id = $1) GROUP BY user_id";

std::optional<CalledNumber> number_in(db::Rows& rows) {
  std::optional<CalledNumber> number;
  while (rows.next()) {
    number = {
        .id = rows.uuid(0), .active = rows.text(1) == "active", .record_policy = std::string(rows.text(2))};
    if (!rows.is_null(3)) number->owner = rows.uuid(3);
  }
  return number;
}

std::optional<CallerContact> contact_in(db::Rows& rows) {
  std::optional<CallerContact> contact;
  while (rows.next()) {
    if (!contact) {
      contact = {.id = rows.uuid(0),
                 .name = std::string(rows.text(1)),
                 .lead_status = folded(rows.text(2)),
                 .product = folded(rows.text(3)),
                 .market = folded(rows.text(4)),
                 .state = folded(rows.text(5)),
                 .country = std::string(rows.text(6))};
      const auto tags = records::list_text(rows.text(7));
      if (!tags.empty())
        for (const auto tag : base::split(tags, '|')) contact->tags.push_back(folded(tag));
    }
    if (!rows.is_null(8)) contact->agents.push_back(rows.uuid(8));
  }
  return contact;
}

}  // namespace

bool is_number(std::string_view from) {
  std::error_code error;
  return phone::E164::try_parse(from, error).has_value();
}

// What is no number is looked up nowhere: texts from outside may hold anything.
FactsRead::FactsRead(const base::Uuid& workspace, std::string_view from, std::string_view to)
    : from_(from), to_(to), number_(is_number(to)) {
  std::error_code error;
  caller_ = phone::E164::try_parse(from, error);
  if (number_) reads_.push_back({k_number, {workspace, to}});
  if (caller_) reads_.push_back({k_contact, {workspace, from}});
}

Facts FactsRead::take(std::span<db::Rows> rows, base::Instant now) const {
  Facts facts{.from = std::string(from_), .to = std::string(to_), .now = now};
  if (caller_) facts.caller_country = phone::region_code_of(*caller_);
  if (number_) facts.number = number_in(rows.front());
  if (caller_) facts.contact = contact_in(rows.back());
  return facts;
}

Facts read_facts(db::Connection& db, const base::Uuid& workspace, std::string_view from, std::string_view to,
                 base::Instant now) {
  const FactsRead read(workspace, from, to);
  Facts facts;
  db::read_together(db, db::Scope::of(workspace), read.reads(),
                    [&](std::span<db::Rows> rows) { facts = read.take(rows, now); });
  return facts;
}

std::optional<base::Uuid> find_workspace_of(db::Connection& db, std::string_view to) {
  if (!is_number(to)) return std::nullopt;
  db::Transaction transaction(db, db::Scope::through(db::Door::number_holder), db::Access::read);
  std::optional<base::Uuid> workspace;
  auto rows = db.query("SELECT workspace_id FROM phone_numbers WHERE phone_number = $1", {to});
  while (rows.next()) workspace = rows.uuid(0);
  transaction.commit();
  return workspace;
}

Presence read_presence(db::Connection& db, const base::Uuid& workspace, base::Instant now,
                       base::Instant midnight, bool usage) {
  Presence presence;
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  presence.on_call = calls::on_call(db, workspace, now);
  std::map<base::Uuid, Presence::Used> used;
  for (const auto& [user, at] : calls::last_ended(db, workspace)) used[user].last_call_ended_at = at;
  if (usage) {
    auto taken = db.query(k_used, {workspace, midnight});
    while (taken.next()) used[taken.uuid(0)].calls_today = taken.integer(1);
  }
  transaction.commit();
  for (auto& [user, of_user] : used) {
    of_user.user = user;
    presence.used.push_back(of_user);
  }
  return presence;
}

}  // namespace ringctl::routing
