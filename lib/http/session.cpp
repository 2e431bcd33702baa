#include "http/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/build_info.hpp"
#include "http/transfer.hpp"

namespace ringctl::http {
namespace {

/// How late a CancelToken may be seen.
constexpr std::chrono::milliseconds k_look_at_cancel{100};

void initialise() {
  // Once for the process and never undone: other threads may be using it.
  static const CURLcode k_done = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (k_done != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

void require(CURLMcode code) {
  if (code == CURLM_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLM_OK) throw std::runtime_error(fmt::format("libcurl: {}", curl_multi_strerror(code)));
}

}  // namespace

struct Session::Impl {
  SessionOptions options;
  Multi multi;  // outlives the handles that are added to it
  std::deque<std::unique_ptr<Transfer>> waiting;
  std::vector<std::unique_ptr<Transfer>> going;

  ~Impl() {
    for (const auto& transfer : going) curl_multi_remove_handle(multi.get(), transfer->handle());
  }
  bool empty() const { return waiting.empty() && going.empty(); }
  void keep_connections() const {
    require(curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options.bound)));
  }
  void send_off();
  void move_on();
  void collect();
  std::unique_ptr<Transfer> take(CURL* handle);
  void cancel_all();
};

void Session::Impl::send_off() {
  while (!waiting.empty() && going.size() < options.bound) {
    auto transfer = std::move(waiting.front());
    waiting.pop_front();
    transfer->prepare(options);
    require(curl_multi_add_handle(multi.get(), transfer->handle()));
    going.push_back(std::move(transfer));
  }
}

void Session::Impl::move_on() {
  int running = 0;
  require(curl_multi_perform(multi.get(), &running));
}

void Session::Impl::collect() {
  int left = 0;
  while (const auto* const message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto result = message->data.result;  // the message goes with its handle
    const auto transfer = take(message->easy_handle);
    transfer->finish(result);
  }
}

std::unique_ptr<Transfer> Session::Impl::take(CURL* handle) {
  const auto at = std::ranges::find(going, handle, [](const auto& transfer) { return transfer->handle(); });
  auto transfer = std::move(*at);
  going.erase(at);
  require(curl_multi_remove_handle(multi.get(), handle));
  return transfer;
}

void Session::Impl::cancel_all() {
  // What those who are told start anew is not of this time.
  const auto not_begun = std::exchange(waiting, {});
  std::vector<CURL*> cut;
  for (const auto& transfer : going)
    if (!transfer->awaited()) cut.push_back(transfer->handle());
  for (auto* const handle : cut) take(handle)->cancel();
  for (const auto& transfer : not_begun) transfer->cancel();
}

Session::Session(SessionOptions options) : impl_(std::make_unique<Impl>()) {
  initialise();
  impl_->options = std::move(options);
  if (impl_->options.user_agent.empty())
    impl_->options.user_agent = fmt::format("ringctl/{}", base::build_info().version);
  impl_->multi.reset(curl_multi_init());
  if (!impl_->multi) throw std::bad_alloc();
  set_bound(impl_->options.bound);
}

Session::~Session() = default;

void Session::start(Request request, Done done) {
  impl_->waiting.push_back(std::make_unique<Transfer>(std::move(request), std::move(done)));
}

bool Session::step(std::chrono::milliseconds most) {
  const auto* const cancel = impl_->options.cancel;
  if (cancel != nullptr && cancel->cancelled()) impl_->cancel_all();
  impl_->send_off();
  impl_->move_on();
  const auto before = impl_->going.size();
  impl_->collect();
  if (impl_->empty()) return false;
  if (impl_->going.size() == before) {
    const auto wait = cancel != nullptr ? std::min(most, k_look_at_cancel) : most;
    require(curl_multi_poll(impl_->multi.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr));
  }
  return true;
}

void Session::finish() {
  while (step(std::chrono::seconds(1))) {
  }
}

Outcome Session::perform(Request request) {
  std::optional<Outcome> outcome;
  start(std::move(request), [&](Outcome one) { outcome = std::move(one); });
  while (!outcome) step(std::chrono::seconds(1));
  return *std::move(outcome);
}

void Session::set_bound(std::size_t bound) {
  if (bound == 0) throw std::invalid_argument("a session needs room for one request");
  impl_->options.bound = bound;
  impl_->keep_connections();
}

std::size_t Session::waiting() const { return impl_->waiting.size(); }
std::size_t Session::under_way() const { return impl_->going.size(); }

}  // namespace ringctl::http
