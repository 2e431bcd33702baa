// messages threads

#include "cmd/messages.hpp"
#include "cmd/numbers.hpp"
#include "cmd/period.hpp"
#include "cmd/record_verbs.hpp"
#include "db/transaction.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

struct ThreadsOptions {
  std::optional<std::string> user, number, with, since, until;
  bool free = false;
};

messages::ThreadFilter thread_filter(const ThreadsOptions& opts, Context& ctx) {
  messages::ThreadFilter filter;
  const auto period = read_period(opts.since, opts.until, ctx);
  filter.since = period.since;
  filter.until = period.until;
  filter.free_only = opts.free;
  if (opts.with) filter.party = party_address(ctx, *opts.with);
  const auto& workspace = ctx.workspace();
  if (opts.user) filter.user = records_of(ctx, workspace, directory::users_noun()).get(*opts.user).id;
  if (opts.number) filter.number = numbers_of(ctx, workspace).get(*opts.number).id;
  return filter;
}

void run_threads(const ThreadsOptions& opts, Context& ctx) {
  const auto filter = thread_filter(opts, ctx);
  const auto list = ctx.list_options();
  const auto order = list.sort.value_or(Sort{.column = "last_message_at", .descending = true});
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  const auto now = ctx.clock().now();
  auto rows = ctx.io().rows(thread_columns());
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  messages::for_each_thread(db, workspace.id, filter, now, order.column, order.descending, list.limit,
                            [&](const messages::Thread& thread) { rows.row(thread_cells(thread, now)); });
  const bool maybe_cut = list.limit > 0 && rows.count() == static_cast<std::uint64_t>(list.limit);
  const auto total = maybe_cut
                         ? static_cast<std::uint64_t>(messages::count_threads(db, workspace.id, filter, now))
                         : rows.count();
  transaction.commit();
  rows.finish(total);
}

}  // namespace

void add_messages_threads(Noun& messages) {
  messages.verb<ThreadsOptions>("threads", "List conversations, and whose each is", run_threads)
      .flag("user", &ThreadsOptions::user, "USER", "Only conversations that this user has")
      .kind(ValueKind::user)
      .flag("number", &ThreadsOptions::number, "NUMBER", "Only conversations of this number of ours")
      .kind(ValueKind::number)
      .flag("with", &ThreadsOptions::with, "NUMBER", "Only conversations with this number of somebody else")
      .kind(ValueKind::thread)
      .flag("free", &ThreadsOptions::free, "Only conversations that nobody has")
      .excludes("user")
      .flag("since", &ThreadsOptions::since, "TIME",
            "Only conversations whose last message is of TIME or after: 2026-03-08, -7d, yesterday, RFC 3339")
      .flag("until", &ThreadsOptions::until, "TIME",
            "Only conversations whose last message is from before TIME")
      .columns(thread_columns())
      .lists()
      .details(
          "One row for each conversation of one of our numbers with somebody, the one with the newest message first. "
          "assigned_to is who has it now, assigned_by how they came to it (claim, reply, round_robin, extension or "
          "reassign), and lease_expires_at when it is free again unless they answer before; without one it stays theirs "
          "until released. A conversation whose lease has run out is free.")
      .example("ringctl messages threads --free")
      .example("ringctl messages threads --user ann@example.com --since -7d -o json", "what Ann has to do")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
