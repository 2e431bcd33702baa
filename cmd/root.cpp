#include "cmd/root.hpp"

#include <array>

#include "cmd/completion_values.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::string_view k_machine = "THIS MACHINE";
constexpr std::string_view k_about = "ABOUT RINGCTL";

constexpr std::array k_nouns = {
    NounEntry{"config", "Settings and where each comes from", k_machine, add_config},
    NounEntry{"profiles", "Named sets of settings", k_machine, add_profiles},
    NounEntry{"completion", "Print a shell's completion script", k_about, add_completion},
    NounEntry{"help", "Help about a command or a topic", k_about, add_help},
    NounEntry{"version", "Print the version and what it was built from", k_about, add_version},
};

constexpr std::array k_providers = {
    ValueProvider{ValueKind::profile, complete_profiles},
    ValueProvider{ValueKind::zone, complete_zones},
    ValueProvider{ValueKind::config_key, complete_config_keys},
    ValueProvider{ValueKind::topic, complete_topics},
};

}  // namespace

std::span<const NounEntry> nouns() { return k_nouns; }
std::span<const Alias> aliases() { return {}; }
std::span<const ValueProvider> value_providers() { return k_providers; }

}  // namespace ringctl::cmd
