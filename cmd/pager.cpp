#include "cmd/pager.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include "base/text.hpp"
#include "config/settings.hpp"

namespace ringctl::cmd {
namespace {

struct FileActions {
  posix_spawn_file_actions_t value;
  FileActions() { posix_spawn_file_actions_init(&value); }
  ~FileActions() { posix_spawn_file_actions_destroy(&value); }
};
struct Attributes {
  posix_spawnattr_t value;
  Attributes() { posix_spawnattr_init(&value); }
  ~Attributes() { posix_spawnattr_destroy(&value); }
};

}  // namespace

std::optional<std::string> pager_command(const std::string& configured, const Environment& environment) {
  std::string command = "less -FIRX";
  for (const auto* name : {"PAGER", "RINGCTL_PAGER"})
    if (auto value = environment(name)) command = std::move(*value);
  if (!configured.empty()) command = configured;
  const auto trimmed = base::trim(command);
  if (trimmed.empty() || trimmed == "cat") return std::nullopt;
  return std::string(trimmed);
}

std::optional<Pager> spawn_pager(const std::string& command, int fd) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const base::Fd read_end(ends[0]);
  base::Fd write_end(ends[1]);

  FileActions actions;
  posix_spawn_file_actions_adddup2(&actions.value, read_end.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions.value, fd, STDOUT_FILENO);
  Attributes attributes;  // ringctl ignores the first two and catches the others; its children do not
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes.value, &defaults);
  posix_spawnattr_setflags(&attributes.value, POSIX_SPAWN_SETSIGDEF);

  auto kept = config::child_environment();
  std::vector<char*> environment;
  environment.reserve(kept.size() + 1);
  for (auto& entry : kept) environment.push_back(entry.data());
  environment.push_back(nullptr);
  std::string shell = "sh", option = "-c", text = command;
  std::array<char*, 4> arguments = {shell.data(), option.data(), text.data(), nullptr};
  pid_t pid = -1;
  if (posix_spawn(&pid, "/bin/sh", &actions.value, &attributes.value, arguments.data(), environment.data()) !=
      0)
    return std::nullopt;
  return Pager{std::move(write_end), pid};
}

bool wait_for(pid_t pid) {
  constexpr int k_cannot_be_run = 126, k_not_found = 127;  // of every shell
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return !WIFEXITED(status) || (WEXITSTATUS(status) != k_cannot_be_run && WEXITSTATUS(status) != k_not_found);
}

}  // namespace ringctl::cmd
