// calls transfer

#include <fmt/format.h>

#include "cmd/account.hpp"
#include "cmd/calls.hpp"
#include "cmd/calls_at_twilio.hpp"

namespace ringctl::cmd {
namespace {

struct TransferOptions : AccountOptions {
  std::string call;
  std::optional<std::string> to, as;
  bool attended = false, complete = false, cancel = false;
};

void require_sense(const TransferOptions& opts) {
  const bool ends = opts.complete || opts.cancel;
  if (opts.complete && opts.cancel)
    throw Error(Errc::usage, "usage.bad_value", "--complete and --cancel cannot both be given");
  if (ends && (opts.to || opts.attended))
    throw Error(Errc::usage, "usage.bad_value",
                "--complete and --cancel are about whoever is consulted already");
  if (!ends && !opts.to)
    throw Error(Errc::usage, "usage.missing_argument", "whom the call goes to is missing",
                fmt::format("ringctl calls transfer {} USER|NUMBER{}", opts.call,
                            opts.attended ? " --attended" : ""));
}

sync::Transferred act(const TransferOptions& opts, sync::Account& account, const calls::Call& call,
                      bool write) {
  const auto as = opts.as.value_or("");
  if (opts.complete) return sync::complete_transfer(account, call, as, write);
  if (opts.cancel) return sync::cancel_transfer(account, call, as, write);
  sync::TransferOptions transfer{.to = *opts.to};
  transfer.attended = opts.attended;
  transfer.as = as;
  transfer.write = write;
  return sync::transfer(account, call, transfer);
}

/// What an act is called: a call is handed over only at the end of an attended transfer.
struct Words {
  std::string_view action, said;
  std::string rest;
};

Words words_of_plan(const sync::Transferred& plan) {
  if (plan.state == "consulting")
    return {"consult", "consult about", fmt::format("with {}, the customer on hold", plan.name)};
  if (plan.state == "cancelled") return {"cancel", "take back", fmt::format("from {}", plan.name)};
  return {"transfer", "transfer", fmt::format("to {}", plan.name)};
}

Words words_of(const sync::Transferred& done) {
  if (done.state == "consulting")
    return {"consulted", "consulting about", fmt::format("with {}; the customer is on hold", done.name)};
  if (done.state == "cancelled") return {"cancelled", "took back", fmt::format("from {}", done.name)};
  return {"transferred", "transferred", fmt::format("to {}", done.name)};
}

void run_transfer(const TransferOptions& opts, Context& ctx) {
  require_sense(opts);
  RunAccount account(ctx, opts);
  const auto call = call_named(ctx, opts.call);
  const auto done = act(opts, *account, call, !ctx.dry_run());
  const auto words = ctx.dry_run() ? words_of_plan(done) : words_of(done);
  if (ctx.dry_run())
    return ctx.io().would_change(
        {.action = words.action, .object = call.call_sid, .rest = words.rest, .said = words.said});
  ctx.io().changed({.action = words.action,
                    .object = call.call_sid,
                    .rest = words.rest,
                    .fields = {{"state", done.state},
                               {"to", done.to},
                               {"name", done.name},
                               {"room", done.room.empty() ? Cell() : Cell(done.room)}},
                    .said = words.said});
}

}  // namespace

void add_calls_transfer(Noun& calls) {
  auto transfer =
      calls.verb<TransferOptions>("transfer", "Hand a call over to somebody else", run_transfer)
          .argument("call", &TransferOptions::call, k_which_call)
          .kind(ValueKind::call)
          .argument("to", &TransferOptions::to, "A user by e-mail, name, id or extension, or a number")
          .kind(ValueKind::party)
          .flag("attended", &TransferOptions::attended, "Speak to them first, the customer on hold")
          .flag("complete", &TransferOptions::complete, "Give the customer to whoever is consulted")
          .flag("cancel", &TransferOptions::cancel, "Let whoever is consulted go, and take the customer back")
          .flag("as", &TransferOptions::as, "USER",
                "Who asks: the call's agent, their supervisor, or an admin")
          .kind(ValueKind::user);
  add_account_flags(transfer)
      .details(
          "Without --attended the customer is sent on at once, and the agent's leg ends. A number outside counts as a "
          "call of the agent.")
      .example("ringctl calls transfer CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 bob@example.com --attended")
      .example("ringctl calls transfer CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --cancel")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::locked,
              Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage,
              Errc::unknown_outcome, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
