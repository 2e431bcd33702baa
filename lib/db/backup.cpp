// Backup and restore of an SQLite file. A copy is made under a temporary name, flushed, and renamed: at no
// instant is there half a database under a name that anyone opens. Who makes a draft holds a lock on it, so
// that one whose process was killed is told from one that is being written.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/cancel.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/secret.hpp"
#include "db/maintenance.hpp"
#include "db/migrations.hpp"
#include "db/sqlite_connection.hpp"
#include "db/sqlite_error.hpp"
#include "db/transaction.hpp"

namespace ringctl::db {
namespace {

namespace fs = std::filesystem;

Error write_error(const fs::path& path, int error) {
  return {Errc::output, "output.write_failed",
          fmt::format("cannot write {}: {}", path.string(), std::strerror(error))};
}

void flush(const fs::path& path, int flags) {
  const base::Fd fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw write_error(path, errno);
}

constexpr std::string_view k_draft_mark = ".tmp-";
constexpr std::size_t k_draft_bytes = 6;

bool is_draft_of(const fs::path& target, const fs::path& file) {
  const auto stem = target.filename().string().append(k_draft_mark);
  const auto name = file.filename().string();
  return name.starts_with(stem) && name.size() == stem.size() + 2 * k_draft_bytes &&
         name.find_first_not_of("0123456789abcdef", stem.size()) == std::string::npos;
}

/// Removes what earlier runs for the same target were killed over. One that cannot be removed stays.
void sweep_drafts(const fs::path& target) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(target.parent_path(), error); !error && entry != end(entry);
       entry.increment(error)) {
    const auto& path = entry->path();
    if (!is_draft_of(target, path)) continue;
    const base::Fd fd(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    ::unlink(path.c_str());
    ::unlink((path.string() + "-journal").c_str());
  }
}

/// A file beside its target that becomes the target, or goes.
class Draft {
 public:
  explicit Draft(const fs::path& target) {
    sweep_drafts(target);
    // A sweep of another process may come between the making and the lock.
    do {
      path_ = target.string().append(k_draft_mark) + base::random_hex(k_draft_bytes);
      lock_ = base::Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
      if (!lock_) throw write_error(path_, errno);
    } while (::flock(lock_.get(), LOCK_EX) == 0 && is_gone());
  }
  ~Draft() {
    std::error_code ignored;
    if (!kept_) fs::remove(path_, ignored);
    fs::remove(path_.string() + "-journal", ignored);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  const fs::path& path() const { return path_; }
  void become(const fs::path& target) {
    flush(path_, O_RDONLY);
    if (::rename(path_.c_str(), target.c_str()) != 0) throw write_error(target, errno);
    kept_ = true;
    flush(target.parent_path(), O_RDONLY | O_DIRECTORY);
  }

 private:
  bool is_gone() const {
    struct stat info {};
    return ::fstat(lock_.get(), &info) == 0 && info.st_nlink == 0;
  }

  fs::path path_;
  base::Fd lock_;
  bool kept_ = false;
};

SqliteHandle open_raw(const fs::path& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW, nullptr);
  SqliteHandle handle(raw);
  if (code != SQLITE_OK) throw sqlite_error(raw, code, path.string());
  return handle;
}

void run_raw(sqlite3* db, const char* sql, const fs::path& path) {
  if (const int code = sqlite3_exec(db, sql, nullptr, nullptr, nullptr); code != SQLITE_OK)
    throw sqlite_error(db, code, path.string());
}

class Copying {
 public:
  Copying(sqlite3* target, sqlite3* source) : handle_(sqlite3_backup_init(target, "main", source, "main")) {}
  ~Copying() { finish(); }
  Copying(const Copying&) = delete;
  Copying& operator=(const Copying&) = delete;
  explicit operator bool() const { return handle_ != nullptr; }
  int step(int pages) { return sqlite3_backup_step(handle_, pages); }
  void finish() { sqlite3_backup_finish(std::exchange(handle_, nullptr)); }

 private:
  sqlite3_backup* handle_;
};

void stop_if_cancelled(const base::CancelToken* cancel) {
  if (cancel != nullptr) cancel->check("run the same command again");
}

// In steps, so that a signal is heard, but within one read transaction: writers go on in the log meanwhile,
// are not in the copy, and do not make it begin anew.
void copy_pages(SqliteConnection& source, const fs::path& path, const base::CancelToken* cancel) {
  Transaction reading(source, Scope{}, Access::read);
  source.integer("SELECT count(*) FROM sqlite_schema");  // from here on it sees one state
  const auto target = open_raw(path);
  run_raw(target.get(), "PRAGMA synchronous=OFF", path);  // flushed once, when it is whole
  Copying copying(target.get(), source.handle());
  if (!copying) throw sqlite_error(target.get(), sqlite3_extended_errcode(target.get()), path.string());
  constexpr int k_step_pages = 512;
  constexpr int k_wait_ms = 10;
  auto patience = source.options().busy_timeout;
  int code = SQLITE_OK;
  while (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    if (code != SQLITE_OK) {
      if ((patience -= std::chrono::milliseconds(k_wait_ms)).count() < 0) break;
      sqlite3_sleep(k_wait_ms);
    }
    stop_if_cancelled(cancel);
    code = copying.step(k_step_pages);
  }
  copying.finish();
  if (code != SQLITE_DONE) {
    const bool ours =
        (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    throw sqlite_error(nullptr, code, ours ? path.string() : source.name());
  }
  reading.commit();
  // One file that any medium holds and any reader opens, without a log beside it.
  run_raw(target.get(), "PRAGMA journal_mode=DELETE", path);
}

/// SQLite copies damaged pages as faithfully as sound ones: what is read back decides.
void require_sound_copy(const fs::path& path, const std::string& source, const fs::path& target,
                        const base::CancelToken* cancel) {
  const auto damaged = [&](std::string_view evidence) {
    Error error(Errc::db_corrupt, "db.corrupt", fmt::format("{} is damaged: {}", source, evidence),
                "ringctl db check");
    std::error_code ignored;
    error.detail(fs::exists(target, ignored) ? fmt::format("{} was left as it was", target.string())
                                             : fmt::format("{} was not written", target.string()));
    return error;
  };
  const auto copy = open_raw(path);
  const auto stop = [](void* token) -> int {
    return token != nullptr && static_cast<const base::CancelToken*>(token)->cancelled() ? 1 : 0;
  };
  sqlite3_progress_handler(copy.get(), 10000, stop, const_cast<base::CancelToken*>(cancel));
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(copy.get(), "PRAGMA quick_check(1)", -1, &raw, nullptr);
  const SqliteStatement statement(raw);
  if (code == SQLITE_OK) code = sqlite3_step(raw);
  if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
    throw damaged(sqlite3_errmsg(copy.get()));
  if ((code & 0xff) == SQLITE_INTERRUPT) stop_if_cancelled(cancel);
  if (code != SQLITE_ROW) throw sqlite_error(copy.get(), code, path.string());
  std::string found(reinterpret_cast<const char*>(sqlite3_column_text(raw, 0)));
  if (found == "ok") return;
  std::replace(found.begin(), found.end(), '\n', ' ');
  throw damaged("quick_check: " + found);
}

void copy_at_once(sqlite3* source, SqliteConnection& target) {
  Copying copying(target.handle(), source);
  if (!copying) target.fail(sqlite3_extended_errcode(target.handle()));
  constexpr int k_all_pages = -1;
  const int code = copying.step(k_all_pages);
  copying.finish();
  if (code != SQLITE_DONE) target.fail(code);
}

bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

/// Where a backup goes, if one can go there.
fs::path backup_target(const SqliteConnection& source, const fs::path& given) {
  std::error_code error;
  auto path = fs::absolute(given, error).lexically_normal();
  const auto type = fs::status(path, error).type();
  if (type == fs::file_type::none) throw write_error(path, error.value());
  if (!path.has_filename() || type == fs::file_type::directory)
    throw Error(Errc::usage, "db.bad_path", fmt::format("{} is a folder, not a file", given.string()));
  if (!fs::is_directory(path.parent_path(), error)) throw write_error(path, ENOENT);
  if (same_file(source.path(), path))
    throw Error(Errc::usage, "db.backup_onto_itself",
                fmt::format("{} is the database itself", path.string()));
  return path;
}

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

SqliteConnection& require_sqlite(Connection& connection, const fs::path& to) {
  if (connection.engine() != Engine::sqlite)
    // The policies bind the owner too: without the door, and pg_dump's consent to them, it dumps no row.
    throw Error(Errc::usage, "db.backup_engine",
                fmt::format("{} is backed up with the server's own tools", connection.url()),
                fmt::format("PGOPTIONS='-c ringctl.door=maintenance' pg_dump --enable-row-security "
                            "--schema=ringctl --format=custom --file={} {}",
                            shell_quoted(to.string()), shell_quoted(connection.url())));
  return static_cast<SqliteConnection&>(connection);
}

// Holds the file so that nobody else has it open, with its log folded in; nothing for a file too damaged to
// hold.
SqliteHandle hold_alone(const fs::path& path) {
  auto handle = open_raw(path);
  sqlite3_busy_timeout(handle.get(), 5000);
  // The switch out of the log needs the file for itself, and leaves one file.
  int code = sqlite3_exec(handle.get(), "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) code = sqlite3_exec(handle.get(), "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return handle;
  if ((code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT) return nullptr;
  throw sqlite_error(handle.get(), code, path.string());
}

void require_sound(Connection& source) {
  const auto state = migration_state(source);
  if (state.newer)
    throw Error(Errc::schema, "schema.too_new",
                fmt::format("{} has schema {}, newer than this ringctl knows ({})", source.url(),
                            state.current, latest_schema()));
  for (const auto& finding : check(source))
    if (!finding.ok && finding.id != "schema")
      throw Error(Errc::db_corrupt, "db.corrupt",
                  fmt::format("{} is damaged: {}", source.url(), finding.evidence));
}

fs::path beside(const fs::path& path, const char* ending) { return path.string() + ending; }

// The old file stays under the other name from the first instant, and under its own until the new one takes
// it.
void keep_old(const fs::path& path) {
  std::error_code error;
  auto kept = beside(path, ".before-restore");
  for (int copy = 2; fs::exists(kept, error); ++copy)
    kept = beside(path, fmt::format(".before-restore-{}", copy).c_str());
  if (::link(path.c_str(), kept.c_str()) != 0) throw write_error(kept, errno);
  for (const auto* ending : {"-wal", "-shm"})
    if (fs::exists(beside(path, ending), error))
      fs::rename(beside(path, ending), beside(kept, ending), error);
}

struct Restorable {
  std::unique_ptr<Connection> source;
  fs::path target;
};

Restorable open_restorable(const fs::path& from, const std::string& url) {
  if (!url.starts_with("sqlite:"))
    throw Error(Errc::usage, "db.backup_engine",
                "a PostgreSQL database is restored with the server's own tools",
                fmt::format("pg_restore --exit-on-error --single-transaction --dbname={} {}   (into an empty "
                            "database)",
                            shell_quoted(base::redact_url(url)), shell_quoted(from.string())));
  auto target = sqlite_path(url);
  if (target.empty()) throw Error(Errc::usage, "db.bad_url", "a database in memory cannot be restored");
  if (same_file(from, target))
    throw Error(Errc::usage, "db.backup_onto_itself",
                fmt::format("{} is the database itself", target.string()));
  OpenOptions options;
  options.read_only = true;
  std::error_code error;
  try {
    auto source = Connection::open("sqlite:" + fs::absolute(from, error).string(), options);
    require_sound(*source);
    return {std::move(source), std::move(target)};
  } catch (const Error& damage) {
    if (damage.errc() != Errc::db_corrupt) throw;
    // Elsewhere the hint is about the database that is in use.
    throw Error(damage.errc(), damage.slug(),
                fmt::format("{}; the database was left as it was", damage.message()),
                "restore another backup");
  }
}

}  // namespace

fs::path database_file(const std::string& url) {
  return url.starts_with("sqlite:") ? sqlite_path(url) : fs::path();
}

void plan_restore(const fs::path& from, const std::string& url) { open_restorable(from, url); }

void restore(const fs::path& from, const std::string& url, const base::CancelToken* cancel) {
  const auto [source, target] = open_restorable(from, url);
  make_folder(target.parent_path());
  Draft draft(target);
  copy_pages(static_cast<SqliteConnection&>(*source), draft.path(), cancel);
  SqliteHandle alone;
  std::error_code ignored;
  if (fs::exists(target, ignored)) {
    alone = hold_alone(target);
    keep_old(target);
  }
  draft.become(target);
}

void clone(Connection& from, Connection& to) {
  copy_at_once(dynamic_cast<SqliteConnection&>(from).handle(), dynamic_cast<SqliteConnection&>(to));
}

std::string image_of(Connection& from) {
  auto& source = dynamic_cast<SqliteConnection&>(from);
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> bytes(
      sqlite3_serialize(source.handle(), "main", &size, 0), sqlite3_free);
  if (!bytes) {
    const int code = sqlite3_extended_errcode(source.handle());
    source.fail(code == SQLITE_OK ? SQLITE_NOMEM : code);
  }
  return {reinterpret_cast<const char*>(bytes.get()), static_cast<std::size_t>(size)};
}

void load_image(std::string_view image, Connection& to) {
  sqlite3* raw = nullptr;
  int code = sqlite3_open_v2(":memory:", &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
  const SqliteHandle source(raw);
  // Read only: SQLite writes nothing to what it is lent.
  auto* const bytes = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(image.data()));
  const auto size = static_cast<sqlite3_int64>(image.size());
  if (code == SQLITE_OK)
    code = sqlite3_deserialize(source.get(), "main", bytes, size, size, SQLITE_DESERIALIZE_READONLY);
  if (code != SQLITE_OK) throw sqlite_error(raw, code, "the image of a database");
  copy_at_once(source.get(), dynamic_cast<SqliteConnection&>(to));
}

void plan_backup(Connection& connection, const fs::path& to) {
  backup_target(require_sqlite(connection, to), to);
}

void backup(Connection& connection, const fs::path& to, const base::CancelToken* cancel) {
  auto& source = require_sqlite(connection, to);
  const auto target = backup_target(source, to);
  Draft draft(target);
  copy_pages(source, draft.path(), cancel);
  require_sound_copy(draft.path(), source.url(), target, cancel);
  stop_if_cancelled(cancel);
  draft.become(target);
}

}  // namespace ringctl::db
