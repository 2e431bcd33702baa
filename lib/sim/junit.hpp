#pragma once
// Verdicts as JUnit's XML, which build servers read.

#include <chrono>
#include <string>
#include <vector>

namespace ringctl::sim {

struct JunitCase {
  std::string name = {}, file = {};
  std::chrono::microseconds took{};
  std::string failure = {};  ///< lines of differences; "" = passed
  std::string error = {};    ///< why it could not be played; "" = it could
  std::string output = {};   ///< the timeline
};

std::string junit(const std::string& suite, const std::vector<JunitCase>&);

}  // namespace ringctl::sim
