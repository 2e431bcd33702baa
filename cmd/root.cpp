#include "cmd/root.hpp"

#include <array>

#include "cmd/completion_values.hpp"
#include "cmd/estate_values.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::string_view k_estate = "THE ESTATE";
constexpr std::string_view k_people = "PEOPLE AND TENANTS";
constexpr std::string_view k_records = "WORK AND RECORDS";
constexpr std::string_view k_machine = "THIS MACHINE";
constexpr std::string_view k_about = "ABOUT RINGCTL";

constexpr std::array k_nouns = {
    NounEntry{"numbers", "Phone numbers we hold", k_estate, add_numbers},
    NounEntry{"assignments", "Who may call from which number, how often a day, to where", k_estate,
              add_assignments},
    NounEntry{"limits", "How often a day and to where an agent may call", k_estate, add_limits},
    NounEntry{"extensions", "What a caller presses to reach somebody", k_estate, add_extensions},
    NounEntry{"rules", "Who is rung when, on the main line", k_estate, add_rules},
    NounEntry{"route", "Why a call rings whom it rings", k_estate, add_route},
    NounEntry{"pools", "Who receives which number's messages", k_estate, add_pools},
    NounEntry{"trunks", "SIP trunks that take numbers' calls elsewhere", k_estate, add_trunks},
    NounEntry{"assistants", "Voice agents that numbers are handed to", k_estate, add_assistants},
    NounEntry{"callerids", "Numbers of others that we may show when we call", k_estate, add_caller_ids},
    NounEntry{"apply", "Bring the estate in line with a file of it", k_estate, add_apply},
    NounEntry{"export", "The whole estate as one file", k_estate, add_export},
    NounEntry{"users", "People who take and make calls", k_people, add_users},
    NounEntry{"teams", "Groups of users", k_people, add_teams},
    NounEntry{"contacts", "People who call us or whom we call", k_people, add_contacts},
    NounEntry{"optouts", "Numbers that asked not to be called or texted", k_people, add_opt_outs},
    NounEntry{"workspaces", "Tenants, each with an estate of its own", k_people, add_workspaces},
    NounEntry{"accounts", "Twilio accounts of a workspace, and their logins", k_people, add_accounts},
    NounEntry{"calls", "Calls that came in and went out, and what came of them", k_records, add_calls},
    NounEntry{"reports", "What the calls come to: by agent, team, number, hour, day and more", k_records,
              add_reports},
    NounEntry{"events", "Webhooks about calls, as they come", k_records, add_events},
    NounEntry{"messages", "Text messages, and whose each conversation is", k_records, add_messages},
    NounEntry{"notifications", "Who was told of which message, and the webhook that is told too", k_records,
              add_notifications},
    NounEntry{"callbacks", "Who is to be called back, by whom and when", k_records, add_callbacks},
    NounEntry{"recordings", "What was recorded of calls", k_records, add_recordings},
    NounEntry{"jobs", "Bulk work: what was asked and what it did", k_records, add_jobs},
    NounEntry{"audit", "Who changed what, and proof of it", k_records, add_audit},
    NounEntry{"serve", "Answer Twilio's webhooks", k_machine, add_serve},
    NounEntry{"token", "Access tokens for browsers and apps", k_machine, add_token},
    NounEntry{"webhooks", "What Twilio sends us, and whether it did", k_machine, add_webhooks},
    NounEntry{"sim", "Twilio in a box: scenarios, calls and a network without an account", k_machine,
              add_sim},
    NounEntry{"init", "Create the database and a workspace", k_machine, add_init},
    NounEntry{"db", "Schema, checks, backups and copies of the database", k_machine, add_db},
    NounEntry{"doctor", "Find out what is wrong with this installation", k_machine, add_doctor},
    NounEntry{"config", "Settings and where each comes from", k_machine, add_config},
    NounEntry{"profiles", "Named sets of settings", k_machine, add_profiles},
    NounEntry{"completion", "Print a shell's completion script", k_about, add_completion},
    NounEntry{"help", "Help about a command or a topic", k_about, add_help},
    NounEntry{"version", "Print the version and what it was built from", k_about, add_version},
};

constexpr std::array k_providers = {
    ValueProvider{ValueKind::number, complete_numbers},
    ValueProvider{ValueKind::user, complete_users},
    ValueProvider{ValueKind::party, complete_users},
    ValueProvider{ValueKind::team, complete_teams},
    ValueProvider{ValueKind::contact, complete_contacts},
    ValueProvider{ValueKind::thread, complete_threads},
    ValueProvider{ValueKind::call, complete_calls},
    ValueProvider{ValueKind::message, complete_messages},
    ValueProvider{ValueKind::recording, complete_recordings},
    ValueProvider{ValueKind::outcome, complete_outcomes},
    ValueProvider{ValueKind::callback, complete_callbacks},
    ValueProvider{ValueKind::extension, complete_extensions},
    ValueProvider{ValueKind::rule, complete_rules},
    ValueProvider{ValueKind::opt_out, complete_opt_outs},
    ValueProvider{ValueKind::trunk, complete_trunks},
    ValueProvider{ValueKind::assistant, complete_assistants},
    ValueProvider{ValueKind::account, complete_accounts},
    ValueProvider{ValueKind::caller_id, complete_caller_ids},
    ValueProvider{ValueKind::workspace, complete_workspaces},
    ValueProvider{ValueKind::job, complete_jobs},
    ValueProvider{ValueKind::country, complete_countries},
    ValueProvider{ValueKind::profile, complete_profiles},
    ValueProvider{ValueKind::zone, complete_zones},
    ValueProvider{ValueKind::config_key, complete_config_keys},
    ValueProvider{ValueKind::topic, complete_topics},
};

constexpr std::array k_aliases = {
    Alias{"reset", "limits", "reset"},
};

}  // namespace

std::span<const NounEntry> nouns() { return k_nouns; }
std::span<const Alias> aliases() { return k_aliases; }
std::span<const ValueProvider> value_providers() { return k_providers; }

}  // namespace ringctl::cmd
