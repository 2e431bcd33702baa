#include "support/sample_estate.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace ringctl::test {
namespace {

namespace fs = std::filesystem;

void must(const Machine& machine, const std::string& line) {
  const auto result = run_in_shell(machine, line);
  if (result.status != 0) throw std::runtime_error(line + ": " + result.err);
}

void lay_out_files(const Machine& machine) {
  machine.file("numbers.csv",
               "phone_number,provider,country_code,label\n+12025550123,twilio,US,Sales\n"
               "+12025550124,twilio,US,Desk\n+16135550111,twilio,CA,Ottawa\n");
  for (const auto* folder :
       {".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"})
    fs::create_directories(machine.home() / folder);
}

/// Examples that make something want it not to be there.
bool starts_from_nothing(const std::string& command) {
  return command.find(" add ") != std::string::npos || command.starts_with("ringctl init") ||
         command.starts_with("ringctl numbers import");
}

}  // namespace

SampleEstate::SampleEstate() : tree_(nlohmann::json::parse(machine_.run({"help", "--tree", "json"}).out)) {
  lay_out_files(machine_);
  must(machine_, "ringctl numbers import numbers.csv");
  must(machine_, "ringctl workspaces add support");
  must(machine_, "ringctl config set workspace default");
  must(machine_, "ringctl db backup estate.db");
  for (const auto* profile : {"prod", "test"}) must(machine_, std::string("ringctl profiles add ") + profile);
  must(machine_, "ringctl config set timezone Europe/London");
  const auto jobs = run_in_shell(machine_, "ringctl jobs list --columns job --no-header");
  job_ = jobs.out.substr(0, jobs.out.find('\n'));
  if (job_.size() < 8) throw std::runtime_error("jobs list: " + jobs.err);
}

std::string SampleEstate::with_job(std::string command) const {
  const std::string sample = "5be01d7a";
  if (const auto at = command.find(sample); at != std::string::npos)
    command.replace(at, sample.size(), job_.substr(job_.size() - 8));
  return command;
}

void SampleEstate::lay_out(const Machine& machine, const std::string& command) const {
  if (starts_from_nothing(command))
    lay_out_files(machine);
  else
    fs::copy(machine_.home(), machine.home(), fs::copy_options::recursive);
  if (command == "ringctl db backup estate.db") fs::remove(machine.home() / "estate.db");
}

int example_status(const std::string& command) {
  // The job at hand is finished; one that is not would have to be killed first (tests of the bulk engine do).
  return command.starts_with("ringctl jobs resume ") ? 6 : 0;
}

ProcessResult run_in_shell(const Machine& machine, const std::string& line) {
  ProcessOptions options;
  options.program = "/bin/bash";
  options.environment["PATH"] = fs::path(RINGCTL_BINARY).parent_path().string() + ":/usr/bin:/bin";
  return machine.run({"-o", "pipefail", "-c", line}, options);
}

}  // namespace ringctl::test
