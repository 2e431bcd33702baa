#pragma once
// Access tokens over HTTP: whoever shows an API token gets what their browser or app takes and places calls
// with, as themselves and nobody else (R1-R9). Answers are JSON, {"token":"eyJ..."} or
// {"error":...,"hint":...}, and are not to be kept by anybody on the way.

#include <chrono>
#include <functional>
#include <memory>

#include "directory/api_tokens.hpp"
#include "serve/database_pool.hpp"
#include "serve/deadlines.hpp"
#include "serve/estates.hpp"
#include "twilio/access_token.hpp"

namespace ringctl::serve {

class TokenRequest;

class AccessTokens {
 public:
  struct Options {
    /// Account, key and secret of the configuration, "" where there is none; identity and application are not
    /// looked at.
    twilio::VoiceGrant grant = {};
    std::chrono::milliseconds deadline{2000};
    /// Apart from that of the look-ups, so that no flood of tokens ever holds up a call.
    DatabasePool::Options pool{.threads = 1, .max_queue = 256};
  };
  /// Office and estates outlive it.
  AccessTokens(Office&, OpenDatabase, Estates&, Options);

  /// A GET of Endpoint::token or own_token; any thread.
  void handle(const net::Request&, const Route&, net::Respond);
  /// Answers what was asked and ends the threads.
  void stop() { pool_.stop(); }

 private:
  using RequestPtr = std::shared_ptr<TokenRequest>;
  void identify(const RequestPtr&);
  void decide(const RequestPtr&, const std::optional<directory::Holder>&);
  void mint(const RequestPtr&, const directory::Holder&);

  Office& office_;
  Estates& estates_;
  const Options options_;
  DatabasePool pool_;
  Deadlines deadlines_;
};

}  // namespace ringctl::serve
