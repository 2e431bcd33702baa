#pragma once
// A desk with numbers at Twilio, and the LiveKit beside it, which lives in real time.

#include "support/eventually.hpp"
#include "sync/desk.hpp"
#include "sync/livekit.hpp"
#include "sync/numbers.hpp"
#include "sync/trunks.hpp"
#include "twilio/rest_trunking.hpp"

namespace ringctl::test {

inline const std::string k_number = "+12025550101", k_second = "+12025550102";

struct TrunkDesk : NumberDesk {
  explicit TrunkDesk(db::Engine engine, BoxOptions options = {})
      : NumberDesk(engine, std::move(options)),
        livekit({.host = box.url(), .api_key = box.livekit_key(), .api_secret = box.livekit_secret()}, wall,
                session_out, k_patience) {
    for (const auto& one : {k_number, k_second}) box.add_number(one);
    sync::apply_sync(*account, sync::plan_sync(*account, wanted()));
  }

  void add_assistant(const std::string& name, const std::string& sip_domain = "example.sip.livekit.cloud") {
    estate::AssistantChange change;
    change.name = name;
    change.host = box.url();
    change.sip_domain = sip_domain;
    change.api_key = box.livekit_key();
    change.api_secret = box.livekit_secret();
    assistants().save(change, &key);
  }
  estate::Trunks trunks() { return {session(), workspace}; }
  estate::Assistants assistants() { return {session(), workspace}; }
  std::vector<sync::AssistantSide> sides() {
    std::vector<sync::AssistantSide> all;
    for (const auto& assistant : assistants().list()) all.push_back({assistant, &livekit});
    return all;
  }
  static estate::TrunkChange named(const std::string& name) {
    estate::TrunkChange change;
    change.name = name;
    return change;
  }
  /// Of the box.
  std::vector<sim::Trunk> trunks_there() {
    std::vector<sim::Trunk> all;
    box.with([&](sim::Account& at, sim::Network&) {
      at.trunks.each([&](const sim::Trunk& one) { all.push_back(one); });
    });
    return all;
  }

  base::SealKey key{base::Secret(std::string(64, 'a'))};
  base::SystemClock wall;
  http::Session session_out;
  sync::Livekit livekit;
};

}  // namespace ringctl::test
