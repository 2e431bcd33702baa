#pragma once
// What completion offers from the database: what people name by number, name or id; and countries.

#include "cmd/completion.hpp"

namespace ringctl::cmd {

std::vector<Candidate> complete_numbers(Context&, const std::string& prefix);
std::vector<Candidate> complete_users(Context&, const std::string& prefix);
std::vector<Candidate> complete_teams(Context&, const std::string& prefix);
std::vector<Candidate> complete_contacts(Context&, const std::string& prefix);
/// By whoever they are with, the newest first.
std::vector<Candidate> complete_threads(Context&, const std::string& prefix);
/// By SID, the newest first; so are messages and recordings.
std::vector<Candidate> complete_calls(Context&, const std::string& prefix);
std::vector<Candidate> complete_messages(Context&, const std::string& prefix);
std::vector<Candidate> complete_recordings(Context&, const std::string& prefix);
std::vector<Candidate> complete_outcomes(Context&, const std::string& prefix);
/// Telephones of users: only Twilio knows which are verified, and completion asks nobody.
std::vector<Candidate> complete_caller_ids(Context&, const std::string& prefix);
/// Open ones, the earliest due first.
std::vector<Candidate> complete_callbacks(Context&, const std::string& prefix);
std::vector<Candidate> complete_extensions(Context&, const std::string& prefix);
std::vector<Candidate> complete_rules(Context&, const std::string& prefix);
std::vector<Candidate> complete_opt_outs(Context&, const std::string& prefix);
std::vector<Candidate> complete_trunks(Context&, const std::string& prefix);
std::vector<Candidate> complete_assistants(Context&, const std::string& prefix);
std::vector<Candidate> complete_accounts(Context&, const std::string& prefix);
std::vector<Candidate> complete_workspaces(Context&, const std::string& prefix);
std::vector<Candidate> complete_jobs(Context&, const std::string& prefix);
std::vector<Candidate> complete_countries(Context&, const std::string& prefix);

}  // namespace ringctl::cmd
