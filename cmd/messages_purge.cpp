// messages purge

#include <fmt/format.h>

#include "cmd/messages.hpp"
#include "cmd/purging.hpp"
#include "directory/workspaces.hpp"
#include "messages/purge.hpp"

namespace ringctl::cmd {
namespace {

void report(const messages::Purged& purged, Context& ctx) {
  const auto called = counted(purged.messages, "message", "messages");
  const auto rest = fmt::format("from before {}, with {}, {} and {}", base::format_utc(purged.before),
                                counted(purged.threads, "conversation", "conversations"),
                                counted(purged.notifications, "notification", "notifications"),
                                counted(purged.events, "webhook", "webhooks"));
  report_purge({.action = {},
                .object = {},
                .rest = rest,
                .fields = {{"before", purged.before},
                           {"messages", purged.messages},
                           {"threads", purged.threads},
                           {"notifications", purged.notifications},
                           {"events", purged.events},
                           {"held", purged.held},
                           {"open", purged.open}},
                .called = called},
               purged.messages + purged.events > 0, "no message",
               fmt::format("(none to be purged is from before {})", base::format_utc(purged.before)), ctx);
}

void tell_what_stays(const messages::Purged& purged, Context& ctx) {
  auto& io = ctx.io();
  if (purged.held > 0)
    io.note(fmt::format("{} held: see ringctl calls holds",
                        counted(purged.held, "old message is", "old messages are")));
  if (purged.open > 0)
    io.note(fmt::format("{} kept: nobody knows whether Twilio took it; see ringctl jobs resolve",
                        counted(purged.open, "old message is", "old messages are")));
}

messages::Purged purge(base::Instant before, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& cancel = ctx.cancel();
  auto progress = ctx.io().progress("messages purged");
  messages::PurgeOptions options{.before = before, .write = !ctx.dry_run()};
  options.between = [&](const messages::Purged& so_far) {
    progress.update(static_cast<std::uint64_t>(so_far.messages));
    if (cancel.cancelled()) cancel.check();
  };
  return messages::purge(ctx.session(), workspace.id, options);
}

void run_purge(const PurgeArguments& arguments, Context& ctx) {
  const auto before = confirmed_time(arguments, "messages", ctx);
  const auto purged = purge(before, ctx);
  report(purged, ctx);
  tell_what_stays(purged, ctx);
}

}  // namespace

void add_messages_purge(Noun& messages) {
  messages.verb<PurgeArguments>("purge", "Remove messages whose time to be kept is over", run_purge)
      .flag("older-than", &PurgeArguments::older_than, "DUR|DATE",
            "Messages from longer ago than this (730d), or from before this time (2024-01-01)")
      .required()
      .details(
          "Removes old messages with who was told of them and what Twilio told, conversations that nothing is left in, and "
          "what the audit log holds of them; reports count them no more. Stays: what is held (`calls hold --contact`), "
          "messages of which nobody knows whether Twilio took them, and opt-outs. Asks for the workspace's name, or takes "
          "it from --confirm. Oldest first, 1,000 at a time: webhooks go on meanwhile, and a run that was stopped is "
          "finished by the next one.")
      .example("ringctl messages purge --older-than 730d -n", "what would be removed")
      .example("ringctl messages purge --older-than 730d --confirm default")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined, Errc::schema, Errc::db_down,
              Errc::db_busy});
}

}  // namespace ringctl::cmd
