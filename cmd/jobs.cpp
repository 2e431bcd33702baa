#include "cmd/jobs.hpp"

#include "cmd/root.hpp"

namespace ringctl::cmd {

void add_jobs(Noun& jobs) { add_jobs_read(jobs); }

}  // namespace ringctl::cmd
