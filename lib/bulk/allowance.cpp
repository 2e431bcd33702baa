#include "bulk/allowance.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace ringctl::bulk {

bool Allowance::admits(std::uint64_t rejected, std::uint64_t total) const {
  if (rows) return rejected <= *rows;
  if (percent) return static_cast<double>(rejected) * 100.0 <= *percent * static_cast<double>(total);
  return rejected == 0;
}

std::string Allowance::text() const {
  if (rows) return std::to_string(*rows);
  return percent ? fmt::format("{:g}%", *percent) : "";
}

Allowance parse_allowance(std::string_view text) {
  const bool percent = text.ends_with('%');
  const auto digits = percent ? text.substr(0, text.size() - 1) : text;
  const auto value = base::parse_int(digits);
  if (!value || *value < 0 || (percent && *value > 100))
    throw Error(Errc::usage, "import.bad_max_errors",
                fmt::format("--max-errors \"{}\" is neither a number of rows nor a percentage", text),
                "--max-errors 12, or --max-errors 5%");
  Allowance allowance;
  if (percent)
    allowance.percent = static_cast<double>(*value);
  else
    allowance.rows = static_cast<std::uint64_t>(*value);
  return allowance;
}

}  // namespace ringctl::bulk
