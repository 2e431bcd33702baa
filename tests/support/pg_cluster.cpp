#include "support/pg_cluster.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

#include "base/text.hpp"

namespace ringctl::test {
namespace {

namespace fs = std::filesystem;

/// By process: the one that started it.
std::map<int, int> parents() {
  std::map<int, int> all;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto pid = base::parse_int(entry.path().filename().string());
    std::ifstream status(entry.path() / "status");
    for (std::string line; pid && std::getline(status, line);)
      if (line.starts_with("PPid:")) all[static_cast<int>(*pid)] = std::stoi(line.substr(5));
  }
  return all;
}

}  // namespace

PostgresCluster::PostgresCluster() : url_(base::trim(run("start", {"synchronous_commit = on"}))) {}

PostgresCluster::~PostgresCluster() {
  try {
    thaw();
    run("stop");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

std::string PostgresCluster::run(const char* verb, const std::vector<std::string>& settings) const {
  Machine::Arguments arguments = {verb, (machine_.home() / "pg").string()};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  ProcessOptions options;
  options.program = RINGCTL_SOURCE_DIR "/tests/support/pg_cluster.sh";
  const auto result = machine_.run(arguments, options);
  if (result.status != 0) throw std::runtime_error(fmt::format("pg_cluster.sh {}: {}", verb, result.err));
  return result.out;
}

void PostgresCluster::halt() { run("halt"); }
void PostgresCluster::resume() { run("resume"); }

void PostgresCluster::freeze() {
  frozen_ = true;
  signal_all(SIGSTOP);
}

void PostgresCluster::thaw() {
  if (!frozen_) return;
  signal_all(SIGCONT);
  frozen_ = false;
}

/// The postmaster first: what stands still starts nobody.
void PostgresCluster::signal_all(int signal) const {
  const fs::path home(base::trim(read_text(machine_.home() / "pg/home")));
  const int postmaster = std::stoi(read_text(home / "data/postmaster.pid"));
  ::kill(postmaster, signal);
  for (const auto& [pid, parent] : parents())
    if (parent == postmaster) ::kill(pid, signal);
}

}  // namespace ringctl::test
