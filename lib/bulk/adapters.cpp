#include "bulk/adapters.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "bulk/numbers.hpp"
#include "bulk/records.hpp"
#include "directory/contacts.hpp"
#include "directory/opt_outs.hpp"
#include "directory/people.hpp"
#include "estate/assignments.hpp"
#include "routing/rules.hpp"

namespace ringctl::bulk {

std::unique_ptr<Adapter> adapter_of(std::string_view noun) {
  for (auto& adapter : all_adapters())
    if (adapter->noun() == noun) return std::move(adapter);
  return nullptr;
}

std::unique_ptr<Adapter> adapter_for_job(std::string_view kind) {
  constexpr std::string_view k_import = ".import";
  if (kind.ends_with(k_import))
    if (auto adapter = adapter_of(kind.substr(0, kind.size() - k_import.size()))) return adapter;
  if (kind == "contacts.handover")
    throw Error(Errc::conflict, "jobs.not_an_import",
                "contacts that were handed over are handed on, not back: their job is only a record",
                "ringctl contacts assign PHONE USER");
  throw Error(Errc::failure, "jobs.unknown_kind",
              fmt::format("this ringctl knows no job of kind \"{}\"", kind));
}

std::vector<std::unique_ptr<Adapter>> all_adapters() {
  std::vector<std::unique_ptr<Adapter>> adapters;
  adapters.push_back(numbers_adapter());
  for (const auto* noun : imported_nouns()) adapters.push_back(records_adapter(*noun));
  return adapters;
}

std::vector<const records::Noun*> imported_nouns() {
  return {&directory::teams_noun(),    &directory::users_noun(),    &directory::contacts_noun(),
          &directory::opt_outs_noun(), &estate::assignments_noun(), &estate::pools_noun(),
          &estate::extensions_noun(),  &routing::rules_noun()};
}

}  // namespace ringctl::bulk
