#include "sim/message_webhooks.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "base/text.hpp"
#include "sim/urls.hpp"

namespace ringctl::sim {
namespace {

/// "2603091500"
std::string short_time(Instant at) {
  const auto text = base::format_utc(at);  // 2026-03-09T15:00:00.000Z
  return text.substr(2, 2) + text.substr(5, 2) + text.substr(8, 2) + text.substr(11, 2) + text.substr(14, 2);
}

Parameters common(const Account& account, const Message& message) {
  Parameters all{{"AccountSid", account.sid}, {"ApiVersion", "2010-04-01"}, {"From", message.from},
                 {"MessageSid", message.sid}, {"SmsSid", message.sid},      {"To", message.to}};
  if (!message.service_sid.empty()) all.emplace_back("MessagingServiceSid", message.service_sid);
  return all;
}

}  // namespace

std::string media_type(std::string_view url) {
  constexpr auto k_types = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{".png", "image/png"}, {".gif", "image/gif"}, {".pdf", "application/pdf"}, {".mp4", "video/mp4"}});
  auto path = base::ascii_lower(without_fragment(url));
  path.resize(std::min(path.find('?'), path.size()));
  for (const auto& [ending, type] : k_types)
    if (path.ends_with(ending)) return std::string(type);
  return "image/jpeg";
}

std::optional<InboundHooks> find_inbound_hooks(const Account& account, const Number& number) {
  const auto* const service = account.services.find(number.service_sid);
  if (service != nullptr && !service->use_inbound_webhook_on_number) {
    if (service->inbound.url.empty()) return std::nullopt;
    return InboundHooks{service->inbound, service->fallback};
  }
  if (!number.sms_application_sid.empty()) {
    const auto* const application = account.applications.find(number.sms_application_sid);
    return application == nullptr ? InboundHooks{}
                                  : InboundHooks{application->sms_hook, application->sms_fallback};
  }
  return InboundHooks{number.sms_hook, number.sms_fallback};
}

Parameters inbound_parameters(const Account& account, const Message& message) {
  auto all = common(account, message);
  all.insert(all.end(), {{"SmsMessageSid", message.sid},
                         {"SmsStatus", "received"},
                         {"Body", message.body},
                         {"NumMedia", std::to_string(message.media.size())},
                         {"NumSegments", std::to_string(message.segments)}});
  for (std::size_t i = 0; i < message.media.size(); ++i) {
    all.emplace_back(fmt::format("MediaUrl{}", i), message.media[i]);
    all.emplace_back(fmt::format("MediaContentType{}", i), media_type(message.media[i]));
  }
  return all;
}

Parameters status_parameters(const Account& account, const Message& message, std::optional<Instant> done_at) {
  auto all = common(account, message);
  all.insert(all.end(), {{"MessageStatus", message.status}, {"SmsStatus", message.status}});
  if (message.error_code != 0) all.emplace_back("ErrorCode", std::to_string(message.error_code));
  if (done_at) all.emplace_back("RawDlrDoneDate", short_time(*done_at));
  return all;
}

}  // namespace ringctl::sim
