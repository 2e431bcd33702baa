#pragma once
// A whole estate brought in line with a file: each noun of it is an import of its own, in the order in which
// they refer to each other, and a job that can be undone. Rows that the file does not name stay.

#include <chrono>
#include <string>
#include <vector>

#include "bulk/estate_file.hpp"
#include "bulk/import.hpp"

namespace ringctl::bulk {

struct EstateOptions {
  Reading reading;
  Told told = Told::changes;     ///< of which rows the reports tell
  bool accept_dangling = false;  ///< take rows that name what is not there, with a warning
  std::chrono::milliseconds lock_wait{0};
};

/// One import of the estate's.
struct EstateStep {
  std::string noun;
  /// Makes rows that others refer to before what they refer to themselves is there: a later step of the same
  /// noun gives them that, and judges them.
  bool bare = false;
  ImportOptions options;  ///< for the import; it reads the file of the section
  ImportReport report;    ///< what it would do

  bool changes() const { return report.counts.created + report.counts.updated != 0; }
};

/// What applying the file would do. If it is anything, all of it is tried in one transaction that is rolled
/// back, so a row may refer to what an earlier section makes. The target is asked for once. Throws what
/// take_in() throws. A step whose rows are refused is no exception: see its report.
std::vector<EstateStep> plan_estate(const EstateFile&, const EstateOptions&, const TargetFn&,
                                    const base::CancelToken&, const ProgressFn&);

/// Does one step of the plan, all of it or nothing, as run_import(); the EstateFile must still be there. In
/// the order of the plan.
ImportReport apply_step(const EstateStep&, const Target&, const base::CancelToken&, const ProgressFn&);

}  // namespace ringctl::bulk
