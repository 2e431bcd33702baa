#pragma once
// Runs the real ringctl as a child: no shell, an environment of its own, a home folder that goes with the
// test.

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/temp_dir.hpp"

namespace ringctl::test {

/// Where a standard stream of the child leads.
enum class Stream {
  capture,  ///< a pipe that is read to its end
  closed,
  full,    ///< /dev/full: every write fails with ENOSPC
  broken,  ///< a pipe nobody reads
};

struct ProcessOptions {
  std::string program;                             ///< "": the ringctl under test
  std::map<std::string, std::string> environment;  ///< added to PATH, HOME, LANG and TZ=UTC; "" unsets
  std::string input;                               ///< standard input
  std::filesystem::path directory;                 ///< "": the home folder
  Stream out = Stream::capture;
  Stream err = Stream::capture;
  /// Called with the child's pid while it runs, after it was started.
  std::function<void(int pid)> meanwhile;
};

struct ProcessResult {
  std::vector<std::string> arguments;  ///< what it was started with
  int status = -1;                     ///< exit status, or 128 + signal
  bool killed = false;                 ///< ended by a signal it did not handle
  std::string out, err;
};

/// A terminal of the child's own: all three streams lead to it, `input` is typed once something was shown.
/// What it shows is in `out`.
struct TerminalOptions {
  std::map<std::string, std::string> environment;
  std::string input;
  int columns = 80, lines = 24;
  bool out_is_pipe =
      false;  ///< stdout is captured apart (in `out`); stdin and stderr stay the terminal (`err`)
};

/// A child that goes on while the test does: both its output streams lead to `log`. Killed, by its pid, with
/// this.
class RunningProcess {
 public:
  RunningProcess(int pid, std::filesystem::path log) : pid_(pid), log_(std::move(log)) {}
  RunningProcess(RunningProcess&& other) noexcept;
  RunningProcess& operator=(RunningProcess&&) = delete;
  ~RunningProcess();

  int pid() const { return pid_; }
  std::string log() const;
  bool is_running();
  void signal(int signal) const;
  /// Waits for its end; throws std::runtime_error with its log if it goes on for longer. Exit status, or 128
  /// + signal.
  int wait(std::chrono::milliseconds most = k_patience);

 private:
  int pid_;
  std::filesystem::path log_;
  std::optional<int> status_;
};

/// A folder that stands for a fresh machine: HOME, configuration, database and all.
class Machine {
 public:
  using Arguments = std::vector<std::string>;
  const std::filesystem::path& home() const { return home_.path(); }
  std::filesystem::path file(const std::string& name, const std::string& content) const;

  ProcessResult run(const Arguments&, const ProcessOptions& = {}) const;
  /// Of the options: program, environment and directory. Its log is in the home folder.
  RunningProcess start(const Arguments&, const ProcessOptions& = {}) const;
  ProcessResult run_in_terminal(const Arguments&, const TerminalOptions& = {}) const;

 private:
  std::vector<std::string> environment(const std::map<std::string, std::string>& more) const;
  TempDir home_;
};

/// `command` cut into words as a shell would, up to its first operator (| > < & ;). Knows quotes and nothing
/// else. For the examples of the registry.
std::vector<std::string> shell_words(const std::string& command);

}  // namespace ringctl::test
