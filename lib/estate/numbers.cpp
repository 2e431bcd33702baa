// Changes to numbers. Statements that decide something (insert or not, delete, lock) come first and tell by
// their result what was there, so that nothing can slip in between looking and writing.

#include "estate/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "db/transaction.hpp"
#include "directory/log_locks.hpp"
#include "estate/capabilities.hpp"
#include "estate/number_change.hpp"
#include "estate/number_row.hpp"
#include "estate/number_rows.hpp"

namespace ringctl::estate {
namespace {

std::optional<Number> read_one(db::Rows rows) {
  std::optional<Number> number;
  while (rows.next()) read_number(rows, number.emplace());
  return number;
}

std::optional<Number> select(db::Connection& db, const base::Uuid& workspace, std::string_view number) {
  return read_one(
      db.query(fmt::format("SELECT {} FROM phone_numbers WHERE workspace_id = $1 AND phone_number = $2",
                           k_selected_columns),
               {workspace, number}));
}

/// An update that changes nothing locks the row and reads its newest state in one statement, on both engines.
std::optional<Number> select_locked(db::Connection& db, const base::Uuid& workspace,
                                    std::string_view number) {
  return read_one(db.query(fmt::format("UPDATE phone_numbers SET version = version WHERE workspace_id = $1 "
                                       "AND phone_number = $2 RETURNING {}",
                                       k_selected_columns),
                           {workspace, number}));
}

bool insert(db::Connection& db, const base::Uuid& workspace, const Number& number) {
  return db.exec(
             "INSERT INTO phone_numbers (id, workspace_id, phone_number, sid, label, provider, country_code, "
             "capabilities, status, record_policy, sms_mode, version, created_at, updated_at) "
             "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING",
             {number.id, workspace, number.phone_number, db::or_null(number.sid), db::or_null(number.label),
              number.provider, db::or_null(number.country_code),
              db::or_null(stored_capabilities(number.capabilities)), number.status,
              db::or_null(number.record_policy), number.sms_mode, number.version, number.created_at,
              number.updated_at}) == 1;
}

/// The importable columns, which are those that can be changed together.
NumberCells cells_of(const Number& number) {
  return {number.phone_number, number.provider, number.country_code,  number.label,   number.status,
          number.capabilities, number.sid,      number.record_policy, number.sms_mode};
}

Error unknown(std::string_view number) {
  return {Errc::not_found, "numbers.unknown", fmt::format("{} is not in this workspace", number),
          fmt::format("ringctl numbers list --search {}", base::for_shell(number))};
}

Error sid_taken(const Number& number) {
  return {Errc::conflict, "numbers.sid_taken", fmt::format("{} belongs to another number", number.sid),
          fmt::format("ringctl numbers list --search {}", number.sid)};
}

/// What is added by hand is in use, unless the change says otherwise.
NumberChange switching_on(NumberChange change) {
  if (!change.status) change.status = "active";
  return change;
}

/// The number stands in this workspace already: false if it holds what was asked for, else the fields that
/// differ.
bool require_same(const Number& existing, const Number& wanted) {
  const auto columns = differences(existing, wanted);
  if (columns.empty()) return false;
  const bool only_inactive = columns == std::vector<std::string_view>{"status"} && wanted.status == "active";
  auto command = fmt::format("ringctl numbers update {}", existing.phone_number);
  std::vector<std::string> details;
  for (const auto& field : settable_fields()) {
    const auto &here = existing.*field.value, &asked = wanted.*field.value;
    if (here == asked) continue;
    details.push_back(fmt::format(R"({}: "{}", not "{}")", field.column, here, asked));
    std::string flag(field.column);
    std::replace(flag.begin(), flag.end(), '_', '-');
    fmt::format_to(std::back_inserter(command), " --{} {}", flag,
                   asked.empty() ? "-" : base::for_shell(asked));
  }
  Error error(Errc::conflict, "numbers.exists",
              only_inactive ? fmt::format("{} exists already, but is not active", existing.phone_number)
                            : fmt::format("{} exists already, with other values", existing.phone_number),
              command);
  if (!only_inactive)
    for (auto& line : details) error.detail(std::move(line));
  throw std::move(error);
}

/// In whatever workspace; the door shows no more than that.
void require_free_sid(db::Connection& db, const Number& number) {
  if (number.sid.empty()) return;
  db::Transaction transaction(db, db::Scope::through(db::Door::number_holder), db::Access::read);
  const auto held = db.integer("SELECT 1 FROM phone_numbers WHERE sid = $1 AND phone_number <> $2",
                               {number.sid, number.phone_number});
  transaction.commit();
  if (held) throw sid_taken(number);
}

/// The number and its SID.
void require_free(db::Connection& db, const Number& number) {
  db::Transaction transaction(db, db::Scope::through(db::Door::number_holder), db::Access::read);
  const auto held = db.integer("SELECT 1 FROM phone_numbers WHERE phone_number = $1", {number.phone_number});
  transaction.commit();
  if (held)
    throw Error(Errc::conflict, "numbers.held_elsewhere",
                fmt::format("{} is held by another workspace", number.phone_number));
  require_free_sid(db, number);
}

void require_version(const Number& number, std::optional<std::int64_t> expected) {
  if (!expected || number.version == *expected) return;
  throw Error(Errc::conflict, "numbers.stale",
              fmt::format("{} was changed meanwhile (version {}, not {})", number.phone_number,
                          number.version, *expected),
              fmt::format("ringctl numbers show {}", number.phone_number));
}

audit::Change audited(std::string_view action, const Number& number) {
  return {
      .action = action, .object_type = "number", .object_id = number.id, .object_key = number.phone_number};
}

}  // namespace

NumberPlan Numbers::plan_add(const phone::E164& number, const NumberChange& change) {
  NumberPlan plan;
  plan.after = changed(blank_number(number), change, plan.warnings);
  auto& db = session_.db;
  {
    db::Transaction transaction(db, db::Scope::of(workspace_), db::Access::read);
    plan.before = select(db, workspace_, number.view());
    transaction.commit();
  }
  if (plan.before) {
    std::vector<base::Finding> again;
    plan.after = changed(*plan.before, switching_on(change), again);
    require_same(*plan.before, plan.after);
  } else {
    require_free(db, plan.after);
  }
  return plan;
}

NumberPlan Numbers::plan_update(const phone::E164& number, const NumberChange& change,
                                std::optional<std::int64_t> expected_version) {
  NumberPlan plan;
  auto& db = session_.db;
  db::Transaction transaction(db, db::Scope::of(workspace_), db::Access::read);
  plan.before = select(db, workspace_, number.view());
  transaction.commit();
  if (!plan.before) throw unknown(number.view());
  require_version(*plan.before, expected_version);
  plan.after = changed(*plan.before, change, plan.warnings);
  require_free_sid(db, plan.after);
  return plan;
}

bool Numbers::add(const phone::E164& number, const NumberChange& change) {
  std::vector<base::Finding> warnings;
  auto wanted = changed(blank_number(number), change, warnings);
  auto& db = session_.db;
  wanted.id = session_.ids.next();
  bool inserted = false;
  std::optional<Number> existing;
  db::in_transaction(db, db::Scope::of(workspace_), [&] {
    wanted.created_at = wanted.updated_at = session_.clock.now();
    inserted = insert(db, workspace_, wanted);
    if (!inserted) {
      existing = select(db, workspace_, number.view());
      return;
    }
    auto entry = audited("numbers.add", wanted);
    entry.after = image_of(wanted);
    audit::record(session_, workspace_, entry);
  });
  if (inserted) return true;
  if (existing) return require_same(*existing, changed(*existing, switching_on(change), warnings));
  require_free(db, wanted);
  throw Error(Errc::conflict, "numbers.stale",
              fmt::format("{} was added and removed meanwhile", number.view()), "run the command again");
}

bool Numbers::update(const phone::E164& number, const NumberChange& change,
                     std::optional<std::int64_t> expected_version) {
  std::vector<base::Finding> warnings;
  Number after;
  bool differs = false;
  auto& db = session_.db;
  const auto work = [&] {
    const auto before = select_locked(db, workspace_, number.view());
    if (!before) throw unknown(number.view());
    require_version(*before, expected_version);
    after = changed(*before, change, warnings);
    differs = !differences(*before, after).empty();
    if (!differs) return;
    const NumberUpdate update{after.id, after.version, cells_of(after)};
    if (update_numbers(session_, workspace_, {&update, 1}) != 1)
      throw Error(Errc::failure, "numbers.lost_lock",
                  fmt::format("{} changed although it was locked", number.view()));
    ++after.version;
    auto entry = audited("numbers.update", after);
    entry.before = image_of(*before);
    entry.after = image_of(after);
    audit::record(session_, workspace_, entry);
  };
  try {
    db::in_transaction(db, db::Scope::of(workspace_), work);
  } catch (const Error& error) {
    if (error.slug() == "db.unique") throw sid_taken(after);
    throw;
  }
  return differs;
}

void Numbers::remove(const phone::E164& number, bool write) { remove({&number, 1}, History::keeps, write); }

void Numbers::remove(std::span<const phone::E164> numbers, History history, bool write) {
  auto& db = session_.db;
  const auto take_out = [&](const phone::E164& number) {
    const auto before = select_locked(db, workspace_, number.view());
    if (!before) throw unknown(number.view());
    const db::Param which[] = {workspace_, number.view()};
    if (delete_unused(db, "n.phone_number = $2", which, history) == 0)
      throw use_of(db, workspace_, number.view(), history).value();
    return *before;
  };
  db::in_transaction_if(db, db::Scope::of(workspace_), [&] {
    directory::lock_logs(db, workspace_);
    std::vector<Number> gone;
    for (const auto& number : numbers) gone.push_back(take_out(number));
    for (const auto& before : gone) {
      auto entry = audited("numbers.delete", before);
      entry.before = image_of(before);
      audit::record(session_, workspace_, entry);
    }
    return write;
  });
}

}  // namespace ringctl::estate
