// reports messages

#include <array>

#include "cmd/list.hpp"
#include "cmd/reports.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "messages/tally.hpp"
#include "report/page.hpp"

namespace ringctl::cmd {
namespace {

using messages::Grouping;

constexpr std::array k_columns = {
    Column{"by", ColumnType::word, false, false},
    Column{"key", ColumnType::e164, true, true},
    Column{"received", ColumnType::integer, true, true},
    Column{"sent", ColumnType::integer, true, true},
    Column{"delivered", ColumnType::integer, true, true},
    Column{"failed", ColumnType::integer, true, true},
    Column{"segments", ColumnType::integer, true, true},
    Column{"stops", ColumnType::integer, true, true},
    Column{"conversations", ColumnType::integer, true, true},
};

struct MessagesOptions : PeriodOptions {
  std::string by = "total";
};

Grouping grouping_of(std::string_view word) {
  if (word == "day") return Grouping::day;
  if (word == "agent") return Grouping::agent;
  if (word == "number") return Grouping::number;
  return word == "status" ? Grouping::status : Grouping::total;
}

void run_messages(const MessagesOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  const auto zone = ctx.zone();
  const auto period = period_of(opts, ctx, zone);
  auto& io = ctx.io();
  io.subtitle(report::subtitle_text(workspace.name, period, zone));
  SmallList list(io, k_columns, ctx.list_options());
  const bool people = io.format() == Format::table || io.format() == Format::html;
  const bool all = opts.by == "total";
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  messages::for_each_sum(
      db, workspace.id, period.since, period.until, grouping_of(opts.by), zone,
      [&](std::string_view key, const messages::Sums& sums) {
        const auto shown = !key.empty() ? Cell(key) : people && !all ? Cell("(none)") : Cell();
        list.add({opts.by, shown, sums.received, sums.sent, sums.delivered, sums.failed, sums.segments,
                  sums.stops, sums.conversations});
      });
  transaction.commit();
  list.print();
}

}  // namespace

void add_reports_messages(Noun& reports) {
  reports.verb<MessagesOptions>("messages", "Show what the text messages come to", run_messages)
      .flag("since", &MessagesOptions::since, "TIME",
            "Only messages of TIME or after: 2026-03-08, -7d, yesterday, RFC 3339")
      .default_text("29 days before the last one")
      .flag("until", &MessagesOptions::until, "TIME", "Only messages from before TIME")
      .default_text("now")
      .flag("by", &MessagesOptions::by, "WHAT", "What messages are put together by")
      .choices("total|day|agent|number|status")
      .default_text("total")
      .columns(k_columns)
      .lists()
      .details(
          "Messages that came in and that were sent, what became of those, the segments that Twilio bills for, how many said "
          "STOP, and in how many conversations. By agent: who sent a message, or whose the conversation was when it came "
          "in. What each word means says ringctl-reports(7).")
      .example("ringctl reports messages --since -7d")
      .example("ringctl reports messages --by agent --since -30d --sort received:desc -o csv")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
