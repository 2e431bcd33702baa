#pragma once
// Whom a message that came in is for: pure (R90, R93, R97, R99, R100). The facts are read, and what follows
// is written, in the transaction that keeps the message (apply.hpp).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "messages/segments.hpp"

namespace ringctl::messages {

enum class Mode : std::uint8_t { notify_all, claim, round_robin };
Mode mode_from(std::string_view word);  ///< as phone_numbers.sms_mode; anything else: notify_all

/// How somebody came to have a conversation.
enum class By : std::uint8_t { claim, reply, round_robin, extension, reassign };
std::string_view by_name(By);  ///< as message_threads.assigned_by

/// Why somebody is told.
enum class Reason : std::uint8_t {
  pool,
  owner,
  turn,
  extension,
  contact,
  number_owner,
  default_user,
  support
};
std::string_view reason_name(Reason);  ///< as notifications.reason

struct Member {
  base::Uuid user;
  bool offline = false;    ///< says so; users that are not active are no members
  bool may_answer = true;  ///< managers see, and answer nothing
};

struct RouteFacts {
  Mode mode = Mode::notify_all;
  std::vector<Member> pool = {};             ///< active users with sms_access_enabled, by id
  std::optional<base::Uuid> last_turn = {};  ///< whose turn was last, a member still or not
  bool skip_offline = true;                  ///< the workspace's sms_offline
  std::optional<base::Uuid> owner = {};      ///< who may answer, with a lease that has not run out
  std::optional<base::Uuid> extension = {};  ///< active user of the extension that the text names
  OptWord keyword = OptWord::none;
  // R97, for a pool with nobody in it, in this order; active users alone, by id:
  std::vector<base::Uuid> contact_agents = {};
  std::optional<base::Uuid> number_owner = {};
  std::optional<base::Uuid> default_user = {};
  std::vector<base::Uuid> admins = {};
};

struct Told {
  base::Uuid user;
  Reason reason = Reason::pool;
  friend bool operator==(const Told&, const Told&) = default;
};
struct Route {
  std::vector<Told> told = {};            ///< everybody once
  std::optional<base::Uuid> assign = {};  ///< whose the conversation is from here on; nullopt: as it was
  By by = By::round_robin;
  bool took_turn = false;  ///< `assign` is the turn that was last from now on
};
/// - STOP, START and HELP: Twilio has answered. The owner is told, if there is one; no turn is taken.
/// - A named extension of a member who may answer: they are told, and have it if it was free; its owner is
///   told too.
/// - notify_all: the pool. claim: the owner, else the pool. round_robin: the owner, else whoever follows the
///   last turn in the circle of members by id, offline ones and managers left out; where nobody is left it
///   stays free, and all are told.
/// - An owner is told whether or not they are of the pool. Nobody in it, and no owner: the first of R97 that
///   there is.
/// While the members that can be dealt to stay the same, no two of them differ by more than one turn.
Route route(const RouteFacts&);

}  // namespace ringctl::messages
