#include "serve/applier.hpp"

#include <algorithm>
#include <atomic>

#include "base/error.hpp"
#include "serve/applier_refused.hpp"
#include "serve/journal_site.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::append;
using test::append_all;
using test::eventually;
using test::fetch_all;
using test::JournalSite;
using Texts = std::vector<std::string>;

namespace {

/// Stands for the database: keeps what it is given, and refuses what it is told to.
class FakeDatabase {
 public:
  enum class State { there, away, busy, ambiguous };

  Apply apply() {
    return [this](std::span<const Record> records) { take(records); };
  }
  void set(State state) {
    const std::lock_guard lock(mutex_);
    state_ = state;
  }
  /// Whatever holds this text is refused: with an Error, or with a bug's exception.
  void poison(std::string text, bool bug = false) {
    const std::lock_guard lock(mutex_);
    poison_ = std::move(text);
    bug_ = bug;
  }
  Texts rows() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }
  std::vector<std::size_t> batches() const {
    const std::lock_guard lock(mutex_);
    return batches_;
  }
  int attempts() const {
    const std::lock_guard lock(mutex_);
    return attempts_;
  }

 private:
  void take(std::span<const Record> records) {
    const std::lock_guard lock(mutex_);
    ++attempts_;
    if (state_ == State::away) throw Error(Errc::db_down, "db.down", "connection refused");
    if (state_ == State::busy) throw Error(Errc::db_busy, "db.busy", "too many writers");
    for (const auto& record : records)
      if (!poison_.empty() && record.bytes.find(poison_) != std::string_view::npos) {
        if (bug_) throw std::out_of_range("a bug");
        throw Error(Errc::invalid, "calls.bad_event", "no such\nstatus");
      }
    for (const auto& record : records) rows_.emplace_back(record.bytes);
    batches_.push_back(records.size());
    // Committed, but nobody hears of it.
    if (state_ == State::ambiguous) throw Error(Errc::unknown_outcome, "db.unknown", "the answer was lost");
  }

  mutable std::mutex mutex_;
  State state_ = State::there;
  std::string poison_;
  bool bug_ = false;
  Texts rows_;
  std::vector<std::size_t> batches_;
  int attempts_ = 0;
};

struct ApplierSite : JournalSite {
  FakeDatabase database;
  ApplierOptions applier_options{
      .gather = milliseconds(0), .first_retry = milliseconds(1), .longest_retry = milliseconds(2)};
};

/// Stands still. The first other thread that looks at it is held up until its maker's looks again.
class HaltingClock final : public base::Clock {
 public:
  base::Instant now() const override { return {}; }
  std::chrono::steady_clock::time_point steady() const override {
    if (std::this_thread::get_id() != maker_) {
      if (!looked_.exchange(true)) halted_.set_value();
      going_on_.wait();
    } else if (looked_ && !told_.exchange(true)) {
      go_on_.set_value();
    }
    return {};
  }
  void wait_until_halted() { halted_.get_future().wait(); }

 private:
  const std::thread::id maker_ = std::this_thread::get_id();
  mutable std::atomic<bool> looked_ = false, told_ = false;
  mutable std::promise<void> halted_, go_on_;
  std::shared_future<void> going_on_ = go_on_.get_future().share();
};

Texts numbered(int count) {
  Texts texts;
  for (int i = 0; i < count; ++i) texts.push_back("record " + std::to_string(i));
  return texts;
}

Texts without(Texts texts, const std::string& one) {
  std::erase(texts, one);
  return texts;
}

}  // namespace

TEST_CASE("records are applied in order, in batches of a bounded size, and the lag returns to nothing",
          "[serve]") {
  ApplierSite site;
  site.applier_options.batch.records = 10;
  const auto journal = site.open();
  append_all(*journal, numbered(95));
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  REQUIRE(applier.wait_until(95, test::k_patience));
  append_all(*journal, {"later"});
  REQUIRE(applier.wait_until(96, test::k_patience));
  auto expected = numbered(95);
  expected.emplace_back("later");
  CHECK(site.database.rows() == expected);
  const auto batches = site.database.batches();
  CHECK(batches.front() == 10);
  CHECK(*std::max_element(batches.begin(), batches.end()) == 10);
  CHECK(journal->stats().disk.lag_records == 0);
  CHECK(applier.stats().records == 96);
  CHECK(applier.stats().db_up);
}

TEST_CASE("records that come within a moment share a batch, unless somebody waits", "[serve]") {
  ApplierSite site;
  site.applier_options.gather = std::chrono::hours(1);
  const auto journal = site.open();
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  append_all(*journal, numbered(5));
  CHECK_FALSE(applier.wait_until(6, milliseconds(0)));
  REQUIRE(applier.wait_until(5, test::k_patience));
  CHECK(site.database.rows() == numbered(5));
}

TEST_CASE("while the database is away records wait, attempts grow rarer, and nothing is lost", "[serve]") {
  ApplierSite site;
  std::mutex mutex;
  std::vector<milliseconds> delays;
  site.applier_options.first_retry = milliseconds(100);
  site.applier_options.longest_retry = milliseconds(1000);
  site.applier_options.sleep = [&](milliseconds delay) {
    const std::lock_guard lock(mutex);
    delays.push_back(delay);
  };
  const auto journal = site.open();
  site.database.set(GENERATE(FakeDatabase::State::away, FakeDatabase::State::busy));
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  append_all(*journal, numbered(20));
  REQUIRE(eventually([&] { return applier.stats().retries > 12; }));
  CHECK_FALSE(applier.stats().db_up);
  CHECK(applier.stats().away_since == site.clock.now());
  CHECK(applier.stats().last_error != "");
  CHECK(journal->stats().disk.lag_records == 20);
  site.database.set(FakeDatabase::State::there);
  REQUIRE(applier.wait_until(20, test::k_patience));
  CHECK(site.database.rows() == numbered(20));
  CHECK(applier.stats().db_up);
  CHECK_FALSE(applier.stats().away_since);
  CHECK(refused_files(site.root()).empty());
  const std::lock_guard lock(mutex);
  CHECK(delays.at(0) >= milliseconds(50));
  CHECK(delays.at(0) <= milliseconds(100));
  CHECK(delays.at(11) >= milliseconds(500));
  CHECK(delays.at(11) <= milliseconds(1000));
}

TEST_CASE("a commit whose answer was lost is given again, for the database to recognise", "[serve]") {
  ApplierSite site;
  site.applier_options.sleep = [&](milliseconds) { site.database.set(FakeDatabase::State::there); };
  const auto journal = site.open();
  site.database.set(FakeDatabase::State::ambiguous);
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  append_all(*journal, {"once"});
  REQUIRE(applier.wait_until(1, test::k_patience));
  CHECK(site.database.rows() == Texts{"once", "once"});
  CHECK(refused_files(site.root()).empty());
}

TEST_CASE("a record that is refused for its own sake is set aside whole, and the others go on in order",
          "[serve]") {
  ApplierSite site;
  const auto journal = site.open();
  auto texts = numbered(64);
  const auto at = GENERATE(std::size_t{0}, std::size_t{37}, std::size_t{63});
  const bool bug = GENERATE(false, true);
  texts[at] = std::string("poison\n\nreason: \0\xff", 18);
  site.database.poison("poison", bug);
  append_all(*journal, texts);
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  REQUIRE(applier.wait_until(64, test::k_patience));
  CHECK(site.database.rows() == without(texts, texts[at]));
  CHECK(applier.stats().refused == 1);
  CHECK(applier.stats().db_up);
  CHECK(journal->stats().disk.lag_records == 0);
  const auto files = refused_files(site.root());
  REQUIRE(files.size() == 1);
  const auto refused = read_refused(files[0]);
  CHECK(refused.sequence == at + 1);
  CHECK(refused.at == site.clock.now());
  CHECK(refused.reason == (bug ? "a bug" : "no such status"));
  CHECK(refused.bytes == texts[at]);
  CHECK(std::filesystem::status(files[0]).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("a refused record that cannot be set aside stays where it is until it can", "[serve]") {
  ApplierSite site;
  const auto journal = site.open();
  const auto blocked = journal->slot().folder() / "refused";
  test::write_text(blocked, "in the way");
  site.database.poison("poison");
  append_all(*journal, {"before", "poison", "after"});
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  REQUIRE(eventually([&] { return applier.stats().retries > 3; }));
  CHECK(site.database.rows() == Texts{"before"});
  CHECK(journal->highest_applied() == 1);
  std::filesystem::remove(blocked);
  REQUIRE(applier.wait_until(3, test::k_patience));
  CHECK(site.database.rows() == Texts{"before", "after"});
  CHECK(refused_files(site.root()).size() == 1);
}

TEST_CASE("while the database is away those who have waited longest make room for those who come",
          "[serve]") {
  ApplierSite site;
  const auto journal = site.open();
  site.database.set(FakeDatabase::State::away);
  std::vector<std::uint64_t> refused;
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  const auto one = append(*journal, "one");
  constexpr std::size_t k_most = 16'384;
  for (std::uint64_t n = 0; n < k_most + 2; ++n)
    applier.when_applied(one.sequence, [&refused, n](bool applied) {
      if (!applied) refused.push_back(n);
    });
  CHECK(refused == std::vector<std::uint64_t>{0, 1});
  applier.stop(std::chrono::milliseconds(0));
}

TEST_CASE("those who wait for the database are told when their record is there, or never will be",
          "[serve]") {
  ApplierSite site;
  const auto journal = site.open();
  std::atomic<int> told = 0, refused = 0;
  const auto tell = [&](bool applied) { applied ? ++told : ++refused; };
  {
    Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
    const auto one = append(*journal, "one");
    applier.when_applied(one.sequence, tell);
    REQUIRE(eventually([&] { return told == 1; }));
    applier.when_applied(one.sequence, tell);
    CHECK(told == 2);
    site.database.set(FakeDatabase::State::away);
    const auto two = append(*journal, "two");
    applier.when_applied(two.sequence, tell);
    REQUIRE(eventually([&] { return !applier.stats().db_up; }));
    CHECK(refused == 0);
    CHECK_FALSE(applier.stop(test::k_patience));
    CHECK(refused == 1);
    applier.when_applied(two.sequence, tell);
    CHECK(refused == 2);
    CHECK_FALSE(applier.wait_until(two.sequence, test::k_patience));
  }
  CHECK(told == 2);
}

TEST_CASE("stopping applies what is there; what it could not apply is applied by the next", "[serve]") {
  ApplierSite site;
  {
    const auto journal = site.open();
    Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
    append_all(*journal, numbered(100));
    CHECK(applier.stop(test::k_patience));
    CHECK(site.database.rows() == numbered(100));
  }
  {
    const auto journal = site.open();
    site.database.set(FakeDatabase::State::away);
    Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
    append_all(*journal, {"left"});
    CHECK_FALSE(applier.stop(test::k_patience));
  }
  site.database.set(FakeDatabase::State::there);
  const auto journal = site.open();
  CHECK(journal->stats().disk.lag_records == 1);
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  REQUIRE(applier.wait_until(101, test::k_patience));
  auto expected = numbered(100);
  expected.emplace_back("left");
  CHECK(site.database.rows() == expected);
}

TEST_CASE("what came while the applier took itself for idle is applied by stopping", "[serve]") {
  ApplierSite site;
  const auto journal = site.open();
  HaltingClock clock;
  Applier applier(*journal, clock, site.database.apply(), site.applier_options);
  clock.wait_until_halted();  // it found nothing, and is about to look whether it was told to stop
  append_all(*journal, {"late"});
  CHECK(applier.stop(test::k_patience));
  CHECK(site.database.rows() == Texts{"late"});
}

TEST_CASE("how far it came is saved while it runs, and the bounds are kept", "[serve]") {
  ApplierSite site;
  const auto begun = site.clock.now();
  const auto journal = site.open();
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  append_all(*journal, numbered(3));
  REQUIRE(applier.wait_until(3, test::k_patience));
  site.clock.advance(site.applier_options.save_every);
  CHECK(eventually([&] { return Checkpoint::peek(journal->slot().folder()) == 3; }));
  site.clock.advance(site.options.bounds.max_age * 2);
  append_all(*journal, {"wakes it"});
  CHECK(eventually([&] {
    site.clock.advance(site.options.bounds.max_age);
    const auto oldest = journal->stats().disk.oldest_at;
    return !oldest || *oldest > begun;
  }));
}

TEST_CASE("what a process left that never came back is applied by another", "[serve]") {
  ApplierSite site;
  auto dead = site.open();
  auto other = site.open();
  const auto mine = site.open();
  append_all(*dead, {"left 1", "left 2", "left 3"});
  append_all(*other, {"still at work"});
  dead.reset();
  site.applier_options.root = site.root();
  site.applier_options.abandoned = site.options;
  Applier applier(*mine, site.clock, site.database.apply(), site.applier_options);
  REQUIRE(eventually([&] { return site.database.rows().size() == 3; }));
  CHECK(site.database.rows() == Texts{"left 1", "left 2", "left 3"});
  REQUIRE(eventually([&] { return applier.stats().adopted == 3; }));
  // The other one ends later, with its record.
  other.reset();
  REQUIRE(eventually([&] {
    site.clock.advance(site.applier_options.look_every);
    return site.database.rows().size() == 4;
  }));
  REQUIRE(applier.stop(seconds(1)));
  const auto again = site.open();
  CHECK(again->slot().number() == 0);
  CHECK(fetch_all(*again).empty());
}

TEST_CASE("a journal that is full takes records again as soon as the database is back", "[serve]") {
  ApplierSite site;
  site.options.bounds.max_bytes = 256 * 1024;
  const auto journal = site.open();
  site.database.set(FakeDatabase::State::away);
  Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
  Texts kept;
  std::error_code error;
  for (int i = 0; i < 2000 && !error; ++i) {
    const auto text = std::to_string(i) + std::string(700, '.');
    error = append(*journal, text).error;
    if (!error) kept.push_back(text);
  }
  CHECK(error == JournalErrc::full);
  site.database.set(FakeDatabase::State::there);
  REQUIRE(applier.wait_until(journal->highest(), test::k_patience));
  CHECK(site.database.rows() == kept);
  CHECK_FALSE(append(*journal, "again").error);
}

TEST_CASE("what was refused goes at the age of the journal", "[serve]") {
  ApplierSite site;
  const auto journal = site.open();
  append_all(*journal, {"bad one"});
  site.database.poison("bad");
  site.applier_options.root = site.root();
  site.applier_options.abandoned = site.options;
  site.applier_options.abandoned.bounds.max_age = std::chrono::hours(24);
  {
    Applier applier(*journal, site.clock, site.database.apply(), site.applier_options);
    REQUIRE(applier.wait_until(1, test::k_patience));
  }
  REQUIRE(refused_files(site.root()).size() == 1);
  remove_refused(site.root(), site.clock.now());  // not before it came
  REQUIRE(refused_files(site.root()).size() == 1);
  site.clock.advance(std::chrono::hours(25));
  Applier later(*journal, site.clock, site.database.apply(), site.applier_options);
  CHECK(eventually([&] { return refused_files(site.root()).empty(); }));
}

TEST_CASE("a file that is no refused record is told from one", "[serve]") {
  const test::TempDir folder;
  test::write_text(folder / "x.record", "sequence: 1\nreceived: noon\n");
  CHECK_THROWS_AS(read_refused(folder / "x.record"), Error);
  test::write_text(folder / "x.record", "something else");
  CHECK_THROWS_AS(read_refused(folder / "x.record"), Error);
}
