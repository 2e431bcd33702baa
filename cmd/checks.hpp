#pragma once
// What a look at this machine found, for `doctor` and for commands that look before they begin.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace ringctl::cmd {

struct Checked {
  std::string id;
  std::string_view status;  ///< "ok", "warn", "fail"
  std::string evidence, fix;
  std::optional<Error> error = {};  ///< of one that failed by it
};
using Report = std::vector<Checked>;

inline bool has_failed(const Checked& check) { return check.status == "fail"; }

inline Checked failed_check(std::string id, const Error& error) {
  auto evidence = error.message();
  for (const auto& line : error.details()) evidence += "; " + line;
  return {std::move(id), "fail", std::move(evidence), error.hint(), error};
}

}  // namespace ringctl::cmd
