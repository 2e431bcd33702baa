// Each workspace has a line of its own: what was taken of its queue, a bounded part of it on its way. So a
// webhook that does not answer holds up nobody else's.

#include "serve/notifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "db/transaction.hpp"
#include "http/outside_url.hpp"
#include "http/session.hpp"
#include "messages/hooks.hpp"

namespace ringctl::serve {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

/// How long a wake-up may go unheard while requests are on their way.
constexpr milliseconds k_step{50};
/// Of all workspaces together.
constexpr std::size_t k_most_at_once = 256;
/// Nothing in an answer's body is of interest; one without an end is.
constexpr std::size_t k_most_answer = std::size_t{1} << 20;

struct Counters {
  std::atomic<std::uint64_t> delivered = 0, failed = 0, given_up = 0;
};

/// "" = it was taken.
std::string why_not_taken(const http::Outcome& outcome) {
  if (const auto* const failure = std::get_if<http::Failure>(&outcome)) return failure->message;
  const int status = std::get<http::Response>(outcome).status;
  if (status >= 200 && status <= 299) return {};
  const bool redirect = status >= 300 && status <= 399;
  return fmt::format("it answered {}{}", status, redirect ? ", and redirects are not followed" : "");
}

messages::Outcome outcome_of(const base::Uuid& delivery, const http::Outcome& came) {
  messages::Outcome outcome{.delivery = delivery, .error = why_not_taken(came)};
  if (const auto* const response = std::get_if<http::Response>(&came))
    outcome.response_status = response->status;
  return outcome;
}

/// Whoever sends: a connection, requests on their way, and what came of them. Of one thread.
class Sender {
 public:
  Sender(const OpenDatabase& open, const base::Clock& clock, const Estates& estates,
         const Notifier::Options& options, Counters& counters)
      : open_(open),
        clock_(clock),
        estates_(estates),
        options_(options),
        counters_(counters),
        who_(base::random_hex(8)),
        session_({.bound = k_most_at_once, .ca_file = options.ca_file}),
        random_(std::random_device{}()) {}

  // All throw what the database does.
  /// Takes what is due; how many.
  std::size_t look();
  /// Whether something was taken and is not marked yet.
  bool busy() const;
  /// Whether there may be more of what was taken last.
  bool hungry() const;
  /// Sends what was taken, waits for at most `most` until something comes back, and marks it.
  void move_on(milliseconds most);
  /// Sends nothing more, waits until then for what is on its way, and gives the rest back.
  void finish(SteadyTime until);
  /// After a failure.
  void forget_connection() { connection_.reset(); }

 private:
  struct Target {
    std::string url = {};
    base::Secret key = {};
    std::string why_not = {};  ///< nothing can be sent to this URL
  };
  struct Taken {
    messages::Delivery delivery;
    SteadyTime at;
  };
  struct Line {
    Target target = {};
    std::deque<Taken> waiting = {};
    std::size_t under_way = 0;
    std::vector<messages::Outcome> outcomes = {};  ///< to be marked
    bool more = false;                             ///< as many were taken as can be at once
    bool busy() const { return !waiting.empty() || under_way > 0 || !outcomes.empty(); }
  };

  db::Connection& db() {
    if (!connection_) connection_ = open_();
    return *connection_;
  }
  std::size_t take(const base::Uuid& workspace);
  std::optional<Target> find_target(const base::Uuid& workspace);
  void send_off(const base::Uuid& workspace, Line&);
  void start(const base::Uuid& workspace, Line&, const messages::Delivery&);
  http::Request request_of(const Target&, const messages::Delivery&) const;
  void mark();
  void note(const base::Uuid& workspace, const std::vector<messages::Outcome>&, std::int64_t given_up);
  void say_once(std::string_view event, const base::Uuid& workspace, std::string_view why);

  const OpenDatabase& open_;
  const base::Clock& clock_;
  const Estates& estates_;
  const Notifier::Options& options_;
  Counters& counters_;
  const std::string who_;  ///< as message_deliveries.taken_by
  std::unique_ptr<db::Connection> connection_;
  std::map<base::Uuid, Line> lines_;  ///< outlives the session, whose requests come back to it
  http::Session session_;
  std::minstd_rand random_;
  std::set<std::string> said_;
};

bool Sender::busy() const {
  return std::any_of(lines_.begin(), lines_.end(), [](const auto& entry) { return entry.second.busy(); });
}

bool Sender::hungry() const {
  return std::any_of(lines_.begin(), lines_.end(),
                     [](const auto& entry) { return entry.second.more && entry.second.waiting.empty(); });
}

std::size_t Sender::look() {
  std::size_t taken = 0;
  const auto due = messages::find_due(db(), clock_.now());
  for (auto& [workspace, line] : lines_)
    if (line.waiting.empty()) line.more = false;
  for (const auto& workspace : due) {
    const auto at = lines_.find(workspace);
    const bool full = at != lines_.end() && !at->second.waiting.empty();
    if (!full && estates_.find(workspace)) taken += take(workspace);
  }
  std::erase_if(lines_, [](const auto& entry) { return !entry.second.busy(); });
  return taken;
}

std::size_t Sender::take(const base::Uuid& workspace) {
  auto target = find_target(workspace);
  if (!target) return 0;
  auto deliveries = messages::take_due(db(), clock_, workspace, who_, options_.most, options_.hold);
  auto& line = lines_[workspace];
  line.target = *std::move(target);
  line.more = deliveries.size() >= options_.most;
  for (auto& delivery : deliveries) line.waiting.push_back({std::move(delivery), clock_.steady()});
  return deliveries.size();
}

/// nullopt: there is nothing to sign with, and everything waits.
std::optional<Sender::Target> Sender::find_target(const base::Uuid& workspace) {
  std::optional<messages::Hook> hook;
  {
    const db::Transaction transaction(db(), db::Scope::of(workspace), db::Access::read);
    hook = messages::find_hook(db(), workspace);
  }
  if (!hook || !hook->is_active) return std::nullopt;
  Target target{.url = hook->url, .why_not = http::why_not_outside(hook->url, options_.local_too)};
  try {
    target.key = options_.key->open(hook->sealed, messages::hook_about(workspace));
  } catch (const Error& error) {
    say_once("notifier.wrong_key", workspace,
             fmt::format("its secret is sealed with the key {}: {}", hook->key_id, error.message()));
    return std::nullopt;
  }
  return target;
}

void Sender::move_on(milliseconds most) {
  for (auto& [workspace, line] : lines_) send_off(workspace, line);
  // Nothing is waited for where something can be marked already.
  const bool to_mark = std::any_of(lines_.begin(), lines_.end(),
                                   [](const auto& entry) { return !entry.second.outcomes.empty(); });
  session_.step(to_mark ? milliseconds(0) : most);
  mark();
}

void Sender::send_off(const base::Uuid& workspace, Line& line) {
  while (!line.waiting.empty() && line.under_way < options_.at_once) {
    const auto next = std::move(line.waiting.front());
    line.waiting.pop_front();
    // One that would still be on its way when it is another's would be sent twice.
    if (clock_.steady() - next.at + options_.timeout <= options_.hold) start(workspace, line, next.delivery);
  }
}

void Sender::start(const base::Uuid& workspace, Line& line, const messages::Delivery& delivery) {
  if (!line.target.why_not.empty()) {
    line.outcomes.push_back({.delivery = delivery.id, .error = line.target.why_not});
    return;
  }
  try {
    session_.start(request_of(line.target, delivery),
                   [this, workspace, id = delivery.id](const http::Outcome& outcome) {
                     auto& mine = lines_.at(workspace);
                     --mine.under_way;
                     mine.outcomes.push_back(outcome_of(id, outcome));
                   });
    ++line.under_way;
  } catch (const Error& error) {  // a URL that went in some other way than through its check
    line.outcomes.push_back({.delivery = delivery.id, .error = error.message()});
  }
}

http::Request Sender::request_of(const Target& target, const messages::Delivery& delivery) const {
  http::Request request{.method = "POST", .url = target.url};
  request.fields = {{"Content-Type", "application/json"},
                    {"Ringctl-Event", delivery.event},
                    {"Ringctl-Delivery", delivery.id.text()},
                    {"Ringctl-Signature", hook_signature(target.key, clock_.now(), delivery.body)}};
  request.body = delivery.body;
  request.outside_only = !options_.local_too;
  request.timeout = options_.timeout;
  request.connect_timeout = std::min(request.connect_timeout, options_.timeout);
  request.max_body = k_most_answer;
  return request;
}

void Sender::mark() {
  const auto draw = [this] { return std::uniform_real_distribution<double>(0, 1)(random_); };
  for (auto& [workspace, line] : lines_) {
    if (line.outcomes.empty()) continue;
    const auto given_up = messages::settle(db(), clock_, workspace, who_, line.outcomes, draw);
    note(workspace, std::exchange(line.outcomes, {}), given_up);
  }
  std::erase_if(lines_, [](const auto& entry) { return !entry.second.busy() && !entry.second.more; });
}

void Sender::note(const base::Uuid& workspace, const std::vector<messages::Outcome>& outcomes,
                  std::int64_t given_up) {
  std::int64_t failed = 0;
  std::string_view why;
  for (const auto& outcome : outcomes) {
    if (outcome.error.empty()) continue;
    ++failed;
    why = outcome.error;
  }
  counters_.delivered += outcomes.size() - static_cast<std::uint64_t>(failed);
  counters_.failed += static_cast<std::uint64_t>(failed);
  counters_.given_up += static_cast<std::uint64_t>(given_up);
  if (failed > 0)
    base::log(base::LogLevel::warn, "hook.failed",
              {{"tenant", workspace.view()}, {"deliveries", failed}, {"why", why}});
  if (given_up > 0)
    base::log(base::LogLevel::error, "hook.given_up",
              {{"tenant", workspace.view()}, {"deliveries", given_up}});
}

void Sender::say_once(std::string_view event, const base::Uuid& workspace, std::string_view why) {
  if (!said_.insert(fmt::format("{} {} {}", event, workspace.view(), why)).second) return;
  base::log(base::LogLevel::error, event, {{"tenant", workspace.view()}, {"why", why}});
}

void Sender::finish(SteadyTime until) {
  std::vector<base::Uuid> workspaces;
  for (auto& [workspace, line] : lines_) {
    workspaces.push_back(workspace);
    line.waiting.clear();
  }
  while (busy() && std::chrono::steady_clock::now() < until) {
    session_.step(k_step);
    mark();
  }
  mark();
  for (const auto& workspace : workspaces) messages::give_back(db(), clock_, workspace, who_);
}

}  // namespace

std::string hook_signature(const base::Secret& key, base::Instant at, std::string_view body) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
  return fmt::format("t={},v1={}", seconds, base::hmac_sha256_hex(key, fmt::format("{}.{}", seconds, body)));
}

struct Notifier::Impl {
  Impl(OpenDatabase opens, const base::Clock& given_clock, const Estates& given_estates, Options given)
      : open(std::move(opens)), clock(given_clock), estates(given_estates), options(std::move(given)) {
    if (options.thread && options.key) thread = std::thread([this] { run(); });
  }
  ~Impl() { stop(milliseconds(0)); }

  void run();
  /// False: told to stop. Else once it is time to look, or, while something is on its way, at once.
  bool rest(const Sender*, bool& look);
  void stop(milliseconds within);
  void guarded(Sender&, const std::function<void()>& work);

  const OpenDatabase open;
  const base::Clock& clock;
  const Estates& estates;
  const Options options;
  Counters counters;

  std::mutex mutex;
  std::condition_variable changed;
  // By mutex:
  bool woken = true, stopping = false;  ///< what is queued already is looked at first
  SteadyTime stop_until = {}, look_at = {};

  std::atomic<bool> said_no_key = false;
  bool away = false;  ///< the thread's own: the database was, when it was last asked
  std::mutex asking;  ///< run_due(): one after the other
  std::unique_ptr<Sender> asked;
  std::thread thread;
};

void Notifier::Impl::run() {
  std::unique_ptr<Sender> own;
  bool look = true;
  while (rest(own.get(), look)) {
    try {
      if (!own) own = std::make_unique<Sender>(open, clock, estates, options, counters);
    } catch (const std::exception& error) {
      base::log(base::LogLevel::error, "notifier.fault", {{"why", error.what()}});
      continue;
    }
    guarded(*own, [&] {
      if (look) own->look();
      if (own->busy()) own->move_on(k_step);
    });
  }
  if (own) guarded(*own, [&] { own->finish(stop_until); });
}

bool Notifier::Impl::rest(const Sender* sender, bool& look) {
  const bool busy = sender != nullptr && !away && sender->busy();
  const bool hungry = sender != nullptr && !away && sender->hungry();
  std::unique_lock lock(mutex);
  if (!busy && !hungry) changed.wait_until(lock, look_at, [&] { return stopping || (woken && !away); });
  const auto now = std::chrono::steady_clock::now();
  look = woken || hungry || now >= look_at;
  if (look) {
    woken = false;
    look_at = now + options.every;
  }
  return !stopping;
}

/// A database that is away is asked again when it is time to look; said once.
void Notifier::Impl::guarded(Sender& sender, const std::function<void()>& work) {
  try {
    work();
    away = false;
  } catch (const std::exception& error) {
    sender.forget_connection();
    if (!std::exchange(away, true))
      base::log(base::LogLevel::warn, "notifier.database_away", {{"why", error.what()}});
  }
}

void Notifier::Impl::stop(milliseconds within) {
  {
    const std::lock_guard lock(mutex);
    if (!stopping) stop_until = std::chrono::steady_clock::now() + within;
    stopping = true;
  }
  changed.notify_all();
  if (thread.joinable()) thread.join();
}

Notifier::Notifier(OpenDatabase open, const base::Clock& clock, const Estates& estates, Options options)
    : impl_(std::make_unique<Impl>(std::move(open), clock, estates, std::move(options))) {}
Notifier::~Notifier() = default;

void Notifier::wake() {
  if (!impl_->options.key) {
    if (!impl_->said_no_key.exchange(true))
      base::log(base::LogLevel::warn, "notifier.no_key",
                "a workspace's own webhook is to be told, and no secrets_key is configured to sign it with");
    return;
  }
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->woken = true;
  }
  impl_->changed.notify_all();
}

void Notifier::stop(std::chrono::milliseconds within) { impl_->stop(within); }

std::size_t Notifier::run_due() {
  const std::lock_guard lock(impl_->asking);
  if (!impl_->options.key) return 0;
  if (!impl_->asked)
    impl_->asked =
        std::make_unique<Sender>(impl_->open, impl_->clock, impl_->estates, impl_->options, impl_->counters);
  auto& sender = *impl_->asked;
  const auto before = impl_->counters.delivered.load();
  try {
    while (sender.look() > 0)
      while (sender.busy()) sender.move_on(k_step);
  } catch (...) {
    sender.forget_connection();
    throw;
  }
  return static_cast<std::size_t>(impl_->counters.delivered.load() - before);
}

Notifier::Stats Notifier::stats() const {
  const auto& counters = impl_->counters;
  return {counters.delivered.load(), counters.failed.load(), counters.given_up.load()};
}

}  // namespace ringctl::serve
