#pragma once
// The table of all nouns. A new noun: its add_ function here, its line in root.cpp.

#include <span>

#include "cmd/completion.hpp"
#include "cmd/registry.hpp"

namespace ringctl::cmd {

void add_accounts(Noun&);
void add_apply(Noun&);
void add_assistants(Noun&);
void add_audit(Noun&);
void add_reports(Noun&);
void add_events(Noun&);
void add_export(Noun&);
void add_caller_ids(Noun&);
void add_completion(Noun&);
void add_config(Noun&);
void add_db(Noun&);
void add_doctor(Noun&);
void add_help(Noun&);
void add_init(Noun&);
void add_calls(Noun&);
void add_callbacks(Noun&);
void add_jobs(Noun&);
void add_messages(Noun&);
void add_notifications(Noun&);
void add_numbers(Noun&);
void add_profiles(Noun&);
void add_version(Noun&);
void add_workspaces(Noun&);
void add_limits(Noun&);
void add_teams(Noun&);
void add_users(Noun&);
void add_contacts(Noun&);
void add_assignments(Noun&);
void add_extensions(Noun&);
void add_pools(Noun&);
void add_opt_outs(Noun&);
void add_rules(Noun&);
void add_recordings(Noun&);
void add_route(Noun&);
void add_serve(Noun&);
void add_sim(Noun&);
void add_token(Noun&);
void add_trunks(Noun&);
void add_webhooks(Noun&);

/// In the order help shows them.
std::span<const NounEntry> nouns();
std::span<const Alias> aliases();
/// What completion offers for each kind of value.
std::span<const ValueProvider> value_providers();

}  // namespace ringctl::cmd
