#pragma once
// Connection overrides: how long a URL is waited for and when it is asked again, written as its fragment
// (`https://host/voice#rc=2&rp=ct,rt&rt=5000`). Neither signed nor sent.

#include <chrono>
#include <string_view>

namespace ringctl::sim {

/// Why an attempt is not the end of it. The names are those of `rp`.
enum class Miss {
  none,           ///< an answer, and no failure
  client_error,   ///< 4xx
  server_error,   ///< 5xx
  connect,        ///< ct: no connection, or no TLS
  read,           ///< rt: no answer in time
  anything_else,  ///< a connection that broke, what is no HTTP: `all` alone
};

struct Overrides {
  std::chrono::milliseconds connect_timeout{5000};  ///< ct, 100 to 10000
  std::chrono::milliseconds read_timeout{15000};    ///< rt, 100 to 15000
  std::chrono::milliseconds total{15000};           ///< tt, 100 to 15000, all attempts together
  int retries = 1;                                  ///< rc, 0 to 5
  bool on_client_error = false, on_server_error = false, on_connect = true, on_read = false, on_all = false;

  /// Whether `rp` says so; rc is for the caller to count.
  bool retries_on(Miss) const;
};

/// Of a URL's fragment. What is unknown, unreadable or out of its range is as if it were not there; an `rp`
/// with nothing known in it retries nothing.
Overrides parse_overrides(std::string_view fragment);

}  // namespace ringctl::sim
