#include "sim/scratch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "db/maintenance.hpp"
#include "db/migrations.hpp"

namespace ringctl::sim {
namespace {

namespace fs = std::filesystem;

/// postgresql://role@host/postgres?x=y -> the same with another database.
std::string with_database(const std::string& url, const std::string& name) {
  const auto authority = url.find("://") + 3;
  const auto query = std::min(url.find('?', authority), url.size());
  const auto path = std::min(url.find('/', authority), query);
  return url.substr(0, path) + "/" + name + url.substr(query);
}

/// Whoever was connected to a template a moment ago may still be leaving it.
void exec_patiently(db::Connection& admin, const std::string& sql) {
  constexpr int k_attempts = 40;
  for (int attempt = 1;; ++attempt) {
    try {
      admin.exec(sql);
      return;
    } catch (const Error& error) {
      if (attempt == k_attempts || error.errc() == Errc::auth || error.errc() == Errc::db_down) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
  }
}

void drop_quietly(const std::function<void()>& drop) {
  try {
    drop();
  } catch (const std::exception& error) {
    base::log(base::LogLevel::warn, "scratch.left_behind", {{"why", error.what()}});
  }
}

/// Databases are named after the session that makes them, which lives as long as its run does.
constexpr std::string_view k_left_behind =
    "SELECT d.datname FROM pg_database d WHERE d.datname ~ '^ringctl_sim_[0-9]+_[0-9]+$' "
    "AND pg_has_role(d.datdba, 'MEMBER') AND NOT EXISTS "
    "(SELECT 1 FROM pg_stat_activity s WHERE s.pid::text = split_part(d.datname, '_', 3)) ORDER BY d.datname";

/// Of runs that were killed.
void sweep(db::Connection& admin) {
  std::vector<std::string> names;
  {
    auto rows = admin.query(k_left_behind);
    while (rows.next()) names.emplace_back(rows.text(0));
  }
  // Another run may sweep as well, or somebody look into one.
  for (const auto& name : names)
    drop_quietly([&] { admin.exec(fmt::format("DROP DATABASE IF EXISTS {}", name)); });
}

std::unique_ptr<db::Connection> open_migrated(const ScratchDatabase& database) {
  auto connection = database.open();
  const base::SystemClock clock;
  db::migrate(*connection, clock);
  return connection;
}

constexpr std::string_view k_kept_name = "sim-empty.db";

/// False if none was kept, or not of this schema.
bool take_kept(const fs::path& file, db::Connection& fresh) {
  try {
    db::OpenOptions options;
    options.read_only = true;
    const auto kept = db::Connection::open("sqlite:" + file.string(), options);
    db::require_current_schema(*kept);
    // Somebody wrote to it since: its pages say so, and memory has no write-ahead log.
    if (kept->text("PRAGMA journal_mode") != "delete") return false;
    db::clone(*kept, fresh);
    return true;
  } catch (const Error& error) {
    base::log(base::LogLevel::debug, "scratch.not_kept", {{"why", error.what()}});
    return false;
  }
}

/// It is only quicker with it.
void keep(const fs::path& file, db::Connection& fresh) {
  try {
    std::error_code ignored;
    if (fs::create_directories(file.parent_path(), ignored))
      fs::permissions(file.parent_path(), fs::perms::owner_all, ignored);
    db::backup(fresh, file);
  } catch (const Error& error) {
    base::log(base::LogLevel::debug, "scratch.not_kept", {{"why", error.what()}});
  }
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::error_code wrong;
  auto name = (fs::temp_directory_path(wrong) / "ringctl-sim.XXXXXX").string();
  if (wrong || ::mkdtemp(name.data()) == nullptr)
    throw Error(Errc::output, "sim.no_folder", fmt::format("no folder can be made as {}", name),
                "set TMPDIR to a folder that can be written to");
  path_ = fs::canonical(name);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

ScratchDatabase::~ScratchDatabase() { drop_quietly(drop_); }

db::OpenOptions ScratchDatabase::options() {
  db::OpenOptions options;
  options.create = true;
  options.synchronous = false;
  options.application_name = "ringctl sim";
  return options;
}

std::unique_ptr<db::Connection> ScratchDatabase::open() const {
  return db::Connection::open(url_, options());
}

Scratch::Scratch(std::string server, fs::path cache) : server_(std::move(server)), cache_(std::move(cache)) {
  if (server_.empty()) return;
  if (!server_.starts_with("postgresql://") && !server_.starts_with("postgres://"))
    throw Error(Errc::usage, "sim.bad_database",
                fmt::format("{} is no PostgreSQL server: scenarios have databases of their own",
                            base::redact_url(server_)),
                "leave --database out for SQLite, or name a server: postgresql://...");
  admin_ = db::Connection::open(server_, ScratchDatabase::options());
  run_ = admin_->integer("SELECT pg_backend_pid()").value_or(0);
  sweep(*admin_);
}

Scratch::~Scratch() = default;

std::string Scratch::next_name() { return fmt::format("ringctl_sim_{}_{}", run_, ++count_); }

std::unique_ptr<ScratchDatabase> Scratch::create_on_server(const std::string& copied_from) {
  auto name = next_name();
  exec_patiently(*admin_, fmt::format("CREATE DATABASE {} TEMPLATE {}", name, copied_from));
  auto database = std::make_unique<ScratchDatabase>(with_database(server_, name), name, [this, name] {
    // Not by force: that may not end an autovacuum worker, which the plain form does.
    exec_patiently(*admin_, fmt::format("DROP DATABASE IF EXISTS {}", name));
  });
  admin_->exec(fmt::format("ALTER DATABASE {} SET synchronous_commit TO off", name));
  return database;
}

/// It lives as long as somebody is connected to it.
std::unique_ptr<ScratchDatabase> Scratch::create_in_memory() {
  auto name = next_name();
  const auto url = "sqlite::memory:" + name;
  std::shared_ptr<db::Connection> kept = db::Connection::open(url, ScratchDatabase::options());
  return std::make_unique<ScratchDatabase>(url, std::move(name), [kept]() mutable { kept.reset(); });
}

/// For what may be larger than memory.
std::unique_ptr<ScratchDatabase> Scratch::create_file() {
  auto name = next_name();
  const auto file = folder_.path() / (name + ".db");
  return std::make_unique<ScratchDatabase>("sqlite:" + file.string(), std::move(name), [file] {
    std::error_code ignored;
    for (const auto* suffix : {"", "-wal", "-shm"}) fs::remove(file.string() + suffix, ignored);
  });
}

std::unique_ptr<db::Connection> Scratch::open_empty(const ScratchDatabase& fresh) const {
  if (on_server() || cache_.empty()) return open_migrated(fresh);
  const auto file = cache_ / k_kept_name;
  if (auto connection = fresh.open(); take_kept(file, *connection)) return connection;
  auto connection = open_migrated(fresh);
  keep(file, *connection);
  return connection;
}

const ScratchDatabase& Scratch::template_for(const std::string& name,
                                             const std::function<void(db::Connection&)>& fill) {
  auto& kept = templates_[name];
  if (!kept) {
    auto fresh = on_server() ? create_on_server("template0") : create_in_memory();
    const auto connection = open_empty(*fresh);
    fill(*connection);
    kept = std::move(fresh);
  }
  return *kept;
}

std::unique_ptr<ScratchDatabase> Scratch::make(const std::string& name,
                                               const std::function<void(db::Connection&)>& fill) {
  const auto& original = template_for(name, fill);
  if (on_server()) return create_on_server(original.name());
  auto database = create_in_memory();
  db::clone(*original.open(), *database->open());
  return database;
}

std::unique_ptr<ScratchDatabase> Scratch::copy_of(db::Connection& source, const base::CancelToken* cancel) {
  if (!on_server() && source.engine() == db::Engine::sqlite) {
    auto database = create_file();
    db::backup(source, db::database_file(database->url()), cancel);
    return database;
  }
  auto database = on_server() ? create_on_server("template0") : create_file();
  const auto target = open_migrated(*database);
  db::copy(source, *target, [&](std::int64_t) {
    if (cancel != nullptr) cancel->check();
  });
  return database;
}

}  // namespace ringctl::sim
