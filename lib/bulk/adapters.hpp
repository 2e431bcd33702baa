#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "bulk/adapter.hpp"

namespace ringctl::bulk {

/// nullptr: no such noun is imported.
std::unique_ptr<Adapter> adapter_of(std::string_view noun);
/// The adapter that a job's kind ("numbers.import") was made with. Throws Errc::failure for a kind there is
/// none for.
std::unique_ptr<Adapter> adapter_for_job(std::string_view kind);
/// In the order in which they refer to each other: numbers, then imported_nouns(). Only teams also refer to
/// what follows: to users.
std::vector<std::unique_ptr<Adapter>> all_adapters();
/// The described nouns that can be imported.
std::vector<const records::Noun*> imported_nouns();

}  // namespace ringctl::bulk
