#pragma once
// Twilio's REST API: one request and its answer, all pages of a list, and many requests at once. Here is
// decided what is sent again:
//
//   429, whatever it was         again, after Retry-After or a jittered delay: it was never processed
//   not one byte went out        again, whatever it was
//   500-504, timeout, broken     again if Ask::repeat is freely; else Failed::unknown: somebody has to look
//   401, 403, other 4xx, garbage never again
//
// Nothing is followed: a page's next address is taken for its path and asked of the base it came from. The
// login goes to the configured bases only.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "http/message.hpp"
#include "http/pace.hpp"
#include "twilio/credentials.hpp"
#include "twilio/json.hpp"

namespace ringctl::twilio {

enum class Api : std::uint8_t { core, trunking, messaging, pricing };

/// Whether a request may go out again when nobody knows whether it was carried out (twilio.md 9).
enum class Repeat : std::uint8_t {
  freely,  ///< GET, DELETE, and POSTs of absolute values
  never,   ///< what makes something, rings or texts somebody, or restarts TwiML
};

using Fields = http::Fields;

struct Ask {
  std::string method = "GET";
  Api api = Api::core;
  /// Below the account for core ("/Calls/CA....json"; "" = the account itself), else below the base
  /// ("/v1/Trunks"). With a leading "//" it is a whole path ("//2010-04-01/Accounts.json").
  std::string path = {};
  Fields query = {};  ///< names and values as they are; encoded here, "StartTime>" too
  Fields form = {};   ///< of a POST; a name twice is an array, an empty value clears
  Repeat repeat = Repeat::freely;
  std::size_t max_body = 8 * 1024 * 1024;
  bool awaited = false;  ///< a signal does not cut it once it is on its way: what became of it is heard
  bool raw = false;      ///< the body is no JSON (a recording): Reply::json stays null
};

struct Reply {
  int status = 0;
  Json json = {};
  std::string body = {};  ///< of a raw one only
  std::string request_id = {};
  std::optional<base::Instant> server_time = {};  ///< its Date
};

/// Why there is no reply.
struct Failed {
  enum class Kind : std::uint8_t {
    refused,    ///< a 4xx that is none of the others
    auth,       ///< 401, 403
    not_found,  ///< 404
    rate,       ///< still 429 after all retries
    down,       ///< no connection, TLS, a timeout or 5xx after all retries; not carried out, or harmless
    garbage,    ///< an answer that the API does not give, also to a Repeat::never: then see maybe_executed
    unknown,    ///< Repeat::never, and nobody knows whether it was carried out
    cancelled,
  };
  Kind kind = Kind::refused;
  int status = 0;               ///< of HTTP; 0 = no answer
  int code = 0;                 ///< Twilio's, 0 = none
  std::string message = {};     ///< one lower-case line with what was asked; no secret
  std::string request_id = {};  ///< Twilio-Request-Id
  bool maybe_executed = false;  ///< of a Repeat::never, and nobody knows: look before asking again
  int attempts = 1;
  std::chrono::milliseconds spent{};
  std::optional<std::chrono::seconds> retry_after = {};
  std::optional<base::Instant> server_time = {};  ///< of the answer, if there was one
  std::string login = {};                         ///< of auth: login_text() of what asked
};
/// With maybe_executed, whatever it is: Errc::unknown_outcome [twilio.unknown_outcome]. Else Errc::twilio
/// [twilio.refused], auth [twilio.auth], not_found [twilio.not_found], twilio_rate [twilio.rate_limited],
/// twilio_down [twilio.down], twilio_garbage [twilio.garbage], interrupted.
Error to_error(const Failed&);

using Outcome = std::variant<Reply, Failed>;

/// How many requests may be on their way at once, over all processes that ask the same account (C9). Called
/// from the client's thread.
class Slots {
 public:
  virtual ~Slots() = default;
  /// Up to `wanted` places, at least 1, waiting for the first; what is held already counts, and what is held
  /// beyond is let go. `busy` of them are in use now and are kept whatever is wanted. Called again several
  /// times a second while requests are under way. Throws Errc::twilio_rate [twilio.no_slot] when none becomes
  /// free in time.
  virtual std::size_t hold(std::size_t wanted, std::size_t busy) = 0;
  virtual void release() noexcept = 0;
};

struct ClientOptions {
  Credentials credentials;
  Bases bases = {};
  std::size_t max_concurrency = 8;
  std::chrono::milliseconds timeout{10'000};  ///< of one attempt
  http::Backoff backoff = {};
  http::Chance chance = {};  ///< empty: real chance
  std::string ca_file = {};
  const base::CancelToken* cancel = nullptr;  ///< outlives the client
  std::shared_ptr<Slots> slots = {};          ///< empty: max_concurrency is this process's own
};

/// One of many requests: `tag` says which when its outcome comes.
struct Task {
  std::size_t tag = 0;
  Ask ask = {};
};

/// Belongs to one thread. The clock, of which only `spent` is taken, outlives it: what waits for a server
/// waits in real time.
class Client {
 public:
  Client(ClientOptions, const base::Clock&);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const std::string& account_sid() const;
  bool has_api_key() const;  ///< it logs in with one, not as the account itself
  /// One with the same login that no signal stops, for taking back what was begun: one attempt's time at most
  /// for each request, and a place beside the others'.
  std::unique_ptr<Client> uncancelled() const;
  /// The URL of a whole path of the 2010 API, for what Twilio is told to come back to; never with a login.
  std::string url_of(Api, std::string_view path) const;

  /// Block. Also from within what run() and pages() call. send() throws to_error().
  Reply send(const Ask&);
  Outcome try_send(const Ask&);

  /// Every page of a list, in order, the next one on its way while `visit` works on this: `list` names the
  /// array. Returns how many items came. A page that is not of the base it was asked of, an address that came
  /// before, and more than `most_pages` are Errc::twilio_garbage [twilio.bad_page]. Items whose "sid" came
  /// before are left out (a list moves while it is read). `visit` returns false for enough.
  std::uint64_t pages(Ask first, std::string_view list,
                      const std::function<bool(const std::vector<Json>&)>& visit,
                      std::size_t page_size = 1000, std::size_t most_pages = 100'000);

  /// Many, as many at once as pace and slots allow. `next` is asked for one more whenever there is room, and
  /// says nullopt when there are none for good; `before` (may be empty) is called as a request is about to
  /// go out for the first time; `done` once for each. Both in the caller's thread; what they throw ends it
  /// after what is under way has come back. After Failed::Kind::auth nothing more goes out: what is under way
  /// ends, and then it throws to_error() of that. The same once the token is cancelled: all that is left is
  /// told so, and it throws what CancelToken::check() does. A 429 counts as a retry only while nothing else
  /// is answered either: under a limit that others keep within, everything gets its turn.
  void run(const std::function<std::optional<Task>()>& next,
           const std::function<void(std::size_t tag)>& before,
           const std::function<void(std::size_t tag, Outcome)>& done);

  /// What has gone over the wire.
  struct Traffic {
    std::uint64_t requests = 0, refused_for_rate = 0, retries = 0;
    std::size_t most_at_once = 0;
  };
  const Traffic& traffic() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::twilio
