#include "net/request.hpp"

#include <algorithm>

namespace ringctl::net {

std::optional<std::string_view> Request::header(std::string_view name) const noexcept {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return same_name(field.name, name); });
  if (found == fields.end()) return std::nullopt;
  return found->value;
}

std::size_t Request::header_count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::count_if(
      fields.begin(), fields.end(), [&](const Field& field) { return same_name(field.name, name); }));
}

}  // namespace ringctl::net
