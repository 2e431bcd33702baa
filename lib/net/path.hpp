#pragma once
#include <string_view>

namespace ringctl::net {

/// True if a path (raw, from the first '/' up to '?') can be read in one way only: it begins with one '/',
/// has no empty segment but possibly the last, no "." or ".." segment however they are encoded (";"
/// parameters after the dots included), no backslash, no %00, %2f, %5c or %25 (which hides one of the others
/// from a proxy that decodes twice), and every '%' has two hex digits. Bytes outside printable ASCII are not
/// looked for here.
bool canonical_path(std::string_view path) noexcept;

}  // namespace ringctl::net
