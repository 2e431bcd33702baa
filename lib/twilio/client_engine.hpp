#pragma once
// Requests on their way: how many at once, when they go out again, what became of each. Internal to this
// room. Belongs to one thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "http/pace.hpp"
#include "http/session.hpp"
#include "twilio/client.hpp"
#include "twilio/client_wire.hpp"

namespace ringctl::twilio {

/// Counted for as long as it lives.
struct Counted {
  explicit Counted(int& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int& count_;
};

class Engine {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// `slots` nullptr: whoever calls holds a place already.
  Engine(const ClientOptions&, const base::Clock&, Slots* slots);

  /// One request. Waits in real time. May be asked from within a Drive's callbacks.
  Outcome ask(const Ask&);
  std::size_t in_flight() const { return in_flight_; }
  const Client::Traffic& traffic() const { return traffic_; }
  /// What another engine of the same client has sent.
  void add_traffic(const Client::Traffic&);

 private:
  friend class Drive;
  struct Flight {
    Task task;
    int attempts = 0;        ///< that went out
    int retries = 0;         ///< that count
    std::uint64_t seen = 0;  ///< answers by others when it was last refused for its pace
    Time sent_at = {}, due = {};
    Time begun = {};  ///< by the clock that was handed in
  };
  using FlightPtr = std::unique_ptr<Flight>;

  bool cancelled() const;
  /// How many may be on their way, those under way included; 0 while nothing may go out.
  std::size_t allowed(std::size_t wanted, Time now);
  double chance();

  const ClientOptions& options_;
  const base::Clock& clock_;
  Slots* slots_;
  http::Session session_;
  http::Pace pace_;
  http::Chance chance_;
  Client::Traffic traffic_;
  std::size_t in_flight_ = 0;
  int drives_ = 0;  ///< that run, one within the other
  std::uint64_t answered_ = 0;
};

/// A run of requests through an engine. Several may be nested: one is asked for while another is under way.
class Drive {
 public:
  using Next = std::function<std::optional<Task>()>;
  using Before = std::function<void(std::size_t)>;
  using Done = std::function<void(std::size_t, Outcome)>;

  /// `most`: how many there are, as far as that is known; no more places are held for them.
  Drive(Engine& engine, Next next, Before before, Done done, std::size_t most = SIZE_MAX)
      : engine_(engine),
        next_(std::move(next)),
        before_(std::move(before)),
        done_(std::move(done)),
        most_(most) {}

  /// Until all is done. What the callbacks throw comes out when nothing is under way any more. The first
  /// auth failure, if there was one.
  std::optional<Failed> run();

 private:
  using Time = Engine::Time;
  using FlightPtr = Engine::FlightPtr;
  struct Later {
    bool operator()(const FlightPtr& a, const FlightPtr& b) const { return a->due > b->due; }
  };

  void go_on();
  void send_due(Time now);
  void send(FlightPtr);
  FlightPtr take_retry(Time now);
  FlightPtr take_new();
  void wait(Time now);
  void deliver();
  void came_back(FlightPtr, http::Outcome);
  bool put_off(FlightPtr&, const Attempt&, Time now);
  void tell(const Engine::Flight&, Outcome);
  void end_waiting();
  bool ended() const { return thrown_ || auth_ || cancelled_; }
  std::size_t wanted() const;

  Engine& engine_;
  Next next_;
  Before before_;
  Done done_;
  std::size_t most_;
  bool more_ = true, cancelled_ = false;
  std::size_t going_ = 0;
  std::deque<std::pair<FlightPtr, http::Outcome>> back_;
  std::vector<FlightPtr> waiting_;  ///< a heap, the next one due first
  std::optional<Failed> auth_;
  std::exception_ptr thrown_;
};

}  // namespace ringctl::twilio
