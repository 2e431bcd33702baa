// reports usage, costs

#include "cmd/reports_account.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "cmd/account.hpp"
#include "cmd/list.hpp"
#include "directory/workspaces.hpp"
#include "sync/usage.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_usage_columns = {
    Column{"start_date", ColumnType::date, true, true}, Column{"end_date", ColumnType::date, true, true},
    Column{"category", ColumnType::word, true, true},   Column{"count", ColumnType::word, true, false},
    Column{"count_unit", ColumnType::word, true, true}, Column{"usage", ColumnType::word, true, false},
    Column{"usage_unit", ColumnType::word, true, true}, Column{"price", ColumnType::money, true, false},
    Column{"price_unit", ColumnType::word, true, true},
};

constexpr std::array k_cost_columns = {
    Column{"key", ColumnType::e164, true, true},
    Column{"calls", ColumnType::integer, true, true},
    Column{"priced", ColumnType::integer, true, true},
    Column{"duration_s", ColumnType::duration, true, true},
    Column{"price", ColumnType::money, true, false},
    Column{"price_unit", ColumnType::word, true, true},
    Column{"average_price", ColumnType::money, true, false},
};

constexpr std::string_view k_balance = "balance";

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

// --- usage ---

struct UsageVerbOptions : AccountOptions {
  std::optional<std::string> since, until, by;
  std::vector<std::string> categories;
  bool balance = false;
};

/// A day as Twilio counts them, of "2026-03-08", "-7d", "today".
std::string utc_day(const std::optional<std::string>& text, Context& ctx) {
  if (!text) return {};
  const auto utc = base::Zone::utc();
  return base::format_day(utc.day_of(base::parse_instant(*text, utc, ctx.clock().now())));
}

void run_usage(const UsageVerbOptions& opts, Context& ctx) {
  sync::UsageOptions options;
  options.since = utc_day(opts.since, ctx);
  options.until = utc_day(opts.until, ctx);
  options.by = opts.by.value_or("");
  options.categories = opts.categories;
  RunAccount account(ctx, opts);
  SmallList list(ctx.io(), k_usage_columns, ctx.list_options());
  sync::usage(*account, options, [&](const twilio::UsageRecord& record) {
    const auto price = twilio::money_text(record.price_micros);
    list.add({text_or_null(record.start_date), text_or_null(record.end_date), record.category,
              text_or_null(record.count), text_or_null(record.count_unit), text_or_null(record.usage),
              text_or_null(record.usage_unit), price, text_or_null(record.price_unit)});
  });
  if (opts.balance) {
    const auto balance = twilio::fetch_balance(account->client);
    const auto amount = twilio::money_text(balance.micros);
    list.add({Cell(), Cell(), k_balance, Cell(), Cell(), Cell(), Cell(), amount, balance.currency});
  }
  list.print();
}

// --- costs ---

struct CostsVerbOptions : AccountOptions {
  std::optional<std::string> since, until;
  std::string by = "total";
  bool balance = false;
};

sync::CostBy by_of(const std::string& word) {
  using By = sync::CostBy;
  static constexpr std::array<std::pair<std::string_view, By>, 7> k_words = {{{"total", By::total},
                                                                              {"day", By::day},
                                                                              {"month", By::month},
                                                                              {"agent", By::agent},
                                                                              {"number", By::number},
                                                                              {"direction", By::direction},
                                                                              {"country", By::country}}};
  for (const auto& [name, by] : k_words)
    if (word == name) return by;
  throw Error(Errc::usage, "usage.bad_value", fmt::format("--by {} is nothing that costs are told by", word));
}

sync::CostOptions cost_options(const CostsVerbOptions& opts, Context& ctx) {
  sync::CostOptions options;
  const auto now = ctx.clock().now();
  options.zone = ctx.io().options().zone;
  options.by = by_of(opts.by);
  const auto today = options.zone.day_of(now);
  options.since = opts.since ? base::parse_instant(*opts.since, options.zone, now)
                             : options.zone.start_of(today.year() / today.month() / std::chrono::day(1));
  options.until = opts.until ? base::parse_instant(*opts.until, options.zone, now) : now;
  if (options.until < options.since) throw Error(Errc::usage, "usage.bad_value", "--until is before --since");
  return options;
}

/// What one call with a known price cost, rounded to a millionth.
std::string average_of(const sync::CostRow& row) {
  if (row.priced == 0) return {};
  return twilio::money_text(std::llround(static_cast<double>(row.micros) / static_cast<double>(row.priced)));
}

void run_costs(const CostsVerbOptions& opts, Context& ctx) {
  const auto options = cost_options(opts, ctx);
  const auto& workspace = ctx.workspace();
  SmallList list(ctx.io(), k_cost_columns, ctx.list_options());
  std::int64_t calls = 0, priced = 0;
  for (const auto& row : sync::costs(ctx.database(), workspace.id, options)) {
    const auto key = options.by == sync::CostBy::total ? std::string("total") : row.key;
    // No price is no price of nought.
    const auto price = row.priced == 0 ? std::string() : twilio::money_text(row.micros);
    const auto average = average_of(row);
    list.add({text_or_null(key), row.calls, row.priced, row.duration_s, text_or_null(price),
              text_or_null(row.unit), text_or_null(average)});
    calls += row.calls;
    priced += row.priced;
  }
  if (opts.balance) {
    RunAccount account(ctx, opts);
    const auto balance = twilio::fetch_balance(account->client);
    const auto amount = twilio::money_text(balance.micros);
    list.add({k_balance, Cell(), Cell(), Cell(), amount, balance.currency, Cell()});
  }
  list.print();
  if (priced < calls)
    ctx.io().note(fmt::format("{} of {} calls have no price yet; ringctl calls reconcile asks Twilio",
                              calls - priced, calls));
}

}  // namespace

void add_reports_account(Noun& reports) {
  auto usage =
      reports.verb<UsageVerbOptions>("usage", "What the account used, as Twilio counts it", run_usage)
          .flag("since", &UsageVerbOptions::since, "DAY", "From this day on: 2026-03-08, -30d")
          .default_text("the first of this month")
          .flag("until", &UsageVerbOptions::until, "DAY", "Until this day, which is included")
          .default_text("today")
          .flag("by", &UsageVerbOptions::by, "day|month|year", "A row for each")
          .choices("day|month|year")
          .default_text("one for the whole period")
          .flag("category", &UsageVerbOptions::categories, "NAME",
                "Only this one: calls, sms, totalprice; may be given several times")
          .default_text("all that were used")
          .flag("balance", &UsageVerbOptions::balance, "With the account's balance of now as the last row");
  add_account_flags(usage)
      .details(
          "Twilio's own records, of all the account's traffic: its days are those of UTC. Categories contain one another, "
          "so that they add up to more than totalprice.")
      .columns(k_usage_columns)
      .lists()
      .example("ringctl reports usage --balance")
      .example("ringctl reports usage --since 2026-03-01 --until 2026-03-08 --by day --category calls -o csv")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::db_down,
              Errc::db_busy});

  auto costs = reports.verb<CostsVerbOptions>("costs", "What the calls on record cost", run_costs)
                   .flag("since", &CostsVerbOptions::since, "TIME",
                         "Calls that began at TIME or after: 2026-03-08, -30d")
                   .default_text("the first of this month")
                   .flag("until", &CostsVerbOptions::until, "TIME", "Calls that began before TIME")
                   .default_text("now")
                   .flag("by", &CostsVerbOptions::by, "WHAT", "What calls are put together by")
                   .choices("total|day|month|agent|number|direction|country")
                   .default_text("total")
                   .flag("balance", &CostsVerbOptions::balance,
                         "With the account's balance of now as the last row; asks Twilio");
  add_account_flags(costs)
      .details(
          "Calls that are over, and the prices that `calls reconcile` fetched: a row for each currency, which are never "
          "added up. Calls without a price count, and cost nothing here. country is that of the number at the other end.")
      .columns(k_cost_columns)
      .lists()
      .example("ringctl reports costs")
      .example("ringctl reports costs --since 2026-03-01 --by day -o csv")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::db_down,
              Errc::db_busy});
}

}  // namespace ringctl::cmd
