#pragma once
// LiveKit's SIP service, as far as numbers are handed to it: inbound trunks and dispatch rules over Twirp,
// with its tokens checked. What it makes is kept for whoever asks; nothing is dialled.
//
//   POST /twirp/livekit.SIP/CreateSIPInboundTrunk, UpdateSIPInboundTrunk, ListSIPInboundTrunk,
//   DeleteSIPTrunk,
//        CreateSIPDispatchRule, ListSIPDispatchRule, DeleteSIPDispatchRule
//
// Members are taken in either case, as protobuf's JSON has them (sipTrunkId, sip_trunk_id). One that a method
// does not take is refused, though LiveKit would pass it over, and so is a trunk that would take every call
// from anybody. Errors are {"code", "msg"}. One thread.

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "sim/rest_answer.hpp"
#include "sim/sids.hpp"

namespace ringctl::sim {

struct LivekitOptions {
  std::string api_key = {};
  base::Secret api_secret = {};
  bool snake_case = false;  ///< of the members it answers with, as some of its servers do
};

class Livekit {
 public:
  Livekit(Sids& sids, LivekitOptions);
  ~Livekit();
  Livekit(const Livekit&) = delete;
  Livekit& operator=(const Livekit&) = delete;

  RestAnswer handle(const RestRequest&, base::Instant now);

  struct Trunk {
    std::string id = {}, name = {};
    std::vector<std::string> numbers = {};
  };
  struct Rule {
    std::string id = {}, name = {}, room_prefix = {};
    std::vector<std::string> trunk_ids = {};
  };
  // In the order in which they were made.
  std::vector<Trunk> trunks() const;
  std::vector<Rule> rules() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::sim
