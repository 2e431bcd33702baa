#include "cmd/estate_values.hpp"

#include <fmt/format.h>

#include <set>

#include "base/text.hpp"
#include "calls/callbacks.hpp"
#include "calls/calls.hpp"
#include "calls/recordings.hpp"
#include "cmd/numbers.hpp"
#include "cmd/record_verbs.hpp"
#include "db/transaction.hpp"
#include "directory/accounts.hpp"
#include "directory/contacts.hpp"
#include "directory/opt_outs.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "estate/assignments.hpp"
#include "estate/trunks.hpp"
#include "jobs/journal.hpp"
#include "messages/messages.hpp"
#include "messages/threads.hpp"
#include "phone/region.hpp"
#include "routing/rules.hpp"

namespace ringctl::cmd {
namespace {

/// More than anyone reads in a shell, and few enough for the time that completion has.
constexpr std::int64_t k_most = 200;

/// Rows that hold the prefix somewhere; those whose key does not begin with it are dropped later.
std::vector<Candidate> first_rows(Context& ctx, const records::Noun& noun, std::size_t value,
                                  std::optional<std::size_t> description, const std::string& prefix) {
  std::vector<Candidate> candidates;
  records_of(ctx, ctx.workspace(), noun)
      .for_each({.search = prefix}, {}, k_most, [&](const records::Record& record) {
        candidates.push_back({record.cells[value], description ? record.cells[*description] : ""});
      });
  return candidates;
}

}  // namespace

std::vector<Candidate> complete_numbers(Context& ctx, const std::string& prefix) {
  estate::NumberFilter filter;
  if (!prefix.empty()) filter.search = prefix;
  std::vector<Candidate> candidates;
  numbers_of(ctx, ctx.workspace()).for_each(filter, {}, k_most, [&](const estate::Number& number) {
    candidates.push_back({number.phone_number, number.label});
  });
  return candidates;
}

std::vector<Candidate> complete_users(Context& ctx, const std::string& prefix) {
  return first_rows(ctx, directory::users_noun(), directory::k_user_email, directory::k_user_name, prefix);
}

std::vector<Candidate> complete_teams(Context& ctx, const std::string& prefix) {
  return first_rows(ctx, directory::teams_noun(), directory::k_team_name, std::nullopt, prefix);
}

std::vector<Candidate> complete_contacts(Context& ctx, const std::string& prefix) {
  return first_rows(ctx, directory::contacts_noun(), directory::k_contact_phone_number,
                    directory::k_contact_name, prefix);
}

std::vector<Candidate> complete_extensions(Context& ctx, const std::string& prefix) {
  return first_rows(ctx, estate::extensions_noun(), estate::k_extension, estate::k_extension_user, prefix);
}

std::vector<Candidate> complete_rules(Context& ctx, const std::string& prefix) {
  return first_rows(ctx, routing::rules_noun(), routing::k_rule_name, std::nullopt, prefix);
}

std::vector<Candidate> complete_opt_outs(Context& ctx, const std::string& prefix) {
  return first_rows(ctx, directory::opt_outs_noun(), directory::k_opt_out_number,
                    directory::k_opt_out_channel, prefix);
}

std::vector<Candidate> complete_trunks(Context& ctx, const std::string&) {
  std::vector<Candidate> candidates;
  for (auto& trunk : estate::Trunks(ctx.session(), ctx.workspace().id).list())
    candidates.push_back({std::move(trunk.name), std::move(trunk.sid)});
  return candidates;
}

std::vector<Candidate> complete_assistants(Context& ctx, const std::string&) {
  std::vector<Candidate> candidates;
  for (auto& assistant : estate::Assistants(ctx.session(), ctx.workspace().id).list())
    candidates.push_back({std::move(assistant.name), std::move(assistant.host)});
  return candidates;
}

std::vector<Candidate> complete_accounts(Context& ctx, const std::string&) {
  std::vector<Candidate> candidates;
  for (auto& account : directory::Accounts(ctx.session(), ctx.workspace().id).list())
    candidates.push_back({std::move(account.account_sid), account.is_main ? "main" : ""});
  return candidates;
}

std::vector<Candidate> complete_calls(Context& ctx, const std::string&) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  std::vector<Candidate> candidates;
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each(db, workspace.id, {}, {}, k_most, [&](const calls::Call& call) {
    candidates.push_back(
        {call.call_sid, fmt::format("{} {} -> {}", call.status, call.from_number, call.to_number)});
  });
  transaction.commit();
  return candidates;
}

std::vector<Candidate> complete_messages(Context& ctx, const std::string&) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  std::vector<Candidate> candidates;
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  messages::for_each(db, workspace.id, {}, "created_at", true, k_most, [&](const messages::Message& message) {
    candidates.push_back({message.message_sid.empty() ? message.id.text() : message.message_sid,
                          fmt::format("{} -> {}", message.from_number, message.to_number)});
  });
  transaction.commit();
  return candidates;
}

std::vector<Candidate> complete_recordings(Context& ctx, const std::string&) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  std::vector<Candidate> candidates;
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each(
      db, workspace.id, calls::RecordingFilter{}, k_most, [&](const calls::RecordingRecord& recording) {
        candidates.push_back(
            {recording.recording_sid,
             fmt::format("{} {} -> {}", recording.kind, recording.from_number, recording.to_number)});
      });
  transaction.commit();
  return candidates;
}

std::vector<Candidate> complete_outcomes(Context& ctx, const std::string&) {
  std::vector<Candidate> candidates;
  for (const auto outcome : base::split(ctx.workspace().setting("outcomes"), '|'))
    if (!outcome.empty()) candidates.push_back({std::string(outcome), ""});
  return candidates;
}

std::vector<Candidate> complete_caller_ids(Context& ctx, const std::string& prefix) {
  auto candidates = first_rows(ctx, directory::users_noun(), directory::k_user_phone_number,
                               directory::k_user_email, prefix);
  std::erase_if(candidates, [](const Candidate& candidate) { return candidate.value.empty(); });
  return candidates;
}

std::vector<Candidate> complete_callbacks(Context& ctx, const std::string&) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  const calls::CallbackFilter open{.status = "open"};
  std::vector<Candidate> candidates;
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  calls::for_each(db, workspace.id, open, k_most, [&](const calls::Callback& callback) {
    candidates.push_back(
        {callback.id.short_id(), fmt::format("{} {}", callback.phone_number, callback.customer_name)});
  });
  transaction.commit();
  return candidates;
}

std::vector<Candidate> complete_threads(Context& ctx, const std::string&) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  std::vector<Candidate> candidates;
  std::set<std::string> seen;  // who talks with several of our numbers
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  messages::for_each_thread(db, workspace.id, {}, ctx.clock().now(), "last_message_at", true, k_most,
                            [&](const messages::Thread& thread) {
                              const auto& party = thread.party_number;
                              if (!party.empty() && seen.insert(party).second)
                                candidates.push_back({party, thread.contact_name});
                            });
  transaction.commit();
  return candidates;
}

std::vector<Candidate> complete_workspaces(Context& ctx, const std::string&) {
  ctx.database();
  std::vector<Candidate> candidates;
  for (auto& workspace : directory::Workspaces(ctx.session()).list())
    candidates.push_back({std::move(workspace.name), std::move(workspace.timezone)});
  return candidates;
}

std::vector<Candidate> complete_jobs(Context& ctx, const std::string&) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  const auto jobs = jobs::Journal(db, ctx.clock(), workspace.id).list(k_most);
  transaction.commit();
  std::vector<Candidate> candidates;
  candidates.reserve(jobs.size());
  for (const auto& job : jobs)
    candidates.push_back({job.id.short_id(), fmt::format("{} {}", job.kind, job.input_name)});
  return candidates;
}

std::vector<Candidate> complete_countries(Context&, const std::string&) {
  std::vector<Candidate> candidates;
  for (auto& region : phone::all_regions()) candidates.push_back({std::move(region), {}});
  return candidates;
}

}  // namespace ringctl::cmd
