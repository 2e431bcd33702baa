#pragma once
// The versions of what exports write for other programs. `ringctl help formats` tells them.

#include <string_view>

namespace ringctl::cmd {

/// Of the columns that `NOUN export` writes: counts up with each that is added. A test holds each number
/// against its columns.
struct ExportSchema {
  std::string_view noun;
  int number;
};
inline constexpr ExportSchema k_export_schemas[] = {{"calls", 2}, {"messages", 1}, {"audit", 1}};

}  // namespace ringctl::cmd
