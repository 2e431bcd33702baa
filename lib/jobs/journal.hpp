#pragma once
// The journal of long work: what was asked, how far it came, what it did to each row that needs remembering.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::jobs {

enum class State { running, finished, failed, undone };
std::string_view state_name(State);

/// Rows by verdict. `rows` is what the input held.
struct Counts {
  std::int64_t rows = 0, created = 0, updated = 0, same = 0, duplicate = 0, conflict = 0, invalid = 0;
  std::int64_t skipped = 0;  ///< exists already and --on-conflict skip, or an identical duplicate
  std::int64_t warnings = 0;
  std::int64_t rejected() const { return duplicate + conflict + invalid; }
  friend bool operator==(const Counts&, const Counts&) = default;
};
std::string to_json(const Counts&);
Counts counts_from_json(std::string_view);

/// In the place of the options of a job whose rows are being removed (old_jobs.hpp).
inline constexpr std::string_view k_purged_options = R"({"purged":true})";

struct Job {
  base::Uuid id;
  std::string kind;  ///< "numbers.import"
  State state = State::running;
  std::string actor;
  std::string input_name;
  std::string input_digest;  ///< "" for standard input
  std::string options;       ///< canonical JSON, enough to run it again
  Counts counts;
  std::string position;  ///< last key committed; "" = none
  base::Instant created_at, updated_at;
  std::optional<base::Instant> finished_at;

  /// Rows of it are gone: it cannot be taken back.
  bool purged() const { return options == k_purged_options; }
};

/// A row that needs remembering: rejected, or changed by the job.
struct JobRow {
  std::int64_t line = 0;
  std::string key;
  std::string verdict;  ///< "update", "duplicate", "conflict", "invalid"; "restored": an update, taken back
  std::string code = {}, message = {};
  std::optional<std::string> before_image = {};  ///< canonical JSON of what an update replaced
  std::int64_t version_after = 0;
  std::optional<base::Uuid> object_id = {};  ///< of the row that an update changed
};

/// On one workspace; every call inside the caller's transaction.
class Journal {
 public:
  Journal(db::Connection& db, const base::Clock& clock, const base::Uuid& workspace)
      : db_(db), clock_(clock), workspace_(workspace) {}

  void insert(Job&);  ///< sets created_at, updated_at
  void save(Job&);    ///< state, counts, position, finished_at; sets updated_at
  void add_rows(const base::Uuid& job, std::span<const JobRow>);

  std::optional<Job> find_unfinished(std::string_view kind, std::string_view input_digest);
  /// One that read standard input, which nobody can give again: it stays unfinished, unless it runs still.
  std::optional<Job> find_unfinished_of_stdin(std::string_view kind);
  /// Whole id or its last eight hex digits. Throws Errc::not_found [jobs.unknown]; Errc::usage
  /// [jobs.ambiguous].
  Job get(std::string_view id_or_short);
  /// Newest first; limit 0 = all.
  std::vector<Job> list(std::int64_t limit);
  std::int64_t count();
  /// In line order; streams.
  void for_each_row(const base::Uuid& job, const std::function<void(const JobRow&)>&);

  /// An undo gave back what this update had replaced.
  void mark_restored(const base::Uuid& job, const JobRow&);
  /// Of updates of the same object that later jobs made, how many were taken back. Each raised the object's
  /// version by two, coming and going, and left it as this row's job did.
  std::int64_t count_restored_since(const JobRow&);

 private:
  db::Connection& db_;
  const base::Clock& clock_;
  base::Uuid workspace_;
};

/// SQL for the version of an object that is as a job made it: 1, and two more for each later change that was
/// taken back. `id` and `key` of the object are SQL as well, $1 is the workspace.
std::string version_as_made(std::string_view id, std::string_view key);

/// Jobs whose journal has a row of this key.
std::vector<base::Uuid> jobs_naming(db::Connection&, const base::Uuid& workspace, std::string_view key);

}  // namespace ringctl::jobs
