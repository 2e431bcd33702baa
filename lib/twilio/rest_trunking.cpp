#include "twilio/rest_trunking.hpp"

#include <fmt/format.h>

#include "base/sid.hpp"
#include "twilio/rest_parts.hpp"

namespace ringctl::twilio {
namespace {

constexpr std::string_view k_trunks = "/v1/Trunks";

Ask at_trunking(Ask ask) { return at_api(Api::trunking, std::move(ask)); }

std::string of_trunk(std::string_view trunk, std::string_view rest) { return under(k_trunks, trunk, rest); }

std::optional<OriginationUrl> origination_from(const Json& json) {
  OriginationUrl url;
  url.sid = json.text("sid");
  if (!base::is_sid(url.sid, "OU")) return std::nullopt;
  url.friendly_name = json.text("friendly_name");
  url.sip_url = json.text("sip_url");
  url.weight = static_cast<int>(json.whole("weight").value_or(1));
  url.priority = static_cast<int>(json.whole("priority").value_or(1));
  url.enabled = json.flag("enabled", true);
  return url;
}

Fields fields_of(const OriginationUrl& url) {
  return {{"SipUrl", url.sip_url},
          {"FriendlyName", url.friendly_name},
          {"Weight", std::to_string(url.weight)},
          {"Priority", std::to_string(url.priority)},
          {"Enabled", flag_text(url.enabled)}};
}

}  // namespace

std::optional<Trunk> trunk_from(const Json& json) {
  Trunk trunk;
  trunk.sid = json.text("sid");
  if (!base::is_sid(trunk.sid, "TK")) return std::nullopt;
  trunk.friendly_name = json.text("friendly_name");
  trunk.domain_name = json.text("domain_name");
  trunk.transfer_mode = json.text("transfer_mode");
  trunk.secure = json.flag("secure");
  return trunk;
}

std::vector<Trunk> list_trunks(Client& client) {
  return collect<Trunk>(client, at_trunking(get_ask(std::string(k_trunks))), "trunks", trunk_from);
}

std::optional<Trunk> find_trunk(Client& client, std::string_view sid) {
  const auto reply = find(client, at_trunking(get_ask(of_trunk(sid, ""))));
  return reply ? std::optional(required(trunk_from(reply->json), "trunks")) : std::nullopt;
}

Ask create_trunk_ask(std::string_view friendly_name) {
  return at_trunking(
      post_ask(std::string(k_trunks), {{"FriendlyName", std::string(friendly_name)}}, Repeat::never));
}

void delete_trunk(Client& client, std::string_view sid) {
  remove(client, at_trunking(delete_ask(of_trunk(sid, ""))));
}

std::vector<OriginationUrl> list_origination_urls(Client& client, std::string_view trunk) {
  return collect<OriginationUrl>(client, at_trunking(get_ask(of_trunk(trunk, "/OriginationUrls"))),
                                 "origination_urls", origination_from);
}

Ask create_origination_url_ask(std::string_view trunk, const OriginationUrl& url) {
  return at_trunking(post_ask(of_trunk(trunk, "/OriginationUrls"), fields_of(url), Repeat::never));
}

OriginationUrl update_origination_url(Client& client, std::string_view trunk, const OriginationUrl& url) {
  const auto path = of_trunk(trunk, under("/OriginationUrls", url.sid, ""));
  const auto reply = client.send(at_trunking(post_ask(path, fields_of(url))));
  return required(origination_from(reply.json), "origination_urls");
}

void delete_origination_url(Client& client, std::string_view trunk, std::string_view sid) {
  remove(client, at_trunking(delete_ask(of_trunk(trunk, under("/OriginationUrls", sid, "")))));
}

std::vector<std::string> list_trunk_numbers(Client& client, std::string_view trunk) {
  return collect<std::string>(client, at_trunking(get_ask(of_trunk(trunk, "/PhoneNumbers"))), "phone_numbers",
                              [](const Json& json) -> std::optional<std::string> {
                                auto sid = json.text("sid");
                                return base::is_sid(sid, "PN") ? std::optional(std::move(sid)) : std::nullopt;
                              });
}

Ask attach_number_ask(std::string_view trunk, std::string_view number_sid) {
  return at_trunking(
      post_ask(of_trunk(trunk, "/PhoneNumbers"), {{"PhoneNumberSid", std::string(number_sid)}}));
}

Ask detach_number_ask(std::string_view trunk, std::string_view number_sid) {
  return at_trunking(delete_ask(of_trunk(trunk, under("/PhoneNumbers", number_sid, ""))));
}

}  // namespace ringctl::twilio
