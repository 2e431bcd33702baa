#pragma once
#include <functional>
#include <string_view>

namespace ringctl::report {

/// Takes text as it is made. May throw: then the maker stops.
using Sink = std::function<void(std::string_view)>;

}  // namespace ringctl::report
