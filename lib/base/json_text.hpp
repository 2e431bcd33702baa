#pragma once
// Texts in JSON that is written by hand, where one is written for every call.

#include <string>
#include <string_view>

namespace ringctl::base {

/// Appends the text in quotation marks. What is no UTF-8 in it becomes U+FFFD.
void append_json(std::string& out, std::string_view text);

}  // namespace ringctl::base
