// The server over real sockets: threads, limits of the machine, Unix sockets, sharing a port, draining.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <set>

#include "net/listener.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using net::Counter;
using net::Endpoint;
using net::Refusal;
using test::eventually;
using test::HttpClient;
using test::Listener;

namespace {

constexpr const char* k_get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

/// A container may have none.
bool has_ipv6() {
  const base::Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  return fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// Answers from threads of its own, as a group commit does.
class Answerer {
 public:
  explicit Answerer(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Answerer() {
    {
      const std::lock_guard guard(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  void operator()(const net::Request& request, net::Respond respond) {
    const std::lock_guard guard(mutex_);
    waiting_.emplace_back(std::string(request.body), std::move(respond));
    changed_.notify_one();
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      auto taken = std::move(waiting_);
      waiting_.clear();
      lock.unlock();
      for (auto& [body, respond] : taken) respond({.body = body});
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::string, net::Respond>> waiting_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

/// The soft limit of descriptors, as it was again at the end.
class DescriptorLimit {
 public:
  DescriptorLimit() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  /// None may be opened any more.
  void exhaust() const {
    const int next = ::fcntl(0, F_DUPFD_CLOEXEC, 0);  // the lowest that is free
    ::close(next);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  void restore() const { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a connection serves one request after the other, and a new one each time works as well", "[net]") {
  const Listener listener;
  auto client = listener.connect();
  for (int i = 0; i < 100; ++i) {
    const auto reply = client.post("/p?q=" + std::to_string(i), "body");
    REQUIRE(reply.status == 200);
    REQUIRE(reply.body == "POST /p?q=" + std::to_string(i) + " body");
  }
  for (int i = 0; i < 100; ++i) REQUIRE(test::http_get(listener.port(), "/").status == 200);
  CHECK(client.quiet());
  const auto stats = listener.server.stats();
  CHECK(stats.of(Counter::requests) == 200);
  CHECK(stats.of(Counter::accepted) == 101);
  CHECK(stats.in_flight == 0);
}

TEST_CASE("a client that closed its sending side still gets its answers", "[net]") {
  const Listener listener;
  auto client = listener.connect();
  client.send(std::string(k_get) + k_get);
  client.end();
  CHECK(client.read()->status == 200);
  CHECK(client.read()->status == 200);
  CHECK(client.closed());
}

TEST_CASE("many threads serve many clients whose answers come from other threads", "[net]") {
  Answerer answerer(3);
  const Listener listener(
      [&](const net::Request& request, net::Respond respond) { answerer(request, std::move(respond)); },
      {.threads = 4});
  constexpr int k_clients = 24, k_requests = 100;
  std::atomic<int> right = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < k_clients; ++c)
    clients.emplace_back([&, c] {
      auto client = listener.connect();
      for (int i = 0; i < k_requests; ++i) {
        const auto body = std::to_string(c) + "." + std::to_string(i);
        if (client.post("/", body).body == body) ++right;
      }
    });
  for (auto& client : clients) client.join();
  CHECK(right == k_clients * k_requests);
  CHECK(listener.server.stats().of(Counter::dropped) == 0);
}

TEST_CASE("two servers share a port", "[net]") {
  const Listener first;
  const Listener second(test::echo,
                        {.endpoints = {Endpoint::parse("127.0.0.1:" + std::to_string(first.port()))}});
  const auto served = [](const Listener& listener) { return listener.server.stats().of(Counter::requests); };
  for (int i = 0; i < 500 && (served(first) == 0 || served(second) == 0); ++i)
    REQUIRE(test::http_get(first.port(), "/").status == 200);
  CHECK(served(first) > 0);
  CHECK(served(second) > 0);
}

TEST_CASE("several endpoints are told apart, IPv6 among them", "[net]") {
  std::vector<Endpoint> endpoints{Endpoint::parse("127.0.0.1:0"), Endpoint::parse("localhost:0")};
  if (has_ipv6())
    endpoints.push_back(Endpoint::parse("[::1]:0"));
  else
    WARN("not looked at: this machine has no ::1");
  const Listener listener(
      [](const net::Request& request, net::Respond respond) {
        respond({.body = std::to_string(request.endpoint) + " " + std::string(request.remote)});
      },
      {.endpoints = endpoints});
  CHECK(test::http_get(listener.server.port(0), "/").body == "0 127.0.0.1");
  CHECK(test::http_get(listener.server.port(1), "/").body == "1 127.0.0.1");
  if (endpoints.size() > 2) CHECK(listener.server.port(2) != 0);
}

TEST_CASE("a Unix socket is made for its group, replaces a stale one and goes with the server", "[net]") {
  const test::TempDir dir;
  const auto path = (dir / "s.sock").string();
  auto endpoint = Endpoint::parse("unix:" + path);
  {
    const Listener listener(test::echo, {.endpoints = {endpoint}});
    CHECK(HttpClient(path).get("/").status == 200);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0660);
    // Somebody is there: nobody takes it away.
    CHECK(test::slug_of([&] { const Listener other(test::echo, {.endpoints = {endpoint}}); }) ==
          "net.in_use");
    CHECK(HttpClient(path).get("/").status == 200);
  }
  CHECK_FALSE(std::filesystem::exists(path));
  {
    // Left behind by one that was killed.
    const base::Fd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(stale.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  REQUIRE(std::filesystem::exists(path));
  endpoint.mode = 0600;
  {
    const Listener listener(test::echo, {.threads = 2, .endpoints = {endpoint}});
    CHECK(HttpClient(path).get("/").status == 200);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
    // Another one's socket in its place stays.
    std::filesystem::rename(path, path + ".moved");
    test::write_text(path, "not ours");
  }
  CHECK(std::filesystem::exists(path));
  CHECK(test::slug_of([&] { const Listener other(test::echo, {.endpoints = {endpoint}}); }) ==
        "net.listen_failed");
}

TEST_CASE("a socket that was handed over is served and left to its next owner", "[net]") {
  const base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(fd.get(), 16) == 0);  // binds to a free port of every address
  const auto endpoint = Endpoint::parse("fd:" + std::to_string(fd.get()));
  std::uint16_t port = 0;
  {
    Listener listener(test::echo, {.threads = 2, .endpoints = {endpoint}});
    port = listener.port();
    REQUIRE(port != 0);
    CHECK(test::http_get(port, "/").status == 200);
    listener.server.drain(5s);
    CHECK(listener.server.stats().open == 0);
  }
  HttpClient early(port);  // nobody serves it, but the socket still listens
  early.send(k_get);
  const Listener next(test::echo, {.endpoints = {endpoint}});
  CHECK(early.read()->status == 200);
}

TEST_CASE("what cannot be listened on is refused before anything runs", "[net]") {
  const base::Fd not_listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const base::Fd alone(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(alone.get(), 1) == 0);
  const auto slug = [](const std::string& text) {
    return test::slug_of(
        [&] { const Listener listener(test::echo, {.endpoints = {Endpoint::parse(text)}}); });
  };
  CHECK(slug("fd:" + std::to_string(not_listening.get())) == "net.listen_failed");
  CHECK(slug("fd:9999") == "net.listen_failed");
  CHECK(slug("192.0.2.1:0") == "net.listen_failed");
  CHECK(slug("unix:/nowhere/at/all.sock") == "net.listen_failed");
  auto port =
      Listener(test::echo, {.endpoints = {Endpoint::parse("fd:" + std::to_string(alone.get()))}}).port();
  CHECK(slug("127.0.0.1:" + std::to_string(port)) == "net.in_use");  // it did not agree to share
}

TEST_CASE("servers share a port where both agree to it, and one that is alone has threads all the same",
          "[net]") {
  const Listener first;
  auto endpoint = Endpoint::parse("127.0.0.1:" + std::to_string(first.port()));
  CHECK(test::slug_of([&] { const Listener second(test::echo, {.endpoints = {endpoint}}); }).empty());
  endpoint.alone = true;
  CHECK(test::slug_of([&] { const Listener other(test::echo, {.endpoints = {endpoint}}); }) == "net.in_use");
  auto alone = Endpoint::parse("127.0.0.1:0");
  alone.alone = true;
  const Listener own(test::echo, {.threads = 3, .endpoints = {alone}});
  CHECK(test::http_get(own.port(), "/").status == 200);
  const auto there = Endpoint::parse("127.0.0.1:" + std::to_string(own.port()));
  CHECK(test::slug_of([&] { const Listener other(test::echo, {.endpoints = {there}}); }) == "net.in_use");
}

TEST_CASE("a slow reader of a large answer is cut off, and others are served meanwhile", "[net]") {
  test::FakeClock clock;
  net::Limits limits;
  limits.tick = 1ms;
  const Listener listener(
      [](const net::Request& request, net::Respond respond) {
        respond({.body = std::string(request.path == "/large" ? 64'000'000 : 10, 'x')});
      },
      {.limits = limits, .clock = &clock});
  auto slow = listener.connect();
  slow.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(eventually([&] { return listener.server.stats().of(Counter::requests) == 1; }));
  CHECK(test::http_get(listener.port(), "/").status == 200);
  CHECK(eventually([&] {
    clock.advance(1s);
    return listener.server.stats().of(Counter::timeout_write) == 1;
  }));
  CHECK(test::http_get(listener.port(), "/").status == 200);
}

TEST_CASE("silent connections by the hundred cost others nothing", "[net]") {
  net::Limits limits;
  limits.soft_connections = 100;
  limits.connections = 120;
  const Listener listener(test::echo, {.limits = limits});
  std::vector<HttpClient> silent;
  auto regular = listener.connect();
  for (int i = 0; i < 400; ++i) {
    silent.push_back(listener.connect());
    if (i % 50 == 0) {
      REQUIRE(regular.get("/").status == 200);
    }
    REQUIRE(test::http_get(listener.port(), "/").status == 200);
  }
  const auto stats = listener.server.stats();
  CHECK(stats.open <= 101);
  CHECK(stats.of(Counter::closed_idle) >= 299);
  CHECK(stats.of(Refusal::too_many_connections) == 0);
}

TEST_CASE("busy connections past the hard limit are told 503", "[net]") {
  net::Limits limits;
  limits.soft_connections = limits.connections = 4;
  std::mutex mutex;
  std::vector<net::Respond> waiting;
  const Listener listener(
      [&](const net::Request&, net::Respond respond) {
        const std::lock_guard guard(mutex);
        waiting.push_back(std::move(respond));
      },
      {.limits = limits});
  std::vector<HttpClient> busy;
  for (int i = 0; i < 4; ++i) {
    busy.push_back(listener.connect());
    busy.back().send(k_get);
  }
  REQUIRE(listener.counted(Counter::requests, 4));
  for (int i = 0; i < 3; ++i) {
    auto turned_away = listener.connect();
    const auto reply = turned_away.read();
    REQUIRE(reply);
    CHECK(reply->status == 503);
    CHECK(reply->header("retry-after") == "1");
    CHECK(turned_away.closed());
  }
  const std::lock_guard guard(mutex);
  for (auto& respond : waiting) respond({});
  for (auto& client : busy) CHECK(client.read()->status == 200);
}

TEST_CASE("without descriptors accept pauses, open connections are served, and all is well afterwards",
          "[net]") {
  net::Limits limits;
  limits.accept_pause = 1ms;
  limits.accept_pause_most = 10ms;
  const Listener listener(
      [](const net::Request& request, net::Respond respond) { respond({.body = std::string(request.path)}); },
      {.limits = limits});
  // What UBSan sees for the first time it looks at through a pipe, for which there is no descriptor below.
  REQUIRE(test::http_get(listener.port(), "/").status == 200);
  auto open = listener.connect();
  open.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");  // half a request: not idle
  REQUIRE(listener.counted(Counter::accepted, 2));
  std::vector<base::Fd> sockets;
  for (int i = 0; i < 5; ++i) sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int connected = 0, served = 0;
  bool paused = false;
  {  // no assertion in here: a sanitizer would want a descriptor for it
    const DescriptorLimit descriptors;
    descriptors.exhaust();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(listener.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (const auto& socket : sockets)
      connected += ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    paused = listener.counted(Counter::accept_failures, 2);
    open.send("x");
    served = open.read()->status;
  }
  CHECK(connected == 5);
  CHECK(paused);
  CHECK(served == 200);
  CHECK(listener.counted(Counter::accepted, 7));
  CHECK(test::http_get(listener.port(), "/").status == 200);
}

TEST_CASE("draining under load answers every request that was sent", "[net]") {
  constexpr int k_clients = 16;
  Listener listener(test::echo, {.threads = 2});
  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0, lost = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < k_clients; ++c)
    clients.emplace_back([&] {
      try {
        while (!stop) {
          auto client = listener.connect();  // refused once the server is gone: that ends the loop
          for (bool open = true; open && !stop;) {
            if (!client.send(k_get)) break;
            const auto reply = client.read();
            if (reply && reply->status == 200)
              ++answered;
            else
              ++lost;
            open = reply && reply->header("connection") != "close";
          }
        }
      } catch (const std::runtime_error&) {
        return;
      }
    });
  REQUIRE(eventually([&] { return answered > 500; }));
  CHECK(listener.server.drain(20s) == 0);
  stop = true;
  for (auto& client : clients) client.join();
  // A connection the kernel completed between the last accept and the close is reset; it is no request we
  // took.
  const auto stats = listener.server.stats();
  CHECK(stats.of(Counter::responses) == stats.of(Counter::requests));
  CHECK(stats.of(Counter::requests) == static_cast<std::uint64_t>(answered));
  CHECK(lost <= 2 * k_clients);
  CHECK(stats.open == 0);
}

TEST_CASE("draining waits for a slow handler, and cuts it when the time is over", "[net]") {
  std::promise<net::Respond> taken;
  Listener listener([&](const net::Request&, net::Respond respond) { taken.set_value(std::move(respond)); });
  auto client = listener.connect();
  client.send(k_get);
  auto respond = taken.get_future().get();
  SECTION("in time") {
    auto drained = std::async(std::launch::async, [&] { return listener.server.drain(20s); });
    REQUIRE(eventually([&] {  // nobody new comes in
      try {
        listener.connect();
        return false;
      } catch (const std::runtime_error&) {
        return true;
      }
    }));
    respond({.body = "done"});
    const auto reply = client.read();
    REQUIRE(reply);
    CHECK(reply->body == "done");
    CHECK(reply->header("connection") == "close");
    CHECK(client.closed());
    CHECK(drained.get() == 0);
  }
  SECTION("too late") {
    CHECK(listener.server.drain(10ms) == 1);
    CHECK(client.closed());
    respond({});
  }
}

TEST_CASE("a server that never ran, or was drained twice, ends well", "[net]") {
  const base::SystemClock clock;
  net::Server idle(test::echo, {}, clock);
  idle.listen({Endpoint::parse("127.0.0.1:0")});
  CHECK(idle.port() != 0);
  CHECK(idle.drain(1s) == 0);
  Listener listener;
  CHECK(listener.server.drain(1s) == 0);
  CHECK(listener.server.drain(1s) == 0);
  CHECK(listener.server.reload().code.empty());
}
