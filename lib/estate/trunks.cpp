#include "estate/trunks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/error.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "records/values.hpp"

namespace ringctl::estate {
namespace {

constexpr std::size_t k_most_name = 64;  // of a trunk at Twilio
constexpr std::size_t k_most_sip_url = 255;

constexpr std::string_view k_columns =
    "id, name, sid, account_sid, origination_url, is_main, is_active, version, created_at, updated_at, "
    "(SELECT count(*) FROM phone_numbers p WHERE p.workspace_id = trunks.workspace_id AND "
    "p.trunk_sid = trunks.sid) AS numbers";

/// Inside the caller's transaction; the main one first.
std::vector<Trunk> read_all(db::Connection& db, const base::Uuid& workspace) {
  std::vector<Trunk> all;
  auto rows = db.query(
      fmt::format("SELECT {} FROM trunks WHERE workspace_id = $1 ORDER BY is_main DESC, name", k_columns),
      {workspace});
  while (rows.next())
    all.push_back({.id = rows.uuid(0),
                   .name = std::string(rows.text(1)),
                   .sid = std::string(rows.text(2)),
                   .account_sid = std::string(rows.text(3)),
                   .origination_url = std::string(rows.text(4)),
                   .is_main = rows.boolean(5),
                   .is_active = rows.boolean(6),
                   .numbers = rows.integer(10),
                   .version = rows.integer(7),
                   .created_at = rows.instant(8),
                   .updated_at = rows.instant(9)});
  return all;
}

std::optional<Trunk> find_in(const std::vector<Trunk>& all, std::string_view what) {
  if (what.empty()) return std::nullopt;
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const Trunk& trunk) { return trunk.name == what || trunk.sid == what; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

const Trunk* oldest_but(const std::vector<Trunk>& all, const base::Uuid& but) {
  const Trunk* oldest = nullptr;
  for (const auto& trunk : all)
    if (trunk.id != but && (oldest == nullptr ||
                            std::tie(trunk.created_at, trunk.id) < std::tie(oldest->created_at, oldest->id)))
      oldest = &trunk;
  return oldest;
}

Error unknown(std::string_view what) {
  return {Errc::not_found, "trunks.unknown",
          fmt::format("the workspace has no trunk {}", base::in_quotes(what)), "ringctl trunks list"};
}

Error invalid(std::string message, std::string hint = {}) {
  return {Errc::invalid, "trunks.invalid", std::move(message), std::move(hint)};
}

void require_name(const std::string& name) {
  base::Finding finding;
  if (name.empty() || base::trim(name) != name || base::is_sid(name, "TK"))
    throw invalid(fmt::format("{} is no name of a trunk: 1 to {} characters, and no SID",
                              base::in_quotes(name), k_most_name));
  if (!records::sound_text(name, k_most_name, false, finding))
    throw invalid(fmt::format("the name of the trunk {}", finding.message));
}

/// "sip:host", with parameters; Twilio takes no other.
void require_sip_url(const std::string& url) {
  if (url.empty()) return;
  const auto plain = [](char c) { return c > ' ' && c < 127 && c != '"' && c != '<' && c != '>'; };
  if (url.starts_with("sip:") && url.size() > 4 && url.size() <= k_most_sip_url &&
      std::all_of(url.begin(), url.end(), plain))
    return;
  throw invalid(fmt::format("{} is no address that a trunk can lead to", base::in_quotes(url)),
                "sip:HOST, as in sip:pbx.example.com;transport=tcp");
}

void require_sound(const Trunk& trunk) {
  require_name(trunk.name);
  require_sip_url(trunk.origination_url);
  if (!trunk.sid.empty() && !base::is_sid(trunk.sid, "TK"))
    throw invalid(fmt::format("{} is no SID of a trunk", base::in_quotes(trunk.sid)),
                  "TK and 32 lower-case hex digits");
  if (!base::is_sid(trunk.account_sid, "AC"))
    throw invalid(fmt::format("{} is no SID of a Twilio account", base::in_quotes(trunk.account_sid)));
}

void require_free(const Trunk& trunk, const std::vector<Trunk>& all) {
  for (const auto& other : all) {
    if (other.id == trunk.id) continue;
    if (other.name == trunk.name)
      throw Error(Errc::conflict, "trunks.exists",
                  fmt::format("there is a trunk {} already", base::in_quotes(trunk.name)));
    if (!trunk.sid.empty() && other.sid == trunk.sid)
      throw Error(Errc::conflict, "trunks.sid_taken",
                  fmt::format("{} is the trunk {} already", trunk.sid, base::in_quotes(other.name)));
  }
}

Trunk changed_by(const TrunkChange& change, Trunk trunk) {
  const auto put = [](const std::optional<std::string>& from, std::string& to) {
    if (from) to = *from;
  };
  put(change.new_name, trunk.name);
  put(change.sid, trunk.sid);
  put(change.account_sid, trunk.account_sid);
  put(change.origination_url, trunk.origination_url);
  if (change.is_active) trunk.is_active = *change.is_active;
  if (change.is_main.value_or(false)) trunk.is_main = true;
  return trunk;
}

bool same(const Trunk& a, const Trunk& b) {
  return a.name == b.name && a.sid == b.sid && a.account_sid == b.account_sid &&
         a.origination_url == b.origination_url && a.is_main == b.is_main && a.is_active == b.is_active;
}

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

std::string image_of(const Trunk& trunk) {
  return nlohmann::json{{"name", trunk.name},
                        {"sid", text_or_null(trunk.sid)},
                        {"account_sid", trunk.account_sid},
                        {"origination_url", text_or_null(trunk.origination_url)},
                        {"is_main", trunk.is_main},
                        {"is_active", trunk.is_active}}
      .dump();
}

void record(audit::Session& session, const base::Uuid& workspace, std::string_view action, const Trunk& trunk,
            std::optional<std::string> before, std::optional<std::string> after) {
  audit::record(session, workspace,
                {.action = action,
                 .object_type = "trunk",
                 .object_id = trunk.id,
                 .object_key = trunk.name,
                 .before = std::move(before),
                 .after = std::move(after)});
}

void insert(db::Connection& db, const base::Uuid& workspace, const Trunk& trunk) {
  db.exec(
      "INSERT INTO trunks (id, workspace_id, name, sid, account_sid, origination_url, is_main, is_active, version, "
      "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9)",
      {trunk.id, workspace, trunk.name, db::or_null(trunk.sid), trunk.account_sid,
       db::or_null(trunk.origination_url), trunk.is_main, trunk.is_active, trunk.created_at});
}

/// As it was read, but for what `trunk` says anew. Another transaction may have changed it since.
void update(db::Connection& db, const base::Uuid& workspace, const Trunk& trunk) {
  const auto rows = db.exec(
      "UPDATE trunks SET name = $3, sid = $4, account_sid = $5, origination_url = $6, is_main = $7, "
      "is_active = $8, version = version + 1, updated_at = $9 WHERE workspace_id = $1 AND id = $2 AND version = $10",
      {workspace, trunk.id, trunk.name, db::or_null(trunk.sid), trunk.account_sid,
       db::or_null(trunk.origination_url), trunk.is_main, trunk.is_active, trunk.updated_at, trunk.version});
  if (rows == 0)
    throw Error(Errc::conflict, "trunks.stale",
                fmt::format("{} was changed meanwhile", base::in_quotes(trunk.name)), "ringctl trunks list");
}

/// Another trunk becomes the main one, or was it.
void set_main(audit::Session& session, const base::Uuid& workspace, const Trunk& before, bool is_main) {
  auto after = before;
  after.is_main = is_main;
  after.updated_at = session.clock.now();
  update(session.db, workspace, after);
  record(session, workspace, "trunks.update", after, image_of(before), image_of(after));
}

void write_row(db::Connection& db, const base::Uuid& workspace, const Trunk& trunk, bool is_new) {
  try {
    is_new ? insert(db, workspace, trunk) : update(db, workspace, trunk);
  } catch (const Error& error) {
    // Within the workspace it was looked at; a SID is unique beyond it.
    if (error.slug() != "db.unique" || trunk.sid.empty()) throw;
    throw Error(Errc::conflict, "trunks.sid_taken",
                fmt::format("{} is recorded as a trunk of another workspace", trunk.sid));
  }
}

template <class Work>
void run(audit::Session& session, const base::Uuid& workspace, bool write, const Work& work) {
  if (write) return db::in_transaction(session.db, db::Scope::of(workspace), work);
  db::Transaction transaction(session.db, db::Scope::of(workspace), db::Access::read);
  work();
}

}  // namespace

bool Trunks::save(const TrunkChange& change, bool write) {
  bool changed = false;
  run(session_, workspace_, write, [&] {
    const auto all = read_all(session_.db, workspace_);
    const auto before = find_in(all, change.name);
    Trunk fresh;
    if (!before) {
      fresh.name = change.name;
      fresh.is_main = all.empty();
    }
    auto after = changed_by(change, before.value_or(fresh));
    require_sound(after);
    if (before && before->is_main && !change.is_main.value_or(true))
      throw invalid(fmt::format("{} stays the main trunk until another one is", base::in_quotes(after.name)),
                    "ringctl trunks update OTHER --main");
    if (!before) after.id = session_.ids.next();
    require_free(after, all);
    changed = !before || !same(*before, after);
    if (!write || !changed) return;
    after.updated_at = session_.clock.now();
    if (!before) after.created_at = after.updated_at;
    if (after.is_main)
      for (const auto& other : all)
        if (other.is_main && other.id != after.id) set_main(session_, workspace_, other, false);
    write_row(session_.db, workspace_, after, !before);
    record(session_, workspace_, before ? "trunks.update" : "trunks.add", after,
           before ? std::optional(image_of(*before)) : std::nullopt, image_of(after));
  });
  return changed;
}

void Trunks::remove(std::string_view what, bool write) {
  run(session_, workspace_, write, [&] {
    const auto all = read_all(session_.db, workspace_);
    const auto trunk = find_in(all, what);
    if (!trunk) throw unknown(what);
    if (trunk->numbers > 0)
      throw Error(
          Errc::conflict, "trunks.in_use",
          fmt::format("{} {} on the trunk {}", trunk->numbers,
                      trunk->numbers == 1 ? "number is" : "numbers are", base::in_quotes(trunk->name)),
          "ringctl trunks detach NUMBER");
    if (!write) return;
    session_.db.exec("DELETE FROM trunks WHERE workspace_id = $1 AND id = $2", {workspace_, trunk->id});
    record(session_, workspace_, "trunks.remove", *trunk, image_of(*trunk), std::nullopt);
    const auto* const heir = trunk->is_main ? oldest_but(all, trunk->id) : nullptr;
    if (heir != nullptr) set_main(session_, workspace_, *heir, true);
  });
}

std::vector<Trunk> Trunks::list() {
  db::Transaction transaction(session_.db, db::Scope::of(workspace_), db::Access::read);
  auto all = read_all(session_.db, workspace_);
  transaction.commit();
  return all;
}

std::optional<Trunk> Trunks::find(std::string_view what) { return find_in(list(), what); }

Trunk Trunks::get(std::string_view what) {
  auto trunk = find(what);
  if (!trunk) throw unknown(what);
  return *std::move(trunk);
}

std::optional<Trunk> Trunks::find_main() {
  auto all = list();
  if (all.empty() || !all.front().is_main) return std::nullopt;
  return std::move(all.front());
}

}  // namespace ringctl::estate
