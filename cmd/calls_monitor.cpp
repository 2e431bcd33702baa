// calls listen, whisper, barge, stop

#include <fmt/format.h>

#include <array>

#include "cmd/account.hpp"
#include "cmd/calls.hpp"
#include "cmd/calls_at_twilio.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"call_sid", ColumnType::sid},  Column{"mode", ColumnType::word},
    Column{"leg_sid", ColumnType::sid},   Column{"conference_sid", ColumnType::word},
    Column{"muted", ColumnType::boolean}, Column{"coaching", ColumnType::boolean},
};

struct MonitorOptions : AccountOptions {
  std::string call;
  std::string as;
  std::optional<std::string> on;
  std::chrono::milliseconds wait{20'000};
};

std::string_view act_of(calls::Mode mode) {
  switch (mode) {
    case calls::Mode::listen:
      return "listen to";
    case calls::Mode::whisper:
      return "whisper to the agent of";
    case calls::Mode::barge:
      return "barge into";
  }
  return "";
}

template <calls::Mode mode>
void run_monitor(const MonitorOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const auto call = call_named(ctx, opts.call);
  sync::MonitorOptions monitor{.as = opts.as};
  monitor.mode = mode;
  monitor.on = opts.on.value_or("");
  monitor.patience = opts.wait;
  monitor.write = !ctx.dry_run();
  const auto done = sync::monitor(*account, call, monitor);
  const auto name = calls::mode_name(done.mode);
  if (!monitor.write) {
    const auto who = call.user_email.empty() ? fmt::format("as {}", opts.as)
                                             : fmt::format("of {} as {}", call.user_email, opts.as);
    if (!done.changed) return ctx.io().unchanged({.action = name, .object = call.call_sid});
    return ctx.io().would_change(
        {.action = name, .object = call.call_sid, .rest = who, .said = act_of(mode)});
  }
  const std::array<Cell, k_columns.size()> cells = {call.call_sid,       std::string(name), done.leg_sid,
                                                    done.conference_sid, done.muted,        done.coaching};
  ctx.io().record(k_columns, cells);
}

struct StopOptions : AccountOptions {
  std::string call;
  std::string as;
};

void run_stop(const StopOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const auto call = call_named(ctx, opts.call);
  if (!sync::stop_monitor(*account, call, opts.as, !ctx.dry_run()))
    return ctx.io().unchanged(
        {.action = "stop", .object = call.call_sid, .rest = "(they were not listening)"});
  if (ctx.dry_run())
    return ctx.io().would_change({.action = "stop", .object = call.call_sid, .said = "stop listening to"});
  ctx.io().changed({.action = "stopped", .object = call.call_sid, .said = "stopped listening to"});
}

void add_mode(Noun& calls, std::string_view verb, std::string_view summary, std::string_view details,
              std::string_view first, std::string_view second,
              std::function<void(const MonitorOptions&, Context&)> run) {
  auto monitor =
      calls.verb<MonitorOptions>(verb, summary, std::move(run))
          .argument("call", &MonitorOptions::call, k_which_call)
          .kind(ValueKind::call)
          .flag("as", &MonitorOptions::as, "USER", "Who: the supervisor of the agent's team, or an admin")
          .kind(ValueKind::user)
          .required()
          .flag("on", &MonitorOptions::on, "DEVICE", "client, phone, or a number to ring them on")
          .default_text("as the user says")
          .flag("wait", &MonitorOptions::wait, "DUR", "How long they, and the call, are waited for")
          .kind(ValueKind::duration)
          .default_text("20s");
  add_account_flags(monitor).details(details).columns(k_columns).example(first).example(second).exits(
      k_twilio_exits);
}

}  // namespace

void add_calls_monitor(Noun& calls) {
  add_mode(
      calls, "listen", "Hear a call, unheard",
      "A call of two is put into a conference first, which nobody on it hears. Success is only reported once "
      "Twilio says that the supervisor is muted; a leg that is not is taken out, with exit status 20.",
      "ringctl calls listen CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --as sam@example.com",
      "ringctl calls listen CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --as sam@example.com --on phone -n",
      run_monitor<calls::Mode::listen>);
  add_mode(calls, "whisper", "Speak to the agent of a call alone",
           "As listen, but that the agent hears the supervisor. Who listens already is heard from now on.",
           "ringctl calls whisper CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --as sam@example.com",
           "ringctl calls whisper CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --as sam@example.com -n",
           run_monitor<calls::Mode::whisper>);
  add_mode(calls, "barge", "Join a call, heard by all",
           "As listen, but that everybody on the call hears the supervisor.",
           "ringctl calls barge CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --as sam@example.com",
           "ringctl calls barge CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --as sam@example.com -n",
           run_monitor<calls::Mode::barge>);
  auto stop = calls.verb<StopOptions>("stop", "Listen to a call no more", run_stop)
                  .argument("call", &StopOptions::call, k_which_call)
                  .kind(ValueKind::call)
                  .flag("as", &StopOptions::as, "USER", "Who listens")
                  .kind(ValueKind::user)
                  .required();
  add_account_flags(stop)
      .details("The supervisor's leg ends; the call goes on.")
      .example("ringctl calls stop CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --as sam@example.com")
      .example("ringctl calls stop CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --as sam@example.com -n")
      .exits(k_twilio_exits);
}

}  // namespace ringctl::cmd
