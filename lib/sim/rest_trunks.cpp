// Trunking v1: SIP trunks, where they lead, and the numbers on them.

#include <fmt/format.h>

#include <algorithm>

#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

constexpr std::string_view k_modes =
    "do-not-record|record-from-ringing|record-from-answer|record-from-ringing-dual|record-from-answer-dual";
constexpr std::array k_trunk = {keys::text("FriendlyName", 64),
                                keys::text("DomainName"),
                                keys::url("DisasterRecoveryUrl"),
                                keys::method("DisasterRecoveryMethod"),
                                keys::choice("TransferMode", "disable-all|enable-all|sip-only"),
                                keys::boolean("Secure"),
                                keys::boolean("CnamLookupEnabled"),
                                keys::choice("TransferCallerId", "from-transferee|from-transferor")};
constexpr std::array k_recording = {keys::choice("Mode", k_modes),
                                    keys::choice("Trim", "trim-silence|do-not-trim")};
constexpr std::array k_new_url = {
    keys::needed(keys::whole("Weight", 1, 65535)), keys::needed(keys::whole("Priority", 0, 65535)),
    keys::needed(keys::boolean("Enabled")), keys::needed(keys::text("FriendlyName", 64)),
    keys::needed(keys::text("SipUrl"))};
constexpr std::array k_url = {keys::whole("Weight", 1, 65535), keys::whole("Priority", 0, 65535),
                              keys::boolean("Enabled"), keys::text("FriendlyName", 64), keys::text("SipUrl")};
constexpr std::array k_attach = {keys::needed(keys::sid("PhoneNumberSid", "PN"))};

std::string url_of(const Desk& desk, const std::string& sid) {
  return fmt::format("{}/v1/Trunks/{}", desk.bases.trunking, sid);
}

// --- trunks ---

void write(const Desk& desk, JsonText& json, const Trunk& trunk) {
  const auto url = url_of(desk, trunk.sid);
  json.text("sid", trunk.sid);
  json.text("account_sid", desk.account.sid);
  json.text_or_null("domain_name", trunk.domain_name);
  json.text("disaster_recovery_method", trunk.disaster_recovery_method);
  json.text_or_null("disaster_recovery_url", trunk.disaster_recovery_url);
  json.text_or_null("friendly_name", trunk.friendly_name);
  json.boolean("secure", trunk.secure);
  json.boolean("cnam_lookup_enabled", trunk.cnam_lookup_enabled);
  json.boolean("symmetric_rtp_enabled", false);
  json.open("recording");
  json.text("mode", trunk.recording_mode);
  json.text("trim", trunk.recording_trim);
  json.close();
  json.text("transfer_mode", trunk.transfer_mode);
  json.text("transfer_caller_id", trunk.transfer_caller_id);
  json.text("auth_type", "");
  json.open_list("auth_type_set");
  json.close_list();
  write_dates_iso(json, trunk.created_at, trunk.updated_at);
  json.text("url", url);
  json.open("links");
  json.text("origination_urls", url + "/OriginationUrls");
  json.text("credential_lists", url + "/CredentialLists");
  json.text("ip_access_control_lists", url + "/IpAccessControlLists");
  json.text("phone_numbers", url + "/PhoneNumbers");
  json.close();
}

std::optional<RestAnswer> set_all(const Fields& fields, Trunk& trunk) {
  constexpr std::string_view k_domain = ".pstn.twilio.com";
  const auto domain = fields.text("DomainName");
  if (!domain.empty() && (!domain.ends_with(k_domain) || domain.size() == k_domain.size()))
    return refuse(400, 21245, fmt::format("DomainName has to end with {}", k_domain));
  fields.set("FriendlyName", trunk.friendly_name);
  fields.set("DomainName", trunk.domain_name);
  Hook recovery{trunk.disaster_recovery_url, trunk.disaster_recovery_method};
  fields.set("DisasterRecoveryUrl", "DisasterRecoveryMethod", recovery);
  trunk.disaster_recovery_url = recovery.url;
  trunk.disaster_recovery_method = recovery.method;
  fields.choose("TransferMode", trunk.transfer_mode);
  fields.choose("TransferCallerId", trunk.transfer_caller_id);
  fields.set("Secure", trunk.secure);
  fields.set("CnamLookupEnabled", trunk.cnam_lookup_enabled);
  return std::nullopt;
}

RestAnswer list(Desk& desk, const Ask& ask) {
  return page_of(
      ask, "trunks", desk.account.trunks, k_everything,
      [&](JsonText& json, const Trunk& trunk) { write(desk, json, trunk); }, desk.bases.trunking);
}

RestAnswer create(Desk& desk, const Ask& ask) {
  Trunk trunk{.created_at = desk.now(), .updated_at = desk.now()};
  if (auto wrong = set_all(ask.fields, trunk)) return *wrong;
  trunk.sid = desk.sids.next("TK");
  return answer_created(shown(desk, &write, desk.account.trunks.add(std::move(trunk))));
}

RestAnswer fetch(Desk& desk, const Ask& ask) {
  const auto* const trunk = desk.account.trunks.find(ask.id());
  return trunk == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write, *trunk));
}

RestAnswer update(Desk& desk, const Ask& ask) {
  auto* const trunk = desk.account.trunks.find(ask.id());
  if (trunk == nullptr) return not_found(ask.path);
  if (auto wrong = set_all(ask.fields, *trunk)) return *wrong;
  trunk->updated_at = desk.now();
  return answer_ok(shown(desk, &write, *trunk));
}

/// Its numbers go back to what they were set to before.
RestAnswer remove(Desk& desk, const Ask& ask) {
  if (!desk.account.trunks.remove(ask.id())) return not_found(ask.path);
  desk.account.numbers.each([&](Number& number) {
    if (number.trunk_sid == ask.id()) number.trunk_sid.clear();
  });
  return answer_gone();
}

// --- recording ---

RestAnswer show_recording(const Trunk& trunk) {
  JsonText json;
  json.open();
  json.text("mode", trunk.recording_mode);
  json.text("trim", trunk.recording_trim);
  json.close();
  return answer_ok(json.take());
}

RestAnswer fetch_recording(Desk& desk, const Ask& ask) {
  const auto* const trunk = desk.account.trunks.find(ask.id());
  return trunk == nullptr ? not_found(ask.path) : show_recording(*trunk);
}

RestAnswer update_recording(Desk& desk, const Ask& ask) {
  auto* const trunk = desk.account.trunks.find(ask.id());
  if (trunk == nullptr) return not_found(ask.path);
  ask.fields.choose("Mode", trunk->recording_mode);
  ask.fields.choose("Trim", trunk->recording_trim);
  trunk->updated_at = desk.now();
  return show_recording(*trunk);
}

// --- where it leads ---

struct Lead {
  const Trunk& trunk;
  const OriginationUrl& url;
};

void write_lead(const Desk& desk, JsonText& json, const Lead& lead) {
  const auto& [trunk, url] = lead;
  json.text("sid", url.sid);
  json.text("account_sid", desk.account.sid);
  json.text("trunk_sid", trunk.sid);
  json.number("weight", url.weight);
  json.boolean("enabled", url.enabled);
  json.text("sip_url", url.sip_url);
  json.text("friendly_name", url.friendly_name);
  json.number("priority", url.priority);
  write_dates_iso(json, url.created_at, url.updated_at);
  json.text("url", fmt::format("{}/OriginationUrls/{}", url_of(desk, trunk.sid), url.sid));
}

OriginationUrl* find_lead(Desk& desk, const Ask& ask, Trunk*& trunk) {
  trunk = desk.account.trunks.find(ask.ids[0]);
  if (trunk == nullptr) return nullptr;
  auto& all = trunk->origination_urls;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const OriginationUrl& url) { return url.sid == ask.ids[1]; });
  return found == all.end() ? nullptr : &*found;
}

std::optional<RestAnswer> set_lead(const Fields& fields, OriginationUrl& url) {
  const auto sip = fields.text("SipUrl");
  if (!sip.empty() && !sip.starts_with("sip:")) return refuse(400, 21402, "SipUrl has to begin with sip:");
  fields.set("Weight", url.weight);
  fields.set("Priority", url.priority);
  fields.set("Enabled", url.enabled);
  fields.set("FriendlyName", url.friendly_name);
  fields.set("SipUrl", url.sip_url);
  return std::nullopt;
}

RestAnswer list_leads(Desk& desk, const Ask& ask) {
  const auto* const trunk = desk.account.trunks.find(ask.id());
  if (trunk == nullptr) return not_found(ask.path);
  return page_of_list(
      ask, "origination_urls", trunk->origination_urls,
      [&](JsonText& json, const OriginationUrl& url) {
        write_lead(desk, json, Lead{*trunk, url});
      },
      desk.bases.trunking);
}

RestAnswer create_lead(Desk& desk, const Ask& ask) {
  auto* const trunk = desk.account.trunks.find(ask.id());
  if (trunk == nullptr) return not_found(ask.path);
  OriginationUrl url{.created_at = desk.now(), .updated_at = desk.now()};
  if (auto wrong = set_lead(ask.fields, url)) return *wrong;
  url.sid = desk.sids.next("OU");
  trunk->origination_urls.push_back(std::move(url));
  return answer_created(shown(desk, &write_lead, Lead{*trunk, trunk->origination_urls.back()}));
}

RestAnswer fetch_lead(Desk& desk, const Ask& ask) {
  Trunk* trunk = nullptr;
  const auto* const url = find_lead(desk, ask, trunk);
  return url == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write_lead, Lead{*trunk, *url}));
}

RestAnswer update_lead(Desk& desk, const Ask& ask) {
  Trunk* trunk = nullptr;
  auto* const url = find_lead(desk, ask, trunk);
  if (url == nullptr) return not_found(ask.path);
  if (auto wrong = set_lead(ask.fields, *url)) return *wrong;
  url->updated_at = desk.now();
  return answer_ok(shown(desk, &write_lead, Lead{*trunk, *url}));
}

RestAnswer remove_lead(Desk& desk, const Ask& ask) {
  Trunk* trunk = nullptr;
  const auto* const url = find_lead(desk, ask, trunk);
  if (url == nullptr) return not_found(ask.path);
  trunk->origination_urls.erase(trunk->origination_urls.begin() + (url - trunk->origination_urls.data()));
  return answer_gone();
}

// --- its numbers ---

void write_number_of(const Desk& desk, JsonText& json, const Number& number) {
  json.text("sid", number.sid);
  json.text("account_sid", desk.account.sid);
  write_dates_iso(json, number.created_at, number.updated_at);
  json.text("friendly_name", number.friendly_name);
  json.text("phone_number", number.phone_number);
  json.text("api_version", "2010-04-01");
  json.boolean("voice_caller_id_lookup", number.caller_id_lookup);
  write_hook(json, "voice_url", "voice_method", number.voice_hook);
  write_hook(json, "voice_fallback_url", "voice_fallback_method", number.voice_fallback);
  write_hook(json, "status_callback", "status_callback_method", number.status_callback);
  json.text_or_null("voice_application_sid", number.voice_application_sid);
  json.text("trunk_sid", number.trunk_sid);
  write_hook(json, "sms_url", "sms_method", number.sms_hook);
  write_hook(json, "sms_fallback_url", "sms_fallback_method", number.sms_fallback);
  json.text_or_null("sms_application_sid", number.sms_application_sid);
  json.text("address_requirements", "none");
  json.boolean("beta", false);
  json.text("url", fmt::format("{}/PhoneNumbers/{}", url_of(desk, number.trunk_sid), number.sid));
  json.open("capabilities");
  json.boolean("voice", number.voice);
  json.boolean("sms", number.sms);
  json.boolean("mms", number.mms);
  json.boolean("fax", number.fax);
  json.close();
  json.open("links");
  json.text("phone_number", desk.bases.api + uri_of(desk, "/IncomingPhoneNumbers/" + number.sid));
  json.close();
}

Number* find_number_of(Desk& desk, const Ask& ask) {
  auto* const number = desk.account.numbers.find(ask.ids[1]);
  return number == nullptr || number->trunk_sid != ask.ids[0] ? nullptr : number;
}

RestAnswer list_numbers(Desk& desk, const Ask& ask) {
  if (desk.account.trunks.find(ask.id()) == nullptr) return not_found(ask.path);
  return page_of(
      ask, "phone_numbers", desk.account.numbers,
      [&](const Number& number) { return number.trunk_sid == ask.id(); },
      [&](JsonText& json, const Number& number) { write_number_of(desk, json, number); },
      desk.bases.trunking);
}

RestAnswer attach(Desk& desk, const Ask& ask) {
  if (desk.account.trunks.find(ask.id()) == nullptr) return not_found(ask.path);
  const auto sid = ask.fields.text("PhoneNumberSid");
  auto* const number = desk.account.numbers.find(sid);
  if (number == nullptr) return refuse(404, 20404, fmt::format("The phone number {} was not found", sid));
  number->trunk_sid = ask.id();
  number->voice_application_sid.clear();
  number->updated_at = desk.now();
  return answer_created(shown(desk, &write_number_of, *number));
}

RestAnswer fetch_number(Desk& desk, const Ask& ask) {
  const auto* const number = find_number_of(desk, ask);
  return number == nullptr ? not_found(ask.path) : answer_ok(shown(desk, &write_number_of, *number));
}

RestAnswer detach(Desk& desk, const Ask& ask) {
  auto* const number = find_number_of(desk, ask);
  if (number == nullptr) return not_found(ask.path);
  number->trunk_sid.clear();
  number->updated_at = desk.now();
  return answer_gone();
}

// --- what this network has none of ---

RestAnswer nothing(Desk& desk, const Ask& ask, std::string_view name) {
  if (desk.account.trunks.find(ask.id()) == nullptr) return not_found(ask.path);
  return page_of_list(
      ask, name, std::vector<int>(), [](JsonText&, int) {}, desk.bases.trunking);
}
RestAnswer credential_lists(Desk& desk, const Ask& ask) { return nothing(desk, ask, "credential_lists"); }
RestAnswer access_lists(Desk& desk, const Ask& ask) { return nothing(desk, ask, "ip_access_control_lists"); }

}  // namespace

std::span<const Route> trunk_routes() {
  static constexpr Route k_routes[] = {
      {"Trunks", {list, keys::k_page}, {create, k_trunk}, {}, Suffix::none},
      {"Trunks/{TK}", {fetch}, {update, k_trunk}, {remove}, Suffix::none},
      {"Trunks/{TK}/Recording", {fetch_recording}, {update_recording, k_recording}, {}, Suffix::none},
      {"Trunks/{TK}/OriginationUrls", {list_leads, keys::k_page}, {create_lead, k_new_url}, {}, Suffix::none},
      {"Trunks/{TK}/OriginationUrls/{OU}", {fetch_lead}, {update_lead, k_url}, {remove_lead}, Suffix::none},
      {"Trunks/{TK}/CredentialLists", {credential_lists, keys::k_page}, {}, {}, Suffix::none},
      {"Trunks/{TK}/IpAccessControlLists", {access_lists, keys::k_page}, {}, {}, Suffix::none},
      {"Trunks/{TK}/PhoneNumbers", {list_numbers, keys::k_page}, {attach, k_attach}, {}, Suffix::none},
      {"Trunks/{TK}/PhoneNumbers/{PN}", {fetch_number}, {}, {detach}, Suffix::none}};
  return k_routes;
}

}  // namespace ringctl::sim
