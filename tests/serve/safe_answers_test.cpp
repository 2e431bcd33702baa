// Calls while the database is away: what is said, and that it is on record afterwards.

#include <algorithm>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>

#include "serve/switchboard.hpp"
#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

using test::call_sid;
using test::Switchboard;

const auto k_next = "/next/s0w0";

template <class Verb>
bool begins_with(const twiml::Response& response) {
  return !response.verbs.empty() && std::holds_alternative<Verb>(response.verbs.front());
}
bool is_refusal(const twiml::Response& response) {
  return begins_with<twiml::Say>(response) && std::holds_alternative<twiml::Hangup>(response.verbs.back());
}

/// Of the call that is dialled.
bool is_recorded(const twiml::Response& response) {
  for (const auto& verb : response.verbs)
    if (const auto* const dial = std::get_if<twiml::Dial>(&verb))
      return dial->record != twiml::RecordFrom::do_not_record;
  FAIL("nothing is dialled");
  return false;
}

std::int64_t events(Switchboard& board, std::string_view kind) {
  return board.integer("SELECT count(*) FROM call_events WHERE kind = $1", {kind});
}

/// The database is back, and has all that is in the journal.
void come_back(Switchboard& board) {
  board.away = false;
  REQUIRE(board.stop());
}

TEST_CASE("a call that comes in rings as the estate was last read, and goes on without the database",
          "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.start(true);
  const auto dial = board.answer("", board.form());
  REQUIRE(begins_with<twiml::Dial>(dial));
  CHECK(std::get<twiml::Dial>(dial.verbs.front()).nouns.size() == 1);
  CHECK(board.answer("", board.form()) == dial);
  // Nobody answered: the plan is in memory.
  const auto after = board.answer(k_next, board.form({{"DialCallStatus", "no-answer"}}));
  CHECK_FALSE(begins_with<twiml::Dial>(after));
  CHECK(after.verbs.size() >= 2);

  come_back(board);
  CHECK(board.integer("SELECT count(*) FROM calls WHERE call_sid = $1", {call_sid(1)}) == 1);
  CHECK(events(board, "inbound") == 1);
  CHECK(events(board, "next") == 1);
}

TEST_CASE("a follow-up of a call that came in elsewhere leads to the last step", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(true);
  const auto after = board.answer(k_next, board.form({{"DialCallStatus", "no-answer"}}));
  CHECK_FALSE(begins_with<twiml::Dial>(after));
  const auto menu = board.answer("/menu/1", board.form({{"CallSid", call_sid(2)}, {"Digits", "101"}}));
  CHECK_FALSE(menu.verbs.empty());
  const auto queue = board.answer("/wait/s0w0", board.form({{"CallSid", call_sid(3)}}));
  CHECK(begins_with<twiml::Leave>(queue));
  come_back(board);
  for (const auto* kind : {"next", "menu", "wait"}) CHECK(events(board, kind) == 1);
}

TEST_CASE(
    "an agent's call is refused in words while the limits cannot be asked, and the refusal is on record",
    "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.start(true);
  CHECK(is_refusal(board.answer("", board.form({{"From", board.from_ann()}, {"To", test::k_to}}))));
  come_back(board);
  CHECK(board.integer("SELECT count(*) FROM calls WHERE refusal = 'limits_unavailable'") == 1);
  CHECK(board.counter(board.assignment).reserved == 0);
}

TEST_CASE(
    "where the workspace says so an agent's call is dialled uncounted, and counted when the database is back",
    "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())), 1);
  board.decide("limits_unavailable", "allow");
  board.reserve();  // the day's one call
  board.start(true);
  const auto call =
      board.form({{"From", board.from_ann()}, {"To", test::k_to}, {"FromNumber", test::k_from}});
  const auto dial = board.answer("", call);
  REQUIRE(begins_with<twiml::Dial>(dial));
  CHECK(std::get<twiml::Dial>(dial.verbs.front()).caller_id == test::k_from);
  CHECK(board.answer("", call) == dial);
  // Without its number a call can be neither placed nor counted later.
  CHECK(is_refusal(board.answer(
      "", board.form({{"CallSid", call_sid(2)}, {"From", board.from_ann()}, {"To", test::k_to}}))));

  come_back(board);
  CHECK(board.counter(board.assignment) == test::Counter{2, 0, 0, 0});
  CHECK(board.integer("SELECT count(*) FROM calls WHERE reservation_id IS NOT NULL AND refusal IS NULL") ==
        1);
}

TEST_CASE("uncounted calls only those who may, and only from numbers of their own", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.decide("limits_unavailable", "allow");
  const std::string second = "+12025550101", bens = "+12025550102", nobodys = "+12025550103";
  board.assign(board.ann_id, board.number(second));
  const auto ben = board.agent("ben@example.com");
  board.assign(ben, board.number(bens));
  board.exec("UPDATE users SET is_active = FALSE WHERE id = $1", {ben});
  board.start(true);
  int calls = 0;
  const auto call_from = [&](const std::string& client, const std::string& number) {
    return board.answer(
        "",
        board.form(
            {{"CallSid", call_sid(++calls)}, {"From", client}, {"To", test::k_to}, {"FromNumber", number}}));
  };
  for (const auto& own : {test::k_from, second})
    CHECK(begins_with<twiml::Dial>(call_from(board.from_ann(), own)));
  for (const auto& other : {bens, nobodys}) CHECK(is_refusal(call_from(board.from_ann(), other)));
  CHECK(is_refusal(call_from("client:agent_" + ben.text(), bens)));
  CHECK(is_refusal(call_from("client:agent_" + board.workspace.text(), test::k_from)));
}

TEST_CASE("a number that is never to be recorded is not, although it cannot be looked up", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.decide("limits_unavailable", "allow");
  board.decide("recording_policy", "always");
  const bool spared = GENERATE(true, false);
  if (spared) board.exec("UPDATE phone_numbers SET record_policy = 'never'");
  board.start(true);
  CHECK(is_recorded(board.answer("", board.form())) != spared);
  CHECK(is_recorded(board.answer("", board.form({{"CallSid", call_sid(2)},
                                                 {"From", board.from_ann()},
                                                 {"To", test::k_to},
                                                 {"FromNumber", test::k_from}}))) != spared);
}

TEST_CASE("a number that nobody has read yet is not recorded while it cannot be looked up", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.decide("recording_policy", "always");
  board.start(true);
  CHECK_FALSE(is_recorded(board.answer("", board.form({{"To", "+12025550177"}}))));
}

TEST_CASE("an emergency call is dialled, whatever is away", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(true);
  const auto dial = board.answer("", board.form({{"From", board.from_ann()}, {"To", "911"}}));
  REQUIRE(begins_with<twiml::Dial>(dial));
  come_back(board);
  CHECK(board.counter(board.assignment).reserved == 0);
}

/// What a call waits for has to be there by its deadline, and a machine with too much to do may need longer:
/// `holds` is asked with more and more time, until it does. False if it never does.
bool in_time(const std::function<bool(std::chrono::milliseconds deadline)>& holds) {
  for (std::chrono::milliseconds deadline{500}; deadline < test::k_patience; deadline *= 4)
    if (holds(deadline)) return true;
  return false;
}

/// After so many connections the database is away, until `board.away` says that it is back; every answer
/// waits for its commit.
void start_late(Switchboard& board, int connections, std::chrono::milliseconds deadline) {
  auto options = board.options();
  options.books.durability = Durability::database;
  options.webhooks.deadline = deadline;
  board.away = true;
  const auto left = std::make_shared<std::atomic<int>>(connections);
  const auto open = [&board, left] {
    if (board.away && left->fetch_sub(1) <= 0) throw Error(Errc::db_down, "db.unreachable", "nobody listens");
    return board.database.connect();
  };
  board.service.emplace(std::move(options), open, board.clock);
  board.service->start();
}

void add_extension(Switchboard& board, std::string_view digits) {
  board.exec(
      "INSERT INTO user_extensions (id, workspace_id, user_id, extension, is_active, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, TRUE, $5, $5)",
      {board.alice.ids.next(), board.workspace, board.ann_id, digits, board.clock.now()});
}

/// Who comes to it while it is closed waits until it is opened.
class Gate {
 public:
  void open() { set(true); }
  void close() { set(false); }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  void set(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
};

/// Opens it before the service goes, which waits for those who stand there.
struct OpenAtTheEnd {
  explicit OpenAtTheEnd(Gate& closed) : gate(closed) {}
  ~OpenAtTheEnd() { gate.open(); }
  OpenAtTheEnd(const OpenAtTheEnd&) = delete;
  OpenAtTheEnd& operator=(const OpenAtTheEnd&) = delete;
  Gate& gate;
};

TEST_CASE("a caller who pressed an extension is put through to it, however late that is durable", "[serve]") {
  const auto engine = GENERATE(from_range(test::engines()));
  CHECK(in_time([&](std::chrono::milliseconds deadline) {
    Switchboard board(engine);
    add_extension(board, "101");
    start_late(board, 2, deadline);  // the estate's, and that of the look-up
    const auto pressed = board.form({{"Digits", "101"}});
    const auto dial = board.answer("/menu/0", pressed);
    const auto again = board.answer("/menu/0", pressed);
    come_back(board);
    if (!begins_with<twiml::Dial>(dial) ||
        board.integer("SELECT count(*) FROM calls WHERE routed_by = 'extension'") != 1)
      return false;
    CHECK(again == dial);
    return true;
  }));
}

TEST_CASE("digits that were decided about already are not taken for those of the menu after them",
          "[serve][postgresql]") {
  Switchboard board(db::Engine::postgresql);
  add_extension(board, "101");
  board.start(false);
  const auto dial = board.answer("/menu/0", board.form({{"Digits", "101"}}));
  REQUIRE(begins_with<twiml::Dial>(dial));
  board.away = true;
  board.db().query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
      "AND pid <> pg_backend_pid()");
  // Not the very same, so it is not answered as that was.
  CHECK(board.answer("/menu/0", board.form({{"Digits", "101"}, {"CallerCity", "Oakland"}})) == dial);
  // Of a menu that waits for its digits they are, and who presses none is led on to the main line.
  CHECK(begins_with<twiml::Gather>(board.answer("", board.form({{"CallSid", call_sid(2)}}))));
  CHECK(begins_with<twiml::Dial>(board.answer("/menu/0", board.form({{"CallSid", call_sid(2)}}))));
}

TEST_CASE("an agent's call that was counted in time is dialled, however late that is durable", "[serve]") {
  const auto engine = GENERATE(from_range(test::engines()));
  CHECK(in_time([&](std::chrono::milliseconds deadline) {
    Switchboard board(engine);
    start_late(board, 3, deadline);  // the estate's, that of the limits and that of the look-up
    const auto call = board.form({{"From", board.from_ann()}, {"To", test::k_to}});
    const auto dial = board.answer("", call);
    const auto again = board.answer("", call);
    come_back(board);
    if (!begins_with<twiml::Dial>(dial)) return false;
    CHECK(again == dial);
    CHECK(board.counter(board.assignment) == test::Counter{1, 0, 0, 0});
    CHECK(board.integer("SELECT count(*) FROM calls WHERE reservation_id IS NOT NULL AND refusal IS NULL") ==
          1);
    return true;
  }));
}

TEST_CASE("an agent's call that was counted, and refused because the rest came late, is given back",
          "[serve]") {
  const auto engine = GENERATE(from_range(test::engines()));
  CHECK(in_time([&](std::chrono::milliseconds deadline) {
    Gate gate;
    std::atomic<int> opened = 0;
    Switchboard board(engine);
    const OpenAtTheEnd open_at_the_end(gate);
    gate.close();
    auto options = board.options();
    options.webhooks.deadline = deadline;
    const auto open = [&] {
      if (++opened == 3) gate.pass();  // for whose number was dialled; the call is counted by then
      return board.database.connect();
    };
    board.service.emplace(std::move(options), open, board.clock);
    board.service->start();
    const auto call = board.form({{"From", board.from_ann()}, {"To", test::k_to}});
    const auto refused = board.answer("", call);
    const bool counted_in_time = opened >= 3;
    CHECK(is_refusal(refused));
    gate.open();
    const auto again = board.answer("", call);
    REQUIRE(board.stop());
    if (!counted_in_time) return false;
    // Answered once, it is answered so again, and not counted anew.
    CHECK(again == refused);
    CHECK(board.counter(board.assignment) == test::Counter{1, 0, 1, 0});
    CHECK(board.integer("SELECT count(*) FROM calls WHERE refusal = 'limits_unavailable' AND user_id = $1",
                        {board.ann_id}) == 1);
    return true;
  }));
}

TEST_CASE("who hears from memory that they will be called back is on the list", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.decide("after_ring", "callback");
  const bool rings = GENERATE(true, false);
  if (!rings) board.exec("UPDATE users SET availability = 'offline'");
  board.start(true);
  auto said = board.answer("", board.form());
  CHECK(begins_with<twiml::Dial>(said) == rings);
  if (rings) said = board.answer(k_next, board.form({{"DialCallStatus", "no-answer"}}));
  REQUIRE(begins_with<twiml::Say>(said));
  // Nobody knows the plan of this one; and this one hung up.
  board.answer(k_next, board.form({{"CallSid", call_sid(2)}, {"DialCallStatus", "no-answer"}}));
  board.answer(
      k_next,
      board.form({{"CallSid", call_sid(3)}, {"DialCallStatus", "canceled"}, {"CallStatus", "completed"}}));
  come_back(board);
  const auto asked = [&](int call) {
    return board.integer(
        "SELECT count(*) FROM callbacks b JOIN calls c ON c.id = b.call_id WHERE c.call_sid = $1 AND "
        "b.notes = 'asked to be called back'",
        {call_sid(call)});
  };
  CHECK(asked(1) == 1);
  CHECK(asked(2) == 1);
  CHECK(asked(3) == 0);
}

TEST_CASE(
    "an agent's call that a server with too much to do refuses is on record as the agent's, and counted",
    "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  auto options = board.options();
  options.limits.in_flight = 0;
  const auto metrics = (board.folder / "metrics.sock").string();
  options.metrics_listen = net::Endpoint::parse("unix:" + metrics);
  board.service.emplace(std::move(options), board.opener(), board.clock);
  board.service->start();
  const auto call = board.form({{"From", board.from_ann()}, {"To", test::k_to}});
  for (int times = 0; times < 2; ++times)
    CHECK(is_refusal(board.answer_at("/api/twilio/voice/inbound", call)));
  CHECK(test::HttpClient(metrics)
            .get("/metrics")
            .body.find("ringctl_limit_denied_total{code=\"limits_unavailable\"} 1\n") != std::string::npos);
  REQUIRE(board.stop());
  CHECK(board.integer("SELECT count(*) FROM calls WHERE refusal = 'limits_unavailable' AND user_id = $1",
                      {board.ann_id}) == 1);
}

/// The machine's disk, which takes as long to sync as a gate is closed.
class SlowDisk final : public Disk {
 public:
  Gate gate;

  std::error_code create(const std::filesystem::path& path, base::Fd& fd) override {
    return disk_.create(path, fd);
  }
  std::error_code open(const std::filesystem::path& path, base::Fd& fd) override {
    return disk_.open(path, fd);
  }
  std::error_code grow(int fd, std::uint64_t bytes) override { return disk_.grow(fd, bytes); }
  std::error_code write(int fd, std::string_view first, std::string_view second,
                        std::uint64_t offset) override {
    return disk_.write(fd, first, second, offset);
  }
  std::error_code sync(int fd) override {
    gate.pass();
    return disk_.sync(fd);
  }
  std::error_code rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return disk_.rename(from, to);
  }
  std::error_code remove(const std::filesystem::path& path) override { return disk_.remove(path); }
  std::error_code sync_folder(const std::filesystem::path& path) override { return disk_.sync_folder(path); }

 private:
  Disk& disk_ = system_disk();
};

/// A service whose journal is on such a disk; `patience`: of what only tells of something.
void start_on(Switchboard& board, SlowDisk& disk, std::chrono::milliseconds patience) {
  auto options = board.options();
  options.books.disk = &disk;
  options.webhooks.deadline = std::chrono::milliseconds(20);
  options.webhooks.record_deadline = patience;
  board.service.emplace(std::move(options), board.opener(), board.clock);
  board.service->start();
}

TEST_CASE("what only tells of something is acknowledged once it is on record, however late", "[serve]") {
  SlowDisk disk;
  Switchboard board(db::Engine::sqlite);
  start_on(board, disk, test::k_patience);
  const OpenAtTheEnd open_at_the_end(disk.gate);
  disk.gate.close();
  const auto path = GENERATE(as<std::string>(), "/status", "/recording");
  auto told = std::async(std::launch::async, [&] { return board.post(path, board.form()); });
  // Of a call the deadline passes meanwhile: the caller is led on.
  CHECK(begins_with<twiml::Dial>(board.answer("", board.form({{"CallSid", call_sid(2)}}))));
  CHECK(told.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  disk.gate.open();
  CHECK(told.get().status == 204);
  REQUIRE(board.stop());
  CHECK(events(board, path.substr(1)) == 1);
}

TEST_CASE("what only tells of something is refused when it does not get on record in time", "[serve]") {
  SlowDisk disk;
  Switchboard board(db::Engine::sqlite);
  start_on(board, disk, std::chrono::milliseconds(50));
  const OpenAtTheEnd open_at_the_end(disk.gate);
  disk.gate.close();
  const auto path = GENERATE(as<std::string>(), "/status", "/recording");
  CHECK(board.post(path, board.form()).status == 503);
}

TEST_CASE("what only tells of something does not wait for a database that is away", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  start_late(board, 1, std::chrono::milliseconds(500));
  CHECK(board.post("/status", board.form({{"SequenceNumber", "1"}})).status == 204);
  come_back(board);
  CHECK(events(board, "status") == 1);
}

TEST_CASE("what comes before the estate was ever read is answered, and kept for when it is", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  board.away = true;
  board.start(true);
  CHECK_FALSE(board.service->ready());
  CHECK(is_refusal(board.answer("", board.form())));
  CHECK(board.post("/status", board.form({{"CallStatus", "completed"}, {"SequenceNumber", "3"}})).status ==
        204);
  CHECK(is_refusal(board.answer("", board.form({{"CallSid", call_sid(2)}, {"From", board.from_ann()}}))));
  come_back(board);
  CHECK(events(board, "inbound") == 1);
  CHECK(events(board, "status") == 1);
  CHECK(events(board, "outbound") == 1);
}

}  // namespace
}  // namespace ringctl::serve
