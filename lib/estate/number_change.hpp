#pragma once
// From what people typed to the values of a number: every field checked, defaults and derived values filled
// in.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "estate/numbers.hpp"

namespace ringctl::estate {

/// A field that may be set by hand, with everything that is to know about it.
struct SettableField {
  std::string_view column;
  std::optional<std::string> NumberChange::*given;
  std::string Number::*value;
  bool (*canonical)(std::string_view, std::string&, base::Finding&);
  std::string_view cleared;  ///< what the field holds when nothing was said or it was cleared
};
std::span<const SettableField> settable_fields();

/// A number with nothing said about it: the defaults, and the country of its region.
Number blank_number(const phone::E164&);
/// `number` with the change applied. Throws Errc::invalid [numbers.invalid] naming every value that is
/// refused.
Number changed(Number number, const NumberChange&, std::vector<base::Finding>& warnings);
/// Columns of settable fields in which the two differ.
std::vector<std::string_view> differences(const Number&, const Number&);

}  // namespace ringctl::estate
