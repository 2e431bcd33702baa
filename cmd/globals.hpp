#pragma once
// The flags every command takes. Their names are reserved on every level.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/registry.hpp"

namespace ringctl::cmd {

/// As given on the command line; what is absent falls to the environment, the configuration, the default.
struct Globals {
  std::optional<std::string> profile, config_file, database, workspace;
  std::optional<std::string> output, out, columns, null_text, delimiter, sort;
  std::optional<std::int64_t> limit;
  std::optional<std::string> log_format, color, progress, tz, confirm;
  std::optional<std::chrono::milliseconds> timeout, lock_wait;
  int verbose = 0;
  bool json = false, no_header = false, no_trunc = false, crlf = false, bom = false, csv_raw = false;
  bool quiet = false, trace = false, no_color = false, no_pager = false, no_input = false;
  bool dry_run = false, yes = false, version = false, help = false;
};

/// Descriptions of all of them, bound to Globals, in the order help shows them.
const std::vector<Flag>& global_flags();

/// Formats that exist; the last one only goes to a file.
inline constexpr std::string_view k_formats = "table|tsv|json|jsonl|csv|md|html|xlsx";

}  // namespace ringctl::cmd
