#pragma once
// Databases that nobody needs afterwards: each scenario has one of its own, copied from a template that was
// migrated (and filled) once. In this process's memory, or on a server.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "db/connection.hpp"

namespace ringctl::sim {

/// A folder of the run's own under TMPDIR, 0700; gone with everything in it.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Dropped with this object; whatever is connected to it then loses it.
class ScratchDatabase {
 public:
  /// `name`: what it is called on a server, or among those of this process. `drop` takes it away.
  ScratchDatabase(std::string url, std::string name, std::function<void()> drop)
      : url_(std::move(url)), name_(std::move(name)), drop_(std::move(drop)) {}
  ~ScratchDatabase();
  ScratchDatabase(const ScratchDatabase&) = delete;
  ScratchDatabase& operator=(const ScratchDatabase&) = delete;

  const std::string& url() const { return url_; }
  const std::string& name() const { return name_; }
  std::unique_ptr<db::Connection> open() const;
  /// How it is opened: nothing is flushed to disk.
  static db::OpenOptions options();

 private:
  std::string url_, name_;
  std::function<void()> drop_;
};

class Scratch {
 public:
  /// `server`: "" = SQLite, else postgresql://... of a server where the role may create databases; what
  /// killed runs left there is dropped. Throws Errc::usage [sim.bad_database] for anything else. `cache`:
  /// where an empty SQLite database is kept from run to run, so that its tables need not be made each time;
  /// "" = nowhere. One that is not as this program made it is not used, but made anew.
  explicit Scratch(std::string server = {}, std::filesystem::path cache = {});
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// A copy of the template of that name, which `fill` makes what it is from an empty, migrated database when
  /// it is first asked for. Throws what connecting, migrating and filling throw.
  std::unique_ptr<ScratchDatabase> make(const std::string& name,
                                        const std::function<void(db::Connection&)>& fill);
  /// A copy of somebody's database. Throws what copying throws, and what cancelled it.
  std::unique_ptr<ScratchDatabase> copy_of(db::Connection& source, const base::CancelToken* cancel);
  const std::filesystem::path& folder() const { return folder_.path(); }
  bool on_server() const { return !server_.empty(); }

 private:
  const ScratchDatabase& template_for(const std::string& name,
                                      const std::function<void(db::Connection&)>& fill);
  std::unique_ptr<db::Connection> open_empty(const ScratchDatabase&) const;
  std::unique_ptr<ScratchDatabase> create_on_server(const std::string& copied_from);
  std::unique_ptr<ScratchDatabase> create_in_memory();
  std::unique_ptr<ScratchDatabase> create_file();
  std::string next_name();  ///< no other is called so

  ScratchFolder folder_;
  const std::string server_;
  const std::filesystem::path cache_;
  std::unique_ptr<db::Connection> admin_;  ///< on a server
  std::int64_t run_ = 0;                   ///< admin_'s session there
  std::map<std::string, std::unique_ptr<ScratchDatabase>> templates_;
};

}  // namespace ringctl::sim
