#include "serve/journal_state.hpp"

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/journal.hpp"

namespace ringctl::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_digest = 16;
constexpr std::size_t k_longest_name = 64 * 1024;

fs::path databases(const fs::path& state) { return state / "databases"; }
fs::path name_file(const fs::path& folder) { return folder / "database"; }

std::uint64_t waiting(const fs::path& folder, const base::Clock& clock) {
  std::uint64_t records = 0;
  unsigned number = 0;
  while (const auto journal = Journal::open_abandoned(folder / "journal", number, {}, clock))
    records += journal->stats().disk.lag_records;
  return records;
}

}  // namespace

fs::path state_of(const fs::path& state, const std::string& database) {
  return databases(state) / base::sha256_hex(database).substr(0, k_digest);
}

fs::path make_state_of(const fs::path& state, const std::string& database) {
  auto folder = state_of(state, database);
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    throw Error(Errc::config, "journal.no_folder",
                "could not open the journal's folder " + folder.string() + ": " + failed.message(),
                "the user that runs ringctl must be able to write there");
  if (fs::exists(name_file(folder), failed)) return folder;
  base::AtomicFile file(name_file(folder), 0600);
  file.write(database + "\n");
  file.commit();
  return folder;
}

std::vector<LeftBehind> left_behind(const fs::path& state, const std::string& database,
                                    const base::Clock& clock) {
  std::vector<LeftBehind> found;
  const auto own = state_of(state, database);
  std::error_code none;
  for (fs::directory_iterator at(databases(state), none), end; !none && at != end; at.increment(none)) {
    if (at->path() == own) continue;
    try {
      const auto name = base::read_file(name_file(at->path()), k_longest_name);
      if (const auto records = waiting(at->path(), clock); records > 0)
        found.push_back({std::string(base::trim(name)), records});
    } catch (const Error&) {
      continue;
    }
  }
  return found;
}

}  // namespace ringctl::serve
