#pragma once
// Who is on a call, as far as this process has heard and the database has not: an agent who just answered
// must not be rung by the next caller, and what was heard takes a moment to get there, or as long as the
// database is away. Both tell the same of a user: what they took last, and whether that is over.

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "routing/facts.hpp"
#include "serve/estates.hpp"

namespace ringctl::serve {

/// What rings a user; of a call that the user places, the call itself.
struct UserLeg {
  base::Uuid user;
  std::string_view sid, call_sid;
};

class Talking {
 public:
  /// So many ends of legs and calls are remembered, which tell a report that comes late, or once more, from
  /// news.
  explicit Talking(std::size_t most_ends = 16'384) : most_ends_(most_ends) {}

  // Any thread, in any order. `at`: when it happened, as Twilio says where it does.
  void answered(const base::Uuid& workspace, const UserLeg&, base::Instant at);
  /// `since`: when it was answered; nullopt: maybe it was not, or who knows when.
  void ended(const base::Uuid& workspace, const UserLeg&, std::optional<base::Instant> since,
             base::Instant at);
  /// Nobody talks on it any more.
  void call_ended(const base::Uuid& workspace, std::string_view call_sid, base::Instant at);

  /// What the database says, corrected by what was heard after it (Estate::heard_until); the same object
  /// where there is nothing to correct. What began longer ago than the workspace's on_call_hours counts as
  /// over.
  std::shared_ptr<const routing::Presence> corrected(const Estate&, base::Instant now);
  /// Users of a workspace who talk by what was heard.
  std::size_t talking(const base::Uuid& workspace) const;

 private:
  struct Talk {
    std::string leg_sid, call_sid;
    base::Instant since;
  };
  struct Freed {
    std::string call_sid;
    std::optional<base::Instant> since;
    base::Instant at;
  };
  /// What was answered last, for as long as nothing changes.
  struct Corrected {
    std::shared_ptr<const routing::Presence> said, corrected;
    base::Instant heard_until, at;
  };
  /// Of one workspace; one entry for a user at most.
  struct Floor {
    std::map<base::Uuid, Talk> talking;  ///< what the database may not know yet
    std::map<base::Uuid, Freed> freed;   ///< the last that is over
    std::unordered_set<std::string, routing::TextHash, std::equal_to<>> ended;  ///< SIDs of legs and calls
    std::optional<Corrected> last;
  };
  Floor& change(const base::Uuid& workspace);
  static void note_free(Floor&, const base::Uuid& user, Freed);
  static bool is_over(const Floor&, const calls::Busy&);
  static std::shared_ptr<const routing::Presence> correct(Floor&, const Estate&, base::Instant now);
  void remember_end(Floor&, std::string_view sid);

  const std::size_t most_ends_;
  mutable std::mutex mutex_;
  std::map<base::Uuid, Floor> floors_;                        ///< by workspace
  std::deque<std::pair<Floor*, std::string>> ends_in_order_;  ///< the oldest first
};

}  // namespace ringctl::serve
