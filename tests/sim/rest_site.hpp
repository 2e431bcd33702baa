#pragma once
// An account, its network in virtual time and the REST side of both. No webhook is ever answered.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/network.hpp"
#include "sim/rest.hpp"
#include "support/catch.hpp"
#include "support/no_web.hpp"
#include "twilio/hmac.hpp"

namespace ringctl::test {

inline const std::string k_account = "AC0123456789abcdef0123456789abcdef";
inline const std::string k_token = "0123456789abcdef0123456789abcdef";
inline const std::string k_ours = "+12025550101", k_caller = "+16265550101";

inline std::string basic(const std::string& user, const std::string& password) {
  return "Basic " + twilio::base64(user + ":" + password);
}

/// An account without anything but its login.
inline sim::Account own_account(base::Instant now) {
  sim::Account account;
  account.sid = k_account;
  account.auth_token = base::Secret(k_token);
  account.created_at = account.updated_at = now;
  return account;
}

struct Got {
  int status = 0;
  nlohmann::json json = {};
  std::string body = {};
  int code() const { return json.value("code", 0); }
  std::string message() const { return json.value("message", ""); }
};

struct RestSite {
  RestSite() { number(k_ours); }
  sim::Number& number(const std::string& text) {
    sim::Number one;
    one.sid = sids.next("PN");
    one.phone_number = one.friendly_name = text;
    one.created_at = one.updated_at = clock.now();
    return account.numbers.add(one);
  }
  sim::Call& call(const std::string& from = k_caller, const std::string& to = k_ours) {
    sim::Call one;
    one.sid = sids.next("CA");
    one.from = from;
    one.to = to;
    one.status = "completed";
    one.created_at = one.updated_at = clock.now();
    one.answered_at = clock.now();
    one.ended_at = clock.now() + std::chrono::seconds(61);
    return account.calls.add(one);
  }

  Got ask(const std::string& method, const std::string& target, const std::string& body = {},
          const std::string& login = basic(k_account, k_token),
          const std::string& type = "application/x-www-form-urlencoded") {
    const auto answer = rest.handle({method, target, login, body.empty() ? std::string() : type, body});
    Got got{.status = answer.status, .body = answer.body};
    if (answer.content_type == "application/json") got.json = nlohmann::json::parse(answer.body);
    return got;
  }
  /// Below the account: "/Calls.json".
  static std::string at(const std::string& path) { return "/2010-04-01/Accounts/" + k_account + path; }
  Got get(const std::string& path) { return ask("GET", at(path)); }
  Got post(const std::string& path, const std::string& form = {}) { return ask("POST", at(path), form); }
  Got remove(const std::string& path) { return ask("DELETE", at(path)); }

  sim::VirtualClock clock{base::parse_utc("2026-03-09T15:00:00.000Z")};
  sim::Agenda agenda{clock};
  sim::Account account = own_account(clock.now());
  NoWeb web{agenda};
  sim::Timeline timeline;
  sim::Sids sids{7};
  sim::Network network{agenda, account, web, timeline, sids};
  sim::Rest rest{agenda, account, network, sids};
};

}  // namespace ringctl::test
