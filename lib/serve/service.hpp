#pragma once
// A running server, put together: the listener in front, webhooks and health behind it, the journal, and what
// reads and writes the database.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "net/server.hpp"
#include "serve/access_tokens.hpp"
#include "serve/bookkeeping.hpp"
#include "serve/estates.hpp"
#include "serve/notifier.hpp"
#include "serve/webhooks.hpp"

namespace ringctl::serve {

struct ServiceOptions {
  std::vector<net::Endpoint> listen;
  std::optional<net::Endpoint> metrics_listen = {};  ///< nullopt: no /metrics
  std::optional<net::TlsFiles> tls = {};
  net::Limits limits = {};
  unsigned threads = 1;  ///< that take connections
  WebhookOptions webhooks;
  Bookkeeping::Options books;
  Estates::Options estates = {};
  Lookups::Options lookups = {};
  AccessTokens::Options tokens = {};
  Notifier::Options notifier = {};
  LogOptions log = {};
  std::chrono::milliseconds drain_timeout{20'000};
};

class Service {
 public:
  /// Opens everything but the doors: journal, database as far as it is there, sockets. Throws as they do.
  Service(ServiceOptions, OpenDatabase, const base::Clock&);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Answers from here on; returns at once.
  void start();
  /// Reads certificates and estates anew. `tokens`: as WebhookOptions::tokens; empty: those there are stay.
  /// What was wrong with the certificates, if anything.
  base::Finding reload(const std::vector<base::Secret>& tokens = {});
  /// For simulations: answers as its doors would. To be called once it has started, until it is stopped.
  net::Handler handler();
  /// For simulations: brings all that was journaled to the database, and reads the estates after that. What
  /// is asked from here on is answered by all that was before. False if the journal takes longer.
  bool settle(std::chrono::milliseconds within);
  /// For simulations: sends what is queued for workspaces' own webhooks now; how many were taken.
  std::size_t notify();
  /// Finishes what was begun, applies the journal as far as the time allows. True if nothing was cut short or
  /// left in the journal.
  bool stop();

  /// The port of the endpoint that was given at `index`; 0 if it has none. The one of metrics comes last.
  std::uint16_t port(std::size_t index = 0) const;
  /// Where it listens, "127.0.0.1:8080 unix:/run/ringctl/serve.sock", with the ports that were found.
  std::string address() const;
  /// Where metrics are served; "" for nowhere.
  std::string metrics_address() const;
  /// Whether calls can be answered as the estate says.
  bool ready() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringctl::serve
