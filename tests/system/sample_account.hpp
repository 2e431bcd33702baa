#pragma once
// The account that goes with the sample estate: its numbers, its TwiML app, its recording, and numbers that
// are registered for emergency calls. With LiveKit beside it.

#include "support/sample_estate.hpp"
#include "support/twilio_box.hpp"

namespace ringctl::test {

class SampleAccount {
 public:
  SampleAccount()
      : box_({.account_sid = SampleEstate::k_account,
              .auth_token = SampleEstate::k_auth_token,
              .livekit_key = SampleEstate::k_livekit_key,
              .livekit_secret = SampleEstate::k_livekit_secret}) {
    for (const auto* number : {"+12025550123", "+12025550124", "+16135550111"}) box_.add_number(number);
    box_.with([&](sim::Account& account, sim::Network&) {
      furnish(account);
      account.numbers.each([&](const sim::Number& number) { first_.push_back(number); });
    });
  }
  const std::string& url() const { return box_.url(); }
  TwilioBox& box() { return box_; }
  /// Numbers are as they were at first: every example has an estate of its own, and all of them one account.
  void restore_numbers() {
    box_.with([&](sim::Account& account, sim::Network&) {
      std::vector<std::string> sids;
      account.numbers.each([&](const sim::Number& number) { sids.push_back(number.sid); });
      for (const auto& sid : sids) account.numbers.remove(sid);
      for (const auto& number : first_) account.numbers.add(number);
    });
  }

 private:
  static void furnish(sim::Account& account) {
    account.numbers.each([](sim::Number& number) {
      number.emergency_status = "Active";
      number.emergency_address_sid = "AD0123456789abcdef0123456789abcdef";
    });
    sim::Application app{.sid = SampleEstate::k_app, .friendly_name = "ringctl"};
    app.created_at = app.updated_at = account.created_at;
    account.applications.add(std::move(app));
    sim::Key key{.sid = "SK0123456789abcdef0123456789abcdef", .friendly_name = "ringctl"};
    key.secret = base::Secret("an example of a secret");
    key.created_at = key.updated_at = account.created_at;
    account.keys.add(std::move(key));
    sim::Recording recording{.sid = SampleEstate::k_recording};
    recording.status = "completed";
    recording.source = "RecordVerb";
    recording.length = std::chrono::seconds(12);
    recording.created_at = recording.updated_at = account.created_at;
    account.recordings.add(std::move(recording));
  }

  TwilioBox box_;
  std::vector<sim::Number> first_ = {};
};

}  // namespace ringctl::test
