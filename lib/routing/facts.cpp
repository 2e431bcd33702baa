#include "routing/facts.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "db/transaction.hpp"
#include "phone/region.hpp"
#include "records/values.hpp"
#include "routing/codes.hpp"

namespace ringctl::routing {
namespace {

/// By the number called; $2 is the workspace.
const db::KeyedSelect& number_select() {
  static const db::KeyedSelect select(
      "SELECT n.phone_number, n.id, n.status, n.record_policy, "
      "(SELECT a.agent_id FROM agent_phone_numbers a WHERE a.phone_number_id = n.id AND a.voice = TRUE "
      "AND a.is_active = TRUE) "
      "FROM phone_numbers n WHERE n.phone_number = $1 AND n.workspace_id = $2");
  return select;
}

/// By the caller's number, a row for each who looks after the contact.
const db::KeyedSelect& contact_select() {
  static const db::KeyedSelect select(
      "SELECT p.phone_number, c.id, c.name, c.lead_status, c.product, c.market, c.state, c.country, c.tags, "
      "a.user_id "
      "FROM contact_phones p JOIN contacts c ON c.id = p.contact_id "
      "LEFT JOIN contact_assignments a ON a.contact_id = c.id AND a.status = 'active' "
      "WHERE p.workspace_id = $2 AND p.phone_number = $1 AND c.erased_at IS NULL");
  return select;
}

const db::KeyedSelect& holder_select() {
  static const db::KeyedSelect select(
      "SELECT phone_number, workspace_id FROM phone_numbers WHERE phone_number = $1");
  return select;
}

constexpr std::string_view k_used =
    "SELECT user_id, count(*) FROM call_attempts WHERE workspace_id = $1 AND started_at >= $2 "
    "AND answered_at IS NOT NULL AND user_id IN (SELECT id FROM users WHERE workspace_id = $1) GROUP BY user_id";

template <class T>
using ByNumber = std::map<std::string, T, std::less<>>;

ByNumber<CalledNumber> numbers_in(std::span<db::Rows> all) {
  ByNumber<CalledNumber> numbers;
  for (auto& rows : all)
    while (rows.next()) {
      auto& number = numbers[std::string(rows.text(0))];
      number = {
          .id = rows.uuid(1), .active = rows.text(2) == "active", .record_policy = std::string(rows.text(3))};
      if (!rows.is_null(4)) number.owner = rows.uuid(4);
    }
  return numbers;
}

CallerContact contact_in(const db::Rows& row) {
  CallerContact contact{.id = row.uuid(1),
                        .name = std::string(row.text(2)),
                        .lead_status = folded(row.text(3)),
                        .product = folded(row.text(4)),
                        .market = folded(row.text(5)),
                        .state = folded(row.text(6)),
                        .country = std::string(row.text(7))};
  const auto tags = records::list_text(row.text(8));
  if (!tags.empty())
    for (const auto tag : base::split(tags, '|')) contact.tags.push_back(folded(tag));
  return contact;
}

ByNumber<CallerContact> contacts_in(std::span<db::Rows> all) {
  ByNumber<CallerContact> contacts;
  for (auto& rows : all)
    while (rows.next()) {
      auto known = contacts.find(rows.text(0));
      if (known == contacts.end()) known = contacts.emplace(rows.text(0), contact_in(rows)).first;
      if (!rows.is_null(9)) known->second.agents.push_back(rows.uuid(9));
    }
  for (auto& [number, contact] : contacts) std::sort(contact.agents.begin(), contact.agents.end());
  return contacts;
}

template <class T>
std::optional<T> find_in(const ByNumber<T>& all, std::string_view number) {
  const auto found = all.find(number);
  return found == all.end() ? std::nullopt : std::optional(found->second);
}

// What is no number is looked up nowhere: texts from outside may hold anything.
std::vector<std::string_view> numbers_among(std::vector<std::string_view> texts) {
  std::erase_if(texts, [](std::string_view text) { return !is_number(text); });
  return texts;
}

std::vector<std::string_view> numbers_of(const std::vector<Incoming>& calls,
                                         std::string_view Incoming::*party) {
  std::vector<std::string_view> texts;
  texts.reserve(calls.size());
  for (const auto& call : calls) texts.push_back(call.*party);
  return numbers_among(std::move(texts));
}

}  // namespace

bool is_number(std::string_view from) {
  std::error_code error;
  return phone::E164::try_parse(from, error).has_value();
}

FactsRead::FactsRead(const db::Connection& db, const base::Uuid& workspace, std::vector<Incoming> calls)
    : calls_(std::move(calls)),
      numbers_(db, number_select(), numbers_of(calls_, &Incoming::to), {workspace}),
      contacts_(db, contact_select(), numbers_of(calls_, &Incoming::from), {workspace}) {}

std::vector<db::Read> FactsRead::reads() const {
  auto reads = numbers_.reads();
  reads.insert(reads.end(), contacts_.reads().begin(), contacts_.reads().end());
  return reads;
}

std::vector<Facts> FactsRead::take(std::span<db::Rows> rows) const {
  const auto numbers = numbers_in(rows.first(numbers_.reads().size()));
  const auto contacts = contacts_in(rows.subspan(numbers_.reads().size()));
  std::vector<Facts> all;
  all.reserve(calls_.size());
  for (const auto& call : calls_) {
    auto& facts = all.emplace_back();
    facts.from = call.from;
    facts.to = call.to;
    facts.now = call.now;
    std::error_code error;
    if (const auto caller = phone::E164::try_parse(call.from, error))
      facts.caller_country = phone::region_code_of(*caller);
    facts.number = find_in(numbers, call.to);
    facts.contact = find_in(contacts, call.from);
  }
  return all;
}

Facts read_facts(db::Connection& db, const base::Uuid& workspace, std::string_view from, std::string_view to,
                 base::Instant now) {
  const FactsRead read(db, workspace, {{from, to, now}});
  Facts facts;
  db::read_together(db, db::Scope::of(workspace), read.reads(),
                    [&](std::span<db::Rows> rows) { facts = std::move(read.take(rows).front()); });
  return facts;
}

std::vector<std::optional<base::Uuid>> find_workspaces_of(db::Connection& db,
                                                          const std::vector<std::string_view>& numbers) {
  const db::KeyedRead read(db, holder_select(), numbers_among(numbers));
  ByNumber<base::Uuid> holders;
  const auto note = [&](std::span<db::Rows> all) {
    for (auto& rows : all)
      while (rows.next()) holders.insert_or_assign(std::string(rows.text(0)), rows.uuid(1));
  };
  if (!read.reads().empty())
    db::read_together(db, db::Scope::through(db::Door::number_holder), read.reads(), note);
  std::vector<std::optional<base::Uuid>> workspaces;
  workspaces.reserve(numbers.size());
  for (const auto number : numbers) workspaces.push_back(find_in(holders, number));
  return workspaces;
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
