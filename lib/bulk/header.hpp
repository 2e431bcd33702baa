#pragma once
// Which column of the file feeds which field of the noun.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bulk/adapter.hpp"

namespace ringctl::bulk {

/// `--map`: the file's column name to our field name; "-" ignores the column.
struct ColumnMap {
  std::string file_column, field;
};
/// Reads "Phone No=phone_number". Throws Errc::usage [import.bad_map].
ColumnMap parse_column_map(std::string_view text);

/// Where each column of the file goes; nullopt: ignored (_line, _code, _error and what --map sends to "-").
using Mapping = std::vector<std::optional<std::size_t>>;

/// Names are compared in lower case with spaces, dots and hyphens read as underscores.
/// Throws Errc::invalid [import.unknown_column] naming all of them with suggestions,
/// [import.duplicate_column], [import.missing_column]; Errc::usage [import.bad_map] for a --map that names a
/// field we do not have. `require_key`: every key column must be there (JSONL learns its columns as it
/// reads).
Mapping map_columns(std::span<const std::string> names, const Adapter&, std::span<const ColumnMap>,
                    const std::string& file, bool require_key = true);

/// Throws Errc::usage [import.bad_map] if one of the maps names a column that the file does not have.
void require_mapped_columns(std::span<const std::string> names, std::span<const ColumnMap>,
                            const std::string& file);

/// True if the text is what a column of the key is called.
bool names_key_column(std::string_view text, const Adapter&);

/// A file without a header: the noun's columns from the first on.
Mapping positional(const Adapter&);

}  // namespace ringctl::bulk
