#include "config/command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>

#include "base/error.hpp"
#include "base/file.hpp"
#include "config/settings.hpp"

namespace ringctl::config {
namespace {

using Steady = std::chrono::steady_clock;

/// A running child; killed and reaped if it is still there at the end.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
};

struct SpawnSettings {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};

  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    // What we block or ignore is our own business, not the child's.
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

class Run {
 public:
  Run(std::string_view key, const std::vector<std::string>& argv, const CommandLimits& limits)
      : key_(key), program_(argv.front()), limits_(limits), deadline_(Steady::now() + limits.timeout) {}

  base::Secret operator()(std::vector<std::string> argv) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(std::generic_category().message(errno));
    const base::Fd from(ends[0]);
    base::Fd into(ends[1]);
    Child child(start(std::move(argv), into.get()));
    into = base::Fd();
    std::string output = read_all(from.get());
    base::Secret secret(std::move(output));
    const int status = child.wait();
    if (WIFSIGNALED(status)) fail(fmt::format("ended by signal {}", WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0) fail(fmt::format("ended with status {}", WEXITSTATUS(status)));
    return secret;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(Errc::config, "config.secret_command",
                fmt::format("the command for {} ({}) failed: {}", key_, program_, why),
                "run it by hand to see what it says");
  }

  pid_t start(std::vector<std::string> argv, int output) const {
    auto environment = child_environment();
    const SpawnSettings settings(output);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, program_.c_str(), &settings.actions, &settings.attributes,
                                     pointers(argv).data(), pointers(environment).data());
    if (error != 0) fail(std::generic_category().message(error));
    return pid;
  }

  /// Until the program closes its output. One that closes it and stays is waited for, as a shell would.
  std::string read_all(int fd) const {
    std::string output;
    std::array<char, 4096> piece{};
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Steady::now()).count();
      pollfd wanted{fd, POLLIN, 0};
      const int ready = left > 0 ? ::poll(&wanted, 1, static_cast<int>(left)) : 0;
      if (ready < 0 && errno == EINTR) continue;
      if (ready == 0) fail(fmt::format("no answer within {} ms", limits_.timeout.count()));
      const auto got = ::read(fd, piece.data(), piece.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(std::generic_category().message(errno));
      if (got == 0) return output;
      output.append(piece.data(), static_cast<std::size_t>(got));
      if (output.size() > limits_.most_output)
        fail(fmt::format("it printed more than {} bytes", limits_.most_output));
    }
  }

  std::string_view key_;
  const std::string program_;
  const CommandLimits& limits_;
  Steady::time_point deadline_;
};

/// NAME of the variables that hold, or name the place of, a secret.
bool is_secret_variable(std::string_view name) {
  if (name == "CREDENTIALS_DIRECTORY" || name == "PGPASSWORD" || name == "DATABASE_URL") return true;
  if (name.ends_with("_FILE")) name.remove_suffix(std::string_view("_FILE").size());
  return std::any_of(keys().begin(), keys().end(), [&](const KeyInfo& key) {
    return (key.kind == Kind::secret || key.name == "database") && !key.environment.empty() &&
           key.environment == name;
  });
}

}  // namespace

base::Secret run_command(std::string_view key, const std::vector<std::string>& argv,
                         const CommandLimits& limits) {
  return Run(key, argv, limits)(argv);
}

std::vector<std::string> child_environment() {
  std::vector<std::string> kept;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (!is_secret_variable(text.substr(0, text.find('=')))) kept.emplace_back(text);
  }
  return kept;
}

}  // namespace ringctl::config
