#pragma once
// A service on a free port of this machine, over a database on either engine that can be told to be away or
// to hang.

#include <condition_variable>
#include <mutex>

#include "serve/service.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/session.hpp"

namespace ringctl::test {

/// Days as the fixture says, seconds as they pass: deadlines are kept by the machine's clock.
class WallClock final : public base::Clock {
 public:
  explicit WallClock(const base::Clock& wall) : wall_(wall) {}
  base::Instant now() const override { return wall_.now(); }
  std::chrono::steady_clock::time_point steady() const override { return system_.steady(); }

 private:
  const base::Clock& wall_;
  base::SystemClock system_;
};

/// How opening a connection goes. Those that are open stay so.
class Door {
 public:
  enum class State { open, away, hanging };

  explicit Door(const TestDatabase& database) : database_(database) {}
  void set(State state) {
    const std::lock_guard lock(mutex_);
    state_ = state;
    changed_.notify_all();
  }
  /// How many stand before it.
  int waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }
  serve::OpenDatabase opener() {
    return [this] { return open(); };
  }

 private:
  std::unique_ptr<db::Connection> open() {
    {
      std::unique_lock lock(mutex_);
      ++waiting_;
      changed_.wait(lock, [this] { return state_ != State::hanging; });
      --waiting_;
      if (state_ == State::away) throw Error(Errc::db_down, "db.down", "the database is away");
    }
    return database_.connect();
  }
  const TestDatabase& database_;
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::open;
  int waiting_ = 0;
};

/// Look-ups go as `ringctl serve` has them go: here on SQLite, by threads of their own on PostgreSQL.
inline unsigned threads_for(db::Engine engine) { return engine == db::Engine::sqlite ? 0 : 1; }

struct ServiceSite : Estate {
  explicit ServiceSite(db::Engine engine) : Estate(engine) {
    options.listen = {net::Endpoint::parse("127.0.0.1:0")};
    options.metrics_listen = net::Endpoint::parse("127.0.0.1:0");
    options.books.state = folder.path();
    options.webhooks.deadline = options.tokens.deadline = k_patience;  // no answer is one that came too late
    options.lookups.threads = options.tokens.pool.threads = threads_for(engine);
    options.webhooks.public_url = "https://pbx.example.com";
    options.webhooks.tokens.emplace_back("0123456789abcdef0123456789abcdef");
  }

  /// Whoever waits at the door would wait for ever.
  ~ServiceSite() { door.set(Door::State::open); }

  serve::Service& start() {
    service = std::make_unique<serve::Service>(options, door.opener(), wall);
    service->start();
    return *service;
  }
  HttpResponse get(const std::string& target, const HttpClient::Headers& headers = {}) const {
    return HttpClient(service->port()).get(target, headers);
  }
  std::string metrics() const { return http_get(service->port(1), "/metrics").body; }

  TempDir folder;
  WallClock wall{clock};
  Door door{database};
  serve::ServiceOptions options;
  std::unique_ptr<serve::Service> service;
};

}  // namespace ringctl::test
