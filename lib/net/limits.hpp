#pragma once
// Every bound of the listener, with its reason and the name under which reaching it is counted. Sizes are
// bytes. Tests make them small; `serve` sets those an operator may choose (connections, in flight).

#include <chrono>
#include <cstddef>

namespace ringctl::net {

struct Limits {
  using milliseconds = std::chrono::milliseconds;

  // What a request may be. Twilio's largest voice webhook is near 2 kB, headers included.

  /// Request line, fields and the empty line. refused{reason="header_too_large"}, 431.
  std::size_t header = 8 * 1024;
  /// Fields of one header. refused{reason="too_many_fields"}, 431.
  std::size_t fields = 100;
  /// Target of the request line. refused{reason="target_too_long"}, 414.
  std::size_t target = 4 * 1024;
  /// Body, chunk framing not counted: what Twilio lets TwiML be. refused{reason="body_too_large"}, 413.
  std::size_t body = 64 * 1024;
  /// A chunk's size line with its extensions, which nobody needs. refused{reason="chunk"}, 400.
  std::size_t chunk_line = 256;
  /// Extensions of all chunks of a body together. refused{reason="chunk"}, 400.
  std::size_t chunk_extensions = 1024;
  /// Trailer section, read and dropped. refused{reason="chunk"}, 400.
  std::size_t trailers = 4 * 1024;

  // How long it may take. Twilio waits 5 s for a connection and 15 s for an answer, so what is slower is
  // lost.

  /// TLS handshake, from the accepted connection. timeouts{phase="handshake"}.
  milliseconds handshake{10'000};
  /// A whole header from its first byte, or from the accepted connection: slowloris.
  /// timeouts{phase="header"}, 408.
  milliseconds header_time{10'000};
  /// A body may take this long, and longer only by the time its bytes take at `body_rate`: slow POST.
  /// timeouts{phase="body"}, 408.
  milliseconds body_time{10'000};
  std::size_t body_rate = 1000;  ///< bytes a second
  /// A handler that neither answers nor lets go. Past Twilio's 15 s nobody listens.
  /// timeouts{phase="handler"}, 503.
  milliseconds handler_time{20'000};
  /// No byte of a response could be sent: slow read. timeouts{phase="write"}, closed.
  milliseconds write_stall{10'000};
  /// Between requests. Longer than the 60 s proxies keep idle connections, so that they close first and no
  /// request meets a closing connection. timeouts{phase="idle"}, closed.
  milliseconds idle{75'000};
  /// After a last response: how long and for how many bytes the rest of the input is read, so that the
  /// response is not lost to a reset. Nothing is counted.
  milliseconds linger{2'000};
  std::size_t linger_bytes = 256 * 1024;
  /// While draining: how long a connection without a request stays, for the request that may be on its way.
  milliseconds drain_idle{500};

  // How much at once.

  /// Requests on one connection; then it is closed after the answer, so that connections spread over the
  /// threads and processes anew. Nothing is counted.
  std::size_t requests_per_connection = 10'000;
  /// Open connections at which a new one makes the one that is idle longest close. closed_idle_total.
  std::size_t soft_connections = 3'072;
  /// Open connections past which a new one is answered 503 at once. refused{reason="too_many_connections"}.
  /// Each has a descriptor and, while a request is read, 4 to 80 kB.
  std::size_t connections = 4'096;
  /// Refused connections that are still being told so; past it they are closed without a word.
  std::size_t refusals_at_once = 64;
  /// Requests at the handler and not answered; past it Request::overloaded is set. overloaded_total.
  /// With answers that wait for one fsync together this is the size of the largest group.
  std::size_t in_flight = 1'024;
  /// Connections taken from one listener before others have their turn, which is after every connection that
  /// has something to say. Fewer, and under too many calls a new one waits for seconds to be taken at all.
  std::size_t accepts_at_once = 256;
  /// Connections that wait in the kernel (net.core.somaxconn may allow fewer).
  int backlog = 4'096;

  /// How often deadlines are looked at: the error of every time above.
  milliseconds tick{100};
  /// Pause after accept found no descriptor or memory, doubled up to the second. accept_failures_total.
  milliseconds accept_pause{20}, accept_pause_most{1'000};
};

}  // namespace ringctl::net
