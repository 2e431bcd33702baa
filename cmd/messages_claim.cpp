// messages claim, release, reassign

#include <fmt/format.h>

#include "cmd/messages.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "messages/send.hpp"

namespace ringctl::cmd {
namespace {

using messages::Person;

struct ThreadOptions {
  std::string thread;
  std::optional<std::string> number;
};
struct ClaimOptions : ThreadOptions {
  std::string as;
};
struct ReleaseOptions : ThreadOptions {
  std::optional<std::string> as;
};
struct ReassignOptions : ReleaseOptions {
  std::string user;
};

template <class Read>
auto reading(Context& ctx, Read&& read) {
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(ctx.workspace().id), db::Access::read);
  auto value = read(db, ctx.workspace().id);
  transaction.commit();
  return value;
}

Person actor(Context& ctx, const std::string& who) {
  return reading(ctx, [&](db::Connection& db, const base::Uuid& workspace) {
    return messages::get_actor(db, workspace, who);
  });
}

std::optional<Person> maybe_actor(Context& ctx, const std::optional<std::string>& who) {
  return who ? std::optional(actor(ctx, *who)) : std::nullopt;
}

/// What is done is audited as done by them; without `as` by whoever runs the program.
audit::Session session_of(Context& ctx, const std::optional<Person>& as) {
  auto session = ctx.session();
  if (as) session.actor = "user:" + as->email;
  return session;
}

std::string object_of(const messages::Thread& thread) {
  return fmt::format("{} with {}", thread.our_number,
                     thread.party_number.empty() ? std::string("somebody erased") : thread.party_number);
}

struct Told {
  std::string_view infinitive, past;
  std::string rest = {};
  bool changed = true;
};

void report(Context& ctx, const messages::Thread& thread, const Told& told, const std::string& assigned_to,
            const std::optional<base::Instant>& until) {
  const auto object = object_of(thread);
  const std::vector<Field> fields = {{"thread", thread.id},
                                     {"assigned_to", assigned_to.empty() ? Cell() : Cell(assigned_to)},
                                     {"lease_expires_at", until}};
  const Change change{.action = told.changed && !ctx.dry_run() ? told.past : told.infinitive,
                      .object = object,
                      .rest = told.rest,
                      .fields = fields};
  if (!told.changed) return ctx.io().unchanged(change);
  if (ctx.dry_run()) return ctx.io().would_change(change);
  ctx.io().changed(change);
}

void run_claim(const ClaimOptions& opts, Context& ctx) {
  const auto thread = thread_named(ctx, opts.thread, opts.number);
  const auto who = actor(ctx, opts.as);
  auto session = session_of(ctx, who);
  const auto claim = messages::claim(session, ctx.workspace().id, thread.id, who, !ctx.dry_run());
  if (!claim.won) throw messages::claimed(thread, claim.holder, claim.lease_expires_at);
  report(ctx, thread,
         {.infinitive = "claim", .past = "claimed", .rest = "for " + who.email, .changed = claim.changed},
         claim.holder, claim.lease_expires_at);
}

void run_release(const ReleaseOptions& opts, Context& ctx) {
  const auto thread = thread_named(ctx, opts.thread, opts.number);
  const auto as = maybe_actor(ctx, opts.as);
  auto session = session_of(ctx, as);
  const auto done = messages::release(session, ctx.workspace().id, thread.id, as, !ctx.dry_run());
  const auto rest =
      done.changed ? fmt::format("(it was {}'s)", done.before.assigned_to) : std::string("(it is nobody's)");
  report(ctx, done.after,
         {.infinitive = "release", .past = "released", .rest = rest, .changed = done.changed},
         done.after.assigned_to, done.after.lease_expires_at);
}

void run_reassign(const ReassignOptions& opts, Context& ctx) {
  const auto thread = thread_named(ctx, opts.thread, opts.number);
  const auto to = reading(ctx, [&](db::Connection& db, const base::Uuid& workspace) {
    return calls::get_person(db, workspace, opts.user);
  });
  const auto as = maybe_actor(ctx, opts.as);
  auto session = session_of(ctx, as);
  const auto done = messages::reassign(session, ctx.workspace().id, thread.id, to, as, !ctx.dry_run());
  report(ctx, done.after,
         {.infinitive = "reassign", .past = "reassigned", .rest = "to " + to.email, .changed = done.changed},
         done.after.assigned_to, done.after.lease_expires_at);
}

template <class Options>
Verb<Options>& thread_arguments(Verb<Options>& verb) {
  return verb.argument("thread", &ThreadOptions::thread, k_which_thread)
      .kind(ValueKind::thread)
      .flag("number", &ThreadOptions::number, "NUMBER",
            "Our number that it goes on by, where that is not the only one")
      .kind(ValueKind::number);
}

constexpr std::initializer_list<Errc> k_exits = {Errc::auth,   Errc::not_found, Errc::conflict, Errc::invalid,
                                                 Errc::schema, Errc::db_down,   Errc::db_busy};

}  // namespace

void add_messages_claim(Noun& messages) {
  auto claim = messages.verb<ClaimOptions>("claim", "Take a conversation that is free", run_claim);
  thread_arguments(claim)
      .flag("as", &ClaimOptions::as, "USER", "Who takes it: e-mail address, name or id")
      .kind(ValueKind::user)
      .required()
      .details(
          "One of several who claim at once gets it; the others are told whose it is, with exit status 6. It stays "
          "theirs for the workspace's sms_lease, which begins anew with each of their replies and claims.")
      .example("ringctl messages claim +16265550101 --as ann@example.com")
      .example("ringctl messages claim +16265550101 --as ann@example.com -n", "is it free?")
      .exits(k_exits);

  auto release = messages.verb<ReleaseOptions>("release", "Make a conversation anybody's again", run_release);
  thread_arguments(release)
      .flag("as", &ReleaseOptions::as, "USER",
            "Who releases it: whoever has it, their supervisor, or an admin")
      .kind(ValueKind::user)
      .default_text("whoever runs this, as an admin")
      .example("ringctl messages release +16265550101")
      .example("ringctl messages release +16265550101 --as ann@example.com -n")
      .exits(k_exits);

  auto reassign = messages.verb<ReassignOptions>("reassign", "Give a conversation to somebody", run_reassign);
  thread_arguments(reassign)
      .argument("user", &ReassignOptions::user, "Whose it is to be: e-mail address, name or id")
      .kind(ValueKind::user)
      .flag("as", &ReleaseOptions::as, "SUPERVISOR", "Who gives it: a supervisor of the team, or an admin")
      .kind(ValueKind::user)
      .default_text("whoever runs this, as an admin")
      .details(
          "Whoever has it. The new owner has it for the workspace's sms_lease, as if they had claimed it.")
      .example("ringctl messages reassign +16265550101 sam@example.com")
      .example("ringctl messages reassign +16265550101 sam@example.com --as sam@example.com -n")
      .exits(k_exits);
}

}  // namespace ringctl::cmd
