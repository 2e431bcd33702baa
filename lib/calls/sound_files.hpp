#pragma once
// Files that the sound of recordings was fetched into. They go with their calls; but what lies at their place
// is removed only where it is, byte for byte, what was written there: nothing else is ours.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringctl::calls {

struct SoundFile {
  std::string name;    ///< absolute
  std::string sha256;  ///< of what was written to it; "" = not known
};

/// As recordings.files and recordings.file_name have them; "" for NULL.
std::vector<SoundFile> sound_files(std::string_view files, std::string_view file_name);
/// For recordings.files. Throws Errc::invalid [recordings.bad_file] for a name that is not UTF-8.
std::string to_json(const std::vector<SoundFile>&);

class SoundRemoval {
 public:
  /// `is_noted`: whether a file of this digest was fetched. Where one is in the place of another, that other
  /// is no more.
  explicit SoundRemoval(std::function<bool(std::string_view sha256)> is_noted)
      : is_noted_(std::move(is_noted)) {}

  /// Reads it, so that remove() need not, unless it is another by then.
  void look_at(const SoundFile&);
  /// Why it stays; "" if it is gone, be it that it was not there. Throws what `is_noted` throws.
  std::string remove(const SoundFile&);
  /// Makes what was removed stay so over a power cut. Throws Errc::output [output.write_failed].
  void settle();
  std::int64_t removed() const { return removed_; }

 private:
  struct Place;
  /// What changes when a file does.
  using Stamp = std::array<std::int64_t, 5>;

  /// "" if it cannot be read.
  std::string digest_of(const std::string& name, const Place&);

  std::function<bool(std::string_view)> is_noted_;
  std::map<std::string, std::pair<Stamp, std::string>> seen_;  ///< digests, by name
  std::set<std::filesystem::path> folders_;
  std::int64_t removed_ = 0;
};

}  // namespace ringctl::calls
