#include "bulk/numbers.hpp"
#include "cmd/import.hpp"
#include "cmd/numbers.hpp"

namespace ringctl::cmd {
namespace {

void run_numbers_import(const ImportArguments& arguments, Context& context) {
  run_import(arguments, context, *bulk::numbers_adapter());
}

}  // namespace

void add_numbers_import(Noun& numbers) {
  add_import(numbers, "Load numbers from a file: all, or all good ones", run_numbers_import)
      .details(
          "Columns: phone_number, provider, country_code, label, status, capabilities, sid, record_policy, sms_mode, in "
          "any order; a file without a header holds number,provider,country. A number without a country code is one of its row's "
          "country, else of --default-country. An empty cell leaves alone what is there, - clears "
          "it, | separates the words of a list. Every line gets a verdict; unless --max-errors allows some, one "
          "bad line means that nothing is written. `ringctl jobs undo` takes a finished import back.")
      .example("ringctl numbers import numbers.csv --dry-run", "what would be written, and what is wrong")
      .example("ringctl numbers import numbers.csv")
      .example("ringctl numbers import numbers.csv --max-errors 5% --rejects rejects.csv",
               "the good rows only")
      .example("ringctl numbers import - --on-conflict skip",
               "from standard input, leaving alone what is there");
}

}  // namespace ringctl::cmd
