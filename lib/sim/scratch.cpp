#include "sim/scratch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
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

/// The empty database that is kept: its seal, and then its bytes.
constexpr std::string_view k_kept_name = "sim-empty.image";
constexpr std::size_t k_seal_length = 64;
constexpr std::size_t k_longest_kept = std::size_t{16} << 20;

/// Of the bytes and of the migrations that made them: what is cut, altered or of another schema has another.
std::string seal_of(std::string_view image) {
  base::Digest digest;
  for (const auto& migration : db::sqlite_migrations()) digest.update(migration.sql);
  return digest.update(image).hex();
}

void note_not_kept(const fs::path& file, std::string_view why) {
  base::log(base::LogLevel::debug, "scratch.not_kept", {{"file", file.string()}, {"why", std::string(why)}});
}

/// False if none was kept, or not this one.
bool take_kept(const fs::path& file, db::Connection& fresh) {
  try {
    const auto kept = base::read_file(file, k_longest_kept);
    const auto image = std::string_view(kept).substr(std::min(kept.size(), k_seal_length));
    if (!kept.starts_with(seal_of(image))) {
      note_not_kept(file, "its seal is another");
      return false;
    }
    db::load_image(image, fresh);
    return true;
  } catch (const Error& error) {
    note_not_kept(file, error.what());
    return false;
  }
}

void keep(const fs::path& file, db::Connection& fresh) {
  try {
    base::make_private_folder(file.parent_path());
    const auto image = db::image_of(fresh);
    base::AtomicFile out(file, 0600);
    out.write(seal_of(image));
    out.write(image);
    out.commit();
  } catch (const Error& error) {
    note_not_kept(file, error.what());
  }
}

/// What is no file by its name is neither read, which might wait for ever, nor written to.
bool can_be_kept(const fs::path& file) {
  std::error_code ignored;
  const auto type = fs::status(file, ignored).type();
  return type == fs::file_type::regular || type == fs::file_type::not_found;
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

/// Databases in memory are this process's: whoever else has scratch databases here must not have the same.
std::string Scratch::next_name() {
  static std::atomic<int> count = 0;
  return fmt::format("ringctl_sim_{}_{}", run_, ++count);
}

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
  const auto file = cache_ / k_kept_name;
  if (on_server() || cache_.empty() || !can_be_kept(file)) return open_migrated(fresh);
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
