#pragma once
// The client: requests go out over connections that are kept and used again, a bounded number at a time, from
// one thread. Strict: TLS 1.2 and later with certificates that are checked (there is no switch), plain HTTP
// to this machine only, no redirects, no cookies, no decompression, HTTP/1.1 (one request at a time on a
// connection, so that it is known which of them a broken one takes along). Proxies are those of HTTPS_PROXY
// and NO_PROXY, which libcurl reads; what goes to this machine in the clear goes there directly.
//
// What is not here: trying again, and adapting the bound. Whoever knows what a request does decides that,
// with set_bound(), Response::retry_after and Failure::maybe_executed.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/cancel.hpp"
#include "http/message.hpp"

namespace ringctl::http {

struct SessionOptions {
  std::size_t bound = 8;               ///< requests on their way at once; more wait in line. At least 1
  std::filesystem::path ca_file = {};  ///< PEM: the roots to trust; "": the system's
  std::string user_agent = {};         ///< "": ringctl/VERSION
  /// Looked at several times a second: once it is set, all that is under way fails as cancelled, but for what
  /// is awaited. Outlives the session.
  const base::CancelToken* cancel = nullptr;
};

/// Belongs to one thread.
class Session {
 public:
  using Done = std::function<void(Outcome)>;

  explicit Session(SessionOptions = {});
  /// What is still under way is dropped; nobody is told.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Puts the request in line. `done` is called once, from step(), and may start others; what it throws comes
  /// out of step(). Throws what parse_url() throws, and Errc::usage [http.bad_request] for a method or a
  /// field that would break the request apart.
  void start(Request, Done done);
  /// Moves everything on and waits for at most `most` until something happened. True while anything is left.
  bool step(std::chrono::milliseconds most);
  /// Until nothing is left.
  void finish();

  /// One request and its outcome. What was started before moves on meanwhile.
  Outcome perform(Request);

  /// From now on; what is on its way beyond it is left to end.
  void set_bound(std::size_t);
  std::size_t waiting() const;
  std::size_t under_way() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::http
