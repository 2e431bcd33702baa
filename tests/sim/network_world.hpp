#pragma once
// A network on a clock of its own, whose webhooks are answered here: what nobody expects to be asked fails.

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/network.hpp"
#include "support/catch.hpp"

namespace ringctl::sim {

using namespace std::chrono_literals;

inline const std::string k_base = "https://pbx.example.com";
inline const std::string k_ours = "+12025550100";
inline const std::string k_caller = "+16265550101";

inline std::string value(const Parameters& parameters, const std::string& name) {
  for (const auto& [key, text] : parameters)
    if (key == name) return text;
  return "(none)";
}

class FakeWeb final : public Web {
 public:
  struct Asked {
    WebRequest request = {};
    Instant at = {};
    std::string get(const std::string& name) const { return value(request.parameters, name); }
  };

  explicit FakeWeb(Agenda& agenda) : agenda_(agenda) {}

  /// The insides of a <Response>, one after the other; the last one from then on.
  void answer(const std::string& path, std::vector<std::string> verbs) {
    for (auto& text : verbs) text = "<Response>" + text + "</Response>";
    answers_[k_base + path] = std::move(verbs);
  }
  void answer_text(const std::string& path, const std::string& body) { answers_[k_base + path] = {body}; }
  void fail(const std::string& path, int error) { errors_[k_base + path] = error; }
  /// Whoever asks for it is thrown at.
  void break_at(const std::string& path) { broken_ = k_base + path; }

  void ask(WebRequest request, std::function<void(WebAnswer)> done) override {
    if (request.url == broken_) throw std::runtime_error("it broke");
    WebAnswer answer;
    answer.url = request.url;
    answer.status = 200;
    if (const auto error = errors_.find(request.url); error != errors_.end()) {
      answer.status = 500;
      answer.error = error->second;
      answer.problem = "it is broken";
    } else if (request.wants_twiml) {
      answer.body = next_of(request.url);
    }
    asked.push_back({std::move(request), agenda_.now()});
    agenda_.in(latency, [done = std::move(done), answer = std::move(answer)] { done(answer); });
  }

  std::vector<Asked> of(const std::string& kind) const {
    std::vector<Asked> out;
    std::copy_if(asked.begin(), asked.end(), std::back_inserter(out),
                 [&](const Asked& one) { return one.request.kind == kind; });
    return out;
  }

  std::vector<Asked> asked;
  milliseconds latency{0};

 private:
  std::string next_of(const std::string& url) {
    const auto known = answers_.find(url);
    if (known == answers_.end()) {
      FAIL_CHECK("nobody expects to be asked for " << url);
      return "<Response/>";
    }
    auto& left = known->second;
    const auto body = left.front();
    if (left.size() > 1) left.erase(left.begin());
    return body;
  }

  Agenda& agenda_;
  std::map<std::string, std::vector<std::string>> answers_;
  std::map<std::string, int> errors_;
  std::string broken_;
};

struct World {
  World() {
    account.sid = "AC00000000000000000000000000000001";
    Number number;
    number.sid = "PN00000000000000000000000000000001";
    number.phone_number = k_ours;
    number.voice_hook.url = k_base + "/voice";
    number.status_callback.url = k_base + "/status";
    account.numbers.add(number);
  }

  /// Until nothing is left to happen, and nothing lives.
  void finish() {
    int steps = 0;
    while (++steps < 200'000 && agenda.step()) {
    }
    CHECK(steps < 200'000);
    CHECK(network.idle());
  }
  void run_for(milliseconds time) {
    const auto until = agenda.now() + time;
    while (agenda.next_at() && *agenda.next_at() <= until) agenda.step();
    clock.set(until);
  }

  std::string call(std::vector<Doing> then = {}) {
    return network.call_in(k_caller, k_ours, std::move(then));
  }
  std::string ask_for_call(PlacedCall placed) {
    std::optional<Refusal> refusal;
    auto sid = network.place_call(placed, refusal);
    CHECK_FALSE(refusal);
    return sid;
  }
  void person(const std::string& address, milliseconds after, std::vector<Doing> then = {},
              Pickup pickup = Pickup::answer) {
    Behaviour behaviour;
    behaviour.after = after;
    behaviour.then = std::move(then);
    behaviour.pickup = pickup;
    network.set_behaviour(address, behaviour);
  }
  int redirect(const std::string& sid, const std::string& path) {
    CallChange change;
    change.url = Hook{k_base + path, "POST"};
    std::optional<Refusal> refusal;
    network.change_call(sid, change, refusal);
    return refusal ? refusal->code : 0;
  }

  const Call& record(const std::string& sid) const {
    const auto* const found = account.calls.find(sid);
    REQUIRE(found != nullptr);
    return *found;
  }
  std::string status(const std::string& sid) const { return record(sid).status; }
  seconds lasted(const std::string& sid) const { return record(sid).duration(agenda.now()); }
  /// The latest leg to that address.
  std::string leg_to(const std::string& address) const {
    std::string sid;
    account.calls.each([&](const Call& one) {
      if (one.to == address) sid = one.sid;
    });
    return sid;
  }
  std::vector<std::string> texts(What what, const std::string& sid) const {
    std::vector<std::string> out;
    for (const auto& entry : timeline.entries())
      if (entry.what == what && entry.call_sid == sid) out.push_back(entry.text);
    return out;
  }
  bool heard(const std::string& sid, const std::string& text) const {
    for (const auto& line : texts(What::heard, sid))
      if (line.find(text) != std::string::npos) return true;
    return false;
  }
  std::vector<std::string> problems() const {
    std::vector<std::string> out;
    for (const auto& entry : timeline.entries())
      if (entry.what == What::problem) out.emplace_back(entry.fact("code"));
    return out;
  }

  VirtualClock clock{base::parse_utc("2026-03-09T15:00:00.000Z")};
  Agenda agenda{clock};
  Account account = {};
  FakeWeb web{agenda};
  Timeline timeline;
  Sids sids{7};
  Network network{agenda, account, web, timeline, sids};
};

}  // namespace ringctl::sim
