#pragma once
// The paths that serve answers, and back. What a follow-up needs to know stands in its path, never in a
// query: Twilio may send a query in another order than it signed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.hpp"

namespace ringctl::serve {

enum class Endpoint : std::uint8_t {
  voice,              ///< /api/workspaces/{id}/voice: a call comes in, or an agent places one
  voice_by_number,    ///< /api/twilio/voice/inbound: the same, the workspace found by the number called
  status,             ///< .../voice/status[/{place}]: of a call, or of one of its legs
  menu,               ///< .../voice/menu/{try}: what the caller pressed
  next,               ///< .../voice/next/{place}: a step ended
  wait,               ///< .../voice/wait/{place}: what a queue plays
  accept,             ///< .../voice/accept/{place}: asks whoever answered a phone to press a key
  accepted,           ///< .../voice/accepted/{place}: the key
  consent,            ///< .../voice/consent: tells whoever an agent called that the call is recorded
  started,            ///< .../voice/started/{start}: an agent's leg is up that a call begins with
  pressed,            ///< .../voice/pressed/{start}: the key that it was asked for
  leg,                ///< .../voice/leg/{call}: status callback of a leg that was added to a call
  voicemail,          ///< .../voice/voicemail: a message was left
  recording,          ///< .../voice/recording[/{call}]: a recording is ready, of a call or its conference
  message,            ///< /api/workspaces/{id}/sms: a text comes in
  message_by_number,  ///< /api/twilio/webhook: the same, the workspace found by the number it came to
  message_status,     ///< .../sms/status[/{message}]: what became of a message of ours
  token,              ///< /api/workspaces/{id}/token (GET): an access token for the identity in its query
  own_token,          ///< /api/twilio/token (GET): one for whoever asks
  health,
  ready,
  unknown,
};
inline constexpr std::size_t k_endpoints = static_cast<std::size_t>(Endpoint::unknown) + 1;

/// "voice_status": the label of metrics and logs.
std::string_view endpoint_name(Endpoint);
/// True of those that Twilio posts to and signs.
bool is_webhook(Endpoint);
/// True of those that are about text messages.
bool is_about_messages(Endpoint);

struct Route {
  Endpoint endpoint = Endpoint::unknown;
  std::optional<base::Uuid> workspace = {};  ///< where the path names one
  std::string_view rest = {};                ///< what follows: "s2w0"; a view of the path
};
/// Endpoint::unknown for every other path. A path without its query.
Route route_of(std::string_view path);

/// "/api/workspaces/{id}/voice"
std::string voice_path(const base::Uuid& workspace);
/// "/api/workspaces/{id}/sms/status/{message}"
std::string message_status_path(const base::Uuid& workspace, const base::Uuid& message);

}  // namespace ringctl::serve
