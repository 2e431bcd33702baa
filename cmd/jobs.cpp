#include "cmd/jobs.hpp"

#include "cmd/jobs_run.hpp"
#include "cmd/root.hpp"

namespace ringctl::cmd {

void add_jobs(Noun& jobs) {
  add_jobs_read(jobs);
  add_jobs_resume(jobs);
  add_jobs_resolve(jobs);
  add_jobs_undo(jobs);
  add_jobs_purge(jobs);
}

}  // namespace ringctl::cmd
