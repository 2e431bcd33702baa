#pragma once
#include <string>

namespace ringctl::base {

/// What is wrong with a value, or worth a warning. An empty code: nothing.
struct Finding {
  std::string code;     ///< "bad_country", stable
  std::string message;  ///< one line with the value: "\"XX\" is not a country"
  void clear() {
    code.clear();
    message.clear();
  }
  explicit operator bool() const { return !code.empty(); }
};

}  // namespace ringctl::base
