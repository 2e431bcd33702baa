#pragma once
// A file that says what a whole estate shall be: one JSON object with an array of objects for each noun.

#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "base/file.hpp"

namespace ringctl::bulk {

/// The `schema` of the files that are read and written.
inline constexpr int k_estate_schema = 1;

/// What the file has of one noun.
struct EstateSection {
  std::string noun;  ///< "users"
  base::Fd file;     ///< a private temporary file that holds the array alone
};

struct EstateFile {
  std::string name;                     ///< as messages call it: the path, or "standard input"
  std::string workspace;                ///< the one it was written from; "" = it does not say
  std::vector<EstateSection> sections;  ///< in the order of the file

  const EstateSection* find(std::string_view noun) const;  ///< nullptr: the file has none
};

/// The nouns that an estate holds, in the order in which they refer to each other.
const std::vector<std::string>& estate_nouns();

/// Takes a file apart in constant memory: `path` "-" is standard input; .gz and .zst are unpacked. What
/// stands within an item is left to the import that reads it. Throws what csv::Source throws, and
/// Errc::invalid with line and column: [estate.bad_json] for what is no such object, [estate.unknown_section]
/// with the sections there are, [estate.duplicate_key], [estate.bad_schema].
EstateFile read_estate_file(const std::string& path, const base::CancelToken&);

}  // namespace ringctl::bulk
