#pragma once
// The simulated Twilio on a port of this machine, in real time, on a thread of its own: what Client, sync and
// the whole program are tried against. LiveKit's Twirp and the pricing API answer on the same port.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "sim/livekit.hpp"
#include "sim/network.hpp"
#include "sim/resources.hpp"
#include "twilio/client.hpp"

namespace ringctl::test {

struct BoxOptions {
  int at_once = 0;                       ///< past it REST answers 429; 0 = never
  std::chrono::milliseconds latency{0};  ///< of every REST answer
  /// How long a request hangs where a fault says so, its place taken; then its connection ends.
  std::chrono::milliseconds hangs{120'000};
  std::uint64_t seed = 7;
  std::string webhooks_to = {};  ///< base URL of a serve; "" = nobody answers webhooks
  std::string public_url = "https://pbx.example.com";
  std::string account_sid = "AC0123456789abcdef0123456789abcdef";
  std::string auth_token = "0123456789abcdef0123456789abcdef";
  std::string livekit_key = "APIbox0123456789";
  std::string livekit_secret = "a-secret-that-only-this-box-knows";
  bool livekit_in_snake_case = false;  ///< how LiveKit writes the members of its answers
};

class TwilioBox {
 public:
  explicit TwilioBox(BoxOptions = {});
  ~TwilioBox();
  TwilioBox(const TwilioBox&) = delete;
  TwilioBox& operator=(const TwilioBox&) = delete;

  /// "http://127.0.0.1:PORT"
  const std::string& url() const;
  twilio::Credentials credentials() const;
  /// At this box: retries after no more than 10 ms, half of chance. An attempt has k_patience: where a box is
  /// to be given up, its fault ends the connection.
  twilio::ClientOptions options() const;
  /// RINGCTL_TWILIO_BASE_URL, TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, for a run of the program
  /// (ProcessOptions::environment).
  std::map<std::string, std::string> environment() const;

  /// On the box's thread, and waits for it.
  void with(const std::function<void(sim::Account&, sim::Network&)>&);
  /// Its SID.
  std::string add_number(const std::string& phone_number);
  /// +1 NPA 555 01xx and +44 numbers kept for fiction, `count` of them, in order.
  std::vector<std::string> add_numbers(std::size_t count);
  std::string add_service(const std::string& name, const std::vector<std::string>& phone_numbers);

  /// LiveKit answers at url() with this login; its trunks and rules as they are now.
  std::string livekit_key() const;
  base::Secret livekit_secret() const;
  std::vector<sim::Livekit::Trunk> livekit_trunks();
  std::vector<sim::Livekit::Rule> livekit_rules();

  /// As `sim/faults.hpp` names them: "429", "503", "hang", "garbage", "reset", "executed_lost", "drip",
  /// "truncated", "huge", "deep", "slow". `times` 0: every time, within `share`. `by`: how late, or what
  /// Retry-After says. LiveKit is never broken.
  void fault(std::string_view word, int times = 0, double share = 1,
             std::optional<std::chrono::milliseconds> by = {});
  void clear_faults();

  /// What was carried out, whatever was answered, and how often: "POST /Calls", "DELETE
  /// /IncomingPhoneNumbers/PN...", "POST /v1/Trunks". Purchases: "buy +1...". What only reads is not here.
  std::map<std::string, int> ledger();
  /// `action`, once and on the box's thread, in the middle of the `count`th thing from now on that is carried
  /// out and stands in the ledger as what begins so: it has happened, and nothing is answered meanwhile.
  void meanwhile(std::string begin, std::size_t count, std::function<void()> action);
  /// Every name that a query or a form held, with the request's method and path: "POST
  /// /2010-04-01/Accounts/{Sid}/Calls.json To". Requests without one: "GET /.../Balance.json".
  std::set<std::string> names_asked();
  /// What happened on the telephone network, a line for each: for whoever reads why a test failed.
  std::string story();
  struct Seen {
    std::uint64_t requests = 0;  ///< that came, refused ones too
    int most_at_once = 0;
  };
  Seen seen();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::test
