// numbers list, show

#include <array>

#include "cmd/numbers.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"phone_number", ColumnType::e164, true, true},
    Column{"provider", ColumnType::word, true, true},
    Column{"country_code", ColumnType::word, true, true},
    Column{"label", ColumnType::text, true, true},
    Column{"status", ColumnType::word, true, true},
    Column{"capabilities", ColumnType::word, true, true},
    Column{"assigned_to", ColumnType::text, true, true},
    Column{"sid", ColumnType::word, false, true},
    Column{"webhook_status", ColumnType::word, false, true},
    Column{"trunk_sid", ColumnType::word, false, true},
    Column{"assistant_id", ColumnType::uuid, false, true},
    Column{"sms_mode", ColumnType::word, false, true},
    Column{"record_policy", ColumnType::word, false, true},
    Column{"account_sid", ColumnType::word, false, true},
    Column{"configured_at", ColumnType::time, false, true},
    Column{"missing_since", ColumnType::time, false, true},
    Column{"release_at", ColumnType::time, false, true},
    Column{"version", ColumnType::integer, false, true},
    Column{"created_at", ColumnType::time, false, true},
    Column{"updated_at", ColumnType::time, false, true},
    Column{"id", ColumnType::uuid, false, true},
    Column{"job_id", ColumnType::job, false, true},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::array<Cell, k_columns.size()> cells_of(const estate::Number& number) {
  return {number.phone_number,
          number.provider,
          text_or_null(number.country_code),
          text_or_null(number.label),
          number.status,
          text_or_null(number.capabilities),
          text_or_null(number.assigned_to),
          text_or_null(number.sid),
          number.webhook_status,
          text_or_null(number.trunk_sid),
          text_or_null(number.assistant_id),
          number.sms_mode,
          text_or_null(number.record_policy),
          text_or_null(number.account_sid),
          Cell(number.configured_at),
          Cell(number.missing_since),
          Cell(number.release_at),
          number.version,
          number.created_at,
          number.updated_at,
          number.id,
          text_or_null(number.job_id)};
}

struct ListVerbOptions : NumberFilterOptions {};

void run_list(const ListVerbOptions& opts, Context& ctx) {
  const auto filter = number_filter(opts, ctx);
  const auto list = ctx.list_options();
  auto numbers = numbers_of(ctx, ctx.workspace());
  estate::NumberOrder order;
  if (list.sort) order = {list.sort->column, list.sort->descending};
  auto rows = ctx.io().rows(k_columns);
  numbers.for_each(filter, order, list.limit,
                   [&](const estate::Number& number) { rows.row(cells_of(number)); });
  const bool maybe_cut = list.limit > 0 && rows.count() == static_cast<std::uint64_t>(list.limit);
  rows.finish(maybe_cut ? static_cast<std::uint64_t>(numbers.count(filter)) : rows.count());
}

struct ShowOptions {
  std::string number;
};

void run_show(const ShowOptions& opts, Context& ctx) {
  ctx.io().record(k_columns, cells_of(numbers_of(ctx, ctx.workspace()).get(opts.number)));
}

}  // namespace

void add_numbers_read(Noun& numbers) {
  auto list = numbers.verb<ListVerbOptions>("list", "List numbers", run_list);
  add_number_filters(list);
  list.details(
          "Lists the numbers of the workspace, ordered by number unless --sort says otherwise. A table shows "
          "the first columns; the other formats, and --columns, show all.")
      .columns(k_columns)
      .lists()
      .example("ringctl numbers list --country US --status active")
      .example("ringctl numbers list --search sales --sort label -o json", "as JSON, ordered by label")
      .example("ringctl numbers list --assignment available", "numbers that nobody calls from")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});

  numbers.verb<ShowOptions>("show", "Show one number", run_show)
      .argument("number", &ShowOptions::number, "E.164 number, SID, or exact label")
      .kind(ValueKind::number)
      .columns(k_columns)
      .details(
          "Shows everything known about one number. A label that several numbers carry is an error that "
          "lists them.")
      .example("ringctl numbers show +12025550123")
      .example("ringctl numbers show Sales -o json", "by its label")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
