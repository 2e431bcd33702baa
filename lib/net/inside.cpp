#include "net/inside.hpp"

#include <utility>

#include "net/mailbox.hpp"

namespace ringctl::net {

Inside::Inside(Handler handler, const base::Clock& clock)
    : handler_(std::move(handler)),
      ids_(clock),
      mailbox_(std::make_shared<Mailbox>(
          [this](Answer&& answer) {
            if (answer.serial != serial_ || is_answered_) return;  // of one that nobody waits for any more
            is_answered_ = true;
            answer_ = std::move(answer.response);
          },
          [this] {
            const std::lock_guard lock(mutex_);
            is_woken_ = true;
            woken_.notify_one();
          })) {
  mailbox_->own();
}

Inside::~Inside() { mailbox_->close(); }

std::optional<Response> Inside::ask(Request request, std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  const auto id = ids_.next();
  request.id = id.view();
  is_answered_ = false;
  answer_.reset();
  ++serial_;
  handler_(request, Respond(mailbox_, 0, serial_));
  while (!is_answered_) {
    {
      std::unique_lock lock(mutex_);
      if (!woken_.wait_until(lock, until, [this] { return is_woken_; })) break;
      is_woken_ = false;
    }
    mailbox_->collect();
  }
  return std::exchange(answer_, std::nullopt);
}

}  // namespace ringctl::net
