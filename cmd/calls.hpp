#pragma once
// Parts of the noun `calls` that its files share.

#include <optional>
#include <string>
#include <vector>

#include "calls/calls.hpp"
#include "cmd/context.hpp"
#include "cmd/registry.hpp"

namespace ringctl::cmd {

// One function per file adds its verbs, in the order help shows them.
void add_calls_read(Noun&);
void add_calls_export(Noun&);
void add_calls_edit(Noun&);
void add_calls_hold(Noun&);
void add_calls_purge(Noun&);
void add_calls_tail(Noun&);
// At Twilio:
void add_calls_start(Noun&);      ///< start, hangup
void add_calls_transfer(Noun&);   ///< transfer
void add_calls_monitor(Noun&);    ///< listen, whisper, barge, stop
void add_calls_reconcile(Noun&);  ///< reconcile

inline constexpr std::string_view k_which_call =
    "SID of the call, its last eight digits, SID of one of its legs, or its id";

/// All that a call has, in the order of lists.
std::span<const Column> call_columns();
/// The cells point into the call.
std::vector<Cell> call_cells(const calls::Call&);

/// Flags that choose calls, shared by list and export.
struct CallFilterOptions {
  std::optional<std::string> since, until, direction, status, user, team, number, contact, outcome;
  bool missed = false, held = false;
};
template <class Options>
void add_call_filters(Verb<Options>& verb) {
  verb.flag("since", &Options::since, "TIME",
            "Only calls that began at TIME or after: 2026-03-08, -7d, yesterday, RFC 3339")
      .flag("until", &Options::until, "TIME", "Only calls that began before TIME")
      .flag("direction", &Options::direction, "inbound|outbound", "Only calls of this direction")
      .choices("inbound|outbound")
      .flag("status", &Options::status, "STATUS", "Only calls of this status")
      .choices("queued|initiated|ringing|in-progress|completed|busy|no-answer|failed|canceled|missed")
      .flag("missed", &Options::missed, "Only inbound calls that nobody of ours answered")
      .excludes("status")
      .flag("user", &Options::user, "USER", "Only calls that this user answered or made")
      .kind(ValueKind::user)
      .flag("team", &Options::team, "NAME", "Only calls of users of this team")
      .kind(ValueKind::team)
      .flag("number", &Options::number, "NUMBER", "Only calls to or from this number of ours")
      .kind(ValueKind::number)
      .flag("contact", &Options::contact, "NUMBER",
            "Only calls with this contact, by any of its phones or id; those from before it was one included")
      .kind(ValueKind::contact)
      .flag("outcome", &Options::outcome, "OUTCOME", "Only calls of this outcome")
      .kind(ValueKind::outcome)
      .flag("held", &Options::held, "Only calls that a legal hold keeps, on them or on their contact");
}
/// Looks up whom and what the flags name.
calls::CallFilter call_filter(const CallFilterOptions&, Context&);

}  // namespace ringctl::cmd
