// The server while what it stands on breaks: calls come in all the time over many connections, every answer
// is read as TwiML, and afterwards every call that was answered is in the database, once. Short by default;
// RINGCTL_TEST_FULL=1 makes the outages a minute long and kills fifty times.
#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "db/transaction.hpp"
#include "support/eventually.hpp"
#include "support/load.hpp"
#include "support/pg_cluster.hpp"
#include "support/serve_site.hpp"
#include "twiml/read.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using test::ServeOptions;
using test::ServeSite;
using Steady = std::chrono::steady_clock;

namespace {

constexpr double k_rate = 200;  // calls a second
constexpr int k_agents = 5;

bool full() { return std::getenv("RINGCTL_TEST_FULL") != nullptr; }

void wait(std::chrono::milliseconds time) { ::poll(nullptr, 0, static_cast<int>(time.count())); }

double ms(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }

std::vector<std::string> callers() {
  std::vector<std::string> numbers;
  for (int i = 0; i < 90; ++i) numbers.push_back(fmt::format("+162655501{:02}", 10 + i));
  return numbers;
}

const char* wrong_with(const test::HttpReply& reply) {
  twiml::Problem problem;
  return twiml::try_read(reply.body(), problem) ? nullptr : "not_twiml";
}

/// Calls that come in until it is stopped, and which of them were answered.
class Calls {
 public:
  Calls(const ServeSite& serve, test::LoadOptions options)
      : load_(prepared(serve, std::move(options)), test::Requests(serve.calls(callers()))) {
    thread_ = std::thread([this] { report_ = load_.run(); });
  }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;
  ~Calls() { stop(); }

  std::size_t answered() const { return answered_; }
  /// False if none of that many more is answered in time.
  bool await(std::size_t more) const {
    const auto until = answered() + more;
    return test::eventually([&] { return answered() >= until; });
  }
  const test::LoadReport& stop() {
    load_.stop();
    if (thread_.joinable()) thread_.join();
    return report_;
  }
  /// Once it was stopped.
  const std::vector<std::string>& sids() const { return sids_; }

 private:
  test::LoadOptions prepared(const ServeSite& serve, test::LoadOptions options) {
    options.port = serve.port();
    options.seconds = 3600;
    options.wrong = wrong_with;
    options.acknowledged = [this](std::string_view sid) {
      sids_.emplace_back(sid);
      ++answered_;
    };
    return options;
  }

  std::vector<std::string> sids_;  ///< the thread's, until it has ended
  std::atomic<std::size_t> answered_ = 0;
  test::Load load_;
  test::LoadReport report_;
  std::thread thread_;
};

std::map<std::string, int> counts_of(const ServeSite& serve, std::string_view sql) {
  const auto& site = serve.site();
  const auto connection =
      db::Connection::open(site.url().empty() ? "sqlite:" + site.sqlite_file().string() : site.url());
  const db::Transaction transaction(*connection, db::Scope::of(base::Uuid::parse(serve.workspace())),
                                    db::Access::read);
  std::map<std::string, int> counts;
  for (auto rows = connection->query(sql); rows.next();) ++counts[std::string(rows.text(0))];
  return counts;
}

/// Every call that was answered is in the log once, and so is its webhook.
void check_recorded(const ServeSite& serve, const Calls& calls) {
  const auto rows = counts_of(serve, "SELECT call_sid FROM calls");
  const auto events = counts_of(serve, "SELECT call_sid FROM call_events");
  int lost = 0, doubled = 0;
  for (const auto& sid : calls.sids()) {
    const auto row = rows.find(sid), event = events.find(sid);
    if (row == rows.end() || event == events.end()) ++lost;
    if ((row != rows.end() && row->second > 1) || (event != events.end() && event->second > 1)) ++doubled;
  }
  CHECK(lost == 0);
  CHECK(doubled == 0);
}

/// Seconds until all that is in the journal is in the database too.
double catch_up(const ServeSite& serve) {
  const auto since = Steady::now();
  REQUIRE(test::eventually([&] { return serve.metric("ringctl_journal_lag_records") == 0; }, 20));
  return std::chrono::duration<double>(Steady::now() - since).count();
}

std::string summary(const test::LoadReport& report) {
  std::string text =
      fmt::format("{} requests, {} answered in {:.1f} s; p50 {:.1f} ms, p99 {:.1f} ms, longest {:.1f} ms",
                  report.requests, report.answered(), report.elapsed_s, ms(report.since_sent.percentile(0.5)),
                  ms(report.since_sent.percentile(0.99)), ms(report.since_sent.max()));
  for (const auto& [how, count] : report.failures)
    if (count > 0) text += fmt::format(", {} {}", count, how);
  for (const auto& [status, count] : report.statuses) text += fmt::format(", {} of {}", count, status);
  return text;
}

/// A PostgreSQL that can be broken, a server on it, and calls.
struct Outage {
  test::PostgresCluster database;
  ServeSite serve{db::Engine::postgresql, {.listen = ServeOptions::Listen::tcp, .server = database.url()}};
  std::optional<Calls> calls;

  Outage() {
    serve.lay_out(k_agents);
    serve.start();
    calls.emplace(serve, test::LoadOptions{.connections = 600, .rate = k_rate});
    REQUIRE(calls->await(200));
  }
  ~Outage() {
    calls.reset();
    database.thaw();
  }

  /// A call is answered in much less than the two seconds that answers wait for a database. Whichever does
  /// not wait may still wait for the machine: then another one.
  bool answers_at_once() {
    return test::eventually([&] {
      const auto since = Steady::now();
      serve.answer(serve.voice(), serve.inbound("+16265550101", test::k_main_line));
      return Steady::now() - since < 500ms;
    });
  }
  bool knows_that_it_is_away() const {
    return test::eventually([&] { return serve.metric("ringctl_db_up") == 0; });
  }

  /// The database is there again: nothing went unanswered, and nothing is lost.
  void check_over() {
    REQUIRE(calls->await(200));
    const auto& report = calls->stop();
    const auto seconds = catch_up(serve);
    WARN(summary(report) << "; caught up in " << seconds << " s");
    CHECK(report.failed() == 0);
    // Two seconds are promised; the rest is for the machine that asks. Only a quiet machine can be held to it.
    if (full()) CHECK(ms(report.since_sent.max()) < 3000);
    check_recorded(serve, *calls);
    CHECK(serve.terminate() == 0);
  }
};

std::chrono::seconds outage_time() { return full() ? 60s : 8s; }

}  // namespace

TEST_CASE("PostgreSQL goes down and comes back under calls: every one is answered, none is lost",
          "[system][slow]") {
  Outage outage;
  outage.database.halt();
  wait(outage_time());
  CHECK(outage.knows_that_it_is_away());
  CHECK(outage.answers_at_once());
  outage.database.resume();
  outage.check_over();
}

TEST_CASE("PostgreSQL hangs under calls: every one is answered, soon at once, and none is lost",
          "[system][slow]") {
  Outage outage;
  outage.database.freeze();
  // As long as it takes to know that nobody answers any more.
  wait(4s);
  for (int i = 0; i < 5; ++i) CHECK(outage.answers_at_once());
  wait(outage_time() - 4s);
  CHECK(outage.knows_that_it_is_away());
  outage.database.thaw();
  outage.check_over();
}

TEST_CASE("a server whose database hangs is killed, and nothing that it answered is lost", "[system][slow]") {
  Outage outage;
  outage.database.freeze();
  REQUIRE(outage.calls->await(400));
  outage.serve.kill();
  outage.calls->stop();
  outage.database.thaw();
  outage.serve.start();
  catch_up(outage.serve);
  check_recorded(outage.serve, *outage.calls);
}

TEST_CASE("a server whose database hangs can be stopped, and the next one records what it left",
          "[system][slow]") {
  Outage outage;
  outage.database.freeze();
  REQUIRE(outage.calls->await(200));
  outage.calls->stop();
  CHECK(outage.serve.terminate() == 0);
  outage.database.thaw();
  outage.serve.start();
  catch_up(outage.serve);
  check_recorded(outage.serve, *outage.calls);
}

TEST_CASE("a database that answers slowly delays calls, and no answer fails", "[system][slow]") {
  Outage outage;
  const auto until = Steady::now() + outage_time();
  while (Steady::now() < until) {
    outage.database.freeze();
    wait(400ms);
    outage.database.thaw();
    wait(60ms);
  }
  outage.check_over();
}

TEST_CASE("a server that is killed again and again under calls loses none that it answered",
          "[system][slow]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine, {.listen = ServeOptions::Listen::tcp});
    serve.lay_out(k_agents);
    serve.start();
    Calls calls(serve, {.connections = 64, .rate = k_rate * 2});
    for (int kills = full() ? 50 : 10; kills > 0; --kills) {
      REQUIRE(calls.await(60));
      serve.kill();
      serve.start();
    }
    REQUIRE(calls.await(60));
    const auto report = calls.stop();
    catch_up(serve);
    WARN(db::engine_name(engine) << ": " << summary(report));
    for (const auto* how : {"status", "not_twiml", "bad_reply", "timeout"})
      CHECK(report.failures.at(how) == 0);
    check_recorded(serve, calls);
    CHECK(serve.terminate() == 0);
  }
}

TEST_CASE("a server is stopped and started again under calls, and no request fails", "[system][slow]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine, {.listen = ServeOptions::Listen::inherited});
    serve.lay_out(k_agents);
    serve.start();
    Calls calls(serve, {.connections = 64, .rate = k_rate});
    for (int restarts = full() ? 50 : 5; restarts > 0; --restarts) {
      REQUIRE(calls.await(60));
      CHECK(serve.terminate() == 0);
      serve.start();
    }
    REQUIRE(calls.await(60));
    const auto report = calls.stop();
    WARN(db::engine_name(engine) << ": " << summary(report));
    CHECK(report.failed() == 0);
    catch_up(serve);
    check_recorded(serve, calls);
  }
}

TEST_CASE("ten times the calls that it can take are all answered with sense, and soon all on record",
          "[system][slow]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine, {.listen = ServeOptions::Listen::tcp});
    serve.lay_out(k_agents);
    serve.start();
    // 1,500 ask again as soon as they were answered, where some 16 would keep it busy.
    Calls calls(serve, {.connections = 1500});
    wait(full() ? 30s : 5s);
    const auto report = calls.stop();
    const auto seconds = catch_up(serve);
    WARN(db::engine_name(engine) << ": " << summary(report) << "; caught up in " << seconds << " s; "
                                 << serve.metric("ringctl_twiml_fallback_total{cause=\"overload\"}")
                                 << " safe answers");
    CHECK(report.failed() == 0);
    if (full()) CHECK(seconds < 5);
    check_recorded(serve, calls);
    CHECK(serve.terminate() == 0);
  }
}
