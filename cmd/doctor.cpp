#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "base/secret.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/area_codes.hpp"
#include "cmd/auth_tokens.hpp"
#include "cmd/context.hpp"
#include "cmd/context_database.hpp"
#include "cmd/doctor_data.hpp"
#include "cmd/doctor_messages.hpp"
#include "cmd/doctor_twilio.hpp"
#include "cmd/errors.hpp"
#include "cmd/root.hpp"
#include "cmd/serve_checks.hpp"
#include "db/connection.hpp"
#include "db/maintenance.hpp"
#include "db/migrations.hpp"
#include "directory/workspaces.hpp"
#include "routing/snapshot.hpp"

namespace ringctl::cmd {
namespace {

namespace fs = std::filesystem;

constexpr std::array k_columns = {
    Column{"check", ColumnType::word},
    Column{"status", ColumnType::word},
    Column{"evidence", ColumnType::text},
    Column{"fix", ColumnType::text},
};
constexpr std::uintmax_t k_scarce_bytes = 256ULL << 20;

struct DoctorOptions {
  std::optional<std::string> topic;
  bool fix = false;
};

// --- configuration ---

/// What can be known of the configuration, and all that is wrong with it.
struct Configuration {
  config::Settings settings;
  std::vector<Error> failures;
};

Configuration read_configuration(Context& ctx) {
  std::vector<Error> failures;
  auto settings = config::Settings::load(ctx.sources(), &failures);
  for (const auto& error : failures)
    if (error.errc() == Errc::usage) throw Error(error);
  try {
    learn_area_codes(settings.get("area_codes"));
  } catch (const Error& error) {
    failures.push_back(error);
  }
  return {std::move(settings), std::move(failures)};
}

constexpr std::string_view k_open_secrets = "config.secret_permissions";

/// What base::require_private() says of a file, which is asked about each of them.
bool is_about_secrets(const Error& error) {
  return error.slug() == k_open_secrets || error.slug() == "config.secret_unreadable";
}

/// Everything that this configuration's secrets stand in. Of the key of sealed logins only where there is
/// one: nobody has to have accounts in the database.
std::vector<fs::path> files_of_secrets(const config::Settings& settings) {
  auto files = settings.secret_files();
  std::error_code ignored;
  if (const auto key = key_file(settings); !key.empty() && fs::exists(key, ignored)) files.push_back(key);
  return files;
}

/// What is wrong with a file of secrets.
std::optional<Error> fault_of(const fs::path& file) {
  try {
    base::require_private(file);
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

/// True if others can read the secrets in it.
bool has_open_secrets(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return false;
  const auto fault = fault_of(file);
  return fault && fault->slug() == k_open_secrets;
}

/// Takes access away from others. Returns what was open and is no more.
std::vector<fs::path> close_secrets(const config::Settings& settings) {
  std::vector<fs::path> closed;
  for (const auto& file : files_of_secrets(settings))
    if (has_open_secrets(file) && ::chmod(file.c_str(), S_IRUSR | S_IWUSR) == 0) closed.push_back(file);
  return closed;
}

std::string about_secrets(const config::Settings& settings) {
  const auto files = files_of_secrets(settings);
  if (files.empty())
    return settings.credentials_file().empty()
               ? std::string("there is no file")
               : fmt::format("{} is not there", settings.credentials_file().string());
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file.string());
  return fmt::format("{} {} this user's alone", base::join(names, ", "), files.size() == 1 ? "is" : "are");
}

std::string about_settings(const fs::path& file) {
  std::error_code ignored;
  if (file.empty()) return "no home, so no file; defaults hold";
  return fmt::format("{} {}", file.string(),
                     fs::exists(file, ignored) ? "is read" : "is not there; defaults hold");
}

void check_config(const Configuration& configuration, Report& report) {
  const auto& [settings, failures] = configuration;
  std::vector<Error> secrets, others;
  for (const auto& file : files_of_secrets(settings))
    if (auto fault = fault_of(file)) secrets.push_back(*std::move(fault));
  // Reading it met some of those as well; the rest is about something else.
  for (const auto& error : failures)
    if (!is_about_secrets(error)) others.push_back(error);
  const auto list = [&](const char* id, const std::vector<Error>& faults, std::string all_is_well) {
    for (const auto& error : faults) report.push_back(failed_check(id, error));
    if (faults.empty()) report.push_back({id, "ok", std::move(all_is_well), {}});
  };
  list("config.secrets", secrets, about_secrets(settings));
  list("config.files", others, about_settings(settings.user_file()));
}

// --- database ---

/// Which one, and who says so; where parts of the configuration cannot be read, another may have been meant.
void check_choice(const Configuration& configuration, Report& report) {
  const auto& [settings, failures] = configuration;
  const auto value = settings.find("database");
  auto evidence = fmt::format("{} ({})", base::redact_url(settings.database_url()),
                              value ? value->origin : std::string("built-in"));
  if (!failures.empty()) evidence += ", as far as the configuration can be read";
  report.push_back({"config.database", failures.empty() ? "ok" : "warn", std::move(evidence), {}});
}

void check_disk(const std::string& url, Report& report) {
  static constexpr std::string_view k_scheme = "sqlite:";
  if (!std::string_view(url).starts_with(k_scheme)) return;
  const fs::path file = url.substr(k_scheme.size());
  std::error_code failed;
  const auto space = fs::space(file.parent_path().empty() ? fs::path(".") : file.parent_path(), failed);
  if (failed) return;
  const bool scarce = space.available < k_scarce_bytes;
  report.push_back({"db.disk", scarce ? "warn" : "ok",
                    fmt::format("{} MiB free at {}", space.available >> 20U, file.parent_path().string()),
                    scarce ? "make room" : ""});
  const auto mode = fs::status(file, failed).permissions();
  const bool open = !failed && (mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none;
  report.push_back(
      {"db.mode", open ? "warn" : "ok",
       fmt::format("{} is {}", file.string(), open ? "open to other users" : "this user's alone"),
       open ? fmt::format("chmod 600 {}", file.string()) : std::string()});
}

/// Rules that no longer do what they say, in every workspace that is in use.
void check_rules(db::Connection& connection, Context& ctx, Report& report) {
  audit::Session session{connection, ctx.clock(), ctx.ids(), "doctor"};
  const auto before = report.size();
  for (const auto& workspace : directory::Workspaces(session).list()) {
    if (!workspace.is_active) continue;
    for (const auto& fault : routing::faults(routing::load_snapshot(connection, workspace.id)))
      report.push_back(
          {"db.rules", "warn",
           fmt::format("{}, rule {}: {}", workspace.name, base::in_quotes(fault.name), fault.why),
           fmt::format("ringctl --workspace {} rules show {}", base::for_shell(workspace.name),
                       base::for_shell(fault.name))});
  }
  if (report.size() == before)
    report.push_back({"db.rules", "ok", "every rule in use has whom it names", {}});
}

void check_database(const Configuration& configuration, Context& ctx, Report& report) {
  try {
    check_choice(configuration, report);
    const auto connection =
        db::Connection::open(configuration.settings.database_url(), open_options(configuration.settings));
    report.push_back({"db.reach", "ok", fmt::format("{} answers", connection->url()), {}});
    const auto state = db::migration_state(*connection);
    if (state.current == 0) {
      report.push_back(
          {"db.schema", "fail", "the database is empty", std::string(db::set_up_command(*connection))});
      return;
    }
    bool sound = state.pending.empty() && !state.newer && state.changed.empty();
    for (auto& finding : db::check(*connection)) {
      sound = sound && finding.ok;
      report.push_back({"db." + finding.id, finding.ok ? "ok" : "fail", std::move(finding.evidence),
                        std::move(finding.fix)});
    }
    if (sound) {
      check_rules(*connection, ctx, report);
      check_messages(*connection, configuration.settings, ctx, report);
      check_days(*connection, ctx, report);
      check_kept_days(*connection, ctx, report);
    }
    check_replication(*connection, report);
    check_disk(connection->url(), report);
  } catch (const Error& error) {
    // No file yet is how everybody starts.
    if (error.slug() == "db.missing")
      report.push_back({"db.reach", "warn", error.message(), "ringctl init"});
    else
      report.push_back(failed_check("db.reach", error));
  }
}

// --- serve ---

/// Only where there is to be a server, unless somebody asks for it.
void check_server(const Configuration& configuration, bool asked, Context& ctx, Report& report) {
  if (!asked && configuration.settings.get("serve.public_url").empty()) {
    report.push_back({"serve.public_url", "ok", "none: this machine is not set up to answer webhooks", {}});
    return;
  }
  for (auto& check : check_serve({}, configuration.settings, ctx.clock(), workspaces_if_there(ctx),
                                 sealed_if_there(ctx).lines))
    report.push_back(std::move(check));
}

/// A command that mends acts on what this run looked at.
std::string fix_of(const Checked& check, const Globals& globals) {
  const Error named(Errc::differs, check.error ? check.error->slug() : check.id, check.evidence, check.fix);
  return with_same_target(named, globals).hint();
}

void run_doctor(const DoctorOptions& opts, Context& ctx) {
  const auto topic = opts.topic.value_or("all");
  auto configuration = read_configuration(ctx);
  std::vector<fs::path> fixed;
  if (opts.fix && !ctx.dry_run() && (topic == "all" || topic == "config"))
    fixed = close_secrets(configuration.settings);
  if (!fixed.empty()) configuration = read_configuration(ctx);
  Report report;
  const auto looks_at = [&](std::string_view part) { return topic == part || topic == "all"; };
  if (looks_at("config")) check_config(configuration, report);
  if (looks_at("config")) check_data(ctx.clock().now(), report);
  if (looks_at("db")) check_database(configuration, ctx, report);
  if (looks_at("serve")) check_server(configuration, topic == "serve", ctx, report);
  if (topic == "twilio") check_twilio(ctx, report);  // asks another machine: only when somebody wants to

  auto& io = ctx.io();
  for (const auto& file : fixed) io.note(fmt::format("fixed: chmod 600 {}", base::for_shell(file.string())));
  auto rows = io.rows(k_columns);
  for (const auto& c : report) {
    const auto fix = fix_of(c, ctx.globals());
    rows.row({c.id, c.status, c.evidence, fix.empty() ? Cell() : Cell(fix)});
  }
  rows.finish();
  const auto failed = std::count_if(report.begin(), report.end(), has_failed);
  if (failed == 0) return;
  const auto secrets = files_of_secrets(configuration.settings);
  const bool fixable = !opts.fix && std::ranges::any_of(secrets, has_open_secrets);
  throw Error(Errc::differs, "doctor.failed", fmt::format("{} of {} checks failed", failed, report.size()),
              fixable ? "ringctl doctor --fix" : "");
}

}  // namespace

void add_doctor(Noun& doctor) {
  doctor.command<DoctorOptions>(run_doctor)
      .argument("topic", &DoctorOptions::topic, "What to look at; all of this machine by default")
      .choices("all|config|db|serve|twilio")
      .flag("fix", &DoctorOptions::fix, "Mend what can be mended: the modes of files of secrets")
      .details(
          "Looks at the configuration, the database and what `serve` needs, and says of each check whether it is ok, worth a "
          "warning, or failed, on what evidence, and what mends it. What is wrong in the configuration is "
          "listed, all of it, and the database is looked at as far as the rest names it. Where a public URL is "
          "configured, or with `serve`, also what the server needs: auth token, certificate, address, room for its "
          "journal. With `twilio` Twilio is asked: whether the login of the workspace is taken and what it may do, how "
          "far the clocks are apart, and whether numbers and application point at this server; never without. Exits 8 "
          "if a check fails, after --fix if one still does.")
      .columns(k_columns)
      .without_settings()
      .example("ringctl doctor")
      .example("ringctl doctor config --fix")
      .example("ringctl doctor twilio", "whether Twilio takes the login, and numbers point here")
      .exits({Errc::differs});
}

}  // namespace ringctl::cmd
