#pragma once
// The simulated Twilio on a port: REST (rest.hpp) as api.twilio.com, trunking.twilio.com and
// messaging.twilio.com would answer, broken where faults say so, LiveKit's SIP service below /twirp, and a
// control API. Requests come in on the server's threads and are answered from the agenda's.
//
// The control API takes and gives JSON, below /sim/v1, with the account's own Basic login. Values are written
// as in scenario files (ringctl-scenario(5)); where names of people are known, client:EMAIL stands for the
// identity of that one's browser. Errors are {"error": "why"} with status 400, 401, 404, 405 or 500.
//
//   GET    /sim/v1/state               {"account_sid", "now", "idle", "next": N, "calls": [those that live:
//                                      {"sid", "from", "to", "status", "direction", "parent_sid"}]}
//   GET    /sim/v1/timeline?since=N    {"next": M, "entries": [{"at", "what", "call_sid", "text", "facts":
//   {}}]}
//                                      the entries from N on (0 and up), a thousand at most; M for the next
//                                      request: where it is N, there are no more for now
//   POST   /sim/v1/people              {"address": "+1...", "behaviour": {"answers_after": "4s", ...}}
//   POST   /sim/v1/calls               {"from", "to", "with": {}, "then": []} -> {"sid"}; somebody calls in
//   POST   /sim/v1/client-calls        {"from": "client:...", "to", "application": "AP...",
//                                      "with": {}, "then": []} -> {"sid"}; without "application" through the
//                                      account's first
//   POST   /sim/v1/calls/CA.../do      {"then": [{"press": "1"}]} -> {"done": true}: whoever holds that leg
//   POST   /sim/v1/texts               {"from", "to", "body", "media": []} -> {"sid"}
//   GET    /sim/v1/faults              {"faults": [{"of", "do", "share", "struck"}]},
//                                      with "by" and "times" where they were said
//   POST   /sim/v1/faults              {"faults": [{"of": "rest", "do": "429", "times": 3}]}: added
//   DELETE /sim/v1/faults              none any more
//   POST   /sim/v1/reset               no faults, and whatever Options::on_reset does

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/server.hpp"
#include "sim/faults.hpp"
#include "sim/livekit.hpp"
#include "sim/rest.hpp"
#include "sim/strict_json.hpp"
#include "sim/timeline.hpp"

namespace ringctl::sim {

struct ControlRequest {
  std::string method = {}, path = {}, query = {}, body = {};
};

/// "client:ann@example.com" -> "client:agent_..."; what is not known stays, or throws an Error, which is
/// answered 400.
using AddressOf = std::function<std::string(const std::string&)>;

/// The control API without its HTTP. On the agenda's thread.
class Control {
 public:
  /// All outlive it.
  Control(Agenda& agenda, Account& account, Network& network, Timeline& timeline, Faults& faults,
          std::function<void()> on_reset, AddressOf address_of = {})
      : agenda_(agenda),
        account_(account),
        network_(network),
        timeline_(timeline),
        faults_(faults),
        on_reset_(std::move(on_reset)),
        address_of_(std::move(address_of)) {}
  RestAnswer handle(const ControlRequest&);
  /// What whoever has no login is answered.
  static RestAnswer no_login();

 private:
  RestAnswer answer(const ControlRequest&);
  RestAnswer get(const ControlRequest&) const;
  RestAnswer post(const ControlRequest&);
  RestAnswer state() const;
  RestAnswer timeline(const std::string& query) const;
  RestAnswer faults() const;
  std::string address(const JsonReader&, const Json&) const;
  RestAnswer set_person(const ControlRequest&);
  RestAnswer call_in(const ControlRequest&);
  RestAnswer call_from_client(const ControlRequest&);
  RestAnswer text_in(const ControlRequest&);
  RestAnswer do_now(const ControlRequest&);
  RestAnswer add_faults(const ControlRequest&);

  Agenda& agenda_;
  Account& account_;
  Network& network_;
  Timeline& timeline_;
  Faults& faults_;
  std::function<void()> on_reset_;
  AddressOf address_of_;
};

class Front {
 public:
  struct Options {
    std::vector<net::Endpoint> listen = {};
    unsigned threads = 1;
    /// Requests at once past which REST answers 429; 0 = never of itself.
    int at_once = 0;
    /// How long a request hangs where a fault says so, before its connection ends.
    std::chrono::milliseconds hangs{120'000};
    /// Of every REST answer, on top of what it takes.
    std::chrono::milliseconds latency{0};
    std::function<void()> on_reset = {};
    AddressOf address_of = {};   ///< empty: every address is as it is written
    Livekit* livekit = nullptr;  ///< outlives it; answers below /twirp. Null: nobody does
  };
  /// All outlive it. Made and ended on the agenda's thread.
  Front(Agenda&, Account&, Network&, Rest&, Timeline&, Faults&, Options);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  /// Throws as net::Server::listen(): also where another one listens already.
  void start();
  std::uint16_t port(std::size_t index = 0) const { return server_.port(index); }
  /// From any thread.
  struct Load {
    std::uint64_t requests = 0;  ///< of REST, refused ones too
    int most_at_once = 0;
  };
  Load load() const { return {requests_, most_at_once_}; }

 private:
  struct Visit;
  using VisitPtr = std::shared_ptr<Visit>;

  void receive(const net::Request&, net::Respond);
  void work(const VisitPtr&);
  void work_rest(const VisitPtr&);
  void hang(const VisitPtr&);
  void work_livekit(const VisitPtr&);
  void answer(const VisitPtr&, RestAnswer);
  void send(const VisitPtr&, net::Response);
  void drop(const VisitPtr&);

  Agenda& agenda_;
  Rest& rest_;
  Timeline& timeline_;
  Faults& faults_;
  const Options options_;
  Control control_;
  Sids request_ids_{0};  ///< of its own: how many requests came changes nothing that a seed decides
  std::atomic<int> at_once_{0}, most_at_once_{0};
  std::atomic<std::uint64_t> requests_{0};
  std::shared_ptr<bool> here_ = std::make_shared<bool>(true);  ///< for what lies on the agenda when this ends
  net::Server server_;
};

}  // namespace ringctl::sim
