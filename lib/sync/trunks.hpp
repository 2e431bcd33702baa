#pragma once
// Trunks and assistants (R83-R86): one main trunk per workspace, numbers handed to a voice agent at LiveKit,
// and the three sides (here, Twilio, LiveKit) next to each other.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "estate/trunks.hpp"
#include "sync/configure.hpp"
#include "sync/effect_row.hpp"
#include "sync/livekit.hpp"

namespace ringctl::sync {

/// What is made at Twilio is looked for first, by SID and then by name: the same again makes nothing. `write`
/// false: nothing is written anywhere, and the report says what would be. Where a trunk is the main one of a
/// login that is kept (directory/accounts.hpp), its SID is stored there too.
struct TrunkReport {
  estate::Trunk trunk;  ///< sid "": it would be made
  bool created = false, changed = false;
};
/// The workspace's main trunk (R83); without one it is called "ringctl WORKSPACE". Errc::conflict
/// [trunks.other_account] where it is another account's, [trunks.ambiguous] where Twilio has several of its
/// name, as save_trunk() does.
TrunkReport ensure_main_trunk(Account&, bool write);
/// The row and Twilio's side of it; its origination URL there leads where the row says. Errc::not_found
/// [trunks.not_there] for a SID that is not there.
TrunkReport save_trunk(Account&, const estate::TrunkChange&, bool write);
/// At Twilio too. Errc::conflict [trunks.in_use] while numbers are on it, here or there.
void remove_trunk(Account&, std::string_view trunk, bool write);

/// What a number stops doing on a trunk: its webhooks, and what of the database no longer happens for it.
struct Loss {
  std::string what;  ///< voice_url, voice_application, status_callback, owner, extensions, rules
  std::string value = {};
};
struct Attached {
  std::string phone_number, trunk_sid;  ///< SID "": of a trunk that would be made
  bool changed = false;
  std::vector<Loss> losses = {};
  std::string configured = {};  ///< what its webhooks were told anew, separated by |
};
/// `trunk` "": the main one, made if there is none. Errc::conflict [trunks.other_trunk] if it is on another,
/// [numbers.sid_mismatch]; Errc::invalid [numbers.not_at_twilio].
Attached attach(Account&, std::string_view number, std::string_view trunk, bool write);
/// Its webhooks work again, and are told what is wanted. Errc::conflict [assistants.has_number] while it is
/// handed to an assistant.
Attached detach(Account&, std::string_view number, const std::optional<Wanted>&, bool write);

/// A trunk that leads to LiveKit, LiveKit's inbound trunk with the number in it, a dispatch rule, and then
/// the number on the trunk: its calls move when everything is there. Each is looked for before it is made.
/// Steps that were done are kept, so that the same again goes on.
struct Handed {
  std::string phone_number, assistant, trunk_sid, inbound_trunk_id, dispatch_rule_id;
  /// That were done now, or would be: trunk, origination_url, inbound_trunk, dispatch_rule, number, assistant
  std::vector<std::string> steps;
  std::vector<Loss> losses;
};
/// Errc::conflict [assistants.inactive]; [assistants.has_number] if another has it; of the main trunk, where
/// no other one leads here: [trunks.leads_elsewhere], [trunks.inactive], [trunks.other_account];
/// [livekit.number_taken], [livekit.ambiguous], [livekit.rule_taken] where a dispatch rule takes others'
/// calls too.
Handed attach_assistant(Account&, Livekit&, std::string_view number, std::string_view assistant, bool write);
/// Webhooks first, so that calls are answered at once; inbound trunk and rule go with the last number.
/// Errc::conflict [assistants.not_handed].
Handed detach_assistant(Account&, Livekit&, std::string_view number, const std::optional<Wanted>&,
                        bool write);

/// Side by side.
struct SideRow {
  std::string kind;    ///< trunk, origination_url, number, inbound_trunk, dispatch_rule
  std::string object;  ///< name, SIP URL or number
  bool here = false;
  std::optional<bool> twilio = {}, livekit = {};  ///< nullopt: it is none of theirs
  std::string differs = {};                       ///< "" = nothing
};
struct SideReport {
  std::vector<SideRow> rows;
  bool agree() const;
};
/// An assistant, and its LiveKit.
struct AssistantSide {
  estate::Assistant assistant;
  Livekit* livekit;
};
SideReport compare_trunks(Account&, std::span<const AssistantSide>);
/// Takes over what the other sides say: trunks that are there or gone, where they lead, which numbers are on
/// them, what stands for an assistant at LiveKit. Nothing is written there. What is left then.
SideReport apply_trunks(Account&, std::span<const AssistantSide>);

}  // namespace ringctl::sync
