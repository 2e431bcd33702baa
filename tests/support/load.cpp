#include "support/load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace ringctl::test {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

// A connection that nobody used for so long may be about to be closed by the server: a new one takes its
// place.
constexpr auto k_stale = 2s;
constexpr auto k_rest = 20ms;  // after a connection was refused
constexpr auto k_look = 20ms;  // how often requests that took too long are looked for

struct Connection {
  enum { closed, connecting, idle, sending, receiving } state = closed;
  int fd = -1;
  std::string out, call_sid;
  std::size_t sent = 0;
  bool awaits_writing = false;  ///< epoll was asked to say when there is room
  Steady::time_point due, started, idle_since;
  HttpReply reply;
  bool busy() const { return state == connecting || state == sending || state == receiving; }
};

}  // namespace

class Load::Driver {
 public:
  Driver(LoadOptions options, Requests requests, const std::atomic<bool>& stop_asked)
      : options_(std::move(options)),
        requests_(std::move(requests)),
        stop_asked_(stop_asked),
        connections_(options_.connections),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        random_(std::random_device{}()) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll");
    address_.sin_family = AF_INET;
    address_.sin_port = htons(options_.port);
    if (::inet_pton(AF_INET, options_.host.c_str(), &address_.sin_addr) != 1)
      throw std::runtime_error("the host must be an IPv4 address");
    for (const auto* how : {"connect", "reset", "timeout", "status", "not_twiml", "bad_reply", "unsent"})
      report_.failures[how] = 0;
    for (std::size_t i = connections_.size(); i-- > 0;) idle_.push_back(i);
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver() {
    for (const auto& connection : connections_)
      if (connection.fd >= 0) ::close(connection.fd);
    ::close(epoll_);
  }

  LoadReport run() {
    start_ = now_ = last_look_ = Steady::now();
    end_ = start_ +
           std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(options_.seconds));
    next_due_ = start_;
    while (!is_over()) {
      wake_rested();
      if (options_.rate > 0) note_arrivals();
      begin_requests();
      wait();
      now_ = Steady::now();
      if (stop_asked_) end_ = std::min(end_, now_);
      if (now_ - last_look_ >= k_look) drop_late();
    }
    report_.failures["unsent"] += waiting_.size();
    report_.elapsed_s = std::chrono::duration<double>(now_ - start_).count();
    return std::move(report_);
  }

 private:
  Steady::duration timeout() const {
    return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(options_.timeout));
  }
  bool enough() const { return options_.requests > 0 && report_.requests >= options_.requests; }
  bool is_over() const {
    if (now_ < end_ && !enough()) return false;
    return busy_ == 0 && (waiting_.empty() || enough() || now_ > end_ + timeout());
  }

  /// Exponential gaps: a Poisson process.
  void note_arrivals() {
    std::exponential_distribution<double> gap(options_.rate);
    while (next_due_ <= now_ && next_due_ < end_) {
      waiting_.push_back(next_due_);
      next_due_ += std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(gap(random_)));
    }
  }

  void begin_requests() {
    while (!idle_.empty() && !enough()) {
      auto due = now_;
      if (options_.rate > 0) {
        if (waiting_.empty()) return;
        due = waiting_.front();
        waiting_.pop_front();
      } else if (now_ >= end_) {
        return;
      }
      const auto place = idle_.back();  // the one used last: the others may grow stale
      idle_.pop_back();
      begin(connections_[place], due);
    }
  }

  void begin(Connection& c, Steady::time_point due) {
    ++report_.requests;
    ++busy_;
    c.call_sid = requests_.next(c.out);
    c.sent = 0;
    c.due = due;
    c.started = Steady::now();
    c.reply.clear();
    if (c.fd >= 0 && (c.started - c.idle_since > k_stale || has_ended(c))) close(c);
    if (c.fd >= 0) {
      c.state = Connection::sending;
      send(c);
    } else {
      connect(c);
    }
  }

  /// Closed by the server between two requests, and not looked at since.
  static bool has_ended(const Connection& c) {
    char first = 0;
    const auto size = ::recv(c.fd, &first, 1, MSG_PEEK);
    return size == 0 || (size < 0 && errno != EAGAIN);
  }

  void connect(Connection& c) {
    c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c.fd < 0) return fail(c, "connect");
    const int on = 1;
    ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto* address = reinterpret_cast<const sockaddr*>(&address_);
    if (::connect(c.fd, address, sizeof address_) != 0 && errno != EINPROGRESS) return fail(c, "connect");
    c.state = Connection::connecting;
    c.awaits_writing = true;
    watch(c, EPOLL_CTL_ADD);
  }

  void watch(Connection& c, int how) {
    epoll_event event{};
    event.events = c.awaits_writing ? (EPOLLIN | EPOLLOUT) : EPOLLIN;
    event.data.u64 = static_cast<std::uint64_t>(&c - connections_.data());
    if (::epoll_ctl(epoll_, how, c.fd, &event) != 0)
      throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }

  void close(Connection& c) {
    if (c.fd >= 0) ::close(c.fd);
    c.fd = -1;
    c.awaits_writing = false;
    if (!c.busy()) c.state = Connection::closed;
  }

  void send(Connection& c) {
    while (c.sent < c.out.size()) {
      const auto size = ::send(c.fd, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
      if (size >= 0) {
        c.sent += static_cast<std::size_t>(size);
      } else if (errno == EAGAIN) {
        return await_writing(c, true);
      } else if (errno != EINTR) {
        return fail(c, "reset");
      }
    }
    c.state = Connection::receiving;
    await_writing(c, false);
  }

  void await_writing(Connection& c, bool awaits) {
    if (c.awaits_writing == awaits) return;
    c.awaits_writing = awaits;
    watch(c, EPOLL_CTL_MOD);
  }

  void wait() {
    auto until = now_ + k_look;
    if (options_.rate > 0 && next_due_ < end_) until = std::min(until, next_due_);
    if (now_ < end_) until = std::min(until, end_);
    const auto left = std::max(Steady::duration::zero(), until - Steady::now());
    const timespec limit{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(left).count()};
    const auto count =
        ::epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &limit, nullptr);
    for (int i = 0; i < count; ++i) {
      const auto& event = events_[static_cast<std::size_t>(i)];
      handle(connections_[event.data.u64], event.events);
    }
  }

  void handle(Connection& c, std::uint32_t events) {
    if (c.fd < 0) return;  // closed while an earlier event was handled
    if (c.state == Connection::connecting) {
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return fail(c, "connect");
      if ((events & EPOLLOUT) == 0) return;
      c.state = Connection::sending;
    }
    if (c.state == Connection::sending && (events & EPOLLOUT) != 0) send(c);
    if (c.fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(c);
  }

  void receive(Connection& c) {
    for (;;) {
      const auto size = ::recv(c.fd, buffer_.data(), buffer_.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) return;
      if (!c.busy()) return close(c);  // it ended between two requests, which is its right
      auto state = HttpReply::State::bad;
      if (size > 0)
        state = c.reply.take({buffer_.data(), static_cast<std::size_t>(size)});
      else
        state = c.reply.end();
      if (state == HttpReply::State::complete) return finish(c);
      if (size <= 0) return fail(c, "reset");
      if (state == HttpReply::State::bad) return fail(c, "bad_reply");
    }
  }

  void finish(Connection& c) {
    if (c.reply.status() != 200) {
      ++report_.failures["status"];
      ++report_.statuses[std::to_string(c.reply.status())];
    } else if (const auto* const wrong = wrong_with(c.reply)) {
      ++report_.failures[wrong];
    } else {
      note(c);
    }
    if (options_.new_connection || c.reply.closes()) close(c);
    free(c);
    idle_.push_back(place_of(c));
  }

  const char* wrong_with(const HttpReply& reply) const {
    if (options_.wrong) return options_.wrong(reply);
    return reply.is_twiml() ? nullptr : "not_twiml";
  }

  void note(const Connection& c) {
    const auto now = Steady::now();
    const auto since = [&](Steady::time_point from) {
      return static_cast<std::uint64_t>(std::chrono::nanoseconds(now - from).count());
    };
    report_.all.record(since(c.due));
    (c.reply.connects() ? report_.connected : report_.others).record(since(c.due));
    report_.since_sent.record(since(c.started));
    if (options_.acknowledged) options_.acknowledged(c.call_sid);
  }

  void fail(Connection& c, const char* how) {
    ++report_.failures[how];
    close(c);
    free(c);
    resting_.emplace_back(Steady::now() + k_rest, place_of(c));
  }

  void free(Connection& c) {
    --busy_;
    c.state = c.fd < 0 ? Connection::closed : Connection::idle;
    c.idle_since = Steady::now();
  }

  std::size_t place_of(const Connection& c) const {
    return static_cast<std::size_t>(&c - connections_.data());
  }

  void wake_rested() {
    for (; !resting_.empty() && resting_.front().first <= now_; resting_.pop_front())
      idle_.push_back(resting_.front().second);
  }

  void drop_late() {
    last_look_ = now_;
    for (auto& connection : connections_)
      if (connection.busy() && now_ - connection.started > timeout()) fail(connection, "timeout");
  }

  const LoadOptions options_;
  Requests requests_;
  const std::atomic<bool>& stop_asked_;
  std::vector<Connection> connections_;
  int epoll_;
  sockaddr_in address_{};
  std::mt19937_64 random_;

  Steady::time_point start_, now_, end_, next_due_, last_look_;
  std::vector<std::size_t> idle_;  ///< places in connections_, the one used last at the end
  std::deque<std::pair<Steady::time_point, std::size_t>> resting_;
  std::deque<Steady::time_point> waiting_;  ///< when requests were due that no connection was free for
  std::uint64_t busy_ = 0;
  std::array<epoll_event, 256> events_{};
  std::array<char, 1U << 16U> buffer_{};

  LoadReport report_;
};

Load::Load(LoadOptions options, Requests requests)
    : driver_(std::make_unique<Driver>(std::move(options), std::move(requests), stop_asked_)) {}
Load::~Load() = default;

LoadReport Load::run() { return driver_->run(); }

std::uint64_t LoadReport::failed() const {
  std::uint64_t failed = 0;
  for (const auto& [how, count] : failures) failed += count;
  return failed;
}

}  // namespace ringctl::test
