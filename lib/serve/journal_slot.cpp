#include "serve/journal_slot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/error.hpp"
#include "serve/journal_disk.hpp"

namespace ringctl::serve {
namespace {

namespace fs = std::filesystem;

Error cannot_make(const fs::path& path, int error) {
  return {Errc::config, "journal.no_folder",
          fmt::format("could not open the journal's folder {}: {}", path.string(),
                      std::generic_category().message(error)),
          "the user that runs ringctl must be able to write there"};
}

/// Durably: the journal is worth what the names on the way to it are.
void make_folder(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0) {
    if (const auto failed = system_disk().sync_folder(path.parent_path()))
      throw cannot_make(path, failed.value());
  } else if (errno != EEXIST) {
    throw cannot_make(path, errno);
  }
}

void make_root(const fs::path& root) {
  std::error_code failed;
  fs::create_directories(root.parent_path(), failed);
  if (failed) throw cannot_make(root, failed.value());
  make_folder(root);
}

/// Empty if somebody holds it.
base::Fd lock_folder(const fs::path& folder) {
  const auto path = folder / "lock";
  base::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw cannot_make(path, errno);
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return {};
    if (errno != EINTR) throw cannot_make(path, errno);
  }
  return fd;
}

}  // namespace

fs::path slot_folder(const fs::path& root, unsigned number) { return root / fmt::format("slot-{}", number); }

Slot Slot::take(const fs::path& given) {
  const auto root = fs::absolute(given);
  make_root(root);
  for (unsigned number = 0; number < k_most_slots; ++number) {
    auto folder = slot_folder(root, number);
    make_folder(folder);
    if (auto lock = lock_folder(folder)) return {number, std::move(folder), std::move(lock)};
  }
  throw Error(Errc::locked, "journal.no_slot",
              fmt::format("{} other processes have their journals in {}", k_most_slots, root.string()));
}

std::optional<Slot> Slot::try_take(const fs::path& root, unsigned number) {
  auto folder = slot_folder(root, number);
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return std::nullopt;
  auto lock = lock_folder(folder);
  if (!lock) return std::nullopt;
  return Slot(number, std::move(folder), std::move(lock));
}

std::vector<unsigned> slots(const fs::path& root) {
  std::vector<unsigned> found;
  std::error_code ignored;
  for (unsigned number = 0; number < k_most_slots; ++number)
    if (fs::is_directory(slot_folder(root, number), ignored)) found.push_back(number);
  return found;
}

}  // namespace ringctl::serve
