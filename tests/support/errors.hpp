#pragma once
// What a piece of work failed with, for a test to compare.

#include <string>

#include "base/error.hpp"

namespace ringctl::test {

/// The slug of the Error that `work` throws, or "" if it throws none.
template <class Work>
std::string error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.slug();
  }
  return {};
}

}  // namespace ringctl::test
