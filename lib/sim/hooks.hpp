#pragma once
// Webhooks as Twilio makes them: signed, retried and redirected within its bounds, and broken where a fault
// says so. Each is an entry of the timeline once it is over (kind, method, url, http, twiml, error, body). An
// error is a problem there too where the request only tells; of others whoever asked says what it led to.

#include <functional>
#include <memory>
#include <string>

#include "sim/agenda.hpp"
#include "sim/faults.hpp"
#include "sim/resources.hpp"
#include "sim/sids.hpp"
#include "sim/timeline.hpp"
#include "sim/transport.hpp"
#include "sim/web.hpp"
#include "sim/webhook_request.hpp"

namespace ringctl::sim {

struct HooksOptions {
  Bases bases = {};
  milliseconds latency{0};  ///< of every exchange, on top of what it takes
};

class Hooks final : public Web {
 public:
  /// All outlive it but for the agenda's entries: what comes back later goes nowhere.
  Hooks(Agenda&, const Account&, Timeline&, Sids&, Transport&, Faults&, HooksOptions = {});
  ~Hooks() override;
  Hooks(const Hooks&) = delete;
  Hooks& operator=(const Hooks&) = delete;

  /// An error of the answer is one of 11100 (no URL), 11200 (status, no HTTP), 11205 (no connection, no
  /// answer in time), 11215 (more than ten redirects), 11220 (TLS), 11750 (over 64 kB), 12300 (content type)
  /// or 12100 (no XML).
  void ask(WebRequest, std::function<void(WebAnswer)> done) override;

  /// Whether nothing is on its way, doubles and replays counted.
  bool idle() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ringctl::sim
