#pragma once
// LiveKit's SIP service over Twirp: JSON posts with a token of ten minutes. Answers that are no 200 are
// {"code","msg"}.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "http/session.hpp"

namespace ringctl::sync {

struct LivekitLogin {
  std::string host;  ///< https://... (wss:// is taken for it); http on this machine only
  std::string api_key;
  base::Secret api_secret;
};

struct InboundTrunk {
  std::string id = {}, name = {};
  std::vector<std::string> numbers = {};  ///< E.164
};
struct DispatchRule {
  std::string id = {}, name = {}, room_prefix = {}, agent_name = {};
  std::vector<std::string> trunk_ids = {};
};

/// Belongs to one thread; nothing is sent twice. Errors: auth [livekit.auth], not_found [livekit.not_found],
/// twilio [livekit.refused], twilio_rate [livekit.rate_limited], twilio_down [livekit.down], twilio_garbage
/// [livekit.garbage], unknown_outcome [livekit.unknown_outcome] for what makes something and had no answer.
class Livekit {
 public:
  /// Clock and session outlive it. Throws Errc::usage [http.bad_url], [http.not_secure].
  Livekit(LivekitLogin, const base::Clock&, http::Session&, std::chrono::milliseconds timeout);

  std::vector<InboundTrunk> list_trunks();
  InboundTrunk create_trunk(const InboundTrunk&);
  InboundTrunk update_trunk(const InboundTrunk&);  ///< its numbers, which LiveKit wants at least one of
  void delete_trunk(std::string_view id);          ///< gone already is done
  std::vector<DispatchRule> list_rules();
  DispatchRule create_rule(const DispatchRule&);
  void delete_rule(std::string_view id);

 private:
  /// What it answered: sound JSON. `makes`: a second one would make a second thing.
  std::string post(std::string_view method, const std::string& body, bool makes = false);
  LivekitLogin login_;
  std::string base_;  ///< URL that methods' names follow
  const base::Clock& clock_;
  http::Session& session_;
  std::chrono::milliseconds timeout_;
};

/// Header {"alg":"HS256"}; grants {"video":{},"sip":{"admin":true}}.
std::string livekit_token(const LivekitLogin&, base::Instant now);

}  // namespace ringctl::sync
