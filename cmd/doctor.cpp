#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "base/file.hpp"
#include "base/secret.hpp"
#include "cmd/context.hpp"
#include "cmd/root.hpp"
#include "db/connection.hpp"
#include "db/maintenance.hpp"
#include "db/migrations.hpp"

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

struct Checked {
  std::string id;
  std::string_view status;  ///< "ok", "warn", "fail"
  std::string evidence, fix;
};
using Report = std::vector<Checked>;

Checked failure(std::string id, const Error& error) {
  return {std::move(id), "fail", error.message(), error.hint()};
}

// --- configuration ---

/// Takes access to the secrets away from others, if they are this user's.
bool close_to_others(const fs::path& file) { return ::chmod(file.c_str(), S_IRUSR | S_IWUSR) == 0; }

void check_secrets(const fs::path& file, bool fix, Report& report) {
  static constexpr auto k_id = "config.secrets";
  if (!fs::exists(file))
    return report.push_back({k_id, "ok", fmt::format("{} is not there", file.string()), {}});
  const auto look = [&] {
    base::require_private(file);
    report.push_back({k_id, "ok", fmt::format("{} is this user's alone", file.string()), {}});
  };
  try {
    look();
  } catch (const Error& error) {
    if (!fix || !close_to_others(file)) return report.push_back(failure(k_id, error));
    try {
      look();
      report.back().evidence += " now";
    } catch (const Error& still) {
      report.push_back(failure(k_id, still));
    }
  }
}

void check_config(Context& ctx, bool fix, Report& report) {
  fs::path file;
  try {
    file = ctx.user_config_file();
  } catch (const Error& error) {
    return report.push_back(failure("config.files", error));
  }
  check_secrets(file.parent_path() / "credentials.toml", fix, report);
  try {
    const auto& settings = ctx.settings();
    report.push_back(
        {"config.files",
         "ok",
         fmt::format("{} {}", file.string(), fs::exists(file) ? "is read" : "is not there; defaults hold"),
         {}});
    const auto value = settings.find("database");
    report.push_back({"config.database",
                      "ok",
                      fmt::format("{} ({})", base::redact_url(settings.database_url()),
                                  value ? value->origin : std::string("built-in")),
                      {}});
  } catch (const Error& error) {
    report.push_back(failure("config.files", error));
  }
}

// --- database ---

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

void check_database(Context& ctx, Report& report) {
  try {
    const auto connection = ctx.open_database_as_is();
    report.push_back({"db.reach", "ok", fmt::format("{} answers", connection->url()), {}});
    const auto state = db::migration_state(*connection);
    if (state.current == 0) {
      report.push_back({"db.schema", "fail", "the database is empty", "ringctl init"});
      return;
    }
    for (auto& finding : db::check(*connection))
      report.push_back({"db." + finding.id, finding.ok ? "ok" : "fail", std::move(finding.evidence),
                        std::move(finding.fix)});
    check_disk(connection->url(), report);
  } catch (const Error& error) {
    // No file yet is how everybody starts.
    if (error.slug() == "db.missing")
      report.push_back({"db.reach", "warn", error.message(), "ringctl init"});
    else
      report.push_back(failure("db.reach", error));
  }
}

void run_doctor(const DoctorOptions& opts, Context& ctx) {
  const auto topic = opts.topic.value_or("all");
  Report report;
  if (topic != "db") check_config(ctx, opts.fix && !ctx.dry_run(), report);
  const bool readable =
      std::none_of(report.begin(), report.end(), [](const Checked& c) { return c.status == "fail"; });
  if (topic != "config" && readable) check_database(ctx, report);

  auto rows = ctx.io().rows(k_columns);
  for (const auto& c : report) rows.row({c.id, c.status, c.evidence, c.fix.empty() ? Cell() : Cell(c.fix)});
  rows.finish();
  const auto failed =
      std::count_if(report.begin(), report.end(), [](const Checked& c) { return c.status == "fail"; });
  if (failed > 0)
    throw Error(Errc::differs, "doctor.failed", fmt::format("{} of {} checks failed", failed, report.size()),
                opts.fix ? "" : "ringctl doctor --fix");
}

}  // namespace

void add_doctor(Noun& doctor) {
  doctor.command<DoctorOptions>(run_doctor)
      .argument("topic", &DoctorOptions::topic, "What to look at; everything by default")
      .choices("all|config|db")
      .flag("fix", &DoctorOptions::fix, "Mend what can be mended: the mode of the secrets file")
      .details(
          "Looks at the configuration and the database and says of each check whether it is ok, worth a "
          "warning, "
          "or failed, on what evidence, and what mends it. Runs although the configuration cannot be read. "
          "Exits "
          "8 if a check failed.")
      .columns(k_columns)
      .without_settings()
      .example("ringctl doctor")
      .example("ringctl doctor config --fix")
      .exits({Errc::differs});
}

}  // namespace ringctl::cmd
