#pragma once
// What one call brings: the number called, who calls, and who of the agents is talking. Read by one indexed
// query each; all else a decision needs is in the snapshot.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "calls/calls.hpp"
#include "db/connection.hpp"
#include "db/keys.hpp"
#include "phone/e164.hpp"

namespace ringctl::routing {

/// The number called, as the workspace holds it.
struct CalledNumber {
  base::Uuid id;
  bool active = true;
  std::optional<base::Uuid> owner = {};  ///< the user who may call from it
  std::string record_policy = {};        ///< never, always, inbound, outbound; "" = the workspace's
};

/// Attributes are case-folded, "" = not set.
struct CallerContact {
  base::Uuid id;
  std::string name = {};  ///< as it is
  std::string lead_status = {}, product = {}, market = {}, state = {};
  std::string country = {};  ///< "FR"
  std::vector<std::string> tags = {};
  std::vector<base::Uuid> agents = {};  ///< who look after the contact, active ones or not; by id
};

/// What agents are doing, as far as it does not stand in their rows.
struct Presence {
  struct Used {
    base::Uuid user;
    std::optional<base::Instant> last_call_ended_at = {};
    std::int64_t calls_today = 0;  ///< answered since the workspace's midnight
  };
  std::vector<calls::Busy> on_call = {};
  std::vector<Used> used = {};
};

/// The digits that a caller pressed; none: the time ran out.
struct MenuAnswer {
  std::string digits = {};
  int attempt = 0;         ///< of the menu that was answered: 0 = the first
  bool announced = false;  ///< the caller has heard that the call is recorded
};

struct Facts {
  std::string from = {};  ///< as Twilio has it: E.164, "anonymous", "sip:...", "client:..."
  std::string to = {};    ///< E.164
  base::Instant now{};
  std::string_view caller_country = {};           ///< of an E.164 caller, "" if unknown; lives for ever
  std::optional<CalledNumber> number = {};        ///< nullopt: not one of the workspace
  std::optional<CallerContact> contact = {};      ///< nullopt: nobody known
  std::shared_ptr<const Presence> presence = {};  ///< null: nobody is talking
  std::optional<MenuAnswer> menu = {};            ///< nullopt: the call begins
  std::uint64_t turn = 0;  ///< where round_robin begins (a rule's own count), what random is drawn from
};

/// True for a caller whom others can call back and see as caller: E.164.
bool is_number(std::string_view from);

/// A call as it came.
struct Incoming {
  std::string_view from, to;
  base::Instant now{};
};

/// Asks for the facts of some calls of a workspace as the database has them, apart from presence: number and
/// contact. Workspace and texts must outlive it.
class FactsRead {
 public:
  FactsRead(const db::Connection&, const base::Uuid& workspace, std::vector<Incoming> calls);
  std::vector<db::Read> reads() const;
  /// `rows`: those of reads(). In the order of the calls.
  std::vector<Facts> take(std::span<db::Rows> rows) const;

 private:
  std::vector<Incoming> calls_;
  db::KeyedRead numbers_, contacts_;
};

/// The same of one. In a transaction of its own.
Facts read_facts(db::Connection&, const base::Uuid& workspace, std::string_view from, std::string_view to,
                 base::Instant now);
/// Which workspaces hold some numbers, whoever they are, in the order of the numbers; nullopt for one that
/// none holds. In a transaction of its own.
std::vector<std::optional<base::Uuid>> find_workspaces_of(db::Connection&,
                                                          const std::vector<std::string_view>& numbers);
/// Who is on a call now, when who was last, and, where a rule asks (`usage`), how many calls they took since
/// `midnight`, which costs as much as there were. In a transaction of its own.
Presence read_presence(db::Connection&, const base::Uuid& workspace, base::Instant now,
                       base::Instant midnight, bool usage);

}  // namespace ringctl::routing
