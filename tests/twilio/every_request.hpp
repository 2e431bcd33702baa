#pragma once
// Every request that ringctl can send to Twilio, sent once each: through whatever the client is pointed at,
// to a box behind it. Whoever adds a function to twilio/rest_*.hpp adds it here.

#include <optional>
#include <stdexcept>
#include <string>

#include "support/eventually.hpp"
#include "support/twilio_box.hpp"
#include "twilio/rest_account.hpp"
#include "twilio/rest_calls.hpp"
#include "twilio/rest_numbers.hpp"
#include "twilio/rest_trunking.hpp"

namespace ringctl::test {

class EveryRequest {
 public:
  EveryRequest(TwilioBox& box, twilio::Client& client) : box_(box), client_(client) { furnish(); }

  void send() {
    numbers();
    account();
    trunks();
    calls();
    conference();
    messages();
  }

 private:
  static constexpr const char* k_agent = "+12025550190";
  static constexpr const char* k_customer = "+12025550191";
  static constexpr const char* k_supervisor = "+12025550192";
  static constexpr const char* k_twiml = "<Response><Pause length=\"60\"/></Response>";
  static constexpr const char* k_voice = "https://pbx.example.com/voice#rc=2&rp=ct,5xx";
  static constexpr const char* k_other = "https://other.example.net/voice";

  /// People who answer at once, a verified number, a recording.
  void furnish() {
    number_ = box_.add_numbers(1).front();
    number_sid_ = box_.add_number(number_);
    service_sid_ = box_.add_service("texts", {box_.add_numbers(1).front()});
    box_.with([&](sim::Account& account, sim::Network& network) {
      for (const auto* who : {k_agent, k_customer, k_supervisor})
        network.set_behaviour(who, {.after = std::chrono::milliseconds(10), .one_call_at_a_time = false});
      sim::Recording recording;
      recording.sid = recording_sid_;
      recording.status = "completed";
      recording.source = "DialVerb";
      recording.created_at = recording.updated_at = account.created_at;
      account.recordings.add(recording);
    });
  }

  static twilio::NumberUpdate every_setting() {
    twilio::NumberUpdate update;
    update.friendly_name = "Sales";
    update.voice_url = update.sms_url = k_voice;
    update.voice_fallback_url = update.sms_fallback_url = k_other;
    update.voice_method = update.voice_fallback_method = update.sms_method = update.sms_fallback_method =
        update.status_callback_method = "POST";
    update.status_callback = "https://pbx.example.com/voice/status";
    update.voice_application_sid = update.sms_application_sid = update.trunk_sid =
        update.emergency_address_sid = update.address_sid = update.bundle_sid = update.identity_sid = "";
    return update;
  }

  void numbers() {
    twilio::list_numbers(client_, [](const auto&) {});
    twilio::fetch_number(client_, number_sid_);
    twilio::find_number(client_, number_);
    client_.send(twilio::update_number_ask(number_sid_, every_setting()));
    const auto bought = client_.send(twilio::buy_number_ask("+12125550142", every_setting()));
    client_.send(twilio::release_number_ask(bought.json.text("sid")));
    twilio::search_numbers(client_, narrow_search());
    twilio::Search nearby;
    nearby.near_lat_long = "38.9,-77.0";
    nearby.distance = 50;
    twilio::search_numbers(client_, nearby, 5);
    twilio::Search abroad;
    abroad.country = "GB";
    for (const auto* type : {"local", "mobile", "tollfree"}) {
      abroad.type = type;
      twilio::search_numbers(client_, abroad, 5);
    }
    twilio::number_price(client_, "US", "local");
  }

  static twilio::Search narrow_search() {
    twilio::Search search;
    search.area_code = "202";
    search.contains = "2025550*";
    search.region = "DC";
    search.locality = "Washington";
    search.postal_code = "20001";
    search.rate_center = "WSHNGTNZN1";
    search.lata = "236";
    search.near_number = "+12025550100";
    search.distance = 25;
    search.voice = search.sms = search.mms = true;
    search.fax = search.beta = false;
    search.no_address = true;
    return search;
  }

  void account() {
    twilio::fetch_account(client_);
    twilio::list_accounts(client_);
    twilio::fetch_balance(client_);
    for (const auto* by : {"", "Daily", "Monthly", "Yearly"}) {
      twilio::UsageQuery query;
      query.category = "calls";
      query.start_date = "2026-01-01";
      query.end_date = "2026-01-31";
      query.by = by;
      twilio::list_usage(client_, query, [](const auto&) { return true; });
    }
    applications();
    twilio::list_caller_ids(client_);
    twilio::verify_caller_id(client_, k_customer, "The shop");
    twilio::RecordingQuery recordings;
    recordings.since = base::parse_utc("2026-01-01T00:00:00.000Z");
    recordings.until = base::parse_utc("2027-01-01T00:00:00.000Z");
    twilio::list_recordings(client_, recordings, [](const auto&) { return true; });
    client_.send(twilio::delete_recording_ask(recording_sid_));
    twilio::list_services(client_);
    twilio::list_service_numbers(client_, service_sid_);
  }

  void applications() {
    twilio::ApplicationUpdate update;
    update.friendly_name = "ringctl";
    update.voice_url = k_voice;
    update.voice_fallback_url = k_other;
    update.voice_method = update.voice_fallback_method = update.status_callback_method = "POST";
    update.status_callback = "https://pbx.example.com/voice/status";
    const auto made = client_.send(twilio::create_application_ask(update));
    const std::string sid(made.json.text("sid"));
    twilio::find_application(client_, sid);
    twilio::find_applications(client_, "ringctl");
    twilio::update_application(client_, sid, update);
  }

  void trunks() {
    const auto made = client_.send(twilio::create_trunk_ask("ringctl"));
    const std::string sid(made.json.text("sid"));
    twilio::list_trunks(client_);
    twilio::find_trunk(client_, sid);
    twilio::OriginationUrl url;
    url.friendly_name = "LiveKit";
    url.sip_url = "sip:example.sip.livekit.cloud;transport=tcp";
    client_.send(twilio::create_origination_url_ask(sid, url));
    url.sid = twilio::list_origination_urls(client_, sid).at(0).sid;
    url.weight = 2;
    twilio::update_origination_url(client_, sid, url);
    client_.send(twilio::attach_number_ask(sid, number_sid_));
    twilio::list_trunk_numbers(client_, sid);
    client_.send(twilio::detach_number_ask(sid, number_sid_));
    twilio::delete_origination_url(client_, sid, url.sid);
    twilio::delete_trunk(client_, sid);
  }

  twilio::NewCall new_call() const {
    twilio::NewCall call{.to = k_agent, .from = number_};
    call.status_callback = "https://pbx.example.com/voice/status";
    call.timeout = std::chrono::seconds(30);
    call.time_limit = std::chrono::seconds(3600);
    return call;
  }

  /// Once somebody has answered.
  std::string call(const twilio::NewCall& wanted) {
    const std::string sid(client_.send(twilio::start_call_ask(wanted)).json.text("sid"));
    if (!eventually([&] { return twilio::fetch_call(client_, sid).status == "in-progress"; }, 20))
      throw std::runtime_error("nobody answers " + sid);
    return sid;
  }

  void calls() {
    auto by_url = new_call();
    by_url.url = k_voice;
    by_url.record = true;
    by_url.recording_status_callback = "https://pbx.example.com/voice/recording";
    client_.send(twilio::start_call_ask(by_url));
    auto inline_twiml = new_call();
    inline_twiml.twiml = k_twiml;
    const auto sid = call(inline_twiml);
    twilio::find_call(client_, sid);
    twilio::CallQuery query;
    query.to = k_agent;
    query.from = number_;
    query.parent_sid = sid;
    query.status = "in-progress";
    query.since = base::parse_utc("2026-01-01T00:00:00.000Z");
    query.until = base::parse_utc("2036-01-01T00:00:00.000Z");
    twilio::list_calls(client_, query, [](const auto&) { return true; });
    client_.send(twilio::redirect_call_ask(sid, k_twiml));
    client_.send(twilio::end_call_ask(sid));
  }

  std::string join(const std::string& room, const twilio::NewParticipant& who) {
    return std::string(client_.send(twilio::add_participant_ask(room, who)).json.text("call_sid"));
  }
  void await_in(const std::string& conference, const std::string& who) {
    if (!eventually([&] { return twilio::find_participant(client_, conference, who).has_value(); }, 20))
      throw std::runtime_error(who + " is not in the conference");
  }

  /// One that is not there yet, by its name: the agent and the customer, and a supervisor who whispers.
  void conference() {
    const std::string room = "call-CA00000000000000000000000000000001";
    twilio::NewParticipant agent{.from = number_, .to = k_agent};
    agent.label = "agent";
    agent.end_conference_on_exit = true;
    agent.status_callback = "https://pbx.example.com/voice/status";
    agent.timeout = std::chrono::seconds(30);
    const auto leg = join(room, agent);
    std::optional<twilio::Conference> found;
    if (!eventually([&] { return (found = twilio::find_conference(client_, room)).has_value(); }, 20))
      throw std::runtime_error("no conference");
    await_in(found->sid, leg);
    // Nobody is coached before it has begun, with two.
    await_in(found->sid, join(found->sid, {.from = number_, .to = k_customer}));
    twilio::NewParticipant supervisor{.from = number_, .to = k_supervisor};
    supervisor.label = "monitor-0001";
    supervisor.call_sid_to_coach = leg;
    join(found->sid, supervisor);
    twilio::list_participants(client_, found->sid);
    change_coaching(found->sid, leg);
    twilio::remove_participant(client_, found->sid, "monitor-0001");
    hold(found->sid, leg);
    twilio::end_conference(client_, found->sid);
  }

  /// Last, since nobody answers the music, and whoever waits for it leaves.
  void hold(const std::string& conference, const std::string& leg) {
    twilio::ParticipantUpdate update;
    update.muted = update.hold = true;
    update.end_conference_on_exit = false;
    update.hold_url = "https://pbx.example.com/hold";
    twilio::update_participant(client_, conference, leg, update);
  }

  void change_coaching(const std::string& conference, const std::string& agent) {
    await_in(conference, "monitor-0001");
    twilio::ParticipantUpdate update;
    update.coaching = true;
    update.call_sid_to_coach = agent;
    update.muted = false;
    twilio::update_participant(client_, conference, "monitor-0001", update);
  }

  void messages() {
    twilio::list_queues(client_);
    twilio::NewMessage message{.to = k_customer};
    message.from = number_;
    message.body = "hello";
    message.media = {"https://pbx.example.com/a.png", "https://pbx.example.com/b.png"};
    message.status_callback = "https://pbx.example.com/messages/status";
    client_.send(twilio::send_message_ask(message));
    twilio::NewMessage by_service{.to = k_customer};
    by_service.service_sid = service_sid_;
    by_service.body = "hello";
    client_.send(twilio::send_message_ask(by_service));
    twilio::MessageQuery query;
    query.to = k_customer;
    query.from = number_;
    query.since = base::parse_utc("2026-01-01T00:00:00.000Z");
    query.until = base::parse_utc("2036-01-01T00:00:00.000Z");
    twilio::list_messages(client_, query, [](const auto&) { return true; });
  }

  TwilioBox& box_;
  twilio::Client& client_;
  std::string number_, number_sid_, service_sid_;
  const std::string recording_sid_ = "RE00000000000000000000000000000001";
};

}  // namespace ringctl::test
