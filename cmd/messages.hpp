#pragma once
// Parts of the noun `messages` that its files share.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cmd/context.hpp"
#include "cmd/registry.hpp"
#include "messages/messages.hpp"
#include "messages/threads.hpp"

namespace ringctl::cmd {

// One function per file adds its verbs, in the order help shows them.
void add_messages_read(Noun&);     ///< list show
void add_messages_threads(Noun&);  ///< threads
void add_messages_export(Noun&);   ///< export
void add_messages_tail(Noun&);     ///< tail
void add_messages_claim(Noun&);    ///< claim release reassign
void add_messages_purge(Noun&);    ///< purge
// At Twilio:
void add_messages_send(Noun&);       ///< send
void add_messages_reconcile(Noun&);  ///< reconcile

inline constexpr std::string_view k_which_message =
    "SID of the message, its id, or the last eight digits of that";
inline constexpr std::string_view k_which_thread =
    "Number of whoever it is with, SID of a message in it, its id, or the last eight digits of that";

/// All that a message has, in the order of lists and exports: stable, new ones go to the end, and the schema
/// (export_schemas.hpp) counts up.
std::span<const Column> message_columns();
/// The cells point into the message, and into `media`, which is given the text of its media.
std::vector<Cell> message_cells(const messages::Message&, std::string& media);
std::span<const Column> thread_columns();
std::vector<Cell> thread_cells(const messages::Thread&, base::Instant now);

/// Flags that choose messages, shared by list and export.
struct MessageFilterOptions {
  std::optional<std::string> since, until, direction, status, with, number, user, contact, keyword, search;
};
template <class Options>
void add_message_filters(Verb<Options>& verb) {
  verb.flag("since", &Options::since, "TIME",
            "Only messages of TIME or after: 2026-03-08, -7d, yesterday, RFC 3339")
      .flag("until", &Options::until, "TIME", "Only messages before TIME")
      .flag("direction", &Options::direction, "inbound|outbound", "Only messages of this direction")
      .choices("inbound|outbound")
      .flag("status", &Options::status, "STATUS", "Only messages of this status")
      .choices(
          "accepted|scheduled|queued|sending|sent|canceled|failed|undelivered|partially_delivered|delivered|read|"
          "receiving|received")
      .flag("with", &Options::with, "NUMBER", "Only messages from or to this number of somebody else")
      .kind(ValueKind::thread)
      .flag("number", &Options::number, "NUMBER", "Only messages to or from this number of ours")
      .kind(ValueKind::number)
      .flag("user", &Options::user, "USER",
            "Only messages that this user sent, or whose they were when they came")
      .kind(ValueKind::user)
      .flag(
          "contact", &Options::contact, "NUMBER",
          "Only messages with this contact, by any of its phones or id; those from before it was one included")
      .kind(ValueKind::contact)
      .flag("keyword", &Options::keyword, "stop|start|help", "Only messages that say this to the network")
      .choices("stop|start|help")
      .flag("search", &Options::search, "TEXT", "Only messages with TEXT in them, in any case");
}
/// Looks up whom and what the flags name.
messages::MessageFilter message_filter(const MessageFilterOptions&, Context&);

/// An address of somebody else as messages have it: E.164 of what was typed, or a short code or another
/// channel's address as it is.
std::string party_address(Context&, const std::string& typed);
/// As messages::get_thread(), in a transaction of its own; `number`: ours, as typed.
messages::Thread thread_named(Context&, const std::string& what, const std::optional<std::string>& number);

}  // namespace ringctl::cmd
