#pragma once
// Reverses a finished import, unless a later change touched a row: those are kept and listed.

#include <cstdint>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "bulk/adapter.hpp"
#include "jobs/journal.hpp"

namespace ringctl::bulk {

struct UndoReport {
  jobs::Job job;
  std::int64_t removed = 0;       ///< rows the job had made
  std::int64_t restored = 0;      ///< rows the job had changed
  std::int64_t gone = 0;          ///< rows the job had made or changed and somebody deleted since
  std::vector<std::string> kept;  ///< keys of rows that moved on, at most 100
  std::int64_t kept_count = 0;
  bool dry_run = false;
};

/// One transaction, audited, under the workspace's bulk lock. Throws Errc::conflict [jobs.already_undone] or
/// [jobs.nothing_to_undo], and Errc::locked while an import runs.
UndoReport undo_import(audit::Session&, const base::Uuid& workspace, Adapter&, const std::string& job,
                       bool dry_run, std::chrono::milliseconds lock_wait = {});

}  // namespace ringctl::bulk
