#pragma once
// Shell completion: a small fixed script per shell calls `ringctl __complete -- WORDS`, which answers with
// "value<TAB>description" lines and a final ":directive" (the protocol of Cobra's programs).

#include <string>
#include <string_view>
#include <vector>

#include "cmd/registry.hpp"

namespace ringctl::cmd {

class Context;

struct Candidate {
  std::string value, description;
};

/// What the shell should do besides offering the candidates.
enum class Directive { none = 0, no_space = 2, no_files = 4 };

struct Completion {
  std::vector<Candidate> candidates;
  Directive directive = Directive::no_files;
};

/// Values of one kind that begin with `prefix`, read from this estate. Nouns add theirs in root.cpp's table.
struct ValueProvider {
  ValueKind kind;
  std::vector<Candidate> (*values)(Context&, const std::string& prefix);
};

/// What can stand at the last of `words` (the words after "ringctl"; the last may be empty). May throw.
Completion complete_words(const std::vector<std::string>& words, Context&);

/// `ringctl __complete -- WORDS`: silent on every error, read-only, at most 150 ms. Always 0.
int complete(const std::vector<std::string>& args, Context&) noexcept;

/// The script for "bash", "zsh" or "fish".
std::string_view completion_script(std::string_view shell);

}  // namespace ringctl::cmd
