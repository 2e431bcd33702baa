#pragma once
// What trunks and assistants share. Internal to this room.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/workspaces.hpp"
#include "estate/numbers.hpp"
#include "sync/trunks.hpp"
#include "twilio/rest_numbers.hpp"

namespace ringctl::sync {

/// "ringctl WORKSPACE", and what follows, up to 48 bytes: the workspace is cut so that it has 64 at most,
/// whole characters.
std::string own_name(const directory::Workspace&, std::string_view more = {});

/// What must not be made twice. `kind`, `key` and `request` as of jobs::Effect; two of the same are one.
struct Creation {
  std::string kind, key, request = "{}";
};
/// It was looked for: whatever of it is open is done with this SID, or had not happened.
void settle(Account&, const Creation&, const std::optional<std::string>& sid);
/// Journaled before and after. `make` returns its SID or ID; where it throws something that leaves open
/// whether it happened, so does the journal.
std::string create_once(Account&, const Creation&, const std::function<std::string()>& make);

/// A row of this account's number at Twilio. Errc::invalid [numbers.not_at_twilio], Errc::conflict
/// [numbers.other_account].
estate::Number number_on_account(Account&, std::string_view what);
/// The number there. Errc::conflict [numbers.sid_mismatch] where the SID is another's.
twilio::Number fetch_same(Account&, const estate::Number&);
/// The row says what the number there does; in `action`'s name where it said otherwise.
void note_facts(Account&, const estate::Number&, const twilio::Number&, const std::optional<Wanted>&,
                std::string_view action);

// As in sync/trunks.hpp, for those who hold the lease, or only look.
TrunkReport save_trunk_now(Account&, const estate::TrunkChange&, bool write);
TrunkReport ensure_main_now(Account&, bool write);
Attached attach_now(Account&, const estate::Number&, const estate::Trunk&, bool write);
Attached detach_now(Account&, const estate::Number&, const std::optional<Wanted>&, bool write);

/// The SID of the main trunk goes to the login that is kept for its account, if there is one.
void note_main(Account&);

/// What stands for an assistant at LiveKit: by its ID, else by its name. Errc::conflict [livekit.ambiguous].
std::optional<InboundTrunk> find_inbound(const std::vector<InboundTrunk>&, const estate::Assistant&,
                                         const std::string& name);
/// That leads from this trunk, by its ID, else by its name, else whichever takes the trunk's calls.
std::optional<DispatchRule> find_rule(const std::vector<DispatchRule>&, const estate::Assistant&,
                                      const std::string& name, const std::string& inbound_trunk_id);

}  // namespace ringctl::sync
