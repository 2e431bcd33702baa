#include "directory/workspaces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "directory/workspace_fields.hpp"
#include "records/values.hpp"

namespace ringctl::directory {
namespace {

constexpr int k_first_setting = 8;

const std::string& columns() {
  static const auto k_columns =
      "id, name, timezone, default_country, is_active, version, created_at, updated_at, " + setting_columns();
  return k_columns;
}

Workspace read_workspace(const db::Rows& row) {
  return {.id = row.uuid(0),
          .name = std::string(row.text(1)),
          .timezone = std::string(row.text(2)),
          .default_country = row.maybe_text(3),
          .is_active = row.boolean(4),
          .settings = settings_of(row, k_first_setting),
          .version = row.integer(5),
          .created_at = row.instant(6),
          .updated_at = row.instant(7)};
}

std::string image_of(const Workspace& workspace) {
  nlohmann::json image = {{"name", workspace.name},
                          {"timezone", workspace.timezone},
                          {"default_country", nullptr},
                          {"is_active", workspace.is_active}};
  if (workspace.default_country) image["default_country"] = *workspace.default_country;
  const auto described = workspace_settings();
  for (std::size_t i = 0; i < described.size(); ++i)
    if (!workspace.settings[i].empty()) image[std::string(described[i].name)] = workspace.settings[i];
  return image.dump();
}

Error exists(const std::string& name) {
  return {Errc::conflict, "workspaces.exists", fmt::format("there is already a workspace \"{}\"", name),
          "ringctl workspaces list"};
}

std::vector<std::string> names_of(const std::vector<Workspace>& all) {
  std::vector<std::string> names;
  std::transform(all.begin(), all.end(), std::back_inserter(names),
                 [](const Workspace& w) { return w.name; });
  return names;
}

Error unknown(std::string_view asked, const std::vector<Workspace>& all) {
  Error error(Errc::not_found, "workspaces.unknown", fmt::format("there is no workspace \"{}\"", asked),
              all.empty() ? fmt::format("ringctl init --workspace {}", base::for_shell(asked))
                          : std::string("ringctl workspaces list"));
  const auto near = base::nearest(asked, names_of(all));
  if (!near.empty()) error.detail("did you mean: " + base::join(near, ", "));
  return error;
}

std::vector<Workspace> read_all(db::Connection& db) {
  std::vector<Workspace> all;
  auto rows = db.query(fmt::format("SELECT {} FROM workspaces ORDER BY name", columns()));
  while (rows.next()) all.push_back(read_workspace(rows));
  return all;
}

/// A name wins over an id that looks the same.
const Workspace* find_in(const std::vector<Workspace>& all, std::string_view name_or_id) {
  auto found = std::find_if(all.begin(), all.end(), [&](const Workspace& w) { return w.name == name_or_id; });
  if (found == all.end()) {
    const auto id = base::Uuid::try_parse(name_or_id);
    found = std::find_if(all.begin(), all.end(), [&](const Workspace& w) { return id && w.id == *id; });
  }
  return found == all.end() ? nullptr : &*found;
}

/// A second workspace of the same name can only come from another connection that was quicker.
void run(db::Connection& db, const db::Scope& scope, const std::string& name,
         const std::function<void()>& work) {
  try {
    db::in_transaction(db, scope, work);
  } catch (const Error& error) {
    if (error.slug() == "db.unique") throw exists(name);
    throw;
  }
}

/// Values that are fine on their own and leave a caller with nothing together.
void require_consistent(const Workspace& workspace) {
  if (workspace.setting("after_ring") == "support" && workspace.setting("support_number").empty())
    throw Error(
        Errc::invalid, "workspaces.bad_value", "callers cannot be sent to support without a number",
        fmt::format("ringctl workspaces update {} --support-number NUMBER", base::for_shell(workspace.name)));
}

/// A name that nobody has would be passed over in silence when it counts. Inside a transaction.
void require_users(db::Connection& db, const Workspace& before, const Workspace& after) {
  const auto described = workspace_settings();
  for (std::size_t i = 0; i < described.size(); ++i) {
    const auto& email = after.settings[i];
    if (described[i].kind != SettingKind::user || email.empty() || email == before.settings[i]) continue;
    if (db.integer("SELECT 1 FROM users WHERE workspace_id = $1 AND email = $2 AND is_active = TRUE",
                   {after.id, email}))
      continue;
    throw Error(
        Errc::invalid, "workspaces.bad_value",
        fmt::format("{}: {} is no active user of this workspace", described[i].name, base::in_quotes(email)),
        "ringctl users list");
  }
}

/// Throws Errc::invalid for a value that is refused.
Workspace changed(const Workspace& before, const WorkspaceChange& change) {
  auto after = before;
  if (change.name) require_name(after.name = *change.name);
  if (change.timezone) require_zone(after.timezone = *change.timezone);
  if (change.default_country) after.default_country = canonical_country(*change.default_country);
  if (change.is_active) after.is_active = *change.is_active;
  for (const auto& [name, text] : change.settings) {
    const auto place = setting_place(name);
    after.settings[place] =
        canonical_setting(workspace_settings()[place], text, after.default_country.value_or(""));
  }
  if (!change.settings.empty()) require_consistent(after);
  return after;
}

/// Writes all but the id; the version goes up by one.
void write(db::Connection& db, const Workspace& workspace, base::Instant now) {
  std::string assignments;
  std::vector<db::Param> params = {
      workspace.id, workspace.name, workspace.timezone, workspace.default_country, workspace.is_active, now};
  const auto described = workspace_settings();
  std::vector<std::string> lists(described.size());  // what is bound must live
  for (std::size_t i = 0; i < described.size(); ++i) {
    const auto& text = workspace.settings[i];
    const auto kind = kind_of(described[i]);
    if (kind == records::Kind::list) lists[i] = records::stored_list(text);
    params.push_back(kind == records::Kind::integer ? db::Param(base::parse_int(text))
                     : kind == records::Kind::flag  ? db::Param(text == "yes")
                     : kind == records::Kind::list  ? db::or_null(lists[i])
                                                    : db::or_null(text));
    fmt::format_to(std::back_inserter(assignments), ", {} = ${}", described[i].name, params.size());
  }
  db.exec(fmt::format("UPDATE workspaces SET name = $2, timezone = $3, default_country = $4, is_active = $5, "
                      "updated_at = $6{}, version = version + 1 WHERE id = $1",
                      assignments),
          params);
}

}  // namespace

Workspace Workspaces::add(const std::string& name, const std::string& timezone,
                          const std::optional<std::string>& country) {
  require_valid(name, timezone, country);
  auto& db = session_.db;
  Workspace workspace{.id = session_.ids.next(),
                      .name = name,
                      .timezone = timezone,
                      .default_country = country ? canonical_country(*country) : std::nullopt,
                      .created_at = {},
                      .updated_at = {}};
  run(db, db::Scope::of(workspace.id, db::Door::workspaces), name, [&] {
    if (db.integer("SELECT 1 FROM workspaces WHERE name = $1", {name})) throw exists(name);
    workspace.created_at = workspace.updated_at = session_.clock.now();
    db.exec(
        "INSERT INTO workspaces (id, name, timezone, default_country, is_active, version, created_at, "
        "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {workspace.id, name, timezone, workspace.default_country, workspace.is_active, workspace.version,
         workspace.created_at, workspace.updated_at});
    audit::record(session_, workspace.id,
                  {.action = "workspaces.add",
                   .object_type = "workspace",
                   .object_id = workspace.id,
                   .object_key = name,
                   .after = image_of(workspace)});
  });
  return workspace;
}

void Workspaces::require_valid(const std::string& name, const std::string& timezone,
                               const std::optional<std::string>& country) {
  require_name(name);
  require_zone(timezone);
  if (country) canonical_country(*country);
}

void Workspaces::require_free(const std::string& name) {
  const auto all = list();
  if (std::any_of(all.begin(), all.end(), [&](const Workspace& w) { return w.name == name; }))
    throw exists(name);
}

bool Workspaces::update(const std::string& name, const WorkspaceChange& change) {
  const auto id = get(name).id;
  auto& db = session_.db;
  bool differs = false;
  run(db, db::Scope::of(id, db::Door::workspaces), change.name.value_or(name), [&] {
    // An update that changes nothing locks the row and reads its newest state in one statement, on both
    // engines.
    auto rows = db.query(
        fmt::format("UPDATE workspaces SET version = version WHERE id = $1 RETURNING {}", columns()), {id});
    if (!rows.next()) throw unknown(name, {});
    const auto before = read_workspace(rows);
    while (rows.next()) continue;
    const auto after = changed(before, change);
    differs = image_of(after) != image_of(before);
    if (!differs) return;
    require_users(db, before, after);
    write(db, after, session_.clock.now());
    audit::record(session_, id,
                  {.action = "workspaces.update",
                   .object_type = "workspace",
                   .object_id = id,
                   .object_key = after.name,
                   .before = image_of(before),
                   .after = image_of(after)});
  });
  return differs;
}

bool Workspaces::would_change(const Workspace& workspace, const WorkspaceChange& change) {
  return !changed_fields(workspace, change).empty();
}

std::vector<std::string> Workspaces::changed_fields(const Workspace& before, const WorkspaceChange& change) {
  const auto after = changed(before, change);
  db::Transaction transaction(session_.db, db::Scope::of(before.id), db::Access::read);
  require_users(session_.db, before, after);
  transaction.commit();
  std::vector<std::string> fields;
  const auto note = [&](std::string_view name, bool differs) {
    if (differs) fields.emplace_back(name);
  };
  note("name", after.name != before.name);
  note("timezone", after.timezone != before.timezone);
  note("default_country", after.default_country != before.default_country);
  note("is_active", after.is_active != before.is_active);
  const auto described = workspace_settings();
  for (std::size_t i = 0; i < described.size(); ++i)
    note(described[i].name, after.settings[i] != before.settings[i]);
  return fields;
}

std::vector<Workspace> Workspaces::list() {
  db::Transaction transaction(session_.db, db::Scope::through(db::Door::workspaces), db::Access::read);
  auto all = read_all(session_.db);
  transaction.commit();
  return all;
}

std::optional<Workspace> Workspaces::find(std::string_view name_or_id) {
  const auto all = list();
  const auto* found = find_in(all, name_or_id);
  return found ? std::optional(*found) : std::nullopt;
}

Workspace Workspaces::get(std::string_view name_or_id) {
  const auto all = list();
  const auto* found = find_in(all, name_or_id);
  if (!found) throw unknown(name_or_id, all);
  return *found;
}

void Workspaces::require_active(const Workspace& workspace) {
  if (workspace.is_active) return;
  throw Error(Errc::conflict, "workspaces.inactive",
              fmt::format("workspace \"{}\" is not active", workspace.name),
              fmt::format("ringctl workspaces update {} --is-active yes", base::for_shell(workspace.name)));
}

std::optional<Workspace> Workspaces::resolve(const std::optional<std::string>& named) {
  if (named) {
    auto workspace = get(*named);
    require_active(workspace);
    return workspace;
  }
  auto all = list();
  const auto any = all.empty() ? std::nullopt : std::optional(all.front());
  std::erase_if(all, [](const Workspace& w) { return !w.is_active; });
  if (all.empty()) {
    if (any) require_active(*any);
    return std::nullopt;
  }
  if (all.size() == 1) return all.front();
  Error several(Errc::usage, "workspaces.ambiguous",
                fmt::format("there are {} workspaces and none was named", all.size()),
                fmt::format("add --workspace {}", base::for_shell(all.front().name)));
  for (const auto& name : names_of(all)) several.detail(name);
  throw several;
}

std::vector<base::Uuid> active_workspaces(db::Connection& db) {
  std::vector<base::Uuid> ids;
  const db::Transaction transaction(db, db::Scope::through(db::Door::workspaces), db::Access::read);
  auto rows = db.query("SELECT id FROM workspaces WHERE is_active = TRUE ORDER BY id");
  while (rows.next()) ids.push_back(rows.uuid(0));
  return ids;
}

}  // namespace ringctl::directory
