// What a workspace's own webhook hears of its texts: from a server on this machine, with the queue on either
// engine.

#include "serve/notifier.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <set>

#include "base/digest.hpp"
#include "messages/desk.hpp"
#include "messages/hooks.hpp"
#include "serve/switchboard.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/raw_server.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::eventually;
using test::k_patience;
using test::RawPeer;
using test::RawServer;
using test::TextDesk;

namespace {

const std::string k_secret = "correct horse battery staple";

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

base::SealKey key(char digit = 'a') { return base::SealKey(base::Secret(std::string(64, digit))); }

/// The value of a field of a request, as it was sent.
std::string field(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}
std::string body_of(const std::string& request) { return request.substr(request.find("\r\n\r\n") + 4); }

/// A workspace's own server: keeps what it is posted, and answers as the test says.
class HookServer {
 public:
  using Answer = std::function<std::string(const std::string& request)>;
  explicit HookServer(Answer answer = [](const std::string&) { return RawServer::response("thanks"); })
      : answer_(std::move(answer)), server_(std::vector<RawServer::Script>(200, [this](RawPeer& peer) {
          for (auto request = peer.read(); !request.empty(); request = peer.read()) {
            note(request);
            if (!peer.send(answer_(request))) return;
          }
        })) {}

  std::string url() const { return server_.url("/sms?from=ringctl"); }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::vector<std::string> deliveries() const {
    std::vector<std::string> ids;
    for (const auto& request : requests()) ids.push_back(field(request, "Ringctl-Delivery"));
    return ids;
  }
  std::size_t connections() const { return server_.connections(); }

 private:
  void note(const std::string& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  const Answer answer_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  RawServer server_;  // its threads use the rest
};

HookServer::Answer answers(int status, const std::string& fields = {}) {
  return [=](const std::string&) { return RawServer::response("", fields, status); };
}

/// An office that is texted and has a webhook of its own.
struct Hooked : TextDesk {
  explicit Hooked(db::Engine engine)
      : TextDesk(engine), estates(opener(), clock, {.every = std::chrono::hours(1)}) {
    join(ann_id);
  }

  OpenDatabase opener() {
    return [this] {
      if (!away) return database.connect();
      ++refused;
      throw Error(Errc::db_down, "db.unreachable", "nobody listens");
    };
  }
  void hook(const std::string& url) { hook(url, workspace); }
  void hook(const std::string& url, const base::Uuid& of, const base::SealKey& with = key()) {
    messages::HookChange change;
    change.url = url;
    change.secret = base::Secret(k_secret);
    messages::set_hook(session(), of, change, with);
  }
  Notifier::Options options(bool thread = false) const {
    Notifier::Options options;
    options.key = key();
    options.thread = thread;
    options.local_too = true;
    options.every = std::chrono::hours(1);
    return options;
  }
  std::unique_ptr<Notifier> open(Notifier::Options options) {
    return std::make_unique<Notifier>(opener(), clock, estates, std::move(options));
  }
  std::unique_ptr<Notifier> open() { return open(options()); }

  void texts(int from, int to) {
    std::vector<messages::Event> events;
    for (int n = from; n <= to; ++n) events.push_back(text(n));
    apply(events);
  }
  /// "done|1|200\n": state, attempts and last answer of each delivery.
  std::string states() {
    return rows(
        "SELECT state, attempts, coalesce(response_status, 0) FROM message_deliveries WHERE workspace_id = $1 "
        "ORDER BY created_at, id");
  }
  std::int64_t done() {
    return integer("SELECT count(*) FROM message_deliveries WHERE workspace_id = $1 AND state = 'done'",
                   {workspace});
  }
  std::string last_error() {
    return read([&] { return messages::queue_state(db(), workspace).last_error; });
  }

  std::atomic<bool> away = false;
  std::atomic<int> refused = 0;  ///< connections while it was
  Estates estates;
};

}  // namespace

TEST_CASE("a delivery is signed over the time and the body", "[serve]") {
  const base::Secret secret(k_secret);
  CHECK(hook_signature(secret, base::parse_utc("2026-03-08T12:00:00.999Z"),
                       R"({"event":"message.received"})") ==
        "t=1772971200,v1=7632d4d5b923f1124f8ed4c9f89a3026ec347605b59ee97bfa3b781ba29d65fb");
}

TEST_CASE("a text is posted to the workspace's webhook, signed and named, and that is all", "[serve]") {
  HookServer server;
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 1);
  const auto notifier = f.open();
  CHECK(notifier->run_due() == 1);
  CHECK(f.states() == "done|1|200\n");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  const auto& request = requests.front();
  CHECK(request.starts_with("POST /sms?from=ringctl HTTP/1.1\r\n"));
  CHECK(field(request, "Content-Type") == "application/json");
  CHECK(field(request, "Ringctl-Event") == "message.received");
  CHECK(field(request, "Ringctl-Delivery").size() == 36);
  CHECK(field(request, "Ringctl-Signature") ==
        fmt::format("t=1772971200,v1={}",
                    base::hmac_sha256_hex(base::Secret(k_secret), "1772971200." + body_of(request))));
  CHECK(body_of(request).find(fmt::format(R"("message_sid":"{}")", test::message_sid(1))) !=
        std::string::npos);
  CHECK(body_of(request).find(fmt::format(R"("delivery":"{}")", field(request, "Ringctl-Delivery"))) !=
        std::string::npos);
  CHECK(request.find(k_secret) == std::string::npos);

  CHECK(notifier->run_due() == 0);
  CHECK(server.requests().size() == 1);
  CHECK(notifier->stats().delivered == 1);
  CHECK(notifier->stats().failed == 0);
}

TEST_CASE("all that is queued goes out, however much may be taken at once", "[serve]") {
  std::atomic<int> under_way = 0, most = 0;
  HookServer server([&](const std::string&) {
    most = std::max(most.load(), ++under_way);
    --under_way;
    return RawServer::response("");
  });
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 50);
  auto options = f.options();
  options.most = 7;
  options.at_once = 3;
  const auto notifier = f.open(options);
  CHECK(notifier->run_due() == 50);
  CHECK(f.done() == 50);
  const auto ids = server.deliveries();
  CHECK(ids.size() == 50);
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 50);
  CHECK(most <= 3);
}

TEST_CASE("what the webhook does not take goes out again later, under the same name", "[serve]") {
  std::atomic<int> status = 500;
  HookServer server([&](const std::string&) { return RawServer::response("", {}, status); });
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 1);
  const auto notifier = f.open();
  CHECK(notifier->run_due() == 0);
  CHECK(f.states() == "waiting|1|500\n");
  CHECK(f.last_error() == "it answered 500");
  CHECK(notifier->run_due() == 0);  // not yet
  CHECK(server.requests().size() == 1);
  f.clock.advance(seconds(5));
  status = 202;
  CHECK(notifier->run_due() == 1);
  CHECK(f.states() == "done|2|202\n");
  CHECK(f.last_error().empty());
  const auto ids = server.deliveries();
  REQUIRE(ids.size() == 2);
  CHECK(ids.front() == ids.back());
  const auto requests = server.requests();
  CHECK(field(requests.back(), "Ringctl-Signature").starts_with("t=1772971205,v1="));
  CHECK(notifier->stats().failed == 1);
}

TEST_CASE("a redirect is not followed", "[serve]") {
  HookServer elsewhere;
  HookServer server(answers(307, "Location: " + elsewhere.url() + "\r\n"));
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 1);
  CHECK(f.open()->run_due() == 0);
  CHECK(f.last_error() == "it answered 307, and redirects are not followed");
  CHECK(elsewhere.connections() == 0);
}

TEST_CASE("a webhook that nobody serves, or that breaks off, has not taken anything", "[serve]") {
  const test::DeafPort deaf;
  RawServer broken({[](RawPeer& peer) { peer.read(); }});
  Hooked f(any_engine());
  f.hook(fmt::format("http://127.0.0.1:{}/", deaf.number()));
  f.texts(1, 1);
  const auto notifier = f.open();
  CHECK(notifier->run_due() == 0);
  CHECK(f.states() == "waiting|1|0\n");
  CHECK(f.last_error().find("cannot be reached") != std::string::npos);
  f.hook(broken.url());
  f.clock.advance(seconds(5));
  CHECK(notifier->run_due() == 0);
  CHECK(f.states() == "waiting|2|0\n");
}

TEST_CASE("what is queued for a day is given up, and counted", "[serve]") {
  HookServer server(answers(404));
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 1);
  const auto notifier = f.open();
  notifier->run_due();
  f.clock.advance(std::chrono::hours(24));
  notifier->run_due();
  CHECK(f.states() == "given_up|2|404\n");
  CHECK(notifier->stats().given_up == 1);
  CHECK(notifier->run_due() == 0);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("a webhook of this machine is not told by a server that is not only tried out", "[serve]") {
  HookServer server;
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 1);
  auto options = f.options();
  options.local_too = false;
  CHECK(f.open(options)->run_due() == 0);
  CHECK(f.states() == "waiting|1|0\n");
  CHECK_FALSE(f.last_error().empty());
  CHECK(server.connections() == 0);
}

TEST_CASE("without the key everything waits, and no attempt is lost", "[serve]") {
  HookServer server;
  Hooked f(any_engine());
  const bool another = GENERATE(false, true);
  f.hook(server.url(), f.workspace, another ? key('b') : key());
  f.texts(1, 1);
  auto options = f.options();
  if (!another) options.key.reset();
  {
    const auto notifier = f.open(options);
    notifier->wake();
    CHECK(notifier->run_due() == 0);
  }
  CHECK(f.states() == "waiting|0|0\n");
  CHECK(server.connections() == 0);
  options.key = another ? key('b') : key();
  CHECK(f.open(options)->run_due() == 1);
}

TEST_CASE("an inactive workspace is told nothing until it is active again", "[serve]") {
  HookServer server;
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 1);
  const auto notifier = f.open();
  f.exec("UPDATE workspaces SET is_active = FALSE, version = version + 1 WHERE id = $1", {f.workspace});
  f.estates.refresh();
  CHECK(notifier->run_due() == 0);
  CHECK(server.connections() == 0);
  f.exec("UPDATE workspaces SET is_active = TRUE, version = version + 1 WHERE id = $1", {f.workspace});
  f.estates.refresh();
  CHECK(notifier->run_due() == 1);
}

// --- the thread ---

TEST_CASE("what was queued before the start goes out, and what comes later as soon as somebody says so",
          "[serve]") {
  HookServer server;
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 3);
  const auto notifier = f.open(f.options(true));
  CHECK(eventually([&] { return f.done() == 3; }));
  f.texts(4, 5);
  notifier->wake();  // the next look without it is an hour away
  CHECK(eventually([&] { return f.done() == 5; }));
  notifier->stop(k_patience);
  CHECK(server.requests().size() == 5);
}

TEST_CASE("what was queued by another process is found without being told", "[serve]") {
  HookServer server;
  Hooked f(any_engine());
  f.hook(server.url());
  auto options = f.options(true);
  options.every = milliseconds(2);
  const auto notifier = f.open(options);
  f.texts(1, 1);
  CHECK(eventually([&] { return f.done() == 1; }));
}

TEST_CASE("a webhook that does not answer holds up nobody else's, and keeps what it was told of", "[serve]") {
  RawServer silent({[](RawPeer& peer) {
    peer.read();
    peer.wait_until_gone();
  }});
  HookServer server;
  Hooked f(any_engine());
  const auto other = f.database.add_workspace("other");
  f.estates.refresh();
  f.hook(silent.url(), other);
  f.hook(server.url());
  db::in_transaction(f.db(), db::Scope::of(other), [&] {
    const std::vector<messages::Event> events{f.text(100)};
    messages::apply(f.session(), other, events);
  });
  auto options = f.options(true);
  options.timeout = options.hold = k_patience;
  const auto notifier = f.open(options);
  REQUIRE(eventually([&] { return silent.connections() == 1; }));
  f.texts(1, 3);
  notifier->wake();
  CHECK(eventually([&] { return f.done() == 3; }));
  notifier->stop(milliseconds(0));
  // It is anybody's at once, as if nobody had tried.
  const auto taken = messages::take_due(f.db(), f.clock, other, "another", 64, seconds(60));
  REQUIRE(taken.size() == 1);
  CHECK(taken.front().attempts == 0);
}

TEST_CASE("what is on its way when it stops is waited for, and marked", "[serve]") {
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  HookServer server([&](const std::string&) {
    opened.wait_for(k_patience);
    return RawServer::response("");
  });
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 1);
  auto options = f.options(true);
  options.timeout = options.hold = k_patience;
  const auto notifier = f.open(options);
  REQUIRE(eventually([&] { return server.requests().size() == 1; }));
  auto stopped = std::async(std::launch::async, [&] { notifier->stop(k_patience); });
  gate.set_value();
  stopped.get();
  CHECK(f.states() == "done|1|200\n");
}

TEST_CASE("while the database is away nothing is lost, and nothing is told twice", "[serve]") {
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  HookServer server([&](const std::string&) {
    opened.wait_for(k_patience);
    return RawServer::response("");
  });
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 1);
  auto options = f.options(true);
  options.timeout = options.hold = k_patience;
  options.every = milliseconds(2);
  f.away = true;
  const auto notifier = f.open(options);
  f.away = false;
  REQUIRE(eventually([&] { return server.requests().size() == 1; }));
  // The other side takes it, and that cannot be written down.
  f.away = true;
  const int refused = f.refused;
  f.exec("ALTER TABLE message_deliveries RENAME TO deliveries_gone");
  REQUIRE(eventually([&] { return f.refused > refused; }));
  gate.set_value();
  f.exec("ALTER TABLE deliveries_gone RENAME TO message_deliveries");
  f.away = false;
  CHECK(eventually([&] { return f.done() == 1; }));
  notifier->stop(k_patience);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("two processes share the queue, and tell each text once", "[serve]") {
  HookServer server;
  Hooked f(any_engine());
  f.hook(server.url());
  f.texts(1, 120);
  auto options = f.options(true);
  options.most = 5;
  options.every = milliseconds(10);  // of a piece that both reached for, one may get nothing
  const auto one = f.open(options), two = f.open(options);
  CHECK(eventually([&] { return f.done() == 120; }));
  one->stop(k_patience);
  two->stop(k_patience);
  const auto ids = server.deliveries();
  CHECK(ids.size() == 120);
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 120);
  CHECK(one->stats().delivered + two->stats().delivered == 120);
}

// --- in a service ---

TEST_CASE("a text that comes in reaches the workspace's webhook", "[serve]") {
  HookServer server;
  test::Switchboard board(any_engine());
  messages::HookChange change;
  change.url = server.url();
  change.secret = base::Secret(k_secret);
  messages::set_hook(board.session(), board.workspace, change, key());
  const bool thread = GENERATE(true, false);
  auto options = board.options();
  options.notifier.key = key();
  options.notifier.local_too = true;
  options.notifier.thread = thread;
  options.notifier.every = std::chrono::hours(1);
  board.service.emplace(options, board.opener(), board.clock);
  board.service->start();
  const test::Form text{{"AccountSid", std::string(test::Switchboard::k_account)},
                        {"Body", "Hello"},
                        {"From", std::string(test::Switchboard::k_caller)},
                        {"MessageSid", test::message_sid(1)},
                        {"To", test::k_from}};
  CHECK(board.post_as(test::Switchboard::k_token, "/api/twilio/webhook", text).status == 200);
  REQUIRE(board.service->settle(k_patience));
  if (!thread) {
    CHECK(server.connections() == 0);
    CHECK(board.service->notify() == 1);
  }
  CHECK(eventually([&] { return server.requests().size() == 1; }));
  CHECK(board.stop());
  CHECK(server.requests().size() == 1);
  CHECK(board.integer("SELECT count(*) FROM message_deliveries WHERE state = 'done'") == 1);
}
