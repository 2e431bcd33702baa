#include "bulk/history.hpp"

#include "bulk/adapters.hpp"
#include "jobs/journal.hpp"

namespace ringctl::bulk {

std::vector<base::Uuid> jobs_touching(db::Connection& db, const base::Uuid& workspace, std::string_view key) {
  auto jobs = jobs::jobs_naming(db, workspace, key);
  for (const auto& adapter : all_adapters())
    if (const auto job = adapter->made_by(db, workspace, key)) jobs.push_back(*job);
  return jobs;
}

}  // namespace ringctl::bulk
