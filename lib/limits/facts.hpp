#pragma once
// What a decision about one call rests on, read in one transaction, and the decision itself. Private to this
// room.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "limits/settings.hpp"
#include "limits/verdict.hpp"
#include "phone/e164.hpp"

namespace ringctl::limits {

/// A number that the agent may call from, as it stands now.
struct Candidate {
  base::Uuid assignment;
  std::string number, provider;
  bool number_active = true, agent_default = false;
  std::int64_t limit = 0;
  std::int64_t used = 0;
  std::int64_t due = 0;  ///< of `used`: reservations whose time is up, not yet taken back
  std::vector<std::string> allowed_countries = {};
  std::optional<base::Instant> last_reserved_at = {};

  /// Only active numbers of Twilio can call.
  bool is_callable() const;
};

struct Facts {
  Settings settings;
  base::Instant at{};  ///< read once it was known which days are closed: no day closes before it is over
  base::Day day{};
  base::Uuid agent;
  std::string email;
  bool agent_active = true;
  bool opted_out = false;             ///< the number that was asked about
  std::vector<Candidate> candidates;  ///< by number
};

/// Inside a transaction. `agent`: e-mail or id; `to`: E.164, if it is that. Throws Errc::not_found
/// [limits.unknown_agent, limits.unknown_workspace].
Facts read_facts(db::Connection&, const base::Uuid& workspace, std::string_view agent,
                 const std::optional<phone::E164>& to, const base::Clock&);
/// Inside a transaction: did the number ask not to be called?
bool is_opted_out(db::Connection&, const base::Uuid& workspace, const phone::E164& number);

struct Decision {
  std::vector<const Candidate*> open;  ///< in the order they are to be tried; point into the facts
  std::vector<Reason> refusals;        ///< every one, where `open` is empty
};
/// `from`: the number asked for, "" = by rotation. `pays_only`: Request::pays_only.
Decision decide(const Facts&, const phone::E164& to, std::string_view from, bool pays_only);
/// Against a call from a number to itself.
Reason same_number(std::string_view number);

/// Numbers in the order the workspace's rotation tries them.
std::vector<const Candidate*> in_rotation(const Facts&);

}  // namespace ringctl::limits
