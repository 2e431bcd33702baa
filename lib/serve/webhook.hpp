#pragma once
// A webhook whose signature was right: what it says, and how its answer is said.

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "calls/event.hpp"
#include "routing/answer.hpp"
#include "serve/exchange.hpp"
#include "twilio/form.hpp"

namespace ringctl::serve {

class Webhook : public Exchange {
 public:
  Webhook(Office&, const net::Request&, const Route&, net::Respond, const twilio::Form&);

  /// The first parameter of that name; "" if there is none.
  std::string_view parameter(std::string_view name) const;
  std::string_view call_sid() const { return parameter("CallSid"); }
  /// MessageSid, else SmsSid; "" = it is about no message.
  std::string_view message_sid() const;
  const std::vector<std::pair<std::string, std::string>>& parameters() const { return parameters_; }
  /// I-Twilio-Idempotency-Token, "" if there was none.
  const std::string& token() const { return token_; }

  /// The path's, or, once it is known, that of the number called.
  std::optional<base::Uuid> workspace() const;
  /// Once: the first one stands, for it may have been answered by already. Returns the one that does.
  base::Uuid set_workspace(const base::Uuid&);

  /// The event it is. Needs a workspace.
  calls::Event event(calls::Kind) const;
  /// The key of the event it is, which is made once.
  const std::string& key(const calls::Event&);

 private:
  const std::vector<std::pair<std::string, std::string>> parameters_;
  const std::string token_;
  mutable std::mutex mutex_;
  std::optional<base::Uuid> workspace_;
  std::once_flag keyed_;
  std::string key_;
};
using WebhookPtr = std::shared_ptr<Webhook>;

/// What it reports of a step that has ended.
routing::FollowUp follow_up_of(const Webhook&);

/// Who hung up is promised nothing.
bool is_over(const Webhook&);

/// How Twilio reaches the follow-ups of a workspace's calls.
routing::Links links_of(const base::Uuid& workspace);

}  // namespace ringctl::serve
