#include "sim/given.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "base/text.hpp"
#include "bulk/adapters.hpp"
#include "bulk/import.hpp"
#include "db/transaction.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "estate/capabilities.hpp"

namespace ringctl::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_zone = "UTC", k_country = "US";
/// In the order in which they depend on each other.
constexpr std::array<std::string_view, 9> k_estate_nouns = {
    "teams", "users", "numbers", "assignments", "pools", "extensions", "contacts", "optouts", "rules"};
constexpr std::array<std::string_view, 3> k_endings = {".csv", ".jsonl", ".json"};

std::string value_text(const Json& json) {
  if (json.kind == Json::Kind::null) return "-";
  if (json.kind == Json::Kind::flag) return json.is_true() ? "yes" : "no";
  return json.text;
}

/// "ring_timeout", "ring-timeout", "ring_timeout_s"; nullptr for a name that is none.
const directory::Setting* find_setting(std::string name) {
  std::ranges::replace(name, '-', '_');
  for (const auto& setting : directory::workspace_settings()) {
    auto flag = directory::flag_of(setting);
    std::ranges::replace(flag, '-', '_');
    if (name == setting.name || name == flag) return &setting;
  }
  return nullptr;
}

std::vector<std::string> workspace_words() {
  std::vector<std::string> words = {"zone", "country"};
  for (const auto& setting : directory::workspace_settings()) {
    auto& word = words.emplace_back(directory::flag_of(setting));
    std::ranges::replace(word, '-', '_');
  }
  return words;
}

using Values = std::vector<std::pair<std::string, Json>>;

bool names_user(const std::pair<std::string, Json>& value) {
  const auto* const setting = find_setting(value.first);
  return setting != nullptr && setting->kind == directory::SettingKind::user;
}

directory::WorkspaceChange change_of(const std::string& file, const Values& values) {
  directory::WorkspaceChange change;
  for (const auto& [name, value] : values) {
    if (name == "zone" || name == "timezone") {
      change.timezone = value_text(value);
    } else if (name == "country" || name == "default_country") {
      change.default_country = value.kind == Json::Kind::null ? "" : value_text(value);
    } else if (const auto* const setting = find_setting(name)) {
      change.settings.push_back({setting->name, value_text(value)});
    } else {
      const auto near = base::nearest(name, workspace_words(), 1);
      throw bad_json(file, value,
                     near.empty()
                         ? fmt::format("is not known (known: {})", base::join(workspace_words(), ", "))
                         : fmt::format("is not known; did you mean {}?", near.front()));
    }
  }
  return change;
}

bulk::ImportOptions import_options(const fs::path& path, csv::Format format, const std::string& country) {
  bulk::ImportOptions options;
  options.intake.path = path.string();
  options.intake.format = format;
  options.intake.reading.default_country = country;
  options.restart = true;
  return options;
}

bulk::ImportReport import(audit::Session& session, const base::Uuid& workspace, std::string_view noun,
                          const bulk::ImportOptions& options) {
  const auto adapter = bulk::adapter_for_job(fmt::format("{}.import", noun));
  const base::CancelToken never;
  return bulk::run_import(
      [&](bool) {
        return bulk::Target{session, workspace};
      },
      *adapter, options, never, [](const bulk::Progress&) {});
}

std::string country_of(audit::Session& session, const base::Uuid& workspace) {
  return directory::Workspaces(session).get(workspace.text()).default_country.value_or("");
}

void import_file(audit::Session& session, const base::Uuid& workspace, std::string_view noun,
                 const fs::path& path, const std::string& country) {
  const auto report = import(session, workspace, noun, import_options(path, csv::Format::automatic, country));
  if (report.outcome != Errc::ok) throw bulk::refusal(report);
}

/// Rows of a scenario stand on lines of their own in the file that is imported: what is wrong with one is
/// said with its place in the scenario.
Error refused_row(const std::string& file, const GivenRows& rows, const bulk::ImportReport& report) {
  if (report.problems.empty()) return bulk::refusal(report);
  const auto& problem = report.problems.front();
  const auto at = std::clamp<std::size_t>(problem.line, 1, rows.rows.size()) - 1;
  const auto& row = rows.rows[at];
  const auto* const field = problem.column.empty() ? nullptr : row.find(problem.column);
  const auto where = field != nullptr || problem.column.empty() ? std::string() : problem.column + ": ";
  auto error = bad_json(file, field != nullptr ? *field : row,
                        fmt::format("is refused: {}{}", where, problem.message));
  for (std::size_t i = 1; i < report.problems.size(); ++i) {
    const auto& other = report.problems[i];
    error.detail(fmt::format("{}, row {}: {}", rows.noun, other.line, other.message));
  }
  return error;
}

/// The first whose name is among those that the message quotes.
const Json* find_named(const GivenRows& rows, std::string_view message) {
  for (const auto& row : rows.rows)
    for (std::size_t i = 0; i < row.names.size(); ++i)
      if (message.find(base::in_quotes(row.names[i])) != std::string_view::npos) return &row.items[i];
  return nullptr;
}

/// What is wrong with the file of the rows, which is nobody's, and not with a row of it.
Error refused_rows(const std::string& file, const GivenRows& rows, const fs::path& path, const Error& error) {
  auto why = error.message();
  if (const auto named = path.string() + ": "; why.starts_with(named)) why.erase(0, named.size());
  const auto* const column = error.slug() == "import.unknown_column" ? find_named(rows, why) : nullptr;
  auto refused = column != nullptr
                     ? bad_json(file, *column, "is no column of " + rows.noun)
                     : bad_json(file, rows.rows.front(), fmt::format("cannot be imported: {}", why));
  for (const auto& line : error.details()) refused.detail(line);
  return refused;
}

void import_given(audit::Session& session, const base::Uuid& workspace, const std::string& file,
                  const GivenRows& rows, const fs::path& folder, const std::string& country) {
  if (rows.rows.empty()) return;
  std::string text;
  for (const auto& row : rows.rows) text += row.dump() + "\n";
  const auto path = folder / (rows.noun + ".jsonl");
  if (!(std::ofstream(path, std::ios::binary | std::ios::trunc) << text))
    throw Error(Errc::output, "output.write_failed", fmt::format("{} cannot be written", path.string()));
  try {
    const auto report =
        import(session, workspace, rows.noun, import_options(path, csv::Format::jsonl, country));
    if (report.outcome != Errc::ok) throw refused_row(file, rows, report);
  } catch (const Error& error) {  // columns that are not known, for one
    if (error.slug() == "scenario.bad" || error.errc() != Errc::invalid) throw;
    throw refused_rows(file, rows, path, error);
  }
}

void import_folder(audit::Session& session, const base::Uuid& workspace, const fs::path& folder,
                   const std::string& country) {
  for (const auto noun : k_estate_nouns)
    for (const auto ending : k_endings) {
      const auto path = folder / fmt::format("{}{}", noun, ending);
      if (fs::exists(path)) import_file(session, workspace, noun, path, country);
    }
}

Directory::Line line_of(std::string_view number, std::string_view capabilities) {
  Directory::Line line{.phone_number = std::string(number)};
  if (capabilities.empty()) return line;
  const auto can = estate::capabilities_from_json(capabilities);
  line.voice = (can & estate::k_voice) != 0;
  line.sms = (can & estate::k_sms) != 0;
  line.mms = (can & estate::k_mms) != 0;
  return line;
}

void update_workspace(audit::Session& session, const base::Uuid& workspace, const std::string& file,
                      const Values& values) {
  if (values.empty()) return;
  directory::Workspaces workspaces(session);
  const auto name = workspaces.get(workspace.text()).name;
  try {
    workspaces.update(name, change_of(file, values));
  } catch (const Error& error) {
    if (error.slug() == "scenario.bad" || error.errc() != Errc::invalid) throw;
    auto place = values.front().second;
    place.path = place.path.substr(0, place.path.rfind('/'));
    throw bad_json(file, place, fmt::format("is refused: {}", error.message()));
  }
}

}  // namespace

void set_workspace(audit::Session& session, const base::Uuid& workspace, const std::string& file,
                   Values values) {
  std::erase_if(values, names_user);
  update_workspace(session, workspace, file, values);
}

void name_users(audit::Session& session, const base::Uuid& workspace, const std::string& file,
                Values values) {
  std::erase_if(values, [](const auto& value) { return !names_user(value); });
  update_workspace(session, workspace, file, values);
}

void import_rows(audit::Session& session, const base::Uuid& workspace, const std::string& file,
                 const std::vector<GivenRows>& nouns, const fs::path& folder) {
  if (nouns.empty()) return;
  const auto country = country_of(session, workspace);
  for (const auto& rows : nouns) import_given(session, workspace, file, rows, folder, country);
}

base::Uuid lay_out(audit::Session& session, const Given& given, const std::string& file) {
  const auto workspace = directory::Workspaces(session)
                             .add(std::string(k_workspace_name), std::string(k_zone), std::string(k_country))
                             .id;
  set_workspace(session, workspace, file, given.workspace);
  if (!given.estate.empty()) import_folder(session, workspace, given.estate, country_of(session, workspace));
  return workspace;
}

base::Uuid find_workspace(audit::Session& session) {
  return directory::Workspaces(session).get(k_workspace_name).id;
}

Directory read_directory(db::Connection& db, const base::Uuid& workspace) {
  Directory directory{.workspace = workspace};
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  auto people = db.query("SELECT id, email FROM users WHERE workspace_id = $1 ORDER BY email", {workspace});
  while (people.next()) {
    const auto id = people.uuid(0);
    directory.people.push_back({id, std::string(people.text(1)), directory::identity_of(id)});
  }
  auto lines = db.query(
      "SELECT phone_number, capabilities FROM phone_numbers WHERE workspace_id = $1 AND provider = 'twilio' "
      "AND status = 'active' ORDER BY phone_number",
      {workspace});
  while (lines.next()) directory.numbers.push_back(line_of(lines.text(0), lines.text(1)));
  transaction.commit();
  return directory;
}

}  // namespace ringctl::sim
