// Numbers, those that can be had, and what they refer to.
#include "phone/region.hpp"
#include "sim/rest_site.hpp"

using namespace ringctl;
using namespace ringctl::test;

namespace {
std::string path_of(const nlohmann::json& number) {
  return "/IncomingPhoneNumbers/" + number["sid"].get<std::string>() + ".json";
}
}  // namespace

TEST_CASE("a number that is found can be bought, and then is found no more", "[sim]") {
  RestSite site;
  const std::string search = "/AvailablePhoneNumbers/US/Local.json?AreaCode=415&PageSize=1";
  const auto found = site.get(search).json["available_phone_numbers"][0]["phone_number"].get<std::string>();
  CHECK(site.get(search).json["available_phone_numbers"][0]["phone_number"] == found);
  const auto bought = site.post("/IncomingPhoneNumbers.json", "PhoneNumber=%2B" + found.substr(1));
  REQUIRE(bought.status == 201);
  CHECK(bought.json["phone_number"] == found);
  CHECK(bought.json["type"] == "local");
  CHECK(site.get(search).json["available_phone_numbers"][0]["phone_number"] != found);
  CHECK(site.post("/IncomingPhoneNumbers.json", "PhoneNumber=%2B" + found.substr(1)).code() == 21422);
  CHECK(site.remove(path_of(bought.json)).status == 204);
  CHECK(site.remove(path_of(bought.json)).code() == 20404);
  CHECK(site.get(search).json["available_phone_numbers"][0]["phone_number"] == found);
}

TEST_CASE("Twilio's magic numbers and area codes answer as they do there", "[sim]") {
  RestSite site;
  const auto code = [&](const std::string& form) {
    return site.post("/IncomingPhoneNumbers.json", form).code();
  };
  CHECK(code("PhoneNumber=%2B15005550000") == 21422);
  CHECK(code("PhoneNumber=%2B15005550001") == 21421);
  CHECK(code("PhoneNumber=nonsense") == 21421);
  CHECK(code("AreaCode=533") == 21452);
  CHECK(code("AreaCode=5") == 21451);
  CHECK(code("") == 21421);
  CHECK(site.post("/IncomingPhoneNumbers.json", "PhoneNumber=%2B15005550006").status == 201);
  CHECK(site.post("/IncomingPhoneNumbers.json", "AreaCode=626").status == 201);
}

TEST_CASE("a trunk and a voice application put each other out", "[sim]") {
  RestSite site;
  const auto app = site.post("/Applications.json").json["sid"].get<std::string>();
  const auto trunk = site.ask("POST", "/v1/Trunks", "FriendlyName=t").json["sid"].get<std::string>();
  const auto path = "/IncomingPhoneNumbers/" + site.account.find_number(k_ours)->sid + ".json";
  CHECK(site.post(path, "VoiceApplicationSid=" + app).json["voice_application_sid"] == app);
  const auto on_trunk = site.post(path, "TrunkSid=" + trunk).json;
  CHECK(on_trunk["trunk_sid"] == trunk);
  CHECK(on_trunk["voice_application_sid"].is_null());
  CHECK(site.ask("GET", "/v1/Trunks/" + trunk + "/PhoneNumbers").json["phone_numbers"].size() == 1);
  const auto on_app = site.post(path, "VoiceApplicationSid=" + app).json;
  CHECK(on_app["trunk_sid"].is_null());
  CHECK(site.post(path, "TrunkSid=" + trunk).status == 200);
  CHECK(site.post(path, "TrunkSid=").json["trunk_sid"].is_null());
  CHECK(site.post(path, "VoiceApplicationSid=AP" + std::string(32, '0')).code() == 21218);
}

TEST_CASE("a fallback needs what it falls back from", "[sim]") {
  RestSite site;
  const auto path = "/IncomingPhoneNumbers/" + site.account.find_number(k_ours)->sid + ".json";
  CHECK(site.post(path, "VoiceFallbackUrl=https%3A%2F%2Fa.example%2F").code() == 21405);
  CHECK(site.post(path, "SmsFallbackUrl=https%3A%2F%2Fa.example%2F").code() == 21406);
  CHECK(site.account.find_number(k_ours)->voice_fallback.url.empty());
}

TEST_CASE("numbers are found by parts of them and by what they are", "[sim]") {
  RestSite site;
  site.number("+18005550101").type = "tollfree";
  const auto count = [&](const std::string& path) {
    return site.get("/IncomingPhoneNumbers" + path).json["incoming_phone_numbers"].size();
  };
  CHECK(count(".json") == 2);
  CHECK(count(".json?PhoneNumber=202555") == 1);
  CHECK(count(".json?PhoneNumber=%2B1202555****") == 1);
  CHECK(count(".json?PhoneNumber=999") == 0);
  CHECK(count(".json?Origin=hosted") == 0);
  CHECK(count("/TollFree.json") == 1);
  CHECK(count("/Local.json") == 1);
  CHECK(count("/Mobile.json") == 0);
}

TEST_CASE("available numbers: countries, types and what is asked of them", "[sim]") {
  RestSite site;
  const auto found = [&](const std::string& path) {
    return site.get("/AvailablePhoneNumbers/" + path).json["available_phone_numbers"];
  };
  CHECK(site.get("/AvailablePhoneNumbers.json").json["countries"].size() > 1);
  CHECK(site.get("/AvailablePhoneNumbers/ZZ.json").status == 404);
  CHECK(site.get("/AvailablePhoneNumbers/US/Mobile.json").status == 404);
  CHECK(found("US/TollFree.json").size() == 50);
  CHECK(found("GB/Mobile.json?PageSize=3").size() == 3);
  // More than the places have that are known by name.
  CHECK(found("US/Local.json?PageSize=1000").size() == 1000);
  for (const auto& one : found("CA/Local.json?PageSize=1000"))
    CHECK(phone::region_code_of(phone::E164::parse(one["phone_number"].get<std::string>())) == "CA");
  CHECK(found("US/Local.json?FaxEnabled=true").empty());
  CHECK(found("US/Local.json?AreaCode=911").empty());
  for (const auto& one : found("US/Local.json?Contains=%2B1202555014*"))
    CHECK(one["phone_number"].get<std::string>().starts_with("+1202555014"));
  CHECK(site.get("/AvailablePhoneNumbers/US/Local.json?Contains=*").status == 400);
  for (const auto& one : found("US/Local.json?InRegion=CA")) CHECK(one["region"] == "CA");
}

TEST_CASE("a number is in one messaging service at most", "[sim]") {
  RestSite site;
  const auto service = [&] {
    return "/v1/Services/" +
           site.ask("POST", "/v1/Services", "FriendlyName=s").json["sid"].get<std::string>();
  };
  const auto first = service(), second = service();
  const auto form = "PhoneNumberSid=" + site.account.find_number(k_ours)->sid;
  CHECK(site.ask("POST", first + "/PhoneNumbers", form).status == 201);
  CHECK(site.ask("POST", first + "/PhoneNumbers", form).code() == 21710);
  CHECK(site.ask("POST", second + "/PhoneNumbers", form).code() == 21712);
  CHECK(site.ask("DELETE", first).status == 204);
  CHECK(site.ask("POST", second + "/PhoneNumbers", form).status == 201);
}

TEST_CASE("origination URLs take SIP alone, and all five of their values", "[sim]") {
  RestSite site;
  const auto trunk = "/v1/Trunks/" + site.ask("POST", "/v1/Trunks").json["sid"].get<std::string>();
  const std::string rest = "&FriendlyName=a&Weight=1&Priority=0&Enabled=true";
  CHECK(site.ask("POST", trunk + "/OriginationUrls", "SipUrl=sip%3Aa.example" + rest).status == 201);
  CHECK(site.ask("POST", trunk + "/OriginationUrls", "SipUrl=https%3A%2F%2Fa.example" + rest).status == 400);
  CHECK(site.ask("POST", trunk + "/OriginationUrls", "SipUrl=sip%3Aa.example").code() == 20001);
  CHECK(site.ask("POST", "/v1/Trunks", "DomainName=a.example").status == 400);
}

TEST_CASE("one number among many is found by itself, and by what it begins with", "[sim]") {
  RestSite site;
  for (int i = 10; i < 60; ++i) site.number("+120255502" + std::to_string(i));
  const auto found = [&](const std::string& query) {
    std::vector<std::string> all;
    const auto got = site.get("/IncomingPhoneNumbers.json?" + query);
    for (const auto& one : got.json.at("incoming_phone_numbers")) all.push_back(one["phone_number"]);
    return all;
  };
  CHECK(found("PhoneNumber=%2B12025550142").empty());
  CHECK(found("PhoneNumber=%2B12025550242") == std::vector<std::string>{"+12025550242"});
  CHECK(found("PhoneNumber=%2B1202555024&PageSize=2") ==
        std::vector<std::string>{"+12025550249", "+12025550248"});
  CHECK(found("PhoneNumber=%2B12025550242&FriendlyName=other").empty());
  auto page = site.get("/IncomingPhoneNumbers.json?PhoneNumber=%2B1202555024&PageSize=4").json;
  std::size_t seen = page["incoming_phone_numbers"].size();
  while (!page["next_page_uri"].is_null()) {
    page = site.ask("GET", page["next_page_uri"]).json;
    seen += page["incoming_phone_numbers"].size();
  }
  CHECK(seen == 10);
}

TEST_CASE("a number that is given back can be bought again, and is found under its new SID", "[sim]") {
  RestSite site;
  const auto first = site.account.find_number(k_ours)->sid;
  CHECK(site.post("/IncomingPhoneNumbers.json", "PhoneNumber=%2B12025550101").code() == 21422);
  CHECK(site.remove("/IncomingPhoneNumbers/" + first + ".json").status == 204);
  CHECK_FALSE(site.account.has_number(k_ours));
  const auto again = site.post("/IncomingPhoneNumbers.json", "PhoneNumber=%2B12025550101");
  REQUIRE(again.status == 201);
  CHECK(site.account.find_number(k_ours)->sid == again.json["sid"]);
  CHECK(again.json["sid"] != first);
}

TEST_CASE("of two with one number the older is meant, and the younger once that is gone", "[sim]") {
  RestSite site;
  const auto younger = site.number(k_ours).sid;
  auto& numbers = site.account.numbers;
  const auto older = numbers.find_by_phone(k_ours)->sid;
  CHECK(older != younger);
  numbers.remove(older);
  REQUIRE(numbers.find_by_phone(k_ours) != nullptr);
  CHECK(numbers.find_by_phone(k_ours)->sid == younger);
  numbers.remove(younger);
  CHECK(numbers.find_by_phone(k_ours) == nullptr);
  CHECK(numbers.size() == 0);
}

TEST_CASE("what is one of a few words cannot be emptied, and no host has an underscore", "[sim]") {
  RestSite site;
  const auto path = "/IncomingPhoneNumbers/" + site.account.find_number(k_ours)->sid + ".json";
  const auto shown = site.post(path, "VoiceReceiveMode=&EmergencyStatus=").json;
  CHECK(shown["voice_receive_mode"] == "voice");
  CHECK(shown["emergency_status"] == "Inactive");
  CHECK(site.post(path, "VoiceUrl=https%3A%2F%2Fmy_host.example.com%2F").code() == 21402);
  CHECK(site.post(path, "VoiceUrl=https%3A%2F%2Fa_b%3Ac_d%40pbx.example.com%2Fa_b").status == 200);
}

TEST_CASE("a service and a trunk show what was set", "[sim]") {
  RestSite site;
  const auto service =
      site.ask("POST", "/v1/Services",
               "FriendlyName=a&SmartEncoding=false&ScanMessageContent=disable&Usecase=marketing");
  REQUIRE(service.status == 201);
  CHECK(service.json["smart_encoding"] == false);
  CHECK(service.json["mms_converter"] == true);
  CHECK(service.json["scan_message_content"] == "disable");
  CHECK(service.json["usecase"] == "marketing");
  const auto trunk = site.ask("POST", "/v1/Trunks", "TransferCallerId=from-transferor").json;
  CHECK(trunk["transfer_caller_id"] == "from-transferor");
  const auto path = "/v1/Trunks/" + trunk["sid"].get<std::string>();
  CHECK(site.ask("GET", path + "/CredentialLists").json["credential_lists"].empty());
  CHECK(site.ask("GET", path + "/IpAccessControlLists").json["meta"]["key"] == "ip_access_control_lists");
}

TEST_CASE("a number that is verified twice at once is verified once", "[sim]") {
  RestSite site;
  const std::string form = "PhoneNumber=%2B12025550192";
  CHECK(site.post("/OutgoingCallerIds.json", form).status == 200);
  CHECK(site.post("/OutgoingCallerIds.json", form).status == 200);
  while (site.agenda.step()) {
  }
  CHECK(site.account.caller_ids.size() == 1);
  CHECK(site.post("/OutgoingCallerIds.json", form).code() == 21450);
}
