// The thread's session knows nothing of lines per server: it is given only what may go out now, and asked
// again whenever something came back. It cannot be woken while it waits for the network, so it waits for at
// most a few milliseconds at a time, and without anything under way for its own mailbox instead.
#include "sim/transport.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "http/url.hpp"

namespace ringctl::sim {
namespace {

constexpr milliseconds k_look{2};

http::Failure cannot_send(const std::exception& why) { return {http::Fault::unreachable, false, why.what()}; }

/// What the network waited for it.
milliseconds time_of(const http::Outcome& outcome, milliseconds connect_timeout, milliseconds timeout) {
  const auto* const failure = std::get_if<http::Failure>(&outcome);
  if (failure == nullptr || failure->fault != http::Fault::timeout) return milliseconds(0);
  return failure->maybe_executed ? timeout : std::min(connect_timeout, timeout);
}

}  // namespace

// --- virtual time ---

PromptTransport::PromptTransport(Agenda& agenda, std::filesystem::path ca_file)
    : agenda_(agenda), session_({.bound = 1, .ca_file = std::move(ca_file)}) {}

void PromptTransport::send(http::Request request, Done done) {
  const auto connect_timeout = request.connect_timeout, timeout = request.timeout;
  http::Outcome outcome;
  try {
    outcome = session_.perform(std::move(request));
  } catch (const std::exception& error) {
    outcome = cannot_send(error);
  }
  const auto takes = time_of(outcome, connect_timeout, timeout);
  agenda_.in(takes, [done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
}

// --- real time ---

struct ThreadTransport::Impl {
  struct Job {
    http::Request request;
    std::string server;
    Done done;
  };
  /// What goes to one server.
  struct Line {
    std::deque<Job> waiting = {};
    std::size_t under_way = 0;
  };

  Impl(Agenda& to, ThreadTransportOptions chosen) : agenda(to), options(std::move(chosen)) {}

  Agenda& agenda;
  const ThreadTransportOptions options;

  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<Job> mailbox;
  bool stopping = false;

  // The thread's own.
  std::map<std::string, Line> lines;        // those with anything in them
  std::map<std::uint64_t, Done> under_way;  // who is told when the session cannot go on
  std::uint64_t next = 0;
  std::thread thread;

  void run();
  void work(http::Session&);
  bool collect(bool wait);
  void send_off(http::Session&);
  void start(http::Session&, Line&, Job);
  void answer(Done, http::Outcome);
  void fail_all(const std::exception&);
};

/// False when it is time to stop.
bool ThreadTransport::Impl::collect(bool wait) {
  std::vector<Job> came;
  {
    std::unique_lock lock(mutex);
    if (wait) arrived.wait(lock, [this] { return stopping || !mailbox.empty(); });
    if (stopping) return false;
    came.swap(mailbox);
  }
  for (auto& job : came) {
    auto& line = lines[job.server];
    line.waiting.push_back(std::move(job));
  }
  return true;
}

void ThreadTransport::Impl::answer(Done done, http::Outcome outcome) {
  agenda.post([done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
}

void ThreadTransport::Impl::start(http::Session& session, Line& line, Job job) {
  const auto id = next++;
  try {
    session.start(std::move(job.request), [this, &line, id](http::Outcome outcome) {
      --line.under_way;
      answer(std::move(under_way.extract(id).mapped()), std::move(outcome));
    });
  } catch (const std::exception& error) {
    return answer(std::move(job.done), cannot_send(error));
  }
  ++line.under_way;
  under_way.emplace(id, std::move(job.done));
}

void ThreadTransport::Impl::send_off(http::Session& session) {
  for (auto at = lines.begin(); at != lines.end();) {
    auto& line = at->second;
    while (!line.waiting.empty() && line.under_way < options.per_server &&
           under_way.size() < options.in_all) {
      auto job = std::move(line.waiting.front());
      line.waiting.pop_front();
      start(session, line, std::move(job));
    }
    at = line.waiting.empty() && line.under_way == 0 ? lines.erase(at) : std::next(at);
  }
}

void ThreadTransport::Impl::work(http::Session& session) {
  while (collect(lines.empty())) {
    send_off(session);
    session.step(k_look);
  }
}

/// No memory, or libcurl gave up: what was under way went with the session.
void ThreadTransport::Impl::fail_all(const std::exception& why) {
  const http::Failure failure{http::Fault::broken, true, why.what()};
  for (auto& [id, done] : under_way) answer(std::move(done), failure);
  for (auto& [server, line] : lines)
    for (auto& job : line.waiting) answer(std::move(job.done), failure);
  under_way.clear();
  lines.clear();
}

void ThreadTransport::Impl::run() {
  do {
    try {
      http::Session session({.bound = options.in_all, .ca_file = options.ca_file});
      return work(session);
    } catch (const std::exception& error) {
      fail_all(error);
    }
  } while (collect(true));
}

ThreadTransport::ThreadTransport(Agenda& agenda, ThreadTransportOptions options)
    : impl_(std::make_unique<Impl>(agenda, std::move(options))) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

ThreadTransport::~ThreadTransport() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->arrived.notify_one();
  impl_->thread.join();
}

void ThreadTransport::send(http::Request request, Done done) {
  std::string server;
  try {
    server = http::parse_url(request.url).server;
  } catch (const std::exception& error) {
    impl_->agenda.in(milliseconds(0),
                     [done = std::move(done), failure = cannot_send(error)] { done(failure); });
    return;
  }
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->mailbox.push_back({std::move(request), std::move(server), std::move(done)});
  }
  impl_->arrived.notify_one();
}

}  // namespace ringctl::sim
