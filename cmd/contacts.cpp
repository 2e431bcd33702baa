// contacts

#include "cmd/contacts.hpp"

#include <fmt/format.h>

#include <array>

#include "audit/log.hpp"
#include "cmd/one_document.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "cmd/spool.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "phone/e164.hpp"
#include "report/person.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array<FieldText, 11> k_contact_texts{{
    {"NUMBER",
     "A phone of the contact, as E.164 or as dialled in the workspace's country",
     ValueKind::contact,
     {},
     true},
    {"LIST", "Further phones, separated by |", ValueKind::text, {}, true},
    {"NAME", "What people call them"},
    {"STATUS", "Where the lead stands: new, qualified, customer ...", ValueKind::text, {}, true},
    {"PRODUCT", "What they are interested in", ValueKind::text, {}, true},
    {"MARKET", "The market they belong to", ValueKind::text, {}, true},
    {"STATE", "State or province", ValueKind::text, {}, true},
    {"CC", "Country", ValueKind::country, {}, true},
    {"LIST", "Tags, separated by |", ValueKind::text, {}, true},
    {"LIST", "The users who look after them, separated by |", ValueKind::user, {}, true},
    {"TEXT", "Free text"},
}};

/// How a contact is called in messages: by its first phone.
const std::string& phone_of(const records::Record& contact) {
  return contact.cells[directory::k_contact_phone_number];
}

void report(Context& ctx, std::string_view infinitive, std::string_view past, const records::Plan& plan,
            std::string_view rest) {
  const auto& object = phone_of(plan.after);
  if (plan.changed.empty()) return ctx.io().unchanged({.action = infinitive, .object = object, .rest = rest});
  if (ctx.dry_run()) return ctx.io().would_change({.action = infinitive, .object = object, .rest = rest});
  ctx.io().changed({.action = past, .object = object, .rest = rest});
}

struct AgentOptions {
  std::string contact, user;
};

void run_assign(const AgentOptions& opts, Context& ctx) {
  auto contacts = records_of(ctx, ctx.workspace(), directory::contacts_noun());
  const auto plan = directory::assign_contact(contacts, opts.contact, opts.user, !ctx.dry_run());
  report(ctx, "assign", "assigned", plan, fmt::format("to {}", opts.user));
}

void run_unassign(const AgentOptions& opts, Context& ctx) {
  auto contacts = records_of(ctx, ctx.workspace(), directory::contacts_noun());
  const auto plan = directory::unassign_contact(contacts, opts.contact, opts.user, !ctx.dry_run());
  report(ctx, "unassign", "unassigned", plan, fmt::format("from {}", opts.user));
}

struct NoteOptions {
  std::string contact, text;
};

void run_note(const NoteOptions& opts, Context& ctx) {
  auto contacts = records_of(ctx, ctx.workspace(), directory::contacts_noun());
  report(ctx, "note", "noted", directory::add_note(contacts, opts.contact, opts.text, !ctx.dry_run()), "");
}

void run_erase(const RecordOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  const auto contact = get_person(ctx, joined_key(opts));
  const auto id = contact.id.text();
  if (!contact.shown) return ctx.io().unchanged({.action = "erase", .object = id});
  if (ctx.dry_run()) {
    directory::erase_contact(ctx.session(), workspace.id, contact.id, false);
    return ctx.io().would_change({.action = "erase", .object = phone_of(contact)});
  }
  ctx.io().confirm_severe("erase contact", phone_of(contact));
  directory::erase_contact(ctx.session(), workspace.id, contact.id, true);
  ctx.io().changed({.action = "erased", .object = id});
}

void record(std::string_view action, const base::Uuid& contact, const std::string& image, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& session = ctx.session();
  db::in_transaction(session.db, db::Scope::of(workspace.id), [&] {
    audit::record(session, workspace.id,
                  {.action = action,
                   .object_type = "contact",
                   .object_id = contact,
                   .object_key = contact.view(),
                   .after = image});
  });
}

std::string image_of(const report::PersonCounts& counts) {
  return fmt::format(
      R"({{"audit_rows":{},"callbacks":{},"calls":{},"events":{},"messages":{},"recordings":{}}})",
      counts.audit_rows, counts.callbacks, counts.calls, counts.events, counts.messages, counts.recordings);
}

/// The document to whoever asked. What they did not get whole, by all that can be seen from here, is told in
/// the audit log as well. Who leaves a pager has seen what they wanted.
void hand_out(Spool& document, const base::Uuid& contact, Context& ctx) {
  try {
    document.hand_out(ctx.io().out());
    ctx.io().close();
  } catch (const Error& error) {
    try {
      if (error.errc() != Errc::ok)
        record("contacts.disclose_failed", contact, fmt::format(R"({{"error":"{}"}})", error.slug()), ctx);
    } catch (const Error& unrecorded) {
      ctx.io().warn(fmt::format("the audit log was not told that this failed: {}", unrecorded.message()));
    }
    throw;
  }
}

void export_everything(const std::string& key, Context& ctx) {
  require_json_only(ctx, "--everything");
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  const auto contact = get_person(ctx, key);
  if (ctx.dry_run())
    return ctx.io().would_change({.action = "export everything about", .object = phone_of(contact)});
  Spool document;
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  const auto counts = report::write_person(db, workspace.id, contact.id,
                                           [&](std::string_view text) { document.write(text); });
  transaction.commit();
  // Entered once the document is whole and before a byte of it leaves: one that could not be made has no
  // entry, and one that is out has its entry whatever happens to us or the database in between.
  record("contacts.disclose", contact.id, image_of(counts), ctx);
  hand_out(document, contact.id, ctx);
}

void add_agent_verbs(Noun& contacts) {
  const auto with_agent = [&](std::string_view verb, std::string_view summary, auto run) {
    return contacts.verb<AgentOptions>(verb, summary, run)
        .argument("contact", &AgentOptions::contact, "Any phone of the contact, or its id")
        .kind(ValueKind::contact)
        .argument("user", &AgentOptions::user, "E-mail address, name or id")
        .kind(ValueKind::user)
        .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
  };
  with_agent("assign", "Give a contact to a user", run_assign)
      .details(
          "The user looks after the contact, beside those who do already: when the contact calls, these users are rung "
          "first.")
      .example("ringctl contacts assign +16265550101 bob@example.com")
      .example("ringctl contacts assign +16265550101 bob@example.com -n");
  with_agent("unassign", "Take a contact from a user", run_unassign)
      .details("The user no longer looks after the contact. That they did, and until when, stays on record.")
      .example("ringctl contacts unassign +16265550101 ann@example.com")
      .example("ringctl contacts unassign +16265550101 ann@example.com -n");
}

}  // namespace

records::Record get_person(Context& ctx, const std::string& who) {
  const auto& workspace = ctx.workspace();
  try {
    return records_of(ctx, workspace, directory::contacts_noun()).get(who);
  } catch (const Error& error) {
    std::error_code why;
    const auto number = phone::try_parse_typed(who, workspace.default_country.value_or(""), why);
    if (error.errc() != Errc::not_found || !number) throw;
    throw error.with_hint(
        fmt::format("make it a contact, then the same again: ringctl contacts add {}", number->view()));
  }
}

void add_contacts(Noun& contacts) {
  RecordVerbs verbs(contacts, directory::contacts_noun(), k_contact_texts);
  verbs.list("List contacts")
      .details("Lists the contacts of the workspace, ordered by phone unless --sort says otherwise.")
      .example("ringctl contacts list")
      .example("ringctl contacts list --agents ann@example.com --state CA -o json",
               "those in California whom Ann looks after");
  verbs.show("Show one contact")
      .details("Shows one contact, by any of its phones or by id.")
      .example("ringctl contacts show +16265550101")
      .example("ringctl contacts show +16265550101 -o json");
  verbs.add("Add a contact")
      .details(
          "Adds a contact. One of this phone that is there already with the same values is left as it is.")
      .example("ringctl contacts add +16265550120 --name 'Kim Lee' --lead-status new --state CA")
      .example("ringctl contacts add +16265550120 --agents ann@example.com -n", "shows what would be added");
  verbs.update("Change a contact")
      .details(
          "Changes the fields that are given and leaves the others alone. `-` clears a field. A list is replaced as a "
          "whole.")
      .example("ringctl contacts update +16265550101 --lead-status customer")
      .example("ringctl contacts update +16265550101 --phones '+16265550121|+16265550122' -n");
  add_agent_verbs(contacts);
  contacts.verb<NoteOptions>("note", "Write a line under a contact's notes", run_note)
      .argument("contact", &NoteOptions::contact, "Any phone of the contact, or its id")
      .kind(ValueKind::contact)
      .argument("text", &NoteOptions::text, "What to write")
      .details(
          "Adds a line to the notes and leaves what they hold alone; `contacts update --notes` replaces them.")
      .example("ringctl contacts note +16265550101 'Asked for a quote'")
      .example("ringctl contacts note +16265550101 'Call after six' -n")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
  verbs.with_key("erase", "Remove a person for good, as the law may ask", run_erase)
      .details(
          "Removes the contact's phones, name, tags and notes, and what the audit log, jobs, reservations, calls and messages "
          "remember of them. What can be counted stays, under the contact's id. Opt-outs stay, so that nobody calls or texts again. Asks for "
          "the phone, or takes it from --confirm. Refused while a legal hold is on the contact or one of its calls. Files that were "
          "imported, rejects and backups are not touched.")
      .example("ringctl contacts erase +16265550101 --confirm +16265550101")
      .example("ringctl contacts erase +16265550101 -n");
  verbs.import("Load contacts from a file: all, or all good ones")
      .details(
          "Columns: phone_number, phones, name, lead_status, product, market, state, country, tags, agents, notes, in any "
          "order. A number without a country code is one of its row's country, else of --default-country. An empty cell "
          "leaves alone what is there, - clears it, | separates items. Agents must exist.")
      .example("ringctl contacts import contacts.csv --dry-run", "what would be written, and what is wrong")
      .example("ringctl contacts import contacts.csv");
  verbs.export_all("Write contacts as import reads them", export_everything)
      .flag("everything", &RecordListOptions::everything, "NUMBER",
            "All that is kept of this contact, by any of its phones or id, as one JSON document")
      .kind(ValueKind::contact)
      .details(
          "Writes the columns that `ringctl contacts import` takes, ordered by phone. With --everything: all that is kept of "
          "one person, as the law may ask to be told, calls and messages with what Twilio sent included; the audit log says that it is "
          "given, before any of it leaves.")
      .example("ringctl contacts export -o csv --out contacts.csv")
      .example("ringctl contacts export --tags vip -o jsonl")
      .example("ringctl contacts export --everything +16265550101 --out lin.json",
               "what is kept of one person");
}

}  // namespace ringctl::cmd
