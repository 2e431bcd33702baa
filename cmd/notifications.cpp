// notifications

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/period.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "cmd/secret_lines.hpp"
#include "cmd/serve_options.hpp"
#include "db/transaction.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "http/outside_url.hpp"
#include "http/url.hpp"
#include "messages/hooks.hpp"
#include "messages/messages.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"created_at", ColumnType::time},     Column{"user_email", ColumnType::text},
    Column{"reason", ColumnType::word},         Column{"from_number", ColumnType::e164},
    Column{"our_number", ColumnType::e164},     Column{"assigned_to", ColumnType::text},
    Column{"delivery", ColumnType::word},       Column{"kind", ColumnType::word, false},
    Column{"message", ColumnType::uuid, false}, Column{"id", ColumnType::uuid, false},
};

constexpr std::array k_status_columns = {
    Column{"url", ColumnType::text},          Column{"is_active", ColumnType::boolean},
    Column{"key_id", ColumnType::word},       Column{"waiting", ColumnType::integer},
    Column{"given_up", ColumnType::integer},  Column{"oldest_waiting_at", ColumnType::time},
    Column{"last_done_at", ColumnType::time}, Column{"last_error", ColumnType::text},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

// --- list ---

struct ListVerbOptions {
  std::optional<std::string> since, until, user, message;
};

messages::NotificationFilter filter_of(const ListVerbOptions& opts, Context& ctx) {
  messages::NotificationFilter filter;
  const auto period = read_period(opts.since, opts.until, ctx);
  filter.since = period.since;
  filter.until = period.until;
  const auto& workspace = ctx.workspace();
  if (opts.user) filter.user = records_of(ctx, workspace, directory::users_noun()).get(*opts.user).id;
  if (opts.message) {
    auto& db = ctx.database();
    const db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
    filter.message = messages::get(db, workspace.id, *opts.message).id;
  }
  return filter;
}

void run_list(const ListVerbOptions& opts, Context& ctx) {
  const auto filter = filter_of(opts, ctx);
  const auto limit = ctx.list_options().limit;
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(k_columns);
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  messages::for_each_notification(
      db, workspace.id, filter, limit, [&](const messages::Notification& notification) {
        rows.row({notification.created_at, notification.user_email, notification.reason,
                  text_or_null(notification.from_number), text_or_null(notification.our_number),
                  text_or_null(notification.assigned_to), text_or_null(notification.delivery),
                  notification.kind, notification.message, notification.id});
      });
  const bool maybe_cut = limit > 0 && rows.count() == static_cast<std::uint64_t>(limit);
  const auto total = maybe_cut
                         ? static_cast<std::uint64_t>(messages::count_notifications(db, workspace.id, filter))
                         : rows.count();
  transaction.commit();
  rows.finish(total);
}

// --- status ---

struct NoOptions {};

void run_status(const NoOptions&, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  const auto hook = messages::find_hook(db, workspace.id);
  const auto queue = messages::queue_state(db, workspace.id);
  transaction.commit();
  const Cell cells[] = {hook ? Cell(hook->url) : Cell(),
                        hook ? Cell(hook->is_active) : Cell(),
                        hook ? Cell(hook->key_id) : Cell(),
                        queue.waiting,
                        queue.given_up,
                        queue.oldest_waiting_at,
                        queue.last_done_at,
                        text_or_null(queue.last_error)};
  ctx.io().record(k_status_columns, cells);
}

// --- configure ---

struct ConfigureOptions {
  std::optional<std::string> url, secret_file, active;
  bool secret_stdin = false;
};

/// "" for one that `serve` would post to: hosts of this machine only where its own URL is of this machine
/// too, and in the clear to no other.
std::string why_not_told(const std::string& url, const config::Settings& settings) {
  const bool local_too = is_of_this_machine(settings.get("serve.public_url"));
  if (auto why = http::why_not_outside(url, local_too); !why.empty()) return why;
  try {
    http::parse_url(url);
  } catch (const Error& error) {
    return std::string(error.message());
  }
  return {};
}

void require_url(const std::string& url, const config::Settings& settings) {
  if (const auto why = why_not_told(url, settings); !why.empty())
    throw Error(Errc::invalid, "notifications.bad_url",
                fmt::format("{} cannot be told: {}", base::in_quotes(url), why));
}

messages::HookChange change_of(const ConfigureOptions& opts, Context& ctx) {
  messages::HookChange change;
  if (opts.url) require_url(*opts.url, ctx.settings());
  change.url = opts.url;
  change.secret = secret_line(ctx, {"secret", opts.secret_file, opts.secret_stdin});
  if (opts.active) change.is_active = *opts.active == "yes";
  if (!change.url && !change.secret && !change.is_active)
    throw Error(Errc::usage, "usage.bad_value", "there is nothing to configure",
                "--url URL, --secret-file FILE or --active yes|no");
  return change;
}

void run_configure(const ConfigureOptions& opts, Context& ctx) {
  const auto change = change_of(opts, ctx);
  const auto& workspace = ctx.workspace_for_write();
  // What is refused, or changes nothing, makes no key.
  bool differs = messages::set_hook(ctx.session(), workspace.id, change, seal_key_to_try(ctx), false);
  if (differs && !ctx.dry_run())
    differs = messages::set_hook(ctx.session(), workspace.id, change, seal_key_for_write(ctx), true);
  Change said{.action = "configure", .object = "the webhook for messages", .rest = {}, .fields = {}};
  if (opts.url) said.fields.push_back({"url", *opts.url});
  if (change.is_active) said.fields.push_back({"is_active", *change.is_active});
  if (!differs) return ctx.io().unchanged(said);
  if (ctx.dry_run()) return ctx.io().would_change(said);
  said.action = "configured";
  ctx.io().changed(said);
}

// --- retry ---

void run_retry(const NoOptions&, Context& ctx) {
  const auto& workspace = ctx.workspace();
  const auto count = messages::retry_given_up(ctx.session(), workspace.id, !ctx.dry_run());
  const auto object =
      fmt::format("{} that {} given up", count == 1 ? "1 delivery" : fmt::format("{} deliveries", count),
                  count == 1 ? "was" : "were");
  const Change said{.action = ctx.dry_run() ? "queue" : "queued",
                    .object = object,
                    .rest = {},
                    .fields = {{"deliveries", count}}};
  if (count == 0) return ctx.io().unchanged(said);
  ctx.dry_run() ? ctx.io().would_change(said) : ctx.io().changed(said);
}

void add_reading(Noun& notifications) {
  notifications.verb<ListVerbOptions>("list", "List who was told of which message, newest first", run_list)
      .flag("since", &ListVerbOptions::since, "TIME",
            "Only those of TIME or after: 2026-03-08, -7d, yesterday, RFC 3339")
      .flag("until", &ListVerbOptions::until, "TIME", "Only those before TIME")
      .flag("user", &ListVerbOptions::user, "USER", "Only those of this user")
      .kind(ValueKind::user)
      .flag("message", &ListVerbOptions::message, "MESSAGE",
            "Only those of this message: its SID, id, or the last eight digits of that")
      .kind(ValueKind::message)
      .columns(k_columns)
      .lists()
      .details(
          "One row for each person who was told of a message that came in, and why they. `delivery` is what became of the "
          "same message at the workspace's own webhook: waiting, done or given_up.")
      .example("ringctl notifications list --since -7d")
      .example("ringctl notifications list --user ann@example.com -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
  notifications
      .verb<NoOptions>("status", "Show the workspace's own webhook and what waits for it", run_status)
      .columns(k_status_columns)
      .details("The secret is never shown; key_id tells which secrets_key it is sealed with.")
      .example("ringctl notifications status")
      .example("ringctl notifications status -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

void add_changing(Noun& notifications) {
  notifications
      .verb<ConfigureOptions>("configure", "Say where the workspace's own webhook is, and its secret",
                              run_configure)
      .flag("url", &ConfigureOptions::url, "URL",
            "Where messages that came in are posted: https, a public host")
      .flag("secret-file", &ConfigureOptions::secret_file, "FILE",
            "What posts are signed with, 16 bytes or more, in a file with mode 0600")
      .kind(ValueKind::file)
      .flag("secret-stdin", &ConfigureOptions::secret_stdin, "The same from standard input")
      .excludes("secret-file")
      .flag("active", &ConfigureOptions::active, "yes|no",
            "Whether it is told; what comes in meanwhile is not queued for it")
      .choices("yes|no")
      .details(
          "`ringctl serve` posts each message that came in there as JSON, signed, until it answers 2xx or a day is over. The "
          "secret is sealed with secrets_key, as logins are. What is not given stays. See ringctl-notifications(1).")
      .example(
          "ringctl notifications configure --url https://hooks.example.com/ringctl --secret-file hook.txt")
      .example(
          "ringctl notifications configure --url https://hooks.example.com/sms --secret-file hook.txt -n")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
  notifications.verb<NoOptions>("retry", "Queue anew what the webhook was given up for", run_retry)
      .details(
          "What the workspace's own webhook did not take within a day is given up. This queues all of it anew, for "
          "another day.")
      .example("ringctl notifications retry")
      .example("ringctl notifications retry -n", "how many are there?")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace

void add_notifications(Noun& notifications) {
  add_reading(notifications);
  add_changing(notifications);
}

}  // namespace ringctl::cmd
