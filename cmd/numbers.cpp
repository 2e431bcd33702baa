#include "cmd/numbers.hpp"

#include "base/text.hpp"
#include "cmd/root.hpp"
#include "directory/workspaces.hpp"
#include "estate/number_fields.hpp"
#include "estate/trunks.hpp"

namespace ringctl::cmd {

estate::NumberFilter number_filter(const NumberFilterOptions& opts, Context& ctx) {
  estate::NumberFilter filter;
  filter.status = opts.status;
  if (opts.provider) filter.provider = base::ascii_lower(*opts.provider);
  filter.label = opts.label;
  filter.search = opts.search;
  if (opts.assignment) filter.assigned = *opts.assignment == "assigned";
  if (opts.country) {
    base::Finding finding;
    if (!estate::canonical_country(*opts.country, filter.country.emplace(), finding))
      throw Error(Errc::usage, "usage.bad_value", "--country: " + finding.message);
  }
  if (opts.assistant) {
    const auto& workspace = ctx.workspace();
    filter.assistant = estate::Assistants(ctx.session(), workspace.id).get(*opts.assistant).id;
  }
  return filter;
}

estate::Numbers numbers_of(Context& ctx, const directory::Workspace& workspace) {
  return {ctx.session(), workspace.id, workspace.default_country.value_or("")};
}

void add_numbers(Noun& numbers) {
  add_numbers_read(numbers);
  add_numbers_change(numbers);
  add_numbers_assign(numbers);
  add_numbers_import(numbers);
  add_numbers_export(numbers);
  add_numbers_sync(numbers);
  add_numbers_buy(numbers);
  add_numbers_configure(numbers);
  add_numbers_release(numbers);
}

}  // namespace ringctl::cmd
