// events tail

#include <fmt/format.h>

#include <array>

#include "base/sid.hpp"
#include "base/text.hpp"
#include "calls/follow.hpp"
#include "cmd/root.hpp"
#include "cmd/tail.hpp"
#include "cmd/terminal.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"received_at", ColumnType::time}, Column{"kind", ColumnType::word},
    Column{"call_sid", ColumnType::sid},     Column{"status", ColumnType::word},
    Column{"sequence", ColumnType::integer}, Column{"form", ColumnType::json, false},
};

struct TailOptions {
  std::optional<std::string> call;
  std::optional<std::chrono::milliseconds> since;
};

std::vector<Cell> cells_of(const calls::KeptEvent& event) {
  return {event.received_at, event.kind,
          event.call_sid,    event.status.empty() ? Cell() : Cell(event.status),
          event.sequence,    RawJson{event.form}};
}

/// A line for people. Anybody who has the token chooses what stands in it.
std::string line_of(const calls::KeptEvent& event, TimeText& times) {
  std::string line;
  times.append_local(line, event.received_at);
  line += fmt::format("  {:<10}  {:<11}  {}", visible(event.kind),
                      event.status.empty() ? "-" : visible(event.status), visible(event.call_sid));
  if (event.sequence) line += fmt::format("  #{}", *event.sequence);
  return line + "\n";
}

void run_tail(const TailOptions& opts, Context& ctx) {
  if (opts.call && !base::is_sid(*opts.call, "CA"))
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--call: {} is no SID of a call", base::in_quotes(*opts.call)),
                "ringctl calls list");
  const auto back =
      std::chrono::floor<std::chrono::seconds>(opts.since.value_or(std::chrono::milliseconds{}));
  Tail tail(ctx, "events tail", k_columns);
  calls::EventFollower follower(ctx.database(), ctx.workspace().id, back);
  tail.follow([&] {
    follower.poll(ctx.clock().now(), opts.call.value_or(""), [&](const calls::KeptEvent& event) {
      tail.show([&] { return cells_of(event); }, [&] { return line_of(event, ctx.io().times()); });
    });
  });
}

}  // namespace

void add_events(Noun& events) {
  events.verb<TailOptions>("tail", "Follow webhooks as they are kept", run_tail)
      .flag("call", &TailOptions::call, "SID",
            "Only those of this call and of its legs; the call may be yet to come")
      .kind(ValueKind::call)
      .flag("since", &TailOptions::since, "DURATION", "Begin with those of this time: 10m, 2h")
      .kind(ValueKind::duration)
      .default_text("now")
      .columns(k_columns)
      .lists()
      .details(
          "Looks once a second and writes each webhook about a call that was kept, once, in the order they were kept, "
          "until Ctrl-C, --timeout, or --limit rows. On a terminal a line for people; in machine formats `form` is what "
          "Twilio sent.")
      .example("ringctl events tail --since 1h --limit 1")
      .example("ringctl events tail --since 1h --limit 1 --call CA00000000000000000000000000000002 -o jsonl",
               "one call's, its legs' included")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
