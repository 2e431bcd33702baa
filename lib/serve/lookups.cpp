#include "serve/lookups.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "calls/plan.hpp"

namespace ringctl::serve {
namespace {

Found ask(db::Connection& db, const Question& question) {
  Found found{.workspace = question.workspace};
  if (!found.workspace) found.workspace = routing::find_workspace_of(db, question.to);
  if (!found.workspace) return found;
  if (!question.call_sid.empty()) found.plan = calls::find_plan(db, *found.workspace, question.call_sid);
  if (question.facts)
    found.facts = routing::read_facts(db, *found.workspace, question.from, question.to, question.now);
  return found;
}

Found nothing(const Question& question) {
  Found found{.away = true, .workspace = question.workspace};
  found.facts.from = question.from;
  found.facts.to = question.to;
  found.facts.now = question.now;
  return found;
}

}  // namespace

Lookups::Lookups(OpenDatabase open, Options options) : open_(std::move(open)), options_(options) {
  for (unsigned i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

Lookups::~Lookups() { stop(); }

void Lookups::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Lookups::find(Question question, std::function<void(Found)> done) {
  if (options_.threads == 0) return done(answer(question));
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < options_.max_queue) {
      queue_.push_back({std::move(question), std::move(done)});
      arrived_.notify_one();
      return;
    }
  }
  done(nothing(question));
}

void Lookups::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto item = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    item.done(answer(item.question));
    lock.lock();
  }
}

Found Lookups::answer(const Question& question) {
  try {
    auto connection = take_connection();
    auto found = ask(*connection, question);
    give_back(std::move(connection));
    return found;
  } catch (const std::exception& error) {
    // The connection goes with it: what is wrong with it is not worth finding out.
    base::log(base::LogLevel::debug, "lookup.failed", {{"why", error.what()}});
    return nothing(question);
  }
}

std::unique_ptr<db::Connection> Lookups::take_connection() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return open_();
}

void Lookups::give_back(std::unique_ptr<db::Connection> connection) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

}  // namespace ringctl::serve
