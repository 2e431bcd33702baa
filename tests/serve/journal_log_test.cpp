#include "serve/journal_log.hpp"

#include <atomic>
#include <thread>

#include "serve/journal_site.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using std::chrono::minutes;
using test::append_all;
using test::fetch_all;
using test::JournalSite;
using Texts = std::vector<std::string>;

namespace {

Texts read(JournalLog log) {
  Texts texts;
  while (const auto entry = log.next()) texts.emplace_back(entry->record.bytes);
  return texts;
}

}  // namespace

TEST_CASE("the log gives what was received since a time, applied or not, from every slot in order of time",
          "[serve]") {
  JournalSite site;
  const auto one = site.open();
  const auto other = site.open();
  const auto start = site.clock.now();
  for (int i = 0; i < 6; ++i) {
    append_all(i % 2 == 0 ? *one : *other, {std::to_string(i)});
    site.clock.advance(minutes(10));
  }
  fetch_all(*one, true);
  REQUIRE_FALSE(one->save_checkpoint());
  CHECK(read({site.root(), start}) == Texts{"0", "1", "2", "3", "4", "5"});
  CHECK(read({site.root(), start + minutes(25)}) == Texts{"3", "4", "5"});
  CHECK(read({site.root(), start + minutes(60)}).empty());
  JournalLog log(site.root(), start);
  const auto first = log.next();
  REQUIRE(first);
  CHECK(first->slot == 0);
  CHECK(first->applied);
  CHECK(first->record.at == start);
  const auto second = log.next();
  REQUIRE(second);
  CHECK(second->slot == 1);
  CHECK_FALSE(second->applied);
}

TEST_CASE("a log of many segments begins at the one that matters, and says what it could not read",
          "[serve]") {
  JournalSite site;
  const auto start = site.clock.now();
  {
    const auto journal = site.open();
    for (int i = 0; i < 400; ++i) {
      append_all(*journal, {std::to_string(i) + " " + std::string(800, '.')});
      site.clock.advance(minutes(1));
    }
  }
  CHECK(read({site.root(), start}).size() == 400);
  const auto late = read({site.root(), start + minutes(390)});
  REQUIRE(late.size() == 10);
  CHECK(late.front().starts_with("390 "));
  test::overwrite(site.segment(2), k_segment_header + 100, "????");
  JournalLog log(site.root(), start);
  std::size_t count = 0;
  while (log.next()) ++count;
  CHECK(count == 399);
  CHECK(log.damaged() == 1);
}

TEST_CASE("no journal is an empty log", "[serve]") {
  const test::TempDir folder;
  CHECK(read({folder / "nothing", {}}).empty());
}

TEST_CASE("the log is read while records come and old segments are used again", "[serve]") {
  JournalSite site;
  site.options.bounds.max_bytes = 256 * 1024;
  const auto journal = site.open();
  const auto start = site.clock.now();
  std::atomic<bool> enough = false;
  std::thread reader([&] {
    for (int round = 0; round < 20; ++round) {
      JournalLog log(site.root(), start);
      std::uint64_t last = 0;
      while (const auto entry = log.next()) {
        if (entry->record.sequence <= last || entry->record.bytes.size() != 700) std::abort();
        last = entry->record.sequence;
      }
    }
    enough = true;
  });
  for (int i = 0; i < 200 || !enough; ++i) {
    if (test::append(*journal, std::string(700, 'x')).error) std::abort();
    if (i % 20 == 0) fetch_all(*journal, true);
  }
  reader.join();
  CHECK(journal->stats().disk.damaged_records == 0);
}
