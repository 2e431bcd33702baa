// Two rules keep this simple. What came back is put aside by the session and looked at outside of it, so that
// whoever is told may ask for something else at once. And a request that waits for its next attempt is in
// nobody's way: it holds no place, only a time.
#include "twilio/client_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

namespace ringctl::twilio {
namespace {

using std::chrono::milliseconds;

/// How late a cancellation, a place that became free or the end of a pause may be seen.
constexpr milliseconds k_look{50};
/// Refusals for pace that one request takes while others get through.
constexpr int k_most_attempts = 60;

http::SessionOptions session_options(const ClientOptions& options) {
  http::SessionOptions made;
  made.bound = std::max<std::size_t>(1, options.max_concurrency) + 1;  // one asked from within a callback
  made.ca_file = options.ca_file;
  made.cancel = options.cancel;
  return made;
}

http::Chance real_chance() {
  return [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

}  // namespace

Engine::Engine(const ClientOptions& options, const base::Clock& clock, Slots* slots)
    : options_(options),
      clock_(clock),
      slots_(slots),
      session_(session_options(options)),
      pace_(options.max_concurrency),
      chance_(options.chance ? options.chance : real_chance()) {}

bool Engine::cancelled() const { return options_.cancel != nullptr && options_.cancel->cancelled(); }

void Engine::add_traffic(const Client::Traffic& other) {
  traffic_.requests += other.requests;
  traffic_.refused_for_rate += other.refused_for_rate;
  traffic_.retries += other.retries;
  traffic_.most_at_once = std::max(traffic_.most_at_once, other.most_at_once);
}

std::size_t Engine::allowed(std::size_t wanted, Time now) {
  if (pace_.paused_until(now)) return 0;
  const auto bound = std::clamp<std::size_t>(wanted, 1, pace_.bound());
  return slots_ == nullptr ? bound : std::min(bound, slots_->hold(bound, in_flight_));
}

Outcome Engine::ask(const Ask& one) {
  std::optional<Outcome> outcome;
  bool asked = false;
  const auto next = [&]() -> std::optional<Task> {
    if (std::exchange(asked, true)) return std::nullopt;
    return Task{0, one};
  };
  Drive(
      *this, next, {}, [&](std::size_t, Outcome what) { outcome = std::move(what); }, 1)
      .run();
  if (outcome) return *std::move(outcome);
  Failed none;  // cancelled before it went out
  none.kind = Failed::Kind::cancelled;
  none.attempts = 0;
  none.message = fmt::format("{} {}: not asked any more", one.method, one.path.substr(0, one.path.find('?')));
  return none;
}

// --- a run ---

std::size_t Drive::wanted() const {
  const auto most = engine_.pace_.most();
  if (engine_.drives_ > 1) return most;  // what the outer one holds stays
  if (more_ && !ended()) return std::min(most, most_);
  return engine_.in_flight_ + waiting_.size();
}

std::optional<Failed> Drive::run() {
  const Counted running(engine_.drives_);
  go_on();
  if (thrown_) std::rethrow_exception(thrown_);
  return auth_;
}

/// What callers throw is kept for the end.
void Drive::go_on() {
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (!cancelled_ && engine_.cancelled()) cancelled_ = true;
    if (ended()) end_waiting();
    if (!ended()) {
      try {
        send_due(now);
      } catch (...) {
        thrown_ = std::current_exception();
      }
    }
    if (going_ == 0 && back_.empty() && waiting_.empty() && (!more_ || ended())) break;
    if (back_.empty()) wait(now);
    deliver();
  }
}

void Drive::send_due(Time now) {
  const bool due = !waiting_.empty() && waiting_.front()->due <= now;
  if (!more_ && !due) {
    if (going_ > 0) engine_.allowed(wanted(), now);  // what is held is renewed
    return;
  }
  const auto most = engine_.allowed(wanted(), now);
  while (engine_.in_flight_ < most) {
    auto flight = take_retry(now);
    if (!flight) flight = take_new();
    if (!flight) return;
    send(std::move(flight));
  }
}

Drive::FlightPtr Drive::take_retry(Time now) {
  if (waiting_.empty() || waiting_.front()->due > now) return nullptr;
  std::pop_heap(waiting_.begin(), waiting_.end(), Later());
  auto flight = std::move(waiting_.back());
  waiting_.pop_back();
  ++engine_.traffic_.retries;
  return flight;
}

Drive::FlightPtr Drive::take_new() {
  if (!more_) return nullptr;
  auto task = next_();
  if (!task) {
    more_ = false;
    return nullptr;
  }
  auto flight = std::make_unique<Engine::Flight>();
  flight->task = *std::move(task);
  flight->begun = engine_.clock_.steady();
  if (before_) before_(flight->task.tag);
  return flight;
}

void Drive::send(FlightPtr flight) {
  flight->sent_at = std::chrono::steady_clock::now();
  ++flight->attempts;
  auto& engine = engine_;
  auto* const raw = flight.get();
  auto request = request_of(raw->task.ask, engine.options_);
  // The session copies its callbacks.
  auto shared = std::make_shared<FlightPtr>(std::move(flight));
  engine.session_.start(std::move(request), [this, shared](http::Outcome outcome) {
    --engine_.in_flight_;
    --going_;
    back_.emplace_back(std::move(*shared), std::move(outcome));
  });
  ++engine.in_flight_;
  ++going_;
  ++engine.traffic_.requests;
  engine.traffic_.most_at_once = std::max(engine.traffic_.most_at_once, engine.in_flight_);
}

void Drive::wait(Time now) {
  auto most = k_look;
  if (!ended() && !waiting_.empty() && waiting_.front()->due > now)  // else it waits for a place
    most = std::min(most, std::chrono::ceil<milliseconds>(waiting_.front()->due - now));
  if (const auto paused = engine_.pace_.paused_until(now))
    most = std::min(most, std::chrono::ceil<milliseconds>(*paused - now));
  if (engine_.in_flight_ > 0)
    engine_.session_.step(most);
  else
    std::this_thread::sleep_for(std::max(most, milliseconds(1)));
}

void Drive::deliver() {
  while (!back_.empty()) {
    auto [flight, outcome] = std::move(back_.front());
    back_.pop_front();
    came_back(std::move(flight), std::move(outcome));
  }
}

void Drive::came_back(FlightPtr flight, http::Outcome outcome) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_answer = std::holds_alternative<http::Response>(outcome);
  auto attempt = judge(flight->task.ask, std::move(outcome));
  auto& engine = engine_;
  if (attempt.too_fast) {
    ++engine.traffic_.refused_for_rate;
    std::optional<milliseconds> pause;
    if (attempt.failed.retry_after && attempt.next == Attempt::Next::again)
      pause = *attempt.failed.retry_after;
    engine.pace_.refused(flight->sent_at, now, pause);
  } else if (is_answer && attempt.next != Attempt::Next::again) {
    engine.pace_.answered();
    ++engine.answered_;
  }
  if (attempt.next == Attempt::Next::reply) return tell(*flight, std::move(attempt.reply));
  auto& failed = attempt.failed;
  failed.attempts = flight->attempts;
  failed.spent = std::chrono::duration_cast<milliseconds>(engine.clock_.steady() - flight->begun);
  if (attempt.next == Attempt::Next::again && !ended() && put_off(flight, attempt, now)) return;
  if (failed.kind == Failed::Kind::auth) {
    failed.login = login_text(engine.options_.credentials);
    if (!auth_) auth_ = failed;
  }
  tell(*flight, std::move(failed));
}

/// False: it has had its attempts.
bool Drive::put_off(FlightPtr& flight, const Attempt& attempt, Time now) {
  const auto& failed = attempt.failed;
  const bool others_get_through = failed.kind == Failed::Kind::rate && engine_.answered_ > flight->seen &&
                                  flight->attempts < k_most_attempts;
  flight->seen = engine_.answered_;
  const bool counts = !others_get_through || flight->attempts == 1;
  const auto retry = counts ? flight->retries + 1 : std::max(1, flight->retries);
  const auto delay = http::delay_before(
      engine_.options_.backoff, retry, engine_.chance_,
      failed.retry_after ? std::optional<milliseconds>(*failed.retry_after) : std::nullopt);
  if (!delay) return false;
  flight->retries = retry;
  flight->due = now + *delay;
  waiting_.push_back(std::move(flight));
  std::push_heap(waiting_.begin(), waiting_.end(), Later());
  return true;
}

void Drive::tell(const Engine::Flight& flight, Outcome outcome) {
  try {
    done_(flight.task.tag, std::move(outcome));
  } catch (...) {
    if (!thrown_) thrown_ = std::current_exception();
  }
}

/// What waits was never carried out, or may be repeated: it is simply not asked again.
void Drive::end_waiting() {
  for (auto& flight : std::exchange(waiting_, {})) {
    Failed failed;
    failed.kind = Failed::Kind::cancelled;
    failed.attempts = flight->attempts;
    failed.message = fmt::format("{} {}: not asked again", flight->task.ask.method,
                                 flight->task.ask.path.substr(0, flight->task.ask.path.find('?')));
    failed.spent = std::chrono::duration_cast<milliseconds>(engine_.clock_.steady() - flight->begun);
    tell(*flight, std::move(failed));
  }
}

}  // namespace ringctl::twilio
