#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "cmd/context.hpp"

namespace ringctl::cmd {

/// Where a command is told a secret: everybody may read its arguments, so it is never one of them.
struct SecretSource {
  std::string_view what;  ///< for messages: "auth token"
  const std::optional<std::string>& file;
  bool from_stdin = false;
};
/// Its lines that hold something, without the white space around them; none where nothing was named. Throws
/// Errc::config [config.secret_permissions], [config.secret_unreadable]; Errc::usage where both are named;
/// Errc::invalid [secrets.empty].
std::vector<base::Secret> secret_lines(Context&, const SecretSource&);
/// The same for one that is a single line. Errc::invalid [secrets.several].
std::optional<base::Secret> secret_line(Context&, const SecretSource&);

/// Every user of the machine can read what a command was started with: throws Errc::usage
/// [usage.login_in_argv] where the URL that the flag was given has a user or password.
void require_no_login(std::string_view flag, std::string_view url);

}  // namespace ringctl::cmd
