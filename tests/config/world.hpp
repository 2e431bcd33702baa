#pragma once
// A machine of its own for every test: a home, a system folder, an environment and flags.

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

namespace ringctl::config {

class World {
 public:
  World() {
    environment["HOME"] = (root() / "home").string();
    std::filesystem::create_directories(user_file().parent_path());
    std::filesystem::create_directories(system_file().parent_path());
  }

  std::filesystem::path root() const { return folder_.path(); }
  std::filesystem::path user_file() const { return folder_ / "home/.config/ringctl/config.toml"; }
  std::filesystem::path credentials() const { return folder_ / "home/.config/ringctl/credentials.toml"; }
  std::filesystem::path system_file() const { return folder_ / "etc/config.toml"; }

  std::filesystem::path write(const std::filesystem::path& path, std::string_view text,
                              mode_t mode = 0600) const {
    test::write_text(path, text);
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
  }
  static std::string read(const std::filesystem::path& path) { return test::read_text(path); }

  Sources sources() const {
    Sources all;
    all.environment = [names = environment](const std::string& name) {
      const auto at = names.find(name);
      return at == names.end() ? std::nullopt : std::optional(at->second);
    };
    all.system_file = system_file();
    all.flags = flags;
    return all;
  }
  Settings load() const { return Settings::load(sources()); }

  std::map<std::string, std::string> environment;
  std::map<std::string, std::string, std::less<>> flags;

 private:
  test::TempDir folder_;
};

/// The Error that `act` throws; ends the test if it throws none.
template <typename Act>
Error error_of(Act act) {
  const auto error = test::error_of(act);
  REQUIRE(error);
  return *error;
}

/// Everything of an error that a user gets to see.
inline std::string whole(const Error& error) {
  std::string text = error.message() + "\n" + error.hint();
  for (const auto& line : error.details()) text += "\n" + line;
  return text;
}

}  // namespace ringctl::config
