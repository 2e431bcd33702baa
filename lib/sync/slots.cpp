// A place is a lease row, held for as long as the process asks and not for each request: on SQLite taking one
// is a commit. So that a process that came later gets in, one that holds several lets one go every two
// seconds and waits a moment before it takes another.
#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "db/lease.hpp"
#include "sync/account.hpp"

namespace ringctl::sync {
namespace {

using std::chrono::milliseconds;
using Time = std::chrono::steady_clock::time_point;

constexpr milliseconds k_ttl{30'000}, k_renew_every{10'000};
constexpr milliseconds k_give_way_every{2'000}, k_give_way_for{100};
constexpr milliseconds k_try_every{250};

class LeaseSlots final : public twilio::Slots {
 public:
  LeaseSlots(std::unique_ptr<db::Connection> db, const base::Clock& clock, std::string account_sid,
             std::size_t limit, milliseconds wait, const base::CancelToken* cancel)
      : db_(std::move(db)),
        clock_(clock),
        account_sid_(std::move(account_sid)),
        limit_(std::max<std::size_t>(1, limit)),
        wait_(wait),
        cancel_(cancel) {}

  std::size_t hold(std::size_t wanted, std::size_t busy) override {
    wanted = std::clamp<std::size_t>(wanted, 1, limit_);
    renew();
    give_way(busy);
    let_go(std::max(wanted, busy));
    if (held_.empty()) take_first();
    take_more(wanted);
    return std::min(wanted, giving_way_ ? std::max<std::size_t>(1, held_.size() - 1) : held_.size());
  }

  void release() noexcept override { held_.clear(); }

 private:
  struct Held {
    std::size_t number;
    db::Lease lease;
  };

  Time now() const { return clock_.steady(); }

  /// What expired while nothing was asked may be another's by now.
  void renew() {
    if (held_.empty() || now() < renew_at_) return;
    std::vector<Held> still;
    for (auto& held : held_) {
      try {
        held.lease.renew();
        still.push_back(std::move(held));
      } catch (const Error& error) {
        if (error.slug() != "lock.lost") throw;
      }
    }
    held_.swap(still);
    renew_at_ = now() + k_renew_every;
  }

  /// In two steps: first one fewer is used, then, once that many are not busy any more, one is let go.
  void give_way(std::size_t busy) {
    if (held_.size() < 2) {
      giving_way_ = false;
      give_way_at_ = now() + k_give_way_every;
      return;
    }
    if (now() >= give_way_at_) giving_way_ = true;
    if (!giving_way_ || busy >= held_.size()) return;
    held_.pop_back();
    giving_way_ = false;
    try_at_ = now() + k_give_way_for;
    give_way_at_ = now() + k_give_way_every;
  }

  void let_go(std::size_t most) {
    while (held_.size() > most) held_.pop_back();
  }

  void take_first() {
    const auto deadline =
        std::chrono::steady_clock::now() + wait_;  // others take their time, whatever ours says
    for (;;) {
      if (take_one()) return;
      if (std::chrono::steady_clock::now() >= deadline)
        throw Error(Errc::twilio_rate, "twilio.no_slot",
                    fmt::format("all {} places for requests to {} are taken by other ringctl processes",
                                limit_, account_sid_),
                    "try again later, or set twilio.max_concurrency to what the account allows");
      if (cancel_ != nullptr) cancel_->check();
      std::this_thread::sleep_for(k_try_every);
    }
  }

  void take_more(std::size_t wanted) {
    if (held_.size() >= wanted || giving_way_ || now() < try_at_) return;
    while (held_.size() < wanted && take_one()) {
    }
    if (held_.size() < wanted) try_at_ = now() + k_try_every;
  }

  /// The first that is free. Begins elsewhere each time, so that those who wait do not all want the same.
  bool take_one() {
    for (std::size_t i = 0; i < limit_; ++i) {
      const auto number = (next_ + i) % limit_;
      const bool ours =
          std::any_of(held_.begin(), held_.end(), [&](const Held& held) { return held.number == number; });
      if (!ours && try_take(number)) {
        next_ = number + 1;
        return true;
      }
    }
    return false;
  }

  bool try_take(std::size_t number) {
    try {
      auto lease = db::Lease::acquire(*db_, clock_, fmt::format("twilio {} {}", account_sid_, number + 1),
                                      std::nullopt, k_ttl, milliseconds(0), cancel_);
      if (held_.empty()) renew_at_ = now() + k_renew_every;
      held_.push_back({number, std::move(lease)});
      return true;
    } catch (const Error& error) {
      if (error.slug() != "lock.held") throw;
      return false;
    }
  }

  std::unique_ptr<db::Connection> db_;  // outlives the leases
  const base::Clock& clock_;
  std::string account_sid_;
  std::size_t limit_;
  milliseconds wait_;
  const base::CancelToken* cancel_;
  std::vector<Held> held_;
  std::size_t next_ = 0;
  bool giving_way_ = false;
  Time renew_at_ = {}, give_way_at_ = {}, try_at_ = {};
};

}  // namespace

std::shared_ptr<twilio::Slots> shared_slots(std::unique_ptr<db::Connection> connection,
                                            const base::Clock& clock, std::string account_sid,
                                            std::size_t limit, milliseconds wait,
                                            const base::CancelToken* cancel) {
  return std::make_shared<LeaseSlots>(std::move(connection), clock, std::move(account_sid), limit, wait,
                                      cancel);
}

}  // namespace ringctl::sync
