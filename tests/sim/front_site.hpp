#pragma once
// The simulated Twilio on a free port of this machine, in real time, its agenda on a thread of its own.

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.hpp"
#include "sim/front.hpp"
#include "sim/rest_site.hpp"
#include "support/http_client.hpp"

namespace ringctl::test {

struct FrontSite {
  explicit FrontSite(sim::Front::Options options = {}) {
    sim::Number ours;
    ours.sid = sids.next("PN");
    ours.phone_number = ours.friendly_name = k_ours;
    ours.created_at = ours.updated_at = clock.now();
    account.numbers.add(ours);
    options.listen = {net::Endpoint::parse("127.0.0.1:0")};
    front = std::make_unique<sim::Front>(agenda, account, network, rest, timeline, faults, options);
    front->start();
    thread = std::thread([this] {
      while (!stopped) agenda.step(sim::milliseconds(50));
    });
  }
  /// From here on everything is this thread's again.
  ~FrontSite() {
    stopped = true;
    thread.join();
  }

  HttpResponse ask(const std::string& method, const std::string& target, const std::string& body = {},
                   const std::string& type = "application/x-www-form-urlencoded") const {
    HttpClient::Headers headers = {{"Authorization", basic(k_account, k_token)}};
    if (!body.empty()) headers.emplace_back("Content-Type", type);
    return HttpClient(front->port()).request(method, target, body, headers);
  }
  /// Of the control API.
  nlohmann::json control(const std::string& method, const std::string& path,
                         const std::string& body = {}) const {
    const auto got = ask(method, "/sim/v1/" + path, body, "application/json");
    return got.body.empty() ? nlohmann::json() : nlohmann::json::parse(got.body);
  }

  base::SystemClock clock;
  sim::Agenda agenda{clock};
  sim::Account account = own_account(clock.now());
  NoWeb web{agenda};
  sim::Timeline timeline;
  sim::Sids sids{7};
  sim::Network network{agenda, account, web, timeline, sids};
  sim::Rest rest{agenda, account, network, sids};
  sim::Faults faults{agenda, timeline, sids};
  std::unique_ptr<sim::Front> front;
  std::atomic<bool> stopped{false};
  std::thread thread;
};

}  // namespace ringctl::test
