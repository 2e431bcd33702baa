// calls start, hangup

#include <fmt/format.h>

#include <array>

#include "cmd/account.hpp"
#include "cmd/calls.hpp"
#include "cmd/calls_at_twilio.hpp"
#include "directory/workspaces.hpp"
#include "sync/talk.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"call_sid", ColumnType::sid},     Column{"rung", ColumnType::word},
    Column{"from_number", ColumnType::e164}, Column{"to_number", ColumnType::e164},
    Column{"reservation", ColumnType::uuid}, Column{"used", ColumnType::integer},
    Column{"limit", ColumnType::integer},    Column{"room", ColumnType::word},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

struct StartOptions : AccountOptions {
  std::string agent, to;
  std::optional<std::string> from_number, on;
};

void run_start(const StartOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  sync::StartOptions start{.agent = opts.agent, .to = opts.to};
  start.from_number = opts.from_number.value_or("");
  start.ring_on = opts.on.value_or("");
  start.write = !ctx.dry_run();
  report_started(ctx, sync::start_call(*account, start));
}

struct HangUpOptions : AccountOptions {
  std::string call;
};

void run_hang_up(const HangUpOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const auto call = sync::find_call_of(*account, opts.call);
  const bool ended = sync::hang_up(*account, call, !ctx.dry_run());
  if (!ended)
    return ctx.io().unchanged({.action = "hang up", .object = call.call_sid, .rest = "(it is over)"});
  if (ctx.dry_run()) return ctx.io().would_change({.action = "hang up", .object = call.call_sid});
  ctx.io().changed({.action = "hung up", .object = call.call_sid});
}

}  // namespace

std::span<const Column> started_columns() { return k_columns; }

void report_started(Context& ctx, const sync::Started& started) {
  const auto& verdict = started.verdict;
  if (ctx.dry_run()) {
    const auto rest = fmt::format("from {}, ringing {} first", verdict.from_number, started.rung);
    return ctx.io().would_change({.action = "call", .object = verdict.to_number, .rest = rest});
  }
  const std::array<Cell, k_columns.size()> cells = {started.call_sid,
                                                    started.rung,
                                                    text_or_null(verdict.from_number),
                                                    text_or_null(verdict.to_number),
                                                    verdict.reservation ? Cell(*verdict.reservation) : Cell(),
                                                    verdict.used,
                                                    verdict.limit,
                                                    text_or_null(started.room)};
  ctx.io().record(k_columns, cells);
}

calls::Call call_named(Context& ctx, const std::string& what) {
  auto& db = ctx.database();
  const auto& workspace = ctx.workspace();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  auto call = calls::get(db, workspace.id, what);
  transaction.commit();
  return call;
}

void add_calls_start(Noun& calls) {
  auto start =
      calls.verb<StartOptions>("start", "Ring an agent, and then whoever they are to talk to", run_start)
          .argument("agent", &StartOptions::agent, "E-mail address, name or id of who is to call")
          .kind(ValueKind::user)
          .argument("to", &StartOptions::to, "Whom, as E.164 or as dialled in the workspace's country")
          .kind(ValueKind::contact)
          .flag("from-number", &StartOptions::from_number, "NUMBER", "The number to call from")
          .default_text("by the workspace's rotation")
          .kind(ValueKind::number)
          .flag("on", &StartOptions::on, "client|phone", "What of the agent's rings")
          .choices("client|phone")
          .default_text("as the user says");
  add_account_flags(start)
      .details(
          "Counted against the agent's limit before anybody is rung; a refusal is exit status 8 with every reason. "
          "Then the agent's browser or telephone rings, and once they are there whoever is called. An answer of "
          "Twilio's that never came is exit status 24: jobs resolve finds out, and nothing is dialled again.")
      .columns(k_columns)
      .example("ringctl calls start ann@example.com +12025550199")
      .example("ringctl calls start ann@example.com +12025550199 --on phone -n", "would it be allowed?")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::locked,
              Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage,
              Errc::unknown_outcome, Errc::db_down, Errc::db_busy});

  auto hang_up = calls.verb<HangUpOptions>("hangup", "End a call, with everybody on it", run_hang_up)
                     .argument("call", &HangUpOptions::call, k_which_call)
                     .kind(ValueKind::call);
  add_account_flags(hang_up)
      .details(
          "Every leg of it that goes on at Twilio is ended, those that a transfer left behind too; it is named by its own "
          "SID or by a leg's. A call that is over already is left as it is.")
      .example("ringctl calls hangup CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 -n")
      .example("ringctl calls hangup CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5")
      .exits(k_twilio_exits);
}

}  // namespace ringctl::cmd
