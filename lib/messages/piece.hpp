#pragma once
// A piece of what came in at a time: the facts about all of it are read, each message is dealt in memory, and
// what came of it is written. Every table costs a few statements for a whole piece. Private to this room;
// inside the caller's write transaction, lock_counter() taken.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "messages/apply.hpp"
#include "messages/opt_outs.hpp"
#include "messages/route.hpp"

namespace ringctl::messages {

/// What holds for all messages of a workspace.
struct Policy {
  std::chrono::seconds lease{};
  bool skip_offline = true;
  bool has_hook = false;
};
Policy read_policy(db::Connection&, const base::Uuid& workspace);

/// A word that somebody said to the network.
struct Said {
  OptWord word;
  StopWord by;
};

/// SIDs that are on record, of whichever workspace that can be seen.
std::vector<std::string> known_sids(db::Connection&, const std::vector<std::string_view>& sids);

class Piece {
 public:
  Piece(audit::Session& session, const base::Uuid& workspace, const Policy& policy)
      : session_(session), workspace_(workspace), policy_(policy), now_(session.clock.now()) {}

  /// Keeps those that are new, with places behind `message_seq`, and deals them in their order.
  Applied take(const std::vector<const Event*>&, std::int64_t& message_seq);
  /// What was said in those that were new, in their order.
  std::vector<Said> said() const;

 private:
  struct Number {
    base::Uuid id;
    Mode mode = Mode::notify_all;
    std::optional<base::Uuid> owner = {};
    std::vector<Member> pool = {};
    std::optional<base::Uuid> last_turn = {};
    std::int64_t turns = 0;
    bool took_turn = false;
  };
  struct Conversation {
    base::Uuid id;
    std::string ours, party;
    std::optional<base::Uuid> number = {}, contact = {}, user = {};
    std::string by = {};
    std::optional<base::Instant> assigned_at = {}, lease_expires_at = {}, last_inbound_at = {};
    base::Instant last_message_at = {}, created_at = {};
    std::int64_t version = 1;
    bool is_new = false;
    bool is_kept = false;     ///< at least one of these messages is
    bool can_answer = false;  ///< whoever has it
  };
  struct Arrival {
    const Event* event = nullptr;
    Content content;
    base::Uuid id;
    Number* number = nullptr;
    std::optional<base::Uuid> contact = {};
    Conversation* conversation = nullptr;
    std::int64_t seq = 0;
    bool is_kept = false;
    std::optional<base::Uuid> owner = {};  ///< once it is dealt
    std::vector<Told> told = {};
  };
  struct Extension {
    base::Uuid user;
    std::optional<base::Uuid> number = {};  ///< nullopt: any
  };
  /// Who R97 falls back on; read where somebody has to.
  struct Fallback {
    std::unordered_map<std::string, std::vector<base::Uuid>> agents_of_contact = {};
    std::optional<base::Uuid> default_user = {};
    std::vector<base::Uuid> admins = {};
  };

  void collect(const std::vector<const Event*>&);
  void read_numbers();
  void read_pools();
  void read_turns();
  void read_contacts();
  void read_extensions();
  void read_conversations();
  void begin_conversations();
  void read_fallback();
  void insert_conversations();
  void insert_messages(std::int64_t& message_seq);
  void deal();
  RouteFacts facts_for(const Arrival&) const;
  void deal_one(Arrival&);
  void write_conversations();
  void write_turns();
  void write_owners();
  void write_notifications();
  std::int64_t queue_deliveries();

  audit::Session& session_;
  const base::Uuid& workspace_;
  const Policy& policy_;
  const base::Instant now_;
  std::vector<Arrival> arrivals_;
  std::unordered_map<std::string, Number> numbers_;  ///< by number
  std::unordered_map<std::string, base::Uuid> contacts_;
  std::unordered_map<std::string, Extension> extensions_;
  std::deque<Conversation> conversations_;
  std::map<std::pair<std::string_view, std::string_view>, Conversation*> by_parties_;  ///< ours, theirs
  Fallback fallback_;
};

}  // namespace ringctl::messages
