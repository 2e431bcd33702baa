#pragma once
// Parts of the noun `numbers` that its files share.

#include <string>
#include <vector>

#include "cmd/context.hpp"
#include "cmd/registry.hpp"
#include "estate/numbers.hpp"

namespace ringctl::cmd {

// One function per file adds its verbs, in the order help shows them.
void add_numbers_read(Noun&);
void add_numbers_change(Noun&);
void add_numbers_assign(Noun&);
void add_numbers_export(Noun&);
void add_numbers_import(Noun&);
// At Twilio:
void add_numbers_sync(Noun&);       ///< sync
void add_numbers_buy(Noun&);        ///< search, buy
void add_numbers_configure(Noun&);  ///< configure, audit
void add_numbers_release(Noun&);    ///< release

/// Flags that choose numbers, shared by list and export.
struct NumberFilterOptions {
  std::optional<std::string> status, provider, country, label, search, assignment, assistant;
};
template <class Options>
void add_number_filters(Verb<Options>& verb) {
  verb.flag("status", &Options::status, "STATUS", "Only numbers of this status")
      .choices("active|inactive")
      .flag("provider", &Options::provider, "NAME", "Only numbers at this provider")
      .flag("country", &Options::country, "CC", "Only numbers of this country")
      .kind(ValueKind::country)
      .flag("label", &Options::label, "TEXT", "Only numbers with this label; case does not matter")
      .flag("assignment", &Options::assignment, "assigned|available",
            "Only numbers that an agent may call from, or only the others")
      .choices("assigned|available")
      .flag("assistant", &Options::assistant, "NAME", "Only numbers that this assistant answers")
      .kind(ValueKind::assistant)
      .flag("search", &Options::search, "TEXT",
            "Only numbers whose digits, label, SID or provider hold TEXT; case does not matter");
}
/// Throws Errc::usage for a country that is none.
estate::NumberFilter number_filter(const NumberFilterOptions&, Context&);

/// The importable columns, and the rows of an export with their cells.
std::span<const Column> number_export_columns();
void export_numbers(estate::Numbers&, const estate::NumberFilter&,
                    const std::function<void(std::span<const Cell>)>& row);

/// The numbers of this run's workspace.
estate::Numbers numbers_of(Context&, const directory::Workspace&);

}  // namespace ringctl::cmd
