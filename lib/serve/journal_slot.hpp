#pragma once
// A slot: the folder that one serve process keeps its journal in. The kernel holds the lock, so it ends with
// the process however that ends, and the next one takes the slot over with what is in it.

#include <filesystem>
#include <optional>
#include <vector>

#include "base/file.hpp"

namespace ringctl::serve {

/// More serve processes than one machine has use for.
constexpr unsigned k_most_slots = 256;

class Slot {
 public:
  /// The first slot under `root` that nobody holds; made, mode 0700, where all are held. Throws Errc::config
  /// [journal.no_folder] where it cannot be made, Errc::locked [journal.no_slot] past k_most_slots.
  static Slot take(const std::filesystem::path& root);
  /// This one, if it exists and nobody holds it.
  static std::optional<Slot> try_take(const std::filesystem::path& root, unsigned number);

  unsigned number() const { return number_; }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  Slot(unsigned number, std::filesystem::path folder, base::Fd lock)
      : number_(number), folder_(std::move(folder)), lock_(std::move(lock)) {}
  unsigned number_;
  std::filesystem::path folder_;
  base::Fd lock_;
};

/// STATE/journal/slot-N
std::filesystem::path slot_folder(const std::filesystem::path& root, unsigned number);
/// Numbers of the slots that exist, held or not, ascending.
std::vector<unsigned> slots(const std::filesystem::path& root);

}  // namespace ringctl::serve
