#pragma once
// Reverses a finished import, unless a later change touched a row: those are kept and listed.

#include <cstdint>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "bulk/adapter.hpp"
#include "jobs/journal.hpp"

namespace ringctl::bulk {

/// Why an undo leaves a row alone.
enum class Kept {
  changed,  ///< somebody changed it since
  in_use,   ///< others refer to it
  blocked,  ///< what it held refers to nothing any more, or another row has it
};
struct KeptRow {
  std::string key;
  Kept why;
};

struct UndoReport {
  jobs::Job job;
  std::int64_t removed = 0;   ///< rows the job had made
  std::int64_t restored = 0;  ///< rows the job had changed
  std::int64_t gone = 0;      ///< rows the job had made or changed and somebody deleted since
  std::vector<KeptRow> kept;  ///< rows left alone, at most 100
  std::int64_t kept_count = 0;
  std::int64_t kept_in_use = 0;
  bool dry_run = false;
};

/// The hint for rows that are in use: what uses them came later.
inline constexpr std::string_view k_undo_later_first =
    "undo the jobs that came later first: ringctl jobs list";

/// One transaction, audited, under the workspace's bulk lock. Throws Errc::conflict [jobs.already_undone],
/// [jobs.purged], [jobs.nothing_to_undo], or where every row is kept [jobs.all_changed] or [jobs.all_in_use], and
/// Errc::locked while an import runs.
UndoReport undo_import(audit::Session&, const base::Uuid& workspace, Adapter&, const std::string& job,
                       bool dry_run, std::chrono::milliseconds lock_wait = {});

}  // namespace ringctl::bulk
