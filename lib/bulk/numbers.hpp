#pragma once
#include <memory>

#include "bulk/adapter.hpp"

namespace ringctl::bulk {

/// Numbers: phone_number (key), provider, country_code, label, status, capabilities, sid.
std::unique_ptr<Adapter> numbers_adapter();

}  // namespace ringctl::bulk
