#pragma once
// One request on its way through serve, and its answer: given once, by whoever comes first, the work or the
// deadline.

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "net/proxies.hpp"
#include "net/request.hpp"
#include "net/respond.hpp"
#include "serve/metrics.hpp"
#include "serve/paths.hpp"

namespace ringctl::serve {

using Answer = net::Response;
/// 200 with TwiML.
Answer twiml_answer(std::string body);
/// 204: what a status callback gets.
Answer no_content();
/// RFC 9457: {"type":"about:blank","title":...,"status":...,"detail":...}.
Answer problem(int status, std::string_view detail);

/// What the log says of who asks.
struct LogOptions {
  bool numbers = false;                ///< whole; else masked
  net::Networks trusted_proxies = {};  ///< whose X-Forwarded-For names the client
};

/// What every exchange needs of the process; outlives them all.
struct Office {
  const base::Clock& clock;
  Metrics& metrics;
  LogOptions log = {};
};

class Exchange {
 public:
  Exchange(Office&, const net::Request&, const Route&, net::Respond);
  virtual ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// False if it was answered before; the answer then goes nowhere. Any thread.
  bool answer(Answer answer) noexcept { return finish(std::move(answer), {}); }
  /// The same for the safe answer: counted under `cause`.
  bool answer_safely(Answer answer, std::string_view cause) noexcept {
    return finish(std::move(answer), cause);
  }
  bool answered() const noexcept { return answered_.load(std::memory_order_acquire); }

  Endpoint endpoint() const { return endpoint_; }
  /// What follows the endpoint in the path.
  const std::string& rest() const { return rest_; }
  const std::string& id() const { return id_; }
  /// Address of whoever asked, as far as it can be believed.
  const std::string& remote() const { return remote_; }
  base::Instant received_at() const { return received_at_; }
  std::chrono::steady_clock::time_point started() const { return started_; }
  bool overloaded() const { return overloaded_; }

  /// For the log, as soon as it is known; before the first answer can come.
  void about_call(std::string_view sid) { call_sid_ = sid; }
  void about_message(std::string_view sid) { message_sid_ = sid; }
  void about_parties(std::string_view from, std::string_view to);
  /// Whom it is to, as the log may say it.
  const std::string& logged_to() const { return to_; }
  /// The same, at any time and on any thread.
  void about_workspace(const base::Uuid& id);

 private:
  bool finish(Answer, std::string_view cause) noexcept;
  void report(int status, std::string_view cause);

  Office& office_;
  const Endpoint endpoint_;
  const std::string rest_, id_;
  const base::Instant received_at_;
  const std::chrono::steady_clock::time_point started_;
  const bool overloaded_;
  const std::string remote_;
  std::string call_sid_, message_sid_, from_, to_;
  std::mutex log_mutex_;
  std::string log_workspace_;  ///< by log_mutex_
  std::atomic<bool> answered_ = false;
  net::Respond respond_;
};
using ExchangePtr = std::shared_ptr<Exchange>;

}  // namespace ringctl::serve
