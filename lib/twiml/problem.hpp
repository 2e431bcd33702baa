#pragma once
#include <cstddef>
#include <string>

namespace ringctl::twiml {

/// What is wrong with an answer, and where.
struct Problem {
  std::size_t line = 0;  ///< of the text read, counted from 1; 0 where there is no text yet
  std::string element;   ///< "Dial", "Gather/Say"; "" = the whole
  std::string code;      ///< stable: "unknown_verb", "too_many_nouns"
  std::string message;   ///< one line with the value
};

}  // namespace ringctl::twiml
