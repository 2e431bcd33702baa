#include "serve/journal.hpp"

#include <array>
#include <map>
#include <thread>

#include "serve/journal_site.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using test::append;
using test::append_all;
using test::eventually;
using test::fetch_all;
using test::JournalSite;
using Texts = std::vector<std::string>;

namespace {

/// Counts the calls, and remembers what they brought.
class Collector final : public AppendSink {
 public:
  void appended(std::span<const Appended> all) noexcept override {
    const std::lock_guard lock(mutex_);
    ++calls_;
    for (const auto& one : all) results_.push_back(one);
  }
  std::vector<Appended> results() const {
    const std::lock_guard lock(mutex_);
    return results_;
  }
  std::size_t calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Appended> results_;
  std::size_t calls_ = 0;
};

}  // namespace

TEST_CASE("records come back in order with their times, whatever bytes they are", "[serve]") {
  JournalSite site;
  const auto journal = site.open();
  const Texts texts{"first", "", std::string("\0rjr1\xff", 6), std::string(5000, 'x')};
  append_all(*journal, texts);
  RecordBatch batch;
  REQUIRE_FALSE(journal->fetch(batch, {}));
  REQUIRE(batch.records().size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CHECK(batch.records()[i].bytes == texts[i]);
    CHECK(batch.records()[i].sequence == i + 1);
    CHECK(batch.records()[i].at == site.clock.now());
  }
  CHECK(journal->stats().disk.lag_records == 4);
  journal->applied(batch.up_to(), 4, batch.bytes());
  CHECK(journal->stats().disk.lag_records == 0);
  CHECK(journal->stats().disk.lag_bytes == 0);
}

TEST_CASE("eight threads append; each hears of each record once, and finds its own in order", "[serve]") {
  JournalSite site;
  const auto journal = site.open();
  std::array<Collector, 8> sinks;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < sinks.size(); ++t)
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 200; ++i)
        if (journal->append(std::to_string(t) + ":" + std::to_string(i), sinks[t], i)) std::abort();
    });
  for (auto& thread : threads) thread.join();
  journal->stop();
  const auto groups = journal->stats().groups;
  for (auto& sink : sinks) {
    const auto results = sink.results();
    REQUIRE(results.size() == 200);
    for (std::uint64_t i = 0; i < 200; ++i) {
      CHECK(results[i].token == i);
      CHECK_FALSE(results[i].error);
    }
    CHECK(sink.calls() <= groups);
  }
  std::map<char, int> next;
  for (const auto& text : fetch_all(*journal)) CHECK(text.substr(2) == std::to_string(next[text[0]]++));
  CHECK(next.size() == 8);
  CHECK(append(*journal, "late").error == JournalErrc::stopped);
}

TEST_CASE("a journal opened again gives what was not applied, and goes on behind it", "[serve]") {
  JournalSite site;
  {
    const auto journal = site.open();
    append_all(*journal, {"a", "b", "c"});
    journal->applied(2, 2, 2);
    REQUIRE_FALSE(journal->save_checkpoint());
  }
  const auto journal = site.open();
  CHECK(journal->stats().disk.lag_records == 1);
  append_all(*journal, {"d"});
  CHECK(fetch_all(*journal, true) == Texts{"c", "d"});
  CHECK(journal->highest() == 4);
  REQUIRE(eventually([&] { return journal->stats().disk.segments >= 2; }));
  CHECK(journal->stats().disk.segments == 2);  // in use and prepared: opening again costs none
}

TEST_CASE("records run on from segment to segment, also over a restart", "[serve]") {
  JournalSite site;
  Texts texts;
  for (int i = 0; i < 300; ++i) texts.push_back(std::to_string(i) + std::string(800, '.'));
  {
    const auto journal = site.open();
    append_all(*journal, texts);
    CHECK(journal->stats().disk.segments >= 4);
    CHECK(fetch_all(*journal) == texts);
  }
  const auto journal = site.open();
  CHECK(fetch_all(*journal) == texts);
  CHECK(journal->stats().disk.lag_records == 300);
}

TEST_CASE("what was not written whole at the end is passed over, at whatever byte it tore", "[serve]") {
  const std::string last(56, 'z');
  const auto frame = RecordHeader::framed_size(last.size());
  const char filling = GENERATE('\0', '\xaa');
  std::uint64_t begin = 0;
  for (std::size_t cut = 0; cut < frame; cut += filling == '\0' ? 1 : 5) {
    JournalSite site;
    site.disk.be_lazy();
    append_all(*site.open(), {"one", "two", last});
    begin = k_segment_header + 2 * RecordHeader::framed_size(3);
    test::overwrite(site.segment(1), begin + cut, std::string(frame - cut, filling));
    INFO("cut at byte " << cut);
    Texts expected{"one", "two"};
    {
      const auto journal = site.open();
      append_all(*journal, {"three"});
      expected.push_back("three");
      CHECK(fetch_all(*journal) == expected);
      CHECK(journal->stats().disk.damaged_records == 0);
    }
    CHECK(fetch_all(*site.open()) == expected);
  }
}

TEST_CASE("a changed byte in an acknowledged record costs that record, and is reported", "[serve]") {
  const std::string middle(24, 'm');
  const auto begin = k_segment_header + RecordHeader::framed_size(3);
  for (std::size_t byte = 0; byte < RecordHeader::framed_size(middle.size()); ++byte) {
    JournalSite site;
    site.disk.be_lazy();
    append_all(*site.open(), {"one", middle, "three", "four"});
    const auto file = site.segment(1);
    test::overwrite(file, begin + byte,
                    std::string(1, static_cast<char>(test::byte_at(file, begin + byte) ^ 0x10)));
    INFO("byte " << byte);
    const auto journal = site.open();
    CHECK(fetch_all(*journal, true) == Texts{"one", "three", "four"});
    CHECK(journal->stats().disk.damaged_records == 1);
    CHECK(journal->stats().disk.lag_records == 0);
  }
}

TEST_CASE("a segment survives the loss of either header, and is kept for a person if both are gone",
          "[serve]") {
  JournalSite site;
  append_all(*site.open(), {"one"});
  const auto size = std::filesystem::file_size(site.segment(1));
  const std::string noise(512, '\x55');
  test::overwrite(site.segment(1), GENERATE_COPY(std::uint64_t{0}, size - k_segment_header), noise);
  CHECK(fetch_all(*site.open()) == Texts{"one"});
  test::overwrite(site.segment(1), 0, noise);
  test::overwrite(site.segment(1), size - k_segment_header, noise);
  const auto journal = site.open();
  CHECK(fetch_all(*journal).empty());
  CHECK(journal->stats().disk.damaged_files == 1);
  CHECK(std::filesystem::exists(site.segment(1).string() + ".damaged"));
  append_all(*journal, {"two"});
  CHECK(fetch_all(*journal) == Texts{"two"});
}

TEST_CASE("bytes that look like a record are never taken for one", "[serve]") {
  JournalSite site;
  std::string forged(48, '\0');
  encode(RecordHeader{900, 0, {}, 3, checksum("bad")}, 0, forged.data());
  forged.replace(k_record_header, 3, "bad");
  append_all(*site.open(), {forged, forged + forged, "last"});
  test::overwrite(site.segment(1), k_segment_header, "????");
  CHECK(fetch_all(*site.open()) == Texts{forged + forged, "last"});
}

TEST_CASE("a group whose sync failed is written again elsewhere, and read once", "[serve]") {
  JournalSite site;
  using Op = test::FaultyDisk::Op;
  const auto op = GENERATE(Op::sync, Op::write);
  {
    const auto journal = site.open();
    append_all(*journal, {"one"});
    REQUIRE(eventually([&] { return journal->stats().disk.segments == 2; }));
    site.disk.fail(op, std::errc::io_error);
    append_all(*journal, {"two", "three"});
    CHECK(site.disk.left() == 0);
    CHECK(journal->stats().rewritten == 1);
    CHECK(journal->stats().last_error == std::errc::io_error);
    CHECK_FALSE(journal->stats().failing);
    CHECK(fetch_all(*journal) == Texts{"one", "two", "three"});
    CHECK(journal->stats().disk.damaged_records == 0);
  }
  const auto journal = site.open();
  CHECK(fetch_all(*journal) == Texts{"one", "two", "three"});
  CHECK(journal->stats().disk.damaged_records == 0);
}

TEST_CASE("when no segment can be written the appends are told, and later ones go on once the disk does",
          "[serve]") {
  JournalSite site;
  using Op = test::FaultyDisk::Op;
  {
    const auto journal = site.open();
    append_all(*journal, {"one"});
    REQUIRE(eventually([&] { return journal->stats().disk.segments == 2; }));
    site.disk.fail(Op::sync, std::errc::io_error, 1000);
    CHECK(append(*journal, "lost").error == std::errc::io_error);
    CHECK(append(*journal, "lost too").error == std::errc::io_error);
    CHECK(journal->stats().failing);
    CHECK(journal->stats().refused == 2);
    CHECK(journal->stats().disk.segments <= 3);  // failing costs no room
    site.disk.heal();
    append_all(*journal, {"two"});
    CHECK_FALSE(journal->stats().failing);
    CHECK(fetch_all(*journal) == Texts{"one", "two"});
  }
  // What was refused was never acknowledged: it may come back or not, but nothing else may change.
  const auto journal = site.open();
  auto texts = fetch_all(*journal);
  CHECK(std::erase_if(texts, [](const std::string& text) { return text.starts_with("lost"); }) <= 2);
  CHECK(texts == Texts{"one", "two"});
  CHECK(journal->stats().disk.damaged_records == 0);
}

TEST_CASE("a full disk is reported to the appends that find no room, and forgotten when there is some",
          "[serve]") {
  JournalSite site;
  const auto journal = site.open();
  REQUIRE(eventually([&] { return journal->stats().disk.segments == 2; }));
  site.disk.fail(test::FaultyDisk::Op::grow, std::errc::no_space_on_device, 1000);
  Texts kept;
  std::error_code error;
  for (int i = 0; i < 1000 && !error; ++i) {
    const auto text = std::to_string(i) + std::string(900, '.');
    error = append(*journal, text).error;
    if (!error) kept.push_back(text);
  }
  CHECK(error == std::errc::no_space_on_device);
  CHECK(kept.size() > 100);  // both segments were filled
  CHECK(journal->stats().failing);
  SECTION("by others") { site.disk.heal(); }
  SECTION("by applying, which frees a segment of our own") {
    CHECK(fetch_all(*journal, true) == kept);
    kept.clear();
  }
  append_all(*journal, {"after"});
  kept.emplace_back("after");
  CHECK(fetch_all(*journal).back() == "after");
}

TEST_CASE("a journal opens without room for a segment, and takes records as soon as there is some",
          "[serve]") {
  JournalSite site;
  site.open().reset();
  for (const auto number : segment_numbers(slot_folder(site.root(), 0)))
    std::filesystem::remove(site.segment(number));
  site.disk.fail(test::FaultyDisk::Op::grow, std::errc::no_space_on_device, 1000);
  const auto journal = site.open();
  CHECK(append(*journal, "refused").error == std::errc::no_space_on_device);
  site.disk.heal();
  append_all(*journal, {"taken"});
  CHECK(fetch_all(*journal) == Texts{"taken"});
}

TEST_CASE("a journal at its size refuses what is new and keeps what was not applied", "[serve]") {
  JournalSite site;
  site.options.bounds.max_bytes = 256 * 1024;
  const auto journal = site.open();
  Texts kept;
  std::error_code error;
  for (int i = 0; i < 2000 && !error; ++i) {
    const auto text = std::to_string(i) + std::string(700, '.');
    error = append(*journal, text).error;
    if (!error) kept.push_back(text);
  }
  CHECK(error == JournalErrc::full);
  CHECK(journal->stats().disk.bytes <= 256 * 1024);
  CHECK(append(*journal, std::string(700, '.')).error == JournalErrc::full);
  CHECK(fetch_all(*journal, true) == kept);
  append_all(*journal, {"room again"});
  CHECK(fetch_all(*journal, true) == Texts{"room again"});
  CHECK(journal->stats().disk.bytes <= 256 * 1024);
}

TEST_CASE("what was applied stays as a log until the bound of size needs its room", "[serve]") {
  JournalSite site;
  site.options.bounds.max_bytes = 512 * 1024;
  const auto journal = site.open();
  for (int i = 0; i < 3000; ++i) {
    append_all(*journal, {std::to_string(i) + std::string(700, '.')});
    if (i % 100 == 0) fetch_all(*journal, true);
    REQUIRE(journal->stats().disk.bytes <= 512 * 1024);
  }
  CHECK(journal->stats().disk.segments >= 7);
}

TEST_CASE("what was applied goes when it is old, and what was not never does", "[serve]") {
  JournalSite site;
  site.options.bounds.max_age = std::chrono::hours(24);
  const auto journal = site.open();
  append_all(*journal, {"old"});
  site.clock.advance(std::chrono::hours(25));
  journal->trim();
  REQUIRE(eventually([&] { return journal->stats().disk.segments == 3; }));  // left for a new one
  journal->trim();
  CHECK(journal->stats().disk.oldest_at);
  CHECK(fetch_all(*journal, true) == Texts{"old"});
  append_all(*journal, {"new"});
  journal->trim();
  CHECK(journal->stats().disk.segments == 2);
  CHECK(journal->stats().disk.oldest_at == site.clock.now());
  CHECK(fetch_all(*journal) == Texts{"new"});
}

TEST_CASE("a record too large, or more than may wait in memory, is refused at once", "[serve]") {
  JournalSite site;
  site.options.max_queue = 40'000;
  const auto journal = site.open();
  CHECK(append(*journal, std::string(64 * 1024, 'x')).error == JournalErrc::too_large);
  CHECK(append(*journal, std::string(45'000, 'x')).error == JournalErrc::queue_full);
  CHECK(journal->stats().refused == 2);
  CHECK_FALSE(append(*journal, std::string(30'000, 'x')).error);
}

TEST_CASE("a lost checkpoint means that all is applied again", "[serve]") {
  JournalSite site;
  {
    const auto journal = site.open();
    append_all(*journal, {"a", "b"});
    fetch_all(*journal, true);
  }
  std::filesystem::remove(slot_folder(site.root(), 0) / "applied");
  const auto journal = site.open();
  CHECK(fetch_all(*journal) == Texts{"a", "b"});
  CHECK(journal->stats().disk.damaged_records == 0);
  CHECK(append(*journal, "c").sequence == 3);
}

TEST_CASE("a checkpoint torn while it was written leaves the one before", "[serve]") {
  JournalSite site;
  {
    const auto journal = site.open();
    append_all(*journal, {"a", "b", "c"});
    journal->applied(1, 1, 1);
    REQUIRE_FALSE(journal->save_checkpoint());
    journal->applied(2, 1, 1);
    REQUIRE_FALSE(journal->save_checkpoint());
  }
  // The first went to the second block, the second to the first.
  test::overwrite(slot_folder(site.root(), 0) / "applied", 8, "\xff");
  CHECK(fetch_all(*site.open()) == Texts{"b", "c"});
}
