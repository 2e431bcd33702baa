#pragma once
// Runs the program that a *_command names and takes its standard output.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace ringctl::config {

struct CommandLimits {
  std::chrono::milliseconds timeout =
      std::chrono::seconds(30);  ///< a password manager may have to ask its owner
  std::size_t most_output = 64 * 1024;
};

/// No shell; standard input is empty, standard error stays where it is, the environment is
/// child_environment(). `key` names the secret in messages. Throws Errc::config [config.secret_command] when
/// the program cannot be started, fails, takes too long, or prints too much.
base::Secret run_command(std::string_view key, const std::vector<std::string>& argv,
                         const CommandLimits& = {});

}  // namespace ringctl::config
