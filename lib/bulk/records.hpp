#pragma once
#include <memory>

#include "bulk/adapter.hpp"
#include "records/noun.hpp"

namespace ringctl::bulk {

/// Any noun that is described; its fields are the columns. `noun` outlives the adapter.
std::unique_ptr<Adapter> records_adapter(const records::Noun& noun);

}  // namespace ringctl::bulk
