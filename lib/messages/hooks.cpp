#include "messages/hooks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/row_batch.hpp"
#include "db/transaction.hpp"
#include "messages/rows.hpp"

namespace ringctl::messages {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t k_least_secret = 16;
constexpr milliseconds k_first_retry{5'000}, k_longest_retry{3'600'000};
constexpr std::chrono::hours k_given_up_after{24};
constexpr std::size_t k_longest_error = 500;

/// Waiting, and nobody's until now. Takes the time as $2.
constexpr std::string_view k_due =
    "d.state = 'waiting' AND d.due_at <= $2 AND (d.taken_until IS NULL OR d.taken_until <= $2)";

json text_or_null(std::string_view text) { return text.empty() ? json() : json(text); }

/// Message texts are UTF-8 already; this is for rows that somebody else wrote.
std::string compact(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

// --- the hook ---

/// That there is a key, and which one seals it; nothing of the key.
std::string image_of(const Hook& hook) {
  return compact(
      {{"is_active", hook.is_active}, {"key_id", hook.key_id}, {"url", hook.url}, {"version", hook.version}});
}

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action,
            const std::optional<Hook>& before, const Hook& after) {
  audit::record(session, workspace,
                {.action = action,
                 .object_type = "message_hook",
                 .object_id = workspace,
                 .object_key = after.url,
                 .before = before ? std::optional(image_of(*before)) : std::nullopt,
                 .after = image_of(after)});
}

/// Nobody else changes it until the commit.
std::optional<Hook> find_locked(db::Connection& db, const base::Uuid& workspace) {
  db.exec("UPDATE message_hooks SET version = version WHERE workspace_id = $1", {workspace});
  return find_hook(db, workspace);
}

void write_hook(db::Connection& db, const base::Uuid& workspace, const Hook& hook) {
  db.exec(
      "INSERT INTO message_hooks (workspace_id, url, sealed, key_id, is_active, version, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (workspace_id) DO UPDATE SET url = excluded.url, "
      "sealed = excluded.sealed, key_id = excluded.key_id, is_active = excluded.is_active, "
      "version = excluded.version, updated_at = excluded.updated_at",
      {workspace, hook.url, hook.sealed, hook.key_id, hook.is_active, hook.version, hook.created_at,
       hook.updated_at});
}

bool seals(const Hook& hook, const base::Uuid& workspace, const base::SealKey& key,
           const base::Secret& secret) {
  if (hook.key_id != key.id()) return false;
  try {
    return key.open(hook.sealed, hook_about(workspace)).reveal() == secret.reveal();
  } catch (const Error&) {  // of another key with this id, or changed by hand: sealed anew
    return false;
  }
}

void require_complete(const HookChange& change, const std::optional<Hook>& before) {
  if (change.secret && change.secret->reveal().size() < k_least_secret)
    throw Error(Errc::invalid, "notifications.weak_secret",
                fmt::format("a secret of less than {} bytes is soon guessed", k_least_secret),
                "openssl rand -hex 32");
  if (!before && (!change.url || !change.secret))
    throw Error(Errc::usage, "notifications.incomplete",
                "a webhook that is not there yet needs its URL and a secret",
                "ringctl notifications configure --url URL --secret-file FILE");
}

/// As it is to be; nullopt where nothing differs.
std::optional<Hook> changed(const std::optional<Hook>& before, const base::Uuid& workspace,
                            const HookChange& change, const base::SealKey& key, base::Instant now) {
  Hook hook = before.value_or(Hook{.created_at = now, .updated_at = now});
  bool differs = !before;
  if (change.url && *change.url != hook.url) {
    hook.url = *change.url;
    differs = true;
  }
  if (change.is_active && *change.is_active != hook.is_active) {
    hook.is_active = *change.is_active;
    differs = true;
  }
  if (change.secret && !(before && seals(*before, workspace, key, *change.secret))) {
    hook.sealed = key.seal(*change.secret, hook_about(workspace));
    hook.key_id = key.id();
    differs = true;
  }
  if (!differs) return std::nullopt;
  if (before) ++hook.version;
  hook.updated_at = now;
  return hook;
}

// --- what is told ---

/// One message as it is told; `notify` is filled in after.
struct Told {
  base::Uuid message;
  json content, thread;
  json notify = json::array();
};

json media_of(std::string_view text) {
  auto all = json::array();
  for (const auto& one : media_from(text))
    all.push_back({{"url", one.url}, {"content_type", one.content_type}});
  return all;
}

std::map<base::Uuid, Told> read_messages(db::Connection& db, const base::Uuid& workspace,
                                         const std::string& ids, base::Instant now) {
  std::map<base::Uuid, Told> all;
  auto rows = db.query(
      fmt::format(
          "SELECT m.id, m.message_sid, m.from_number, m.to_number, m.body, m.media, m.keyword, "
          "m.extension, m.created_at, m.thread_id, u.email, t.lease_expires_at FROM messages m "
          "JOIN message_threads t ON t.id = m.thread_id LEFT JOIN users u ON u.id = t.assigned_user_id AND {} "
          "WHERE m.workspace_id = $1 AND {}",
          k_can_have, db::ids_among(db, "m.id", "$2")),
      {workspace, ids});
  while (rows.next()) {
    const auto lease = rows.maybe_instant(11);
    const bool free = lease && *lease <= now;
    Told told{.message = rows.uuid(0), .content = {}, .thread = {}};
    told.content = {{"id", rows.text(0)},
                    {"message_sid", text_or_null(rows.text(1))},
                    {"from", text_or_null(rows.text(2))},
                    {"to", text_or_null(rows.text(3))},
                    {"body", rows.text(4)},
                    {"media", media_of(rows.text(5))},
                    {"keyword", text_or_null(rows.text(6))},
                    {"extension", text_or_null(rows.text(7))},
                    {"created_at", base::format_utc(rows.instant(8))}};
    told.thread = {{"id", rows.text(9)}, {"assigned_to", free ? json() : text_or_null(rows.text(10))}};
    all.emplace(told.message, std::move(told));
  }
  return all;
}

void read_notified(db::Connection& db, const base::Uuid& workspace, const std::string& ids,
                   std::map<base::Uuid, Told>& all) {
  auto rows = db.query(
      fmt::format(
          "SELECT n.message_id, u.email, n.reason FROM notifications n JOIN users u ON u.id = n.user_id "
          "WHERE n.workspace_id = $1 AND {} ORDER BY n.id",
          db::ids_among(db, "n.message_id", "$2")),
      {workspace, ids});
  while (rows.next())
    if (const auto at = all.find(rows.uuid(0)); at != all.end())
      at->second.notify.push_back({{"user", rows.text(1)}, {"reason", rows.text(2)}});
}

void write_bodies(db::Connection& db, const base::Uuid& workspace, base::Instant now,
                  std::vector<Delivery>& deliveries) {
  std::vector<std::string_view> views;
  views.reserve(deliveries.size());
  for (const auto& delivery : deliveries) views.push_back(delivery.message.view());
  const auto ids = db::json_array(views);
  auto all = read_messages(db, workspace, ids, now);
  read_notified(db, workspace, ids, all);
  const auto support = db.text("SELECT support_number FROM workspaces WHERE id = $1", {workspace});
  for (auto& delivery : deliveries) {
    const auto at = all.find(delivery.message);
    if (at == all.end()) continue;  // it goes with its message
    delivery.body = compact({{"event", delivery.event},
                             {"delivery", delivery.id.view()},
                             {"workspace", workspace.view()},
                             {"message", at->second.content},
                             {"thread", at->second.thread},
                             {"notify", at->second.notify},
                             {"support_number", text_or_null(support.value_or(""))}});
  }
  std::erase_if(deliveries, [](const Delivery& delivery) { return delivery.body.empty(); });
}

std::vector<Delivery> take(db::Connection& db, const base::Uuid& workspace, std::string_view who,
                           std::size_t most, base::Instant now, base::Instant until) {
  // Whoever comes second finds `taken_until` moved on, and takes none of these.
  auto rows = db.query(
      fmt::format(
          "UPDATE message_deliveries AS d SET taken_by = $3, taken_until = $4, attempts = d.attempts + 1, "
          "updated_at = $2 WHERE d.workspace_id = $1 AND {0} AND d.id IN (SELECT d.id "
          "FROM message_deliveries d WHERE d.workspace_id = $1 AND {0} ORDER BY d.due_at, d.id LIMIT $5) "
          "RETURNING id, message_id, event, attempts, created_at",
          k_due),
      {workspace, now, who, until, static_cast<std::int64_t>(most)});
  std::vector<Delivery> taken;
  while (rows.next())
    taken.push_back({.id = rows.uuid(0),
                     .message = rows.uuid(1),
                     .event = std::string(rows.text(2)),
                     .body = {},
                     .attempts = rows.integer(3) - 1,
                     .created_at = rows.instant(4)});
  std::sort(taken.begin(), taken.end(), [](const Delivery& a, const Delivery& b) {
    return std::pair(a.created_at, a.id.view()) < std::pair(b.created_at, b.id.view());
  });
  return taken;
}

bool anything_due(db::Connection& db, const base::Uuid& workspace, base::Instant now) {
  const db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  return db
      .integer(fmt::format("SELECT 1 FROM message_deliveries d WHERE d.workspace_id = $1 AND {} AND EXISTS "
                           "(SELECT 1 FROM message_hooks h WHERE h.workspace_id = $1 AND h.is_active = TRUE) "
                           "LIMIT 1",
                           k_due),
               {workspace, now})
      .has_value();
}

// --- what came of it ---

/// After so many attempts.
milliseconds delay_after(std::int64_t attempts, double draw) {
  auto delay = k_first_retry;
  for (std::int64_t i = 1; i < attempts && delay < k_longest_retry; ++i) delay *= 2;
  delay = std::min(delay, k_longest_retry);
  return delay - milliseconds(static_cast<std::int64_t>(draw * static_cast<double>(delay.count()) / 2));
}

void write_done(db::Connection& db, const base::Uuid& workspace, std::string_view who, const Outcome& outcome,
                base::Instant now) {
  db.exec(
      "UPDATE message_deliveries SET state = 'done', response_status = $4, last_error = NULL, taken_by = NULL, "
      "taken_until = NULL, updated_at = $5 WHERE workspace_id = $1 AND id = $2 AND taken_by = $3 "
      "AND state = 'waiting'",
      {workspace, outcome.delivery, who, outcome.response_status, now});
}

/// True if it was given up.
bool write_failed(db::Connection& db, const base::Uuid& workspace, std::string_view who,
                  const Outcome& outcome, base::Instant now, const std::function<double()>& draw) {
  auto rows = db.query(
      "SELECT attempts, created_at FROM message_deliveries WHERE workspace_id = $1 AND id = $2 AND taken_by = $3 "
      "AND state = 'waiting'",
      {workspace, outcome.delivery, who});
  if (!rows.next()) return false;
  const auto end = rows.instant(1) + k_given_up_after;
  const bool given_up = now >= end;
  const auto due = std::min<base::Instant>(now + delay_after(rows.integer(0), draw()), end);
  const auto error = base::repaired(std::string_view(outcome.error).substr(0, k_longest_error));
  db.exec(
      "UPDATE message_deliveries SET state = $4, due_at = $5, response_status = $6, last_error = $7, "
      "taken_by = NULL, taken_until = NULL, updated_at = $8 WHERE workspace_id = $1 AND id = $2 AND taken_by = $3",
      {workspace, outcome.delivery, who, given_up ? "given_up" : "waiting", given_up ? now : due,
       outcome.response_status, error, now});
  return given_up;
}

}  // namespace

std::string hook_about(const base::Uuid& workspace) { return fmt::format("hooks/{}", workspace.view()); }

std::optional<Hook> find_hook(db::Connection& db, const base::Uuid& workspace) {
  auto rows = db.query(
      "SELECT url, sealed, key_id, is_active, version, created_at, updated_at FROM message_hooks "
      "WHERE workspace_id = $1",
      {workspace});
  if (!rows.next()) return std::nullopt;
  return Hook{.url = std::string(rows.text(0)),
              .sealed = std::string(rows.text(1)),
              .key_id = std::string(rows.text(2)),
              .is_active = rows.boolean(3),
              .version = rows.integer(4),
              .created_at = rows.instant(5),
              .updated_at = rows.instant(6)};
}

bool set_hook(audit::Session& session, const base::Uuid& workspace, const HookChange& change,
              const base::SealKey& key, bool write) {
  auto& db = session.db;
  bool differs = false;
  const auto work = [&] {
    const auto before = write ? find_locked(db, workspace) : find_hook(db, workspace);
    require_complete(change, before);
    const auto after = changed(before, workspace, change, key, session.clock.now());
    differs = after.has_value();
    if (!write || !differs) return;
    write_hook(db, workspace, *after);
    record(session, workspace, "notifications.configure", before, *after);
  };
  const auto scope = db::Scope::of(workspace);
  if (write) {
    db::in_transaction(db, scope, work);
  } else {
    const db::Transaction transaction(db, scope, db::Access::read);
    work();
  }
  return differs;
}

std::int64_t seal_hook_anew(audit::Session& session, const base::Uuid& workspace,
                            const base::SealKey& old_key, const base::SealKey& new_key, bool write) {
  std::int64_t count = 0;
  db::in_transaction_if(session.db, db::Scope::of(workspace), [&] {
    count = 0;
    const auto before = find_locked(session.db, workspace);
    if (!before || before->key_id != old_key.id() || old_key.id() == new_key.id()) return false;
    auto after = *before;
    const auto about = hook_about(workspace);
    after.sealed = new_key.seal(old_key.open(before->sealed, about), about);
    after.key_id = new_key.id();
    ++after.version;
    after.updated_at = session.clock.now();
    write_hook(session.db, workspace, after);
    record(session, workspace, "notifications.rekey", before, after);
    count = 1;
    return write;
  });
  return count;
}

std::vector<base::Uuid> find_due(db::Connection& db, base::Instant now) {
  std::vector<base::Uuid> all;
  const db::Transaction transaction(db, db::Scope::through(db::Door::maintenance), db::Access::read);
  auto rows = db.query(
      "SELECT h.workspace_id FROM message_hooks h WHERE h.is_active = TRUE AND EXISTS (SELECT 1 "
      "FROM message_deliveries d WHERE d.workspace_id = h.workspace_id AND d.state = 'waiting' "
      "AND d.due_at <= $1 AND (d.taken_until IS NULL OR d.taken_until <= $1)) ORDER BY h.workspace_id",
      {now});
  while (rows.next()) all.push_back(rows.uuid(0));
  return all;
}

std::vector<Delivery> take_due(db::Connection& db, const base::Clock& clock, const base::Uuid& workspace,
                               std::string_view who, std::size_t most, std::chrono::seconds hold) {
  // Who finds nothing locks nobody out.
  if (!anything_due(db, workspace, clock.now())) return {};
  std::vector<Delivery> taken;
  db::in_transaction(db, db::Scope::of(workspace), [&] {
    const auto now = clock.now();
    taken.clear();
    const auto hook = find_hook(db, workspace);
    if (!hook || !hook->is_active) return;
    taken = take(db, workspace, who, most, now, now + hold);
    if (!taken.empty()) write_bodies(db, workspace, now, taken);
  });
  return taken;
}

std::int64_t settle(db::Connection& db, const base::Clock& clock, const base::Uuid& workspace,
                    std::string_view who, const std::vector<Outcome>& outcomes,
                    const std::function<double()>& draw) {
  if (outcomes.empty()) return 0;
  std::int64_t given_up = 0;
  db::in_transaction(db, db::Scope::of(workspace), [&] {
    given_up = 0;
    const auto now = clock.now();
    for (const auto& outcome : outcomes) {
      if (outcome.error.empty())
        write_done(db, workspace, who, outcome, now);
      else if (write_failed(db, workspace, who, outcome, now, draw))
        ++given_up;
    }
  });
  return given_up;
}

void give_back(db::Connection& db, const base::Clock& clock, const base::Uuid& workspace,
               std::string_view who) {
  db::in_transaction(db, db::Scope::of(workspace), [&] {
    db.exec(
        "UPDATE message_deliveries SET taken_by = NULL, taken_until = NULL, attempts = attempts - 1, "
        "updated_at = $3 WHERE workspace_id = $1 AND taken_by = $2 AND state = 'waiting'",
        {workspace, who, clock.now()});
  });
}

std::int64_t retry_given_up(audit::Session& session, const base::Uuid& workspace, bool write) {
  auto& db = session.db;
  if (!write) {
    const db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
    return db
        .integer("SELECT count(*) FROM message_deliveries WHERE workspace_id = $1 AND state = 'given_up'",
                 {workspace})
        .value_or(0);
  }
  std::int64_t count = 0;
  db::in_transaction(db, db::Scope::of(workspace), [&] {
    // A day from now: one that was given up long ago would be again after a single attempt.
    count = db.exec(
        "UPDATE message_deliveries SET state = 'waiting', attempts = 0, due_at = $2, created_at = $2, "
        "updated_at = $2 WHERE workspace_id = $1 AND state = 'given_up'",
        {workspace, session.clock.now()});
    if (count == 0) return;
    audit::record(session, workspace,
                  {.action = "notifications.retry",
                   .object_type = "message_hook",
                   .object_id = workspace,
                   .object_key = "deliveries",
                   .after = compact({{"deliveries", count}})});
  });
  return count;
}

QueueState queue_state(db::Connection& db, const base::Uuid& workspace) {
  QueueState state;
  // Those that are done are as many as there ever were: they are not counted.
  auto rows = db.query(
      "SELECT state, count(*), min(created_at) FROM message_deliveries "
      "WHERE workspace_id = $1 AND state IN ('waiting', 'given_up') GROUP BY state",
      {workspace});
  while (rows.next()) {
    if (rows.text(0) == "given_up") {
      state.given_up = rows.integer(1);
    } else {
      state.waiting = rows.integer(1);
      state.oldest_waiting_at = rows.maybe_instant(2);
    }
  }
  auto last = db.query(
      "SELECT updated_at FROM message_deliveries WHERE workspace_id = $1 AND state = 'done' "
      "ORDER BY updated_at DESC LIMIT 1",
      {workspace});
  if (last.next()) state.last_done_at = last.maybe_instant(0);
  state.last_error = db.text(
                           "SELECT last_error FROM message_deliveries WHERE workspace_id = $1 AND "
                           "state IN ('waiting', 'given_up') AND last_error IS NOT NULL "
                           "ORDER BY updated_at DESC, id DESC LIMIT 1",
                           {workspace})
                         .value_or("");
  return state;
}

}  // namespace ringctl::messages
