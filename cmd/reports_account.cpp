// reports account

#include "cmd/reports_account.hpp"

#include <fmt/format.h>

#include <array>

#include "cmd/account.hpp"
#include "cmd/list.hpp"
#include "directory/workspaces.hpp"
#include "sync/usage.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_account_columns = {
    Column{"start_date", ColumnType::date, true, true}, Column{"end_date", ColumnType::date, true, true},
    Column{"category", ColumnType::word, true, true},   Column{"count", ColumnType::word, true, false},
    Column{"count_unit", ColumnType::word, true, true}, Column{"usage", ColumnType::word, true, false},
    Column{"usage_unit", ColumnType::word, true, true}, Column{"price", ColumnType::money, true, false},
    Column{"price_unit", ColumnType::word, true, true},
};

constexpr std::string_view k_balance = "balance";

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

struct AccountReportOptions : AccountOptions {
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

void run_account(const AccountReportOptions& opts, Context& ctx) {
  sync::UsageOptions options;
  options.since = utc_day(opts.since, ctx);
  options.until = utc_day(opts.until, ctx);
  options.by = opts.by.value_or("");
  options.categories = opts.categories;
  RunAccount account(ctx, opts);
  SmallList list(ctx.io(), k_account_columns, ctx.list_options());
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

}  // namespace

void add_reports_account(Noun& reports) {
  auto account = reports
                     .verb<AccountReportOptions>(
                         "account", "Show what the Twilio account used, as Twilio counts it", run_account)
                     .flag("since", &AccountReportOptions::since, "DAY", "From this day on: 2026-03-08, -30d")
                     .default_text("the first of this month")
                     .flag("until", &AccountReportOptions::until, "DAY", "Until this day, which is included")
                     .default_text("today")
                     .flag("by", &AccountReportOptions::by, "day|month|year", "A row for each")
                     .choices("day|month|year")
                     .default_text("one for the whole period")
                     .flag("category", &AccountReportOptions::categories, "NAME",
                           "Only this one: calls, sms, totalprice; may be given several times")
                     .default_text("all that were used")
                     .flag("balance", &AccountReportOptions::balance,
                           "With the account's balance of now as the last row");
  add_account_flags(account)
      .details(
          "Twilio's own records, of all the account's traffic: its days are those of UTC. Categories contain one another, "
          "so that they add up to more than totalprice.")
      .columns(k_account_columns)
      .lists()
      .example("ringctl reports account --balance")
      .example(
          "ringctl reports account --since 2026-03-01 --until 2026-03-08 --by day --category calls -o csv")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::db_down,
              Errc::db_busy});
}

}  // namespace ringctl::cmd
