#pragma once
#include <span>
#include <string>
#include <vector>

#include "cmd/completion.hpp"

namespace ringctl::cmd {

/// Values of a kind on this machine and in this estate, from the provider root.cpp names for it.
std::vector<Candidate> values_of(ValueKind, Context&, const std::string& prefix);

std::vector<Candidate> complete_zones(Context&, const std::string& prefix);
std::vector<Candidate> complete_profiles(Context&, const std::string& prefix);
std::vector<Candidate> complete_config_keys(Context&, const std::string& prefix);
std::vector<Candidate> complete_topics(Context&, const std::string& prefix);

}  // namespace ringctl::cmd
