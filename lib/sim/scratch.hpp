#pragma once
// Databases that nobody needs afterwards: each scenario has one of its own, copied from a template that was
// migrated (and filled) once.

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
  ScratchDatabase(std::string url, std::function<void()> drop)
      : url_(std::move(url)), drop_(std::move(drop)) {}
  ~ScratchDatabase();
  ScratchDatabase(const ScratchDatabase&) = delete;
  ScratchDatabase& operator=(const ScratchDatabase&) = delete;

  const std::string& url() const { return url_; }
  std::unique_ptr<db::Connection> open() const;
  /// How it is opened: nothing is flushed to disk.
  static db::OpenOptions options();

 private:
  std::string url_;
  std::function<void()> drop_;
};

class Scratch {
 public:
  /// `server`: "" = files in a folder of its own, else postgresql://... of a server where the role may create
  /// databases; what killed runs left there is dropped. Throws Errc::usage [sim.bad_database] for anything
  /// else.
  explicit Scratch(std::string server = {});
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
  const std::string& template_for(const std::string& name, const std::function<void(db::Connection&)>& fill);
  std::unique_ptr<ScratchDatabase> create(const std::string* copied_from);
  std::string next_name();

  ScratchFolder folder_;
  const std::string server_;
  std::unique_ptr<db::Connection> admin_;  ///< on a server
  std::int64_t run_ = 0;                   ///< admin_'s session there
  std::map<std::string, std::unique_ptr<ScratchDatabase>> templates_;
  std::map<std::string, std::string>
      names_;  ///< of templates: what they are called on the server, or their file
  int count_ = 0;
};

}  // namespace ringctl::sim
