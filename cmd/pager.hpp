#pragma once
#include <sys/types.h>

#include <optional>
#include <string>

#include "base/file.hpp"
#include "cmd/terminal.hpp"

namespace ringctl::cmd {

/// The configured command (RINGCTL_PAGER counts as that), else PAGER, else "less -FIRX". nullopt where it
/// says `cat` or nothing: no pager wanted.
std::optional<std::string> pager_command(const std::string& configured, const Environment&);

struct Pager {
  base::Fd input;
  pid_t pid;
};
/// Starts `command` through the shell with its output on `fd`, without ringctl's secrets in its environment.
/// nullopt if that fails.
std::optional<Pager> spawn_pager(const std::string& command, int fd);

/// Until the process ends. False if the shell says that there is no such command, or that it cannot be run.
bool wait_for(pid_t);

}  // namespace ringctl::cmd
