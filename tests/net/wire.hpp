#pragma once
// A connection without a socket and a clock that stands still: what it is fed, what it sent, what it waits
// for.

#include <cstring>
#include <deque>
#include <memory>
#include <string>

#include "net/connection.hpp"
#include "support/fake_clock.hpp"

namespace ringctl::test {

/// What a FakeTransport was told; outlives it.
struct Line {
  std::string sent;
  std::size_t window = std::string::npos;  ///< bytes that may still be sent
  bool shut_down = false, closed = false, discarding = false;
  bool input_waits = false;  ///< in the kernel
  char* to = nullptr;        ///< of the read under way
  std::size_t most = 0;
  std::shared_ptr<net::TransportUser> reader, writer, ender;
  std::string_view unsent;
};

class FakeTransport final : public net::Transport {
 public:
  FakeTransport(std::shared_ptr<Line> line, bool secure) : line_(std::move(line)), secure_(secure) {}
  bool secure() const override { return secure_; }
  void handshake(std::shared_ptr<net::TransportUser> user) override { line_->ender = std::move(user); }
  void read(char* to, std::size_t most, std::shared_ptr<net::TransportUser> user) override {
    if (line_->reader) throw std::logic_error("two reads at a time");
    line_->to = to;
    line_->most = most;
    line_->reader = std::move(user);
  }
  bool has_input() override { return line_->input_waits; }
  Sent write_now(std::string_view bytes, std::size_t& n) override {
    if (line_->closed) return Sent::broken;
    n = std::min(bytes.size(), line_->window);
    line_->sent += bytes.substr(0, n);
    if (line_->window != std::string::npos) line_->window -= n;
    return n == 0 ? Sent::would_block : Sent::some;
  }
  void write(std::string_view bytes, std::shared_ptr<net::TransportUser> user) override {
    line_->unsent = bytes;
    line_->writer = std::move(user);
  }
  void shut_down(std::shared_ptr<net::TransportUser> user) override {
    line_->shut_down = true;
    line_->ender = std::move(user);
  }
  void discard(char* to, std::size_t most, std::shared_ptr<net::TransportUser> user) override {
    line_->discarding = true;
    read(to, most, std::move(user));
  }
  /// Reports that are still due never come, as those of a socket that is gone.
  void close() override {
    line_->closed = true;
    line_->reader = line_->writer = line_->ender = nullptr;
  }

 private:
  std::shared_ptr<Line> line_;
  bool secure_;
};

/// The far end of one connection.
class Wire {
 public:
  Wire(net::ConnectionTable& table, bool secure) : line_(std::make_shared<Line>()) {
    table.admit(std::make_unique<FakeTransport>(line_, secure), {0, "192.0.2.7"});
  }
  /// Gives the connection all of it, as fast as it reads.
  void feed(std::string_view bytes) {
    while (!bytes.empty() && line_->reader) {
      const auto n = std::min(bytes.size(), line_->most);
      std::memcpy(line_->to, bytes.data(), n);
      bytes.remove_prefix(n);
      std::exchange(line_->reader, nullptr)->on_read(n);
    }
    unread_ = bytes.size();
  }
  /// Bytes come to the machine, and not to the connection yet.
  void keep_waiting(bool waits) { line_->input_waits = waits; }
  void end() { std::exchange(line_->reader, nullptr)->on_read(0); }
  void handshake(bool ok) { std::exchange(line_->ender, nullptr)->on_handshake(ok); }
  void shut_down_done() { std::exchange(line_->ender, nullptr)->on_shut_down(); }
  void window(std::size_t bytes) { line_->window = bytes; }
  bool blocked() const { return line_->writer != nullptr; }
  /// A blocked write goes on with `n` bytes.
  void accept(std::size_t n) {
    line_->sent += line_->unsent.substr(0, n);
    std::exchange(line_->writer, nullptr)->on_written(std::min(n, line_->unsent.size()));
  }
  bool reading() const { return line_->reader != nullptr; }
  bool ending() const { return line_->shut_down; }
  bool closed() const { return line_->closed; }
  std::size_t unread() const { return unread_; }
  /// What was sent since the last call.
  std::string take() { return std::exchange(line_->sent, std::string()); }
  /// The status of what was sent since the last call; 0 if it is no response.
  int status() {
    const auto text = take();
    return text.starts_with("HTTP/1.1 ") ? std::stoi(text.substr(9, 3)) : 0;
  }

 private:
  std::shared_ptr<Line> line_;
  std::size_t unread_ = 0;
};

/// The connections of one thread, which is the test's.
struct Desk {
  explicit Desk(net::Handler handler, const net::Limits& limits = {})
      : shared{.limits = limits, .handler = std::move(handler), .clock = clock, .mutex = {}, .changed = {}},
        table(shared, [this] { woken = true; }) {
    table.own();
  }
  ~Desk() { table.close_all(); }
  Wire connect(bool secure = false) { return {table, secure}; }
  void pass(std::chrono::milliseconds time) {
    clock.advance(time);
    table.sweep();
  }
  std::uint64_t count(net::Counter counter) const {
    net::Stats stats;
    table.tally().add_to(stats);
    return stats.of(counter);
  }
  std::uint64_t count(net::Refusal refusal) const {
    net::Stats stats;
    table.tally().add_to(stats);
    return stats.of(refusal);
  }

  FakeClock clock;
  std::atomic<bool> woken = false;
  net::Shared shared;
  net::ConnectionTable table;
};

}  // namespace ringctl::test
