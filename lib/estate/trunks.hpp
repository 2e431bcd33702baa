#pragma once
// Trunks and assistants as the database knows them. Each call in a transaction of its own, audited, unless it
// says otherwise.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "base/seal.hpp"

namespace ringctl::estate {

struct Trunk {
  base::Uuid id = {};
  /// sid "": not made at Twilio. origination_url "": its calls go nowhere yet.
  std::string name = {}, sid = {}, account_sid = {}, origination_url = {};
  bool is_main = false, is_active = true;
  std::int64_t numbers = 0;  ///< on it
  std::int64_t version = 1;
  base::Instant created_at{}, updated_at{};
};
struct TrunkChange {
  std::string name;  ///< the one to add or change
  std::optional<std::string> new_name = {}, sid = {}, account_sid = {}, origination_url = {};
  std::optional<bool> is_main = {}, is_active = {};
};

class Trunks {
 public:
  Trunks(audit::Session& session, const base::Uuid& workspace) : session_(session), workspace_(workspace) {}
  /// Adds or changes; an empty text clears. The first is the main one; one that becomes it takes that
  /// over. False if nothing differed. Errc::invalid [trunks.invalid]; Errc::conflict [trunks.exists] where a
  /// name, [trunks.sid_taken] where a SID is another's, [trunks.stale] if another process changed it
  /// meanwhile.
  bool save(const TrunkChange&, bool write = true);
  /// The oldest of the others is the main one then. Errc::conflict [trunks.in_use] while numbers are recorded
  /// as being on it.
  void remove(std::string_view what, bool write = true);
  /// The main one first, then by name.
  std::vector<Trunk> list();
  /// By name or SID. Errc::not_found [trunks.unknown].
  Trunk get(std::string_view what);
  std::optional<Trunk> find(std::string_view what);
  std::optional<Trunk> find_main();

 private:
  audit::Session& session_;
  base::Uuid workspace_;
};

struct Assistant {
  base::Uuid id = {};
  std::string name = {}, host = {}, sip_domain = {}, api_key = {};
  std::string agent_name = {};                               ///< "" = whichever agent serves the project
  std::string room_prefix = {};                              ///< each call gets a room of its own
  std::string inbound_trunk_id = {}, dispatch_rule_id = {};  ///< at LiveKit; "" = nothing made there yet
  std::string key_id = {};                                   ///< of the key that opens its secret
  bool is_active = true;
  std::int64_t numbers = 0;  ///< handed to it
  std::int64_t version = 1;
  base::Instant created_at{}, updated_at{};
};
struct AssistantChange {
  std::string name;
  std::optional<std::string> new_name = {}, host = {}, sip_domain = {}, api_key = {}, agent_name = {},
                             room_prefix = {}, inbound_trunk_id = {}, dispatch_rule_id = {};
  std::optional<base::Secret> api_secret = {};
  std::optional<bool> is_active = {};
};

class Assistants {
 public:
  Assistants(audit::Session& session, const base::Uuid& workspace)
      : session_(session), workspace_(workspace) {}
  /// Adds or changes; false if nothing differed. Host: https or wss, or http on this machine. The SIP domain
  /// follows from a host at livekit.cloud. `key` is needed where there is a secret. What was made at LiveKit
  /// is forgotten with another host. Errc::invalid [assistants.invalid]; Errc::conflict [assistants.exists],
  /// [assistants.in_use] for another host while numbers are handed to it, [assistants.stale] if another
  /// process changed it meanwhile.
  bool save(const AssistantChange&, const base::SealKey* key, bool write = true);
  /// Errc::conflict [assistants.in_use] while numbers are handed to it.
  void remove(std::string_view what, bool write = true);
  /// By name.
  std::vector<Assistant> list();
  /// By name or id. Errc::not_found [assistants.unknown].
  Assistant get(std::string_view what);
  std::optional<Assistant> find(std::string_view what);
  /// Its API secret. Errc::auth [seal.wrong_key] naming the key that it takes.
  base::Secret open(const Assistant&, const base::SealKey&);
  /// All of the workspace that the old key opens, sealed with the new one, in one transaction. How many.
  std::int64_t seal_anew(const base::SealKey& old_key, const base::SealKey& new_key, bool write = true);

 private:
  audit::Session& session_;
  base::Uuid workspace_;
};

/// Where a trunk has to lead for its calls to reach the assistant: "sip:x.sip.livekit.cloud;transport=tcp".
std::string sip_url_of(const Assistant&);

}  // namespace ringctl::estate
