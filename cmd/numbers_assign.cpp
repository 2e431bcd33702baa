// numbers assign, unassign, check: assignments as seen from the number

#include "cmd/assignments.hpp"
#include "cmd/numbers.hpp"
#include "cmd/record_verbs.hpp"
#include "directory/workspaces.hpp"
#include "estate/assignments.hpp"

namespace ringctl::cmd {
namespace {

struct NumberOptions {
  std::string number;
};

void run_unassign(const NumberOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  const auto number = numbers_of(ctx, workspace).get(opts.number);
  if (number.assigned_to.empty())
    return ctx.io().unchanged({.action = "unassign", .object = number.phone_number});
  switch_off(estate::assignments_noun(), estate::k_assignment_is_active, {"unassign", "unassigned"},
             {.key = {number.phone_number, number.assigned_to}, .change = {}, .if_version = {}}, ctx);
}

constexpr std::array k_check_columns = {
    Column{"phone_number", ColumnType::e164},
    Column{"assigned", ColumnType::boolean},
    Column{"assigned_to", ColumnType::text},
    Column{"status", ColumnType::word},
};

void run_check(const NumberOptions& opts, Context& ctx) {
  const auto number = numbers_of(ctx, ctx.workspace()).get(opts.number);
  const bool assigned = !number.assigned_to.empty();
  const Cell cells[] = {number.phone_number, assigned, assigned ? Cell(number.assigned_to) : Cell(),
                        number.status};
  ctx.io().record(k_check_columns, cells);
}

}  // namespace

void add_numbers_assign(Noun& numbers) {
  RecordVerbs verbs(numbers, estate::assignments_noun(), assignment_texts());
  verbs.put("assign", "Let an agent call from a number")
      .details(
          "The same as `ringctl assignments set`: makes the assignment, or changes the fields that are given. A number "
          "that another agent has is refused.")
      .example("ringctl numbers assign +12025550124 bob@example.com --daily-limit 50")
      .example("ringctl numbers assign +12025550124 bob@example.com --allowed-countries 'US|CA' -n");
  numbers.verb<NumberOptions>("unassign", "Take a number from its agent", run_unassign)
      .argument("number", &NumberOptions::number, "E.164 number, SID, or exact label")
      .kind(ValueKind::number)
      .details("Ends the live assignment of the number. It and its history stay, as not active.")
      .example("ringctl numbers unassign +12025550123")
      .example("ringctl numbers unassign +12025550123 -n")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
  numbers.verb<NumberOptions>("check", "Say whether a number is assigned, and to whom", run_check)
      .argument("number", &NumberOptions::number, "E.164 number, SID, or exact label")
      .kind(ValueKind::number)
      .columns(k_check_columns)
      .details(
          "Shows whether an agent may call from the number now, and who. A number we do not hold exits 5.")
      .example("ringctl numbers check +12025550123")
      .example("ringctl numbers check +12025550123 -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
