#include "calls/price.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "calls/rows.hpp"
#include "db/row_batch.hpp"

namespace ringctl::calls {
namespace {

constexpr std::size_t k_most_places = 6, k_most_digits = 12;

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  if (!all_digits(whole) || whole.size() > k_most_digits) return false;
  if (point == std::string_view::npos) return true;
  const auto places = text.substr(point + 1);
  return all_digits(places) && places.size() <= k_most_places;
}

bool is_currency(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void require_sound(const Price& price) {
  if (!is_decimal(price.price) || !is_currency(price.unit))
    throw Error(
        Errc::invalid, "calls.bad_price",
        fmt::format(R"(call {} cannot have cost "{}" "{}")", price.call_sid, price.price, price.unit));
}

std::vector<std::string_view> sids_of(std::span<const Price> prices) {
  std::vector<std::string_view> sids;
  for (const auto& price : prices) sids.emplace_back(price.call_sid);
  return sids;
}

struct Row {
  base::Uuid id;
  const Price* price;
};

std::vector<Row> differing(db::Connection& db, const base::Uuid& workspace, std::span<const Price> prices) {
  std::unordered_map<std::string_view, const Price*> wanted;
  for (const auto& price : prices) wanted.emplace(price.call_sid, &price);
  std::vector<Row> rows_found;
  // The workspace is compared here: as a condition it would tempt SQLite to another index.
  auto rows = db.query(fmt::format("SELECT id, workspace_id, call_sid, price, price_unit FROM calls WHERE {}",
                                   db.among("call_sid", "$1")),
                       {db::json_array(sids_of(prices))});
  while (rows.next()) {
    const auto found = wanted.find(rows.text(2));
    if (rows.text(1) != workspace.view() || found == wanted.end()) continue;
    if (rows.text(3) != found->second->price || rows.text(4) != found->second->unit)
      rows_found.push_back({rows.uuid(0), found->second});
  }
  return rows_found;
}

}  // namespace

std::unordered_map<std::string, KnownCall> find_known(db::Connection& db, const base::Uuid& workspace,
                                                      const std::vector<std::string_view>& sids) {
  std::unordered_map<std::string, KnownCall> known;
  if (sids.empty()) return known;
  const auto array = db::json_array(sids);
  {
    auto rows = db.query(fmt::format("SELECT call_sid, workspace_id, direction, ended_at FROM calls WHERE {}",
                                     db.among("call_sid", "$1")),
                         {array});
    while (rows.next())
      if (rows.text(1) == workspace.view())
        known.emplace(rows.text(0), KnownCall{.call_sid = std::string(rows.text(0)),
                                              .direction = std::string(rows.text(2)),
                                              .is_leg = false,
                                              .is_over = !rows.is_null(3)});
  }
  auto rows = db.query(
      fmt::format(
          "SELECT a.leg_sid, a.workspace_id, c.call_sid, c.direction, a.ended_at FROM call_attempts a "
          "JOIN calls c ON c.id = a.call_id WHERE {}",
          db.among("a.leg_sid", "$1")),
      {array});
  while (rows.next())
    if (rows.text(1) == workspace.view())
      known.emplace(rows.text(0), KnownCall{.call_sid = std::string(rows.text(2)),
                                            .direction = std::string(rows.text(3)),
                                            .is_leg = true,
                                            .is_over = !rows.is_null(4)});
  return known;
}

std::vector<std::string> on_record(db::Connection& db, const base::Uuid& workspace,
                                   const std::vector<std::string_view>& sids) {
  std::vector<std::string> all;
  for (const auto& [sid, known] : find_known(db, workspace, sids)) all.push_back(sid);
  if (sids.empty()) return all;
  auto rows = db.query(
      fmt::format("SELECT leg_sid, workspace_id FROM call_monitors WHERE {}", db.among("leg_sid", "$1")),
      {db::json_array(sids)});
  while (rows.next())
    if (rows.text(1) == workspace.view()) all.emplace_back(rows.text(0));
  return all;
}

/// By time, for which there is an index; such calls are few.
std::optional<std::string> find_call_of_reservation(db::Connection& db, const base::Uuid& workspace,
                                                    const base::Uuid& reservation, base::Instant since) {
  return db.text(
      "SELECT call_sid FROM calls WHERE workspace_id = $1 AND started_at >= $2 AND reservation_id = $3",
      {workspace, since, reservation});
}

std::unordered_map<std::string, std::string> find_known_recordings(
    db::Connection& db, const base::Uuid& workspace, const std::vector<std::string_view>& sids) {
  std::unordered_map<std::string, std::string> known;
  for (auto& [sid, row] : read_recordings(db, workspace, sids)) known.emplace(sid, row.status);
  return known;
}

std::vector<std::string> own_among(db::Connection& db, const base::Uuid& workspace,
                                   const std::vector<std::string_view>& numbers) {
  std::vector<std::string> own;
  if (numbers.empty()) return own;
  auto rows = db.query(fmt::format("SELECT phone_number, workspace_id FROM phone_numbers WHERE {}",
                                   db.among("phone_number", "$1")),
                       {db::json_array(numbers)});
  while (rows.next())
    if (rows.text(1) == workspace.view()) own.emplace_back(rows.text(0));
  return own;
}

std::vector<std::string> of_other_accounts(db::Connection& db, const base::Uuid& workspace,
                                           std::string_view account_sid,
                                           const std::vector<std::string_view>& numbers) {
  std::vector<std::string> others;
  if (numbers.empty()) return others;
  auto rows =
      db.query(fmt::format("SELECT phone_number, workspace_id, account_sid FROM phone_numbers WHERE {}",
                           db.among("phone_number", "$1")),
               {db::json_array(numbers)});
  while (rows.next()) {
    const auto account = rows.text(2);
    if (rows.text(1) == workspace.view() && !account.empty() && account != account_sid)
      others.emplace_back(rows.text(0));
  }
  return others;
}

std::vector<std::string> unpriced(db::Connection& db, const base::Uuid& workspace,
                                  std::span<const Price> prices) {
  std::vector<std::string> sids;
  for (const auto& row : differing(db, workspace, prices)) sids.push_back(row.price->call_sid);
  return sids;
}

std::int64_t set_prices(audit::Session& session, const base::Uuid& workspace, std::span<const Price> prices) {
  for (const auto& price : prices) require_sound(price);
  auto& db = session.db;
  lock_counter(db, workspace);
  const auto rows = differing(db, workspace, prices);
  for (const auto& row : rows)
    db.exec(
        "UPDATE calls SET price = $2, price_unit = $3, version = version + 1, updated_at = $4 WHERE id = $1",
        {row.id, row.price->price, row.price->unit, session.clock.now()});
  return std::ssize(rows);
}

}  // namespace ringctl::calls
