#include "cmd/own_files.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "cmd/account.hpp"
#include "config/settings.hpp"
#include "db/maintenance.hpp"

namespace ringctl::cmd {
namespace {

namespace fs = std::filesystem;

struct OwnFile {
  std::string_view what;
  fs::path path;
};

void add_database(std::vector<OwnFile>& files, const config::Settings& settings) try {
  const auto path = db::database_file(settings.database_url());
  if (path.empty()) return;
  for (const auto* ending : {"", "-wal", "-shm", "-journal"})
    files.push_back({*ending == '\0' ? "the database" : "a part of the database", path.string() + ending});
} catch (const Error&) {
  // No home, or a URL that names nothing: then none is open.
}

std::vector<OwnFile> own_files(Context& context) {
  // Of a configuration that cannot be read, what can be known.
  std::vector<Error> ignored;
  const auto settings = config::Settings::load(context.sources(), &ignored);
  std::vector<OwnFile> files = {{"the configuration", settings.user_file()},
                                {"the credentials", settings.credentials_file()},
                                {"the configuration", context.sources().system_file}};
  if (const auto file = key_file(settings); !file.empty())
    files.push_back({"the key of sealed logins", file});
  add_database(files, settings);
  return files;
}

/// Where a link leads that leads to nothing yet; anything else as it is.
fs::path followed(fs::path path) {
  constexpr int k_most = 40;  // as the kernel
  std::error_code error;
  for (int i = 0; i < k_most && fs::is_symlink(path, error); ++i)
    path = path.parent_path() / fs::read_symlink(path, error);
  return path;
}

}  // namespace

bool same_place(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (a.empty() || b.empty()) return false;
  if (fs::equivalent(a, b, error)) return true;
  const auto real = [](const fs::path& path) {
    std::error_code failed;
    auto whole = fs::weakly_canonical(followed(fs::absolute(path, failed)), failed);
    return failed ? path.lexically_normal() : whole;
  };
  return real(a) == real(b);
}

void refuse_own_file(Context& context, std::string_view flag, const fs::path& file) {
  for (const auto& [what, path] : own_files(context))
    if (same_place(file, path))
      throw Error(Errc::usage, "usage.own_file",
                  fmt::format("{} would replace {}, {}", flag, what, path.string()), "name another file");
}

}  // namespace ringctl::cmd
