// Opening an SQLite file: is it there, is it ours, may we; then the settings every connection runs with.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "db/sqlite_connection.hpp"
#include "db/sqlite_error.hpp"

namespace ringctl::db {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view k_memory = "sqlite::memory:";

Error config_error(const char* slug, std::string message, std::string hint = {}) {
  return {Errc::config, slug, std::move(message), std::move(hint)};
}

Error unreadable(const fs::path& path, int error) {
  return config_error("db.unreadable",
                      fmt::format("cannot open {}: {}", path.string(), std::strerror(error)));
}

// Another process may make the file at the same moment: whoever is second finds it there. Made without being
// opened: closing a descriptor of ours would drop the locks of every SQLite connection this process has on
// the file.
void make_file(const fs::path& path) {
  make_folder(path.parent_path());
  if (::mknod(path.c_str(), S_IFREG | 0600, 0) != 0 && errno != EEXIST)
    throw config_error("db.cannot_create",
                       fmt::format("cannot make {}: {}", path.string(), std::strerror(errno)));
}

// As the user whose rights are in force, which access() does not ask.
bool may(const fs::path& path, int how) { return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0; }

/// Throws unless `path` is a file that may be opened as `options` ask; makes it where they say so. True: it
/// is empty.
bool check_file(const fs::path& path, const OpenOptions& options) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) throw unreadable(path, errno);
    if (!options.create)
      throw config_error("db.missing", fmt::format("there is no database at {}", path.string()),
                         "ringctl init");
    make_file(path);
    if (::lstat(path.c_str(), &info) != 0) throw unreadable(path, errno);
  }
  if (S_ISLNK(info.st_mode))
    throw config_error("db.symlink",
                       fmt::format("{} is a symbolic link; name the file itself", path.string()));
  if (!S_ISREG(info.st_mode))
    throw config_error("db.not_a_database", fmt::format("{} is not a file", path.string()));
  if (info.st_size == 0 && !options.create)
    throw config_error("db.not_a_database", fmt::format("{} is empty, not a database", path.string()),
                       "ringctl init");
  if (!may(path, R_OK)) throw unreadable(path, errno);
  const bool empty = info.st_size == 0;
  if (options.read_only) return empty;
  if (!may(path, W_OK))
    throw config_error("db.read_only", fmt::format("{} is read-only for this user", path.string()));
  if (!may(path.parent_path(), W_OK | X_OK))
    throw config_error("db.read_only",
                       fmt::format("the folder of {} is read-only for this user", path.string()));
  return empty;
}

// Once in a process, before its first connection. Without counting what it has allocated SQLite takes no lock
// for each allocation, and a larger pool saves most of them: a sixth of a bulk load's time.
void configure_library() {
  static const int done = [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 200);
    return sqlite3_initialize();
  }();
  if (done != SQLITE_OK) throw sqlite_error(nullptr, done, "the SQLite library");
}

class Opening {
 public:
  Opening(SqliteConnection& connection, const OpenOptions& options)
      : connection_(connection), options_(options) {}

  void run(bool empty) {
    auto* db = connection_.handle();
    if (!empty) require_header(db);
    // Nothing that came in the file may run or be rewritten behind our back; "x" never falls back to a
    // string.
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_busy_timeout(db, static_cast<int>(options_.busy_timeout.count()));
    connection_.exec_script("PRAGMA cell_size_check=ON");
    if (!options_.synchronous) connection_.exec_script("PRAGMA synchronous=OFF");  // from the first page on
    identify();
    if (!options_.read_only) use_wal();
    if (options_.synchronous) connection_.exec_script("PRAGMA synchronous=FULL");
    connection_.exec_script(
        "PRAGMA foreign_keys=ON; PRAGMA cache_size=-8192; PRAGMA journal_size_limit=67108864");
  }

 private:
  // SQLite itself takes any file of less than half a kilobyte for an empty database, and writes over it. Read
  // through its own descriptor, for the reason given at make_file().
  void require_header(sqlite3* db) {
    constexpr std::string_view k_magic("SQLite format 3\0", 16);
    sqlite3_file* file = nullptr;
    if (const int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
        code != SQLITE_OK)
      connection_.fail(code);
    char start[k_magic.size()] = {};
    file->pMethods->xRead(file, start, static_cast<int>(sizeof start), 0);
    if (std::string_view(start, sizeof start) != k_magic)
      throw config_error("db.not_a_database",
                         fmt::format("{} is not an SQLite database", connection_.name()));
  }

  // Before anything is written: a file of another program must stay as it is. Ours gets its mark with its
  // first page, so that no other process ever sees it without.
  void identify() {
    auto id = connection_.integer("PRAGMA application_id").value_or(0);
    if (id == k_application_id) return;
    const auto objects = connection_.integer("SELECT count(*) FROM sqlite_schema").value_or(0);
    // Another process may have made the database between the two questions.
    if (id == 0 && objects != 0) id = connection_.integer("PRAGMA application_id").value_or(0);
    if (id == k_application_id) return;
    if (id != 0 || objects != 0)
      throw config_error("db.wrong_application",
                         fmt::format("{} is a database of another program", connection_.name()));
    if (!options_.create || options_.read_only)
      throw config_error("db.not_a_database", fmt::format("{} is empty, not a database", connection_.name()),
                         "ringctl init");
    connection_.exec_script(fmt::format("PRAGMA application_id={}", k_application_id));
  }

  // The switch needs the file for itself for a moment, and does not wait for it by itself.
  void use_wal() {
    constexpr int k_step_ms = 10;
    for (std::chrono::milliseconds waited{0};; waited += std::chrono::milliseconds(k_step_ms)) {
      try {
        const auto mode = connection_.text("PRAGMA journal_mode=WAL").value_or("");
        if (mode != "wal" && mode != "memory")
          base::log(base::LogLevel::warn, "db.no_wal",
                    fmt::format("{} cannot use a write-ahead log here (journal mode {})", connection_.name(),
                                mode));
        return;
      } catch (const Error& error) {
        if (error.errc() != Errc::db_busy || waited >= options_.busy_timeout) throw;
        sqlite3_sleep(k_step_ms);
      }
    }
  }

  SqliteConnection& connection_;
  const OpenOptions& options_;
};

/// What SQLite opens for "sqlite::memory:NAME"; "" for a database of the connection's own.
std::string shared_name(const std::string& url) {
  const auto name = url.substr(k_memory.size());
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  if (!std::ranges::all_of(name, is_plain))
    throw Error(Errc::usage, "db.bad_url", fmt::format("\"{}\" names no database in memory", url));
  return name.empty() ? std::string() : "/" + name;
}

SqliteHandle open_in_memory(const std::string& url, int flags) {
  const auto name = shared_name(url);
  sqlite3* raw = nullptr;
  const int code = name.empty() ? sqlite3_open_v2(":memory:", &raw, flags | SQLITE_OPEN_MEMORY, nullptr)
                                : sqlite3_open_v2(name.c_str(), &raw, flags, "memdb");
  SqliteHandle handle(raw);
  if (code != SQLITE_OK) throw sqlite_error(raw, code, "a database in memory");
  return handle;
}

SqliteHandle open_file(const fs::path& path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOFOLLOW, nullptr);
  SqliteHandle handle(raw);
  if (code != SQLITE_OK) throw sqlite_error(raw, code, path.string());
  return handle;
}

}  // namespace

void make_folder(const fs::path& folder) {
  if (const auto failed = base::make_private_folder(folder))
    throw config_error("db.cannot_create",
                       fmt::format("cannot make the folder {}: {}", folder.string(), failed.message()));
}

fs::path sqlite_path(const std::string& url) {
  auto text = url.substr(std::string_view("sqlite:").size());
  if (url.starts_with(k_memory)) return {};
  // "sqlite:///var/x.db" is the other common spelling of "sqlite:/var/x.db"; "sqlite://x.db" would name a
  // host.
  if (text.starts_with("///")) text.erase(0, 2);
  if (text.empty() || text.starts_with("//") || text.find('\0') != std::string::npos)
    throw Error(Errc::usage, "db.bad_url", fmt::format("\"{}\" names no file (expected sqlite:PATH)", url));
  std::error_code error;
  const auto path = fs::absolute(text, error).lexically_normal();
  if (error || !path.has_filename())
    throw Error(Errc::usage, "db.bad_url", fmt::format("\"{}\" names no file (expected sqlite:PATH)", url));
  // Links among the folders are the user's business; SQLITE_OPEN_NOFOLLOW would refuse those as well.
  const auto folder = fs::weakly_canonical(path.parent_path(), error);
  return error ? path : folder / path.filename();
}

std::unique_ptr<SqliteConnection> SqliteConnection::open(const std::string& url, const OpenOptions& given) {
  auto options = given;
  auto path = sqlite_path(url);
  const bool in_memory = path.empty();
  if (in_memory) options.create = true;  // there is nothing to be missing
  const bool empty = in_memory || check_file(path, options);
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  flags |= options.read_only && !in_memory ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (in_memory) flags |= SQLITE_OPEN_CREATE;
  configure_library();
  auto handle = in_memory ? open_in_memory(url, flags) : open_file(path, flags);
  auto connection = std::make_unique<SqliteConnection>(std::move(handle), url, std::move(path), options);
  Opening(*connection, options).run(empty);
  return connection;
}

}  // namespace ringctl::db
