#pragma once
// What a number can do, as a set: text "voice|sms", JSON {"sms":true,"voice":true}.

#include <cstdint>
#include <optional>
#include <string_view>

namespace ringctl::estate {

/// One bit per word, in the order of canonical text.
enum Capability : std::uint8_t { k_voice = 1, k_sms = 2, k_mms = 4, k_fax = 8 };
using Capabilities = std::uint8_t;

/// nullopt: `bad_word` is the word that is none. Any case, any order, spaces around words are ignored.
std::optional<Capabilities> parse_capabilities(std::string_view text, std::string_view& bad_word);
/// The texts of a set; they live for ever. The empty set is "" in both.
std::string_view capabilities_text(Capabilities);
std::string_view capabilities_json(Capabilities);
/// As the table stores it: JSON of canonical text. Lives for ever.
std::string_view stored_capabilities(std::string_view canonical);
/// Reads JSON that others wrote too: keys in any order, false values. Unknown keys are ignored.
Capabilities capabilities_from_json(std::string_view json);

}  // namespace ringctl::estate
