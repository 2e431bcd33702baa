#pragma once
// Elastic SIP trunks (Trunking v1).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twilio/client.hpp"

namespace ringctl::twilio {

struct Trunk {
  std::string sid = {}, friendly_name = {}, domain_name = {}, transfer_mode = {};
  bool secure = false;
};
struct OriginationUrl {
  std::string sid = {}, friendly_name = {}, sip_url = {};
  int weight = 1, priority = 1;
  bool enabled = true;
};

std::vector<Trunk> list_trunks(Client&);
std::optional<Trunk> find_trunk(Client&, std::string_view sid);
Ask create_trunk_ask(std::string_view friendly_name);  ///< Repeat::never
std::optional<Trunk> trunk_from(const Json&);
void delete_trunk(Client&, std::string_view sid);

std::vector<OriginationUrl> list_origination_urls(Client&, std::string_view trunk);
Ask create_origination_url_ask(std::string_view trunk, const OriginationUrl&);  ///< Repeat::never
OriginationUrl update_origination_url(Client&, std::string_view trunk, const OriginationUrl&);
void delete_origination_url(Client&, std::string_view trunk, std::string_view sid);

/// SIDs of the numbers on it.
std::vector<std::string> list_trunk_numbers(Client&, std::string_view trunk);
/// Again: the same. The number's webhooks are not asked any more from then on.
Ask attach_number_ask(std::string_view trunk, std::string_view number_sid);
Ask detach_number_ask(std::string_view trunk, std::string_view number_sid);

}  // namespace ringctl::twilio
