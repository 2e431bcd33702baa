// callerids

#include <fmt/format.h>

#include <array>

#include "cmd/account.hpp"
#include "cmd/list.hpp"
#include "cmd/root.hpp"
#include "directory/workspaces.hpp"
#include "phone/e164.hpp"
#include "twilio/rest_account.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"phone_number", ColumnType::e164, true, true},
    Column{"name", ColumnType::text, true, true},
    Column{"sid", ColumnType::word, true, true},
};

constexpr std::array k_code_columns = {
    Column{"phone_number", ColumnType::e164},
    Column{"code", ColumnType::word},
    Column{"call_sid", ColumnType::word},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

struct ListVerbOptions : AccountOptions {};

void run_list(const ListVerbOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  SmallList list(ctx.io(), k_columns, ctx.list_options());
  for (const auto& id : twilio::list_caller_ids(account->client))
    list.add({id.phone_number, text_or_null(id.friendly_name), id.sid});
  list.print();
}

struct VerifyOptions : AccountOptions {
  std::string number;
  std::optional<std::string> name;
};

void run_verify(const VerifyOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const auto number = phone::parse_typed(opts.number, ctx.workspace().default_country.value_or("")).text();
  if (ctx.dry_run()) return ctx.io().would_change({.action = "have Twilio call", .object = number});
  const auto validation = twilio::verify_caller_id(account->client, number, opts.name.value_or(""));
  ctx.io().record(k_code_columns, std::array<Cell, k_code_columns.size()>{number, validation.code,
                                                                          text_or_null(validation.call_sid)});
  ctx.io().note(fmt::format("Twilio calls {} now: press {} there", number, validation.code));
}

}  // namespace

void add_caller_ids(Noun& caller_ids) {
  auto list =
      caller_ids.verb<ListVerbOptions>("list", "List the numbers of others that were verified", run_list);
  add_account_flags(list)
      .details("Numbers that the account does not hold, and may show all the same. Twilio is asked.")
      .columns(k_columns)
      .lists()
      .example("ringctl callerids list")
      .example("ringctl callerids list --sort phone_number -o json")
      .exits(k_twilio_exits);

  auto verify =
      caller_ids.verb<VerifyOptions>("verify", "Have Twilio call a number to verify it", run_verify)
          .argument("number", &VerifyOptions::number, "E.164, or as dialled in the workspace's country")
          .kind(ValueKind::caller_id)
          .flag("name", &VerifyOptions::name, "TEXT", "What Twilio is to call it");
  add_account_flags(verify)
      .details(
          "Prints a code; whoever answers the call has to press it. Verified already is exit status 6. Where Twilio did "
          "not answer, the call may ring all the same (exit 24): the list says whether it was of use.")
      .columns(k_code_columns)
      .example("ringctl callerids verify +12025550150 -n")
      .example("ringctl callerids verify +12025550150 --name 'Head office' -n")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::unknown_outcome,
              Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
