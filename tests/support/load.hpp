#pragma once
// Many signed webhooks at once over HTTP, from one thread: each with a CallSid of its own, every reply
// checked. Closed loop: each connection asks again as soon as it was answered. With a rate the requests come
// at random moments, so many a second, whatever the server does; a request's time then counts from the moment
// it was due, so that a server which stands still is not spared those that would have come meanwhile.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "support/http_reply.hpp"
#include "support/load_histogram.hpp"
#include "support/load_request.hpp"

namespace ringctl::test {

struct LoadOptions {
  std::string host = "127.0.0.1";  ///< IPv4 address
  std::uint16_t port = 0;
  std::size_t connections = 16;
  std::uint64_t requests = 0;  ///< at most so many; 0 = no bound
  double seconds = 10;
  double rate = 0;      ///< requests a second; 0 = closed loop
  double timeout = 15;  ///< seconds until a request counts as lost
  bool new_connection = false;
  /// What is wrong with an answer of status 200: the name it is counted under, or nullptr. Unset: whether it
  /// is TwiML by its looks.
  std::function<const char*(const HttpReply&)> wrong = {};
  /// Called for every answer that nothing is wrong with.
  std::function<void(std::string_view call_sid)> acknowledged = {};
};

struct LoadReport {
  std::uint64_t requests = 0;
  double elapsed_s = 0;
  /// Nanoseconds from when it was due: of all that were answered well, those of them that connect the caller,
  /// and the others. From when it was sent: all.
  Histogram all, connected, others, since_sent;
  /// "connect", "reset", "timeout", "status", "bad_reply", "unsent", and what `wrong` names; all of them
  /// there.
  std::map<std::string, std::uint64_t> failures;
  std::map<std::string, std::uint64_t> statuses;  ///< other than 200

  std::uint64_t answered() const { return all.count(); }
  std::uint64_t failed() const;
};

class Load {
 public:
  Load(LoadOptions, Requests);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Returns when the time is over or stop() was called, and what was begun has been answered or given up.
  LoadReport run();
  /// From any thread, or a signal handler.
  void stop() noexcept { stop_asked_ = true; }

 private:
  class Driver;
  std::atomic<bool> stop_asked_ = false;
  std::unique_ptr<Driver> driver_;
};

}  // namespace ringctl::test
