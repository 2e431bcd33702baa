#include "serve/lookups.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "base/error.hpp"
#include "base/log.hpp"
#include "calls/plan.hpp"
#include "db/transaction.hpp"

namespace ringctl::serve {
namespace {

/// A database takes a few milliseconds for all that may be asked at once. One that takes longer is far away
/// or hangs, and the next questions better go by another connection.
constexpr auto k_slow = std::chrono::milliseconds(20);

using Questions = std::vector<const Question*>;

/// What is asked about the calls of one workspace.
class Inquiry {
 public:
  /// `which`: places of its questions, and of their answers. All must outlive it.
  Inquiry(const db::Connection& db, const base::Uuid& workspace, const Questions& questions,
          const std::vector<std::size_t>& which)
      : workspace_(workspace),
        which_(which),
        facts_(db, workspace, calls_of(questions, which)),
        plans_(db, workspace, sids_of(questions, which)),
        reads_(facts_.reads()),
        facts_reads_(reads_.size()) {
    reads_.insert(reads_.end(), plans_.reads().begin(), plans_.reads().end());
    for (const auto i : which_)
      if (questions[i]->room) {
        rooms_.push_back({i, reads_.size()});
        reads_.push_back(calls::room_read(workspace_, questions[i]->call_sid));
      }
  }

  db::ScopedReads reads() const { return {db::Scope::of(workspace_), reads_}; }
  std::size_t size() const { return reads_.size(); }
  void take(std::span<db::Rows> rows, std::vector<Found>& found) const {
    auto facts = facts_.take(rows.first(facts_reads_));
    auto plans = plans_.take(rows.subspan(facts_reads_, plans_.reads().size()));
    for (std::size_t i = 0; i < which_.size(); ++i) {
      found[which_[i]].facts = std::move(facts[i]);
      found[which_[i]].plan = std::move(plans[i]);
    }
    for (const auto& [i, at] : rooms_) found[i].room = calls::room_of(rows[at]);
  }

 private:
  static std::vector<routing::Incoming> calls_of(const Questions& questions,
                                                 const std::vector<std::size_t>& which) {
    std::vector<routing::Incoming> calls;
    calls.reserve(which.size());
    for (const auto i : which) calls.push_back({questions[i]->from, questions[i]->to, questions[i]->now});
    return calls;
  }
  static std::vector<std::string_view> sids_of(const Questions& questions,
                                               const std::vector<std::size_t>& which) {
    std::vector<std::string_view> sids;
    sids.reserve(which.size());
    for (const auto i : which) sids.emplace_back(questions[i]->call_sid);
    return sids;
  }

  const base::Uuid& workspace_;
  const std::vector<std::size_t>& which_;
  routing::FactsRead facts_;
  calls::PlanRead plans_;
  std::vector<db::Read> reads_;
  std::size_t facts_reads_;
  struct Room {
    std::size_t question, read;
  };
  std::vector<Room> rooms_;
};

/// Of questions that name none.
void find_workspaces(db::Connection& db, const Questions& questions, std::vector<Found>& found) {
  std::vector<std::size_t> nameless;
  std::vector<std::string_view> numbers;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    found[i].workspace = questions[i]->workspace;
    if (found[i].workspace) continue;
    nameless.push_back(i);
    numbers.emplace_back(questions[i]->to);
  }
  if (nameless.empty()) return;
  const auto workspaces = routing::find_workspaces_of(db, numbers);
  for (std::size_t i = 0; i < nameless.size(); ++i) found[nameless[i]].workspace = workspaces[i];
}

/// Of calls that were counted before they were placed: by whom, and between which numbers. What is asked
/// about such a call is whose number is called, and how the number called from is recorded.
void find_reserved(db::Connection& db, Questions& questions, std::deque<Question>& reworded,
                   std::vector<Found>& found) {
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& asked = *questions[i];
    if (!asked.workspace || !asked.reservation) continue;
    db::Transaction transaction(db, db::Scope::of(*asked.workspace), db::Access::read);
    found[i].reserved = limits::find_reserved(db, *asked.workspace, *asked.reservation);
    transaction.commit();
    if (!found[i].reserved) continue;
    auto& question = reworded.emplace_back(asked);
    question.from = found[i].reserved->to_number;
    question.to = found[i].reserved->from_number;
    questions[i] = &question;
  }
}

/// Of a message nothing is asked but whose it is; of a call that was not reserved, nothing at all.
bool asks_more(const Question& question, const Found& found) {
  if (!found.workspace || question.workspace_only) return false;
  return found.reserved || !question.reservation;
}

/// In the order of the questions: one round trip for all, and one before it where a workspace is to be found.
std::vector<Found> ask(db::Connection& db, Questions questions) {
  std::vector<Found> found(questions.size());
  std::deque<Question> reworded;
  find_reserved(db, questions, reworded, found);
  find_workspaces(db, questions, found);
  std::map<base::Uuid, std::vector<std::size_t>> of_workspace;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (asks_more(*questions[i], found[i])) of_workspace[*found[i].workspace].push_back(i);
  if (of_workspace.empty()) return found;
  std::deque<Inquiry> inquiries;
  std::vector<db::ScopedReads> reads;
  for (const auto& [workspace, which] : of_workspace)
    reads.push_back(inquiries.emplace_back(db, workspace, questions, which).reads());
  db::read_together(db, reads, [&](std::span<db::Rows> rows) {
    for (const auto& inquiry : inquiries) {
      inquiry.take(rows.first(inquiry.size()), found);
      rows = rows.subspan(inquiry.size());
    }
  });
  return found;
}

Found nothing(const Question& question) {
  Found found{.away = true, .workspace = question.workspace};
  found.facts.from = question.from;
  found.facts.to = question.to;
  found.facts.now = question.now;
  return found;
}

/// It may lie in one of the questions, so that the others can be answered.
bool is_of_a_question(const std::exception& failure) {
  const auto* const error = dynamic_cast<const Error*>(&failure);
  return error == nullptr || error->errc() == Errc::invalid || error->errc() == Errc::failure;
}

}  // namespace

void Lookups::find(Question question, std::function<bool()> wanted, std::function<void(Found)> done) {
  Asked asked{std::move(question), std::move(wanted), std::move(done)};
  if (options_.threads == 0) {
    std::vector<Asked> alone;
    alone.push_back(std::move(asked));
    return answer_wanted(alone);
  }
  bool refused = false, call = false;
  {
    const std::lock_guard lock(mutex_);
    refused = waiting_.size() >= options_.max_queue;
    if (!refused) waiting_.push_back(std::move(asked));
    call = !refused && call_another();
  }
  if (refused) return asked.done(nothing(asked.question));
  if (call && !pool_.submit([this] { work(); })) give_up();
}

/// Where nobody is at it, where those who are leave more than they can take next, and where the database is
/// slow to answer them. Under mutex_.
bool Lookups::call_another() {
  if (working_ >= options_.threads) return false;
  const auto now = std::chrono::steady_clock::now();
  if (working_ > 0 && waiting_.size() <= k_most_together * working_ && now - taken_at_ < k_slow) return false;
  ++working_;
  taken_at_ = now;
  return true;
}

void Lookups::work() {
  std::vector<Asked> batch;
  while (take(batch)) answer_wanted(batch);
}

/// All that waits, as far as it can be asked at once; false if nothing does.
bool Lookups::take(std::vector<Asked>& batch) {
  batch.clear();
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    --working_;
    return false;
  }
  taken_at_ = std::chrono::steady_clock::now();
  const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), k_most_together));
  const auto end = waiting_.begin() + count;
  std::move(waiting_.begin(), end, std::back_inserter(batch));
  waiting_.erase(waiting_.begin(), end);
  return true;
}

/// The threads have ended, or as many are called as there can be: who is at it takes what waits.
void Lookups::give_up() {
  std::deque<Asked> left;
  {
    const std::lock_guard lock(mutex_);
    if (--working_ == 0) left.swap(waiting_);
  }
  for (auto& asked : left) asked.done(nothing(asked.question));
}

/// Of what piled up behind a database that hung, much was answered by the deadline.
void Lookups::answer_wanted(std::vector<Asked>& asked) {
  std::erase_if(asked, [](const Asked& one) { return !one.wanted(); });
  if (!asked.empty()) answer(asked);
}

/// Halved until what fails stands alone, so that nobody goes without an answer for another's sake.
void Lookups::answer(std::span<Asked> asked) {
  Questions questions;
  questions.reserve(asked.size());
  for (const auto& one : asked) questions.push_back(&one.question);
  std::vector<Found> found;
  try {
    pool_.with_connection([&](db::Connection& db) { found = ask(db, questions); });
  } catch (const std::exception& error) {
    base::log(base::LogLevel::debug, "lookup.failed", {{"why", error.what()}});
    if (asked.size() > 1 && is_of_a_question(error)) {
      answer(asked.first(asked.size() / 2));
      return answer(asked.subspan(asked.size() / 2));
    }
    found.clear();
    for (const auto& one : asked) found.push_back(nothing(one.question));
  }
  for (std::size_t i = 0; i < asked.size(); ++i)
    if (asked[i].wanted()) asked[i].done(std::move(found[i]));
}

}  // namespace ringctl::serve
