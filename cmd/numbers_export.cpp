// numbers export

#include <array>

#include "cmd/numbers.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

/// The importable columns, in the order of the documentation.
constexpr std::array k_columns = {
    Column{"phone_number", ColumnType::e164}, Column{"provider", ColumnType::word},
    Column{"country_code", ColumnType::word}, Column{"label", ColumnType::text},
    Column{"status", ColumnType::word},       Column{"capabilities", ColumnType::word},
    Column{"sid", ColumnType::word},          Column{"record_policy", ColumnType::word},
    Column{"sms_mode", ColumnType::word},
};

struct ExportOptions : NumberFilterOptions {};

Cell text_or_null(std::string_view text) { return text.empty() ? Cell() : Cell(text); }

void run_export(const ExportOptions& opts, Context& ctx) {
  const auto filter = number_filter(opts, ctx);
  auto numbers = numbers_of(ctx, ctx.workspace());
  auto rows = ctx.io().rows(k_columns);
  export_numbers(numbers, filter, [&](std::span<const Cell> cells) { rows.row(cells); });
  rows.finish();
}

}  // namespace

std::span<const Column> number_export_columns() { return k_columns; }

void export_numbers(estate::Numbers& numbers, const estate::NumberFilter& filter,
                    const std::function<void(std::span<const Cell>)>& row) {
  numbers.for_each_importable(filter, [&](const estate::ImportableNumber& number) {
    row(std::array<Cell, k_columns.size()>{
        number.phone_number, number.provider, text_or_null(number.country_code), text_or_null(number.label),
        number.status, text_or_null(number.capabilities), text_or_null(number.sid),
        text_or_null(number.record_policy), number.sms_mode});
  });
}

void add_numbers_export(Noun& numbers) {
  auto verb = numbers.verb<ExportOptions>("export", "Write numbers as import reads them", run_export);
  add_number_filters(verb);
  verb.details(
          "Writes exactly the columns that `ringctl numbers import` takes, ordered by number: no ids, no "
          "times, so that the same numbers give the same bytes on every database. Every number is written; "
          "--limit and --sort are refused.")
      .columns(k_columns)
      .example("ringctl numbers export -o csv --out numbers.csv")
      .example("ringctl numbers export --country CA -o jsonl",
               "only those of Canada, one JSON object per line")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
