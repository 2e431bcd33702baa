#include "bulk/adapter.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace ringctl::bulk {

std::string Adapter::taken(std::size_t /*unique*/, std::string_view value, std::string_view holder,
                           const Row& /*wanted*/) const {
  return fmt::format("{} is that of {}", base::in_quotes(records::shown_key(value)),
                     records::shown_key(holder));
}

}  // namespace ringctl::bulk
