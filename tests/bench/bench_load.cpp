// Calls that come in, as many as asked for: signed webhooks over HTTP from one thread, each with a CallSid of
// its own, every reply checked. Prints one JSON object. TWILIO_AUTH_TOKEN signs.
//   bench_load --port 8080 --path /api/workspaces/ID/voice --public-url https://pbx.example.com
//              --account AC... --to +12025550100 --callers FILE --connections 16 --seconds 10
// Closed loop: each connection asks again as soon as it was answered. With --rate the requests come at random
// moments, so many a second, whatever the server does; a request's time then counts from the moment it was
// due, so that a server which stands still is not spared those that would have come meanwhile.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "bench/load_histogram.hpp"
#include "bench/load_reply.hpp"
#include "bench/load_request.hpp"

using namespace ringctl::bench;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

namespace {

// A connection that nobody used for so long may be about to be closed by the server: a new one takes its
// place.
constexpr auto k_stale = 2s;
constexpr auto k_rest = 20ms;  // after a connection was refused
constexpr auto k_look = 20ms;  // how often requests that took too long are looked for

volatile std::sig_atomic_t stop_asked = 0;
void ask_to_stop(int) { stop_asked = 1; }

struct Options {
  std::string host = "127.0.0.1", acknowledged;
  std::uint16_t port = 0;
  std::size_t connections = 16;
  std::uint64_t requests = 0;  ///< at most so many; 0 = no bound
  double seconds = 10, rate = 0, timeout = 15;
  bool new_connection = false;
};

struct Connection {
  enum { closed, connecting, idle, sending, receiving } state = closed;
  int fd = -1;
  std::string out, call_sid;
  std::size_t sent = 0;
  bool awaits_writing = false;  ///< epoll was asked to say when there is room
  Steady::time_point due, started, idle_since;
  Reply reply;
  bool busy() const { return state == connecting || state == sending || state == receiving; }
};

class Driver {
 public:
  Driver(const Options& options, Requests requests)
      : options_(options),
        requests_(std::move(requests)),
        connections_(options.connections),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        random_(std::random_device{}()) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll");
    address_.sin_family = AF_INET;
    address_.sin_port = htons(options.port);
    if (::inet_pton(AF_INET, options.host.c_str(), &address_.sin_addr) != 1)
      throw std::runtime_error("--host must be an IPv4 address");
    if (!options.acknowledged.empty()) {
      acknowledged_file_ = std::fopen(options.acknowledged.c_str(), "w");
      if (acknowledged_file_ == nullptr)
        throw std::system_error(errno, std::generic_category(), options.acknowledged);
    }
    for (std::size_t i = connections_.size(); i-- > 0;) idle_.push_back(i);
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver() {
    for (const auto& connection : connections_)
      if (connection.fd >= 0) ::close(connection.fd);
    ::close(epoll_);
    if (acknowledged_file_ != nullptr) std::fclose(acknowledged_file_);
  }

  nlohmann::json run() {
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
      if (stop_asked != 0) end_ = std::min(end_, now_);
      if (now_ - last_look_ >= k_look) drop_late();
    }
    failures_["unsent"] += waiting_.size();
    if (acknowledged_file_ != nullptr && std::fflush(acknowledged_file_) != 0)
      throw std::system_error(errno, std::generic_category(), options_.acknowledged);
    return report();
  }

 private:
  Steady::duration timeout() const {
    return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(options_.timeout));
  }
  bool enough() const { return options_.requests > 0 && begun_ >= options_.requests; }
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
    ++begun_;
    ++busy_;
    c.call_sid = requests_.next(c.out);
    c.sent = 0;
    c.due = due;
    c.started = Steady::now();
    c.reply.clear();
    if (c.fd >= 0 && c.started - c.idle_since > k_stale) close(c);
    if (c.fd >= 0) {
      c.state = Connection::sending;
      send(c);
    } else {
      connect(c);
    }
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
      auto state = Reply::State::bad;
      if (size > 0)
        state = c.reply.take({buffer_.data(), static_cast<std::size_t>(size)});
      else
        state = c.reply.end();
      if (state == Reply::State::complete) return finish(c);
      if (size <= 0) return fail(c, "reset");
      if (state == Reply::State::bad) return fail(c, "bad_reply");
    }
  }

  void finish(Connection& c) {
    const auto took = static_cast<std::uint64_t>(std::chrono::nanoseconds(Steady::now() - c.due).count());
    if (c.reply.status() != 200) {
      ++failures_["status"];
      ++statuses_[std::to_string(c.reply.status())];
    } else if (!c.reply.is_twiml()) {
      ++failures_["not_twiml"];
    } else {
      all_.record(took);
      (c.reply.connects() ? connected_ : others_).record(took);
      if (acknowledged_file_ != nullptr) std::fprintf(acknowledged_file_, "%s\n", c.call_sid.c_str());
    }
    if (options_.new_connection || c.reply.closes()) close(c);
    free(c);
    idle_.push_back(place_of(c));
  }

  void fail(Connection& c, const char* how) {
    ++failures_[how];
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

  static nlohmann::json times(const Histogram& histogram) {
    const auto ms = [](double ns) { return std::round(ns / 1e3) / 1e3; };
    const auto at = [&](double share) { return ms(static_cast<double>(histogram.percentile(share))); };
    return {{"count", histogram.count()},
            {"mean", ms(histogram.mean())},
            {"p50", at(0.5)},
            {"p90", at(0.9)},
            {"p99", at(0.99)},
            {"p99_9", at(0.999)},
            {"max", ms(static_cast<double>(histogram.max()))}};
  }

  nlohmann::json report() const {
    const std::chrono::duration<double> elapsed = now_ - start_;
    std::uint64_t failed = 0;
    for (const auto& [how, count] : failures_) failed += count;
    return {{"requests", begun_},
            {"answered", all_.count()},
            {"answered_per_second", static_cast<double>(all_.count()) / elapsed.count()},
            {"elapsed_s", elapsed.count()},
            {"ms", times(all_)},
            {"ms_connected", times(connected_)},
            {"ms_others", times(others_)},
            {"failed", failed},
            {"failures", failures_},
            {"statuses", statuses_}};
  }

  const Options options_;
  Requests requests_;
  std::vector<Connection> connections_;
  int epoll_;
  sockaddr_in address_{};
  std::mt19937_64 random_;
  std::FILE* acknowledged_file_ = nullptr;

  Steady::time_point start_, now_, end_, next_due_, last_look_;
  std::vector<std::size_t> idle_;  ///< places in connections_, the one used last at the end
  std::deque<std::pair<Steady::time_point, std::size_t>> resting_;
  std::deque<Steady::time_point> waiting_;  ///< when requests were due that no connection was free for
  std::uint64_t begun_ = 0, busy_ = 0;
  std::array<epoll_event, 256> events_{};
  std::array<char, 1U << 16U> buffer_{};

  Histogram all_, connected_, others_;
  std::map<std::string, std::uint64_t> failures_{{"connect", 0}, {"reset", 0},     {"timeout", 0},
                                                 {"status", 0},  {"not_twiml", 0}, {"bad_reply", 0},
                                                 {"unsent", 0}};
  std::map<std::string, std::uint64_t> statuses_;
};

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lines.push_back(line);
  if (lines.empty()) throw std::runtime_error(path + ": no callers");
  return lines;
}

/// "name=value"
std::vector<std::pair<std::string, std::string>> fields_of(const std::vector<std::string>& given) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& text : given) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) throw std::runtime_error("--field: NAME=VALUE");
    fields.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return fields;
}

}  // namespace

int main(int argc, char** argv) try {
  Options options;
  RequestOptions request{.account_sid = "AC00000000000000000000000000000000", .to = "+12025550100"};
  std::string callers;
  std::vector<std::string> fields;
  CLI::App app("Posts signed webhooks of calls that come in, and times the answers");
  app.add_option("--host", options.host, "IPv4 address");
  app.add_option("--port", options.port)->required();
  app.add_option("--path", request.path, "Path of the webhook")->required();
  app.add_option("--public-url", request.public_url, "What is signed before the path")->required();
  app.add_option("--account", request.account_sid, "AccountSid");
  app.add_option("--to", request.to, "The number that is called");
  app.add_option("--callers", callers, "File of the numbers that call, in turn")->required();
  app.add_option("--field", fields, "NAME=VALUE beside the usual ones");
  app.add_option("--connections", options.connections, "How many at once")->check(CLI::PositiveNumber);
  app.add_flag("--new-connection", options.new_connection, "One for every request");
  app.add_option("--rate", options.rate, "Requests a second, at random moments; default: closed loop");
  app.add_option("--seconds", options.seconds, "For how long");
  app.add_option("--requests", options.requests, "At most so many");
  app.add_option("--timeout", options.timeout, "Seconds until a request counts as lost");
  app.add_option("--acknowledged", options.acknowledged,
                 "File for the CallSids that were answered with TwiML");
  CLI11_PARSE(app, argc, argv);

  const char* const token = std::getenv("TWILIO_AUTH_TOKEN");
  if (token == nullptr) throw std::runtime_error("TWILIO_AUTH_TOKEN is not set");
  request.token = token;
  request.host = options.host + ":" + std::to_string(options.port);
  request.callers = lines_of(callers);
  request.fields = fields_of(fields);
  request.close = options.new_connection;
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  Driver driver(options, Requests(std::move(request)));
  std::puts(driver.run().dump(2).c_str());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_load: %s\n", error.what());
  return 1;
}
