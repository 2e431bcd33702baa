#pragma once
// What goes out to Twilio of one purchase, and what came of it. Each is written down before Twilio is asked,
// marked as it goes out, and again with its result. A window of purchases is marked together: whoever is
// killed leaves at most that many to be looked up.

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/purchase.hpp"
#include "sync/purchase_job.hpp"
#include "sync/work.hpp"

namespace ringctl::sync {

/// The error as it is told of a job that goes on where it stopped.
Error resumable(const base::Uuid& job, const Error&);

class Buying {
 public:
  /// `resumed`: what Twilio refuses as not available may be this job's own, and is looked up. All referred to
  /// outlive it.
  Buying(Account&, jobs::Job, Order, db::Lease&, bool resumed, const ProgressFn&);

  /// Effects that were sent once, or may have been: which of them does the account have?
  void look_up(std::vector<jobs::Effect> unsure);
  /// Sends intents and settles them. Throws what ends a run, with the job to resume; a signal does not.
  void buy(std::vector<jobs::Effect> intents);
  /// Settles the job. Throws what stopped buy(), with the job to resume.
  BuyReport finish();

 private:
  /// What became of one of the effects.
  struct Result {
    std::size_t at = 0;
    jobs::EffectState state = jobs::EffectState::unknown;
    std::string code = {}, message = {};
    twilio::Number number = {};
    bool found = false;  ///< the account has it, when it was asked: settle_found() says whose it is
  };

  void send_all();
  bool stops() const { return stopped_.has_value() || account_.cancel.cancelled(); }
  std::size_t arm(std::size_t from);
  void settle(std::size_t at, const twilio::Outcome&);
  void settle_failed(Result&, const twilio::Failed&);
  void ask_about(const std::vector<std::size_t>& unsure);
  void learn(std::size_t at, const twilio::Json& page);
  jobs::EffectState undone_or_refused(std::size_t at) const;
  void wind_up();

  jobs::Effects effects() { return {session_.db, session_.clock, account_.workspace.id}; }
  template <class Work>
  void transact(Work&& work);
  void flush_if_due();
  void flush();
  void write_found(Result&);
  void write(jobs::Effects&, const Result&) const;

  void tell();
  BuyReport report();
  Error cancelled() const;

  Account& account_;
  audit::Session& session_;
  jobs::Job job_;
  Order order_;
  db::Lease& lease_;
  bool resumed_;
  const ProgressFn& progress_;
  twilio::NumberUpdate update_;
  std::vector<jobs::Effect> effects_;
  std::vector<bool> asked_;
  std::vector<std::size_t> unsure_;
  std::vector<Result> results_;
  std::set<std::string, std::less<>> found_;  ///< by this run, in the account: not the job's
  std::uint64_t settled_ = 0;
  std::chrono::steady_clock::time_point flushed_at_;
  std::optional<twilio::Failed> stopped_;
};

}  // namespace ringctl::sync
