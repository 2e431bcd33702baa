#pragma once
// The project's own source as text, for the tests that hold it to its rules.

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace ringctl::house {

namespace fs = std::filesystem;

inline fs::path root() { return RINGCTL_SOURCE_DIR; }

struct SourceFile {
  std::string path;  ///< from the root: "lib/base/error.hpp"
  std::string room;  ///< folder under lib, or "cmd"
  std::string text;
  bool header() const { return path.ends_with(".hpp"); }
};

/// Every .cpp and .hpp of lib and cmd.
inline std::vector<SourceFile> sources() {
  std::vector<SourceFile> all;
  for (const std::string top : {"lib", "cmd"})
    for (const auto& entry : fs::recursive_directory_iterator(root() / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".cpp" && extension != ".hpp") continue;
      const auto path = fs::relative(entry.path(), root()).string();
      const auto room = top == "cmd" ? top : fs::relative(entry.path(), root() / top).begin()->string();
      all.push_back({path, room, test::read_text(entry.path())});
    }
  REQUIRE(all.size() > 20);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return all;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace ringctl::house
