#pragma once
// The way back of what Source unpacks: a stream packed as gzip or zstd, told by the name of the file it goes
// to.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace ringctl::csv {

class Deflater {
 public:
  virtual ~Deflater() = default;
  /// Appends to `out` what is packed so far. The same text gives the same bytes: no name, no time in them.
  virtual void add(std::string_view text, std::string& out) = 0;
  /// Once, after the last add().
  virtual void finish(std::string& out) = 0;
};

/// True of "x.csv.gz" and "x.csv.zst", any case.
bool names_archive(const std::filesystem::path& file);
/// nullptr where names_archive() is false.
std::unique_ptr<Deflater> deflater_for(const std::filesystem::path& file);

}  // namespace ringctl::csv
