#pragma once
// What a failing call threw, for tests that look at more than its type.

#include <optional>

#include "base/error.hpp"

namespace ringctl::test {

template <typename Call>
std::optional<Error> error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

/// The slug of the Error that `call` throws, "" if it throws none.
template <typename Call>
std::string slug_of(Call&& call) {
  const auto error = error_of(call);
  return error ? error->slug() : std::string();
}

}  // namespace ringctl::test
