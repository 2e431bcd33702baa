#pragma once
#include <span>

#include "cmd/record_verbs.hpp"

namespace ringctl::cmd {

/// What the fields of an assignment are called to people.
std::span<const FieldText> assignment_texts();

}  // namespace ringctl::cmd
