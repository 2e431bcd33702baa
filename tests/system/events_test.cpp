// events tail on the real program.

#include <fmt/format.h>
#include <signal.h>

#include "base/uuid.hpp"
#include "support/eventually.hpp"
#include "support/sample_estate.hpp"
#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

const std::string k_sid = "CA00000000000000000000000000000001";

struct Room : Site {
  explicit Room(db::Engine engine) : Site(engine) {
    init();
    workspace = json({"workspaces", "list", "--columns", "id"}).at(0).at("id").get<std::string>();
  }
  /// A webhook that was kept just now.
  void keep(const std::string& sid, const std::string& status) {
    tamper(fmt::format(
        "INSERT INTO call_events (id, workspace_id, event_key, call_sid, kind, status, received_at, form) "
        "VALUES ('{0}', '{1}', '{0}', '{2}', 'status', '{3}', '2026-03-08T12:00:00.000Z', "
        "'{{\"CallStatus\":\"{3}\"}}')",
        ids.next().text(), workspace, sid, status));
  }
  test::ProcessOptions options() const {
    test::ProcessOptions all;
    if (!url().empty()) all.environment["RINGCTL_DATABASE_URL"] = url();
    return all;
  }
  base::SystemClock clock;
  base::UuidGenerator ids{clock};
  std::string workspace;
};

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

}  // namespace

TEST_CASE("events tail begins some time back, and gives one call's alone where that is asked for",
          "[system]") {
  Room site(any_engine());
  site.keep("CA00000000000000000000000000000002", "ringing");
  site.keep(k_sid, "in-progress");
  const auto tail = [&](const Site::Arguments& more) {
    Site::Arguments all{"events", "tail", "--since", "1h", "--limit", "1", "-o", "jsonl"};
    all.insert(all.end(), more.begin(), more.end());
    return nlohmann::json::parse(site.ok(all));
  };
  CHECK(tail({}).at("status") == "ringing");
  const auto one = tail({"--call", k_sid});
  CHECK(one.at("call_sid") == k_sid);
  CHECK(one.at("kind") == "status");
  CHECK(one.at("form").at("CallStatus") == "in-progress");
  CHECK(site.failure({"events", "tail", "--call", "CA1"}) == "2 usage.bad_value");
  CHECK(site.failure({"events", "tail", "-o", "md"}) == "2 usage.no_format");
  CHECK(site.failure({"calls", "tail", "-o", "html"}) == "2 usage.no_format");
  for (const auto* noun : {"calls", "messages", "events"}) {
    const auto out = (site.machine().home() / "rows.jsonl").string();
    const auto refused = site.run({noun, "tail", "--out", out});
    CHECK(test::failure_of(refused) == "2 usage.no_out");
    CHECK(refused.err.find(fmt::format("{} tail has no end", noun)) != std::string::npos);
    CHECK(refused.err.find(fmt::format("hint: ringctl {} tail > FILE", noun)) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(out));
  }
  const auto as_json = site.run({"calls", "tail", "-o", "json"});
  CHECK(as_json.status == 2);
  CHECK(as_json.err.find("\"usage.no_format\"") != std::string::npos);
}

TEST_CASE("events tail follows what is kept while it runs, until Ctrl-C", "[system]") {
  Room site(any_engine());
  site.keep(k_sid, "initiated");
  auto tail = site.machine().start(
      {"events", "tail", "--since", "1h", "-o", "csv", "--no-header", "--columns", "status"}, site.options());
  CHECK(test::eventually([&] { return tail.log() == "initiated\n"; }));
  site.keep(k_sid, "ringing");
  CHECK(test::eventually([&] { return tail.log() == "initiated\nringing\n"; }));
  tail.signal(SIGINT);
  CHECK(tail.wait() == 0);
  CHECK(tail.log().starts_with("initiated\nringing\n"));
}

TEST_CASE("a tail ends soon after its reader, though nothing comes that it could not write", "[system]") {
  Room site(any_engine());
  site.keep(k_sid, "initiated");
  const auto piped = [&](const std::string& tail, const std::string& reader) {
    return test::run_in_shell(site.machine(), "ringctl " + tail + " --timeout 20s | " + reader,
                              site.options().environment);
  };
  const auto one = piped("events tail --since 1h -o csv --no-header --columns status", "head -n 1");
  CHECK(one.status == 141);
  CHECK(one.out == "initiated\n");
  CHECK(one.err.empty());
  for (const auto* tail : {"calls tail", "messages tail", "messages tail --since-cursor messages.cursor"})
    CHECK(piped(tail, "true").status == 141);
}

TEST_CASE("a webhook's words are shown as text on a terminal", "[system]") {
  Room site(any_engine());
  site.keep("CA\x1b]52;c;Zm9v\x07", "ringing");
  test::TerminalOptions terminal;
  if (!site.url().empty()) terminal.environment["RINGCTL_DATABASE_URL"] = site.url();
  const auto shown =
      site.machine().run_in_terminal({"events", "tail", "--since", "1h", "--limit", "1"}, terminal);
  CHECK(shown.status == 0);
  CHECK(shown.out.find("\x1b]52") == std::string::npos);
  CHECK(shown.out.find("]52;c;Zm9v") != std::string::npos);
}
