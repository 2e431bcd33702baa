#pragma once
// `ringctl serve` in this process: the real one but for its doors and its journal, which nobody would read
// after the run, with the scenario's clock for the time of day. Deadlines run by the machine's clock, for the
// scenario's stands still while serve works, and are generous: no answer depends on how busy the machine is.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/secret.hpp"
#include "net/inside.hpp"
#include "serve/service.hpp"
#include "sim/agenda.hpp"
#include "sim/transport.hpp"

namespace ringctl::sim {

struct HouseOptions {
  std::string public_url = "https://pbx.example.com";
  std::string account_sid = {};
  base::Secret auth_token = {};
  serve::OpenDatabase open = {};
  bool on_server = false;                       ///< the database is
  std::uint64_t seed = 0;                       ///< of what serve draws by lot
  std::chrono::milliseconds patience{120'000};  ///< until serve counts as stuck
  std::chrono::milliseconds away{30'000};       ///< how long the database may be, before that
};

class House {
 public:
  /// The base of its URLs, where nobody listens.
  static constexpr std::string_view k_nowhere = "http://127.0.0.1:1";

  /// The clock outlives it. Not started.
  House(HouseOptions, const base::Clock& scenario_clock);
  virtual ~House();
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void start();
  /// All that it was told is in the database afterwards. Throws Errc::failure [sim.serve_stuck] if it
  /// cannot be brought there.
  void stop();
  bool is_running() const { return service_ != nullptr; }
  /// What it answers; a failure while it is stopped.
  http::Outcome ask(const http::Request&);
  /// What was told until now is in the database, and the estate is read anew.
  virtual void settle();

 private:
  class WallClock;
  serve::ServiceOptions options() const;

  const HouseOptions options_;
  std::unique_ptr<WallClock> clock_;
  std::unique_ptr<serve::Service> service_;
  std::unique_ptr<net::Inside> door_;
};

/// Takes what is for k_nowhere to the house, and lets it settle before anything is decided: what serve
/// answers then follows from all that came before, however quick its threads were. Where it cannot settle,
/// nothing is asked any more, and the agenda's next step throws why: that is no failure of a webhook's.
class HouseTransport final : public Transport {
 public:
  /// All outlive it.
  HouseTransport(House& house, Agenda& agenda, Transport& through)
      : house_(house), agenda_(agenda), through_(through) {}
  void send(http::Request, Done) override;

 private:
  House& house_;
  Agenda& agenda_;
  Transport& through_;
};

}  // namespace ringctl::sim
