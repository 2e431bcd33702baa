#include "serve/paths.hpp"

#include <algorithm>
#include <array>

namespace ringctl::serve {
namespace {

constexpr std::string_view k_workspaces = "/api/workspaces/";
constexpr std::size_t k_uuid_size = 36;

enum class Rest { none, maybe, needed };

struct UnderWorkspace {
  std::string_view path;
  Endpoint endpoint;
  Rest rest = Rest::none;
};
constexpr UnderWorkspace k_under_workspace[] = {
    {"/voice", Endpoint::voice},
    {"/voice/status", Endpoint::status, Rest::maybe},
    {"/voice/menu", Endpoint::menu, Rest::needed},
    {"/voice/next", Endpoint::next, Rest::needed},
    {"/voice/wait", Endpoint::wait, Rest::needed},
    {"/voice/accept", Endpoint::accept, Rest::needed},
    {"/voice/accepted", Endpoint::accepted, Rest::needed},
    {"/voice/consent", Endpoint::consent},
    {"/voice/started", Endpoint::started, Rest::needed},
    {"/voice/pressed", Endpoint::pressed, Rest::needed},
    {"/voice/leg", Endpoint::leg, Rest::needed},
    {"/voice/voicemail", Endpoint::voicemail},
    {"/voice/recording", Endpoint::recording, Rest::maybe},
    {"/sms", Endpoint::message},
    {"/sms/status", Endpoint::message_status, Rest::maybe},
    {"/token", Endpoint::token},
};

struct Plain {
  std::string_view path;
  Endpoint endpoint;
};
constexpr Plain k_plain[] = {
    {"/api/twilio/voice/inbound", Endpoint::voice_by_number},
    {"/api/twilio/webhook", Endpoint::message_by_number},
    {"/api/twilio/token", Endpoint::own_token},
    {"/healthz", Endpoint::health},
    {"/readyz", Endpoint::ready},
};

constexpr std::array<std::string_view, k_endpoints> k_names = {
    "voice",        "voice_by_number", "voice_status",  "voice_menu",    "voice_next",    "voice_wait",
    "voice_accept", "voice_accepted",  "voice_consent", "voice_started", "voice_pressed", "voice_leg",
    "voicemail",    "voice_recording", "sms",           "sms_by_number", "sms_status",    "workspace_token",
    "own_token",    "healthz",         "readyz",        "unknown"};

/// What follows `path` as one segment; nullopt where it does not fit.
std::optional<std::string_view> rest_after(std::string_view path, const UnderWorkspace& known) {
  if (!path.starts_with(known.path)) return std::nullopt;
  path.remove_prefix(known.path.size());
  if (path.empty()) return known.rest == Rest::needed ? std::nullopt : std::optional(path);
  if (known.rest == Rest::none || path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  return path.empty() || path.find('/') != std::string_view::npos ? std::nullopt : std::optional(path);
}

Route under_workspace(std::string_view path) {
  const auto workspace = base::Uuid::try_parse(path.substr(0, k_uuid_size));
  if (!workspace) return {};
  path.remove_prefix(k_uuid_size);
  for (const auto& known : k_under_workspace)
    if (const auto rest = rest_after(path, known)) return {known.endpoint, workspace, *rest};
  return {};
}

}  // namespace

std::string_view endpoint_name(Endpoint endpoint) { return k_names[static_cast<std::size_t>(endpoint)]; }

bool is_webhook(Endpoint endpoint) { return endpoint < Endpoint::token; }
bool is_about_messages(Endpoint endpoint) {
  return endpoint >= Endpoint::message && endpoint <= Endpoint::message_status;
}

Route route_of(std::string_view path) {
  if (path.starts_with(k_workspaces) && path.size() > k_workspaces.size() + k_uuid_size)
    return under_workspace(path.substr(k_workspaces.size()));
  const auto* const found = std::find_if(std::begin(k_plain), std::end(k_plain),
                                         [&](const Plain& known) { return known.path == path; });
  return found == std::end(k_plain) ? Route{} : Route{found->endpoint};
}

std::string voice_path(const base::Uuid& workspace) {
  std::string path(k_workspaces);
  path.append(workspace.view()).append("/voice");
  return path;
}

std::string message_status_path(const base::Uuid& workspace, const base::Uuid& message) {
  std::string path(k_workspaces);
  path.append(workspace.view()).append("/sms/status/").append(message.view());
  return path;
}

}  // namespace ringctl::serve
