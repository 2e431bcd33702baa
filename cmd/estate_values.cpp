#include "cmd/estate_values.hpp"

#include <fmt/format.h>

#include <set>

#include "cmd/numbers.hpp"
#include "cmd/record_verbs.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "jobs/journal.hpp"
#include "messages/threads.hpp"
#include "phone/region.hpp"

namespace ringctl::cmd {
namespace {

/// More than anyone reads in a shell, and few enough for the time that completion has.
constexpr std::int64_t k_most = 200;

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
  std::vector<Candidate> candidates;
  records_of(ctx, ctx.workspace(), directory::users_noun())
      .for_each({.search = prefix}, {}, k_most, [&](const records::Record& user) {
        candidates.push_back({user.cells[directory::k_user_email], user.cells[directory::k_user_name]});
      });
  return candidates;
}

std::vector<Candidate> complete_teams(Context& ctx, const std::string& prefix) {
  std::vector<Candidate> candidates;
  records_of(ctx, ctx.workspace(), directory::teams_noun())
      .for_each({.search = prefix}, {}, k_most, [&](const records::Record& team) {
        candidates.push_back({team.cells[directory::k_team_name], {}});
      });
  return candidates;
}

std::vector<Candidate> complete_contacts(Context& ctx, const std::string& prefix) {
  std::vector<Candidate> candidates;
  records_of(ctx, ctx.workspace(), directory::contacts_noun())
      .for_each({.search = prefix}, {}, k_most, [&](const records::Record& contact) {
        candidates.push_back(
            {contact.cells[directory::k_contact_phone_number], contact.cells[directory::k_contact_name]});
      });
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
