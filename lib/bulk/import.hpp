#pragma once
// The import: a file held against the database, a verdict per line, and all of it written, or none, or all
// but the rejected rows in batches that a killed run takes up again. The same engine for every noun.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "base/cancel.hpp"
#include "base/error.hpp"
#include "bulk/adapter.hpp"
#include "bulk/allowance.hpp"
#include "bulk/intake.hpp"
#include "bulk/problems.hpp"
#include "bulk/row_changes.hpp"
#include "jobs/journal.hpp"

namespace ringctl::bulk {

enum class OnConflict { update, skip, fail };

struct ImportOptions {
  IntakeOptions intake;
  OnConflict on_conflict = OnConflict::update;
  Allowance allowance;
  /// empty: not written. Written in the input's format, which its name may not deny: Errc::usage
  /// [import.rejects_format].
  std::filesystem::path rejects;
  bool restart = false;  ///< do not take up an unfinished job, which is given up then
  bool dry_run = false;
  records::Lapse accepted = records::Lapse::none;  ///< no worse is a warning
  Told told = Told::none;                          ///< of which rows the report tells
  std::chrono::milliseconds lock_wait{0};
  std::size_t batch_rows = 4096;  ///< looked up at once; a transaction each, unless all are written or none
  std::string expected_digest;    ///< not empty: the file must still be this one (SHA-256)
};

/// Enough to run it again: what `jobs resume` reads back. Paths are made absolute.
std::string to_json(const ImportOptions&);
ImportOptions options_from_json(std::string_view);
/// True if both read and treat the rows of a file alike; where it lies and how many errors are allowed may
/// differ.
bool same_meaning(std::string_view options, std::string_view other_options);

struct Progress {
  std::string_view phase;  ///< "reading", "writing"
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0 = not known yet
  std::uint64_t rejected = 0;
};
using ProgressFn = std::function<void(const Progress&)>;

/// What a run did, or would do.
struct ImportReport {
  std::optional<base::Uuid> job;
  jobs::Counts counts;
  Errc outcome = Errc::ok;  ///< ok, partial, conflict, invalid
  bool dry_run = false;
  bool resumed = false;
  bool cut_off = false;            ///< the input could not be read to its end: refused, whatever is allowed
  bool stopped_midway = false;     ///< rejects went past the allowance after some batches were written
  std::string input;               ///< as messages call it
  std::string_view unit = "line";  ///< for Problem::text()
  std::string allowance;           ///< "" = atomic
  std::string read_as;             ///< of a file without a header: what its columns were taken for
  std::vector<Problem> problems, warnings;  ///< the first ten of each, in line order
  std::int64_t dangling = 0;                ///< rows refused for records::Lapse::dangling
  RowChanges changes;                       ///< as ImportOptions::told says
  std::filesystem::path rejects;            ///< where they were written, be it none; or empty
};

/// Where an import goes.
struct Target {
  audit::Session& session;
  base::Uuid workspace;
};
/// Asked for once, when the whole input was read: a file that cannot be needs no database. `writes`: false
/// for a plan, and for a file that is refused already.
using TargetFn = std::function<Target(bool writes)>;

/// The target's rows only. Holds the workspace's bulk lock while it writes. Throws what take_in throws,
/// Errc::locked, Errc::conflict [import.moved_on] when another writer kept interfering, and Errc::interrupted
/// and its like with the job to resume. A refused file is no exception: see `outcome` and refusal().
ImportReport run_import(const TargetFn&, Adapter&, const ImportOptions&, const base::CancelToken&,
                        const ProgressFn&);

/// What run_import() would do with a file that was taken in. Only reads; the options say dry_run.
ImportReport plan_import(const Target&, Adapter&, const ImportOptions&, Intake&&, const base::CancelToken&,
                         const ProgressFn&);

/// The same, found out by doing it: all but the rejected rows
/// are written, without a job or an audit row, so that rows of other files that refer to them can be judged
/// too. Inside the caller's write transaction in the adapter's scope, which must not be committed.
ImportReport rehearse_import(const Target&, Adapter&, const ImportOptions&, Intake&&,
                             const base::CancelToken&, const ProgressFn&);

/// What helps where a problem's code is "no_country_code".
inline constexpr std::string_view k_country_hint =
    "--default-country CC reads numbers without a country code";
/// The message for an outcome of conflict or invalid.
Error refusal(const ImportReport&);

}  // namespace ringctl::bulk
