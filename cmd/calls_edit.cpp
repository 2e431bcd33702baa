// calls note, outcome

#include <fmt/format.h>

#include "audit/log.hpp"
#include "cmd/calls.hpp"
#include "cmd/record_verbs.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

void report(Context& ctx, std::string_view infinitive, std::string_view past, const calls::Edit& edit,
            std::string_view rest) {
  const auto& object = edit.after.call_sid;
  if (!edit.changed()) return ctx.io().unchanged({.action = infinitive, .object = object, .rest = rest});
  if (ctx.dry_run()) return ctx.io().would_change({.action = infinitive, .object = object, .rest = rest});
  ctx.io().changed(
      {.action = past, .object = object, .rest = rest, .fields = {{"version", edit.after.version}}});
}

struct NoteOptions {
  std::string call, text;
  bool replace = false, to_contact = false;
  std::optional<std::int64_t> if_version;
};

/// Where the call ended well and the contact's notes did not, the error says which.
void note_contact(const NoteOptions& opts, const calls::Call& call, Context& ctx) {
  if (call.contact_id.empty())
    throw Error(Errc::not_found, "calls.no_contact",
                fmt::format("call {} is of no contact; the note stands on the call", call.call_sid));
  auto contacts = records_of(ctx, ctx.workspace(), directory::contacts_noun());
  directory::add_note(contacts, call.contact_id, opts.text, !ctx.dry_run());
}

void run_note(const NoteOptions& opts, Context& ctx) {
  const auto text = opts.text == "-" ? std::string_view() : std::string_view(opts.text);
  if (text.empty() && !opts.replace)
    throw Error(Errc::usage, "usage.bad_value", "there is nothing to note",
                fmt::format("ringctl calls note {} - --replace", opts.call));
  if (text.empty() && opts.to_contact)
    throw Error(Errc::usage, "usage.bad_value", "--to-contact: there is nothing to note");
  const auto edit = calls::note(ctx.session(), ctx.workspace().id, opts.call, text, opts.replace,
                                {.write = !ctx.dry_run(), .if_version = opts.if_version});
  report(ctx, "note", "noted", edit, "");
  if (opts.to_contact) note_contact(opts, edit.after, ctx);
}

struct OutcomeOptions {
  std::string call, outcome;
  std::optional<std::int64_t> if_version;
};

void run_outcome(const OutcomeOptions& opts, Context& ctx) {
  const auto outcome = opts.outcome == "-" ? std::string() : opts.outcome;
  const auto edit = calls::set_outcome(ctx.session(), ctx.workspace().id, opts.call, outcome,
                                       {.write = !ctx.dry_run(), .if_version = opts.if_version});
  const auto rest = outcome.empty() ? std::string("(cleared)") : fmt::format("({})", outcome);
  report(ctx, "set outcome of", "set outcome of", edit, rest);
}

}  // namespace

void add_calls_edit(Noun& calls) {
  calls.verb<NoteOptions>("note", "Write a line under a call's notes", run_note)
      .argument("call", &NoteOptions::call, k_which_call)
      .kind(ValueKind::call)
      .argument("text", &NoteOptions::text, "What to write; with --replace - clears the notes")
      .flag("replace", &NoteOptions::replace, "In place of the notes there are")
      .flag("to-contact", &NoteOptions::to_contact, "Write the line under the contact's notes as well")
      .flag("if-version", &NoteOptions::if_version, "N", "Refuse if it was changed since it had version N")
      .kind(ValueKind::count)
      .details(
          "Adds a line and leaves what is there alone. Also while the call goes on: webhooks do not touch notes.")
      .example("ringctl calls note CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 'Asked for a quote' --to-contact")
      .example("ringctl calls note CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 'Wants solar' --replace -n")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  calls.verb<OutcomeOptions>("outcome", "Say what came of a call", run_outcome)
      .argument("call", &OutcomeOptions::call, k_which_call)
      .kind(ValueKind::call)
      .argument("outcome", &OutcomeOptions::outcome, "One of the workspace's outcomes, or - to clear it")
      .kind(ValueKind::outcome)
      .flag("if-version", &OutcomeOptions::if_version, "N", "Refuse if it was changed since it had version N")
      .kind(ValueKind::count)
      .details(
          "Outcomes are picked from the workspace's list; without one of its own: booked_appointment, interested, "
          "call_back_later, left_message, no_answer, not_interested, wrong_number, do_not_call, resolved.")
      .example("ringctl calls outcome CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 booked_appointment")
      .example("ringctl calls outcome CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 - -n", "would clear it")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
