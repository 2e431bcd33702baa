#pragma once
// What the parts of the network share: the legs that live, the ways to the outside, and each other.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/conferences.hpp"
#include "sim/leg.hpp"
#include "sim/messages.hpp"
#include "sim/network.hpp"
#include "sim/people.hpp"
#include "sim/queues.hpp"
#include "sim/recordings.hpp"
#include "sim/sides.hpp"

namespace ringctl::sim {

class Core {
 public:
  using Facts = std::vector<std::pair<std::string, std::string>>;

  Core(Agenda&, Account&, Web&, Timeline&, Sids&);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  Agenda& agenda;
  Account& account;
  Sids& sids;
  People people;
  Recordings recordings;
  Conferences conferences;
  Queues queues;
  Sides sides;
  Messages messages;

  Instant now() const { return agenda.now(); }
  /// A new call in the account; `call` lacks its SID and times.
  Leg& add_leg(Call call);
  /// Null once it is over and nothing of it is left to be told.
  Leg* find_leg(const std::string& sid);
  /// Tells of its end and lets it go, from later steps.
  void bury(const Leg& leg);
  bool is_on_call(const std::string& address) const;

  /// Nothing once the network is gone. The network is not idle before.
  void later(milliseconds delay, Agenda::Work work);
  void ask(WebRequest request, std::function<void(WebAnswer)> done);
  /// Asks, and takes whatever comes; nothing without a URL.
  void tell(const std::string& kind, const std::string& call_sid, const Hook& hook, Parameters parameters);
  void note(What what, const std::string& call_sid, std::string text, Facts facts = {});
  void problem(const std::string& call_sid, int code, const std::string& text);

  /// When the next call that REST asks for may begin: one a second.
  Instant next_slot();
  bool idle() const { return legs_.empty() && pending_ == 0 && messages.idle(); }

 private:
  void bury_now(const std::string& sid);

  Web& web_;
  Timeline& timeline_;
  std::map<std::string, std::unique_ptr<Leg>> legs_;
  int pending_ = 0;
  Instant slot_ = {};
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace ringctl::sim
