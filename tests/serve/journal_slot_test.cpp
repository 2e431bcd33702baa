#include "serve/journal_slot.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <set>

#include "serve/journal_site.hpp"

using namespace ringctl;
using namespace ringctl::serve;
using test::append_all;
using test::fetch_all;
using test::JournalSite;
using Texts = std::vector<std::string>;

namespace {

/// A process with a journal of its own in the site's folder. It appends, as fast as the disk lets it, and
/// says the number of every acknowledged record on its pipe.
class Appender {
 public:
  Appender(JournalSite& site, std::uint64_t first) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::close(ends[0]);
      work(site, first, ends[1]);
    }
    ::close(ends[1]);
    read_ = base::Fd(ends[0]);
  }
  ~Appender() { kill(); }

  /// Waits for the first acknowledgement: from then on it holds its slot until it is killed.
  void wait_for_slot() const {
    pollfd said{read_.get(), POLLIN, 0};
    REQUIRE(::poll(&said, 1, 60'000) == 1);
  }

  /// Reads until there are so many acknowledged, then kills the process and reads what it still said.
  std::set<std::uint64_t> acknowledged_until_killed(std::size_t enough) {
    std::set<std::uint64_t> numbers;
    std::array<std::uint64_t, 512> piece{};
    for (bool killed = false;;) {
      const auto got = ::read(read_.get(), piece.data(), sizeof piece);
      if (got <= 0) break;
      numbers.insert(piece.begin(), piece.begin() + got / static_cast<ssize_t>(sizeof(std::uint64_t)));
      if (!killed && numbers.size() >= enough) {
        kill();
        killed = true;
      }
    }
    return numbers;
  }

 private:
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  /// Keeps 32 records on their way.
  class Loop final : public AppendSink {
   public:
    Loop(Journal& journal, std::uint64_t next, int out) : journal_(journal), next_(next), out_(out) {
      for (int i = 0; i < 32; ++i) append();
    }
    void appended(std::span<const Appended> all) noexcept override {
      for (const auto& one : all) {
        if (one.error || ::write(out_, &one.token, sizeof one.token) != sizeof one.token) ::_exit(1);
        append();
      }
    }

   private:
    void append() {
      const auto number = next_++;
      const auto text = std::to_string(number) + " " + std::string(number % 700, '.');
      if (journal_.append(text, *this, number)) ::_exit(1);
    }
    Journal& journal_;
    std::atomic<std::uint64_t> next_;  // the first come from another thread
    int out_;
  };

  [[noreturn]] static void work(JournalSite& site, std::uint64_t first, int out) {
    const auto journal = site.open();
    const Loop loop(*journal, first, out);
    for (;;) ::pause();
  }

  int pid_ = 0;
  base::Fd read_;
};

}  // namespace

TEST_CASE("journals that share a state folder never share a slot", "[serve]") {
  JournalSite site;
  const auto one = site.open();
  const auto other = site.open();
  CHECK(one->slot().number() == 0);
  CHECK(other->slot().number() == 1);
  append_all(*one, {"mine"});
  append_all(*other, {"yours"});
  CHECK(fetch_all(*one) == Texts{"mine"});
  CHECK(fetch_all(*other) == Texts{"yours"});
  unsigned number = 0;
  CHECK(Journal::open_abandoned(site.root(), number, site.options, site.clock, site.disk) == nullptr);
}

TEST_CASE("another process's slot is left alone while it lives, and taken over when it is killed",
          "[serve]") {
  JournalSite site;
  site.options.bounds.max_bytes = 64 << 20;
  std::set<std::uint64_t> acknowledged;
  {
    Appender child(site, 0);
    std::set<std::uint64_t> some;
    // Its first acknowledgement says that it holds slot 0.
    acknowledged = child.acknowledged_until_killed(1);
  }
  const auto journal = site.open();
  CHECK(journal->slot().number() == 0);
  std::set<std::uint64_t> found;
  for (const auto& text : fetch_all(*journal)) found.insert(std::stoull(text));
  for (const auto number : acknowledged) CHECK(found.count(number) == 1);
}

TEST_CASE("two processes append at once, each to its own slot", "[serve]") {
  JournalSite site;
  site.options.bounds.max_bytes = 64 << 20;
  Appender one(site, 0);
  Appender other(site, 1'000'000);
  one.wait_for_slot();
  other.wait_for_slot();
  const auto first = one.acknowledged_until_killed(50);
  const auto second = other.acknowledged_until_killed(50);
  CHECK(slots(site.root()) == std::vector<unsigned>{0, 1});
  std::set<std::uint64_t> found;
  unsigned number = 0;
  while (const auto journal =
             Journal::open_abandoned(site.root(), number, site.options, site.clock, site.disk))
    for (const auto& text : fetch_all(*journal)) found.insert(std::stoull(text));
  for (const auto& acknowledged : {first, second})
    for (const auto one_of : acknowledged) CHECK(found.count(one_of) == 1);
}

TEST_CASE("a process killed fifty times while it appends loses nothing it acknowledged", "[serve]") {
  JournalSite site;
  site.options.bounds.max_bytes = 64 << 20;
  std::set<std::uint64_t> acknowledged, found;
  std::size_t lost = 0;
  for (std::uint64_t round = 0; round < 50; ++round) {
    {
      Appender child(site, round * 1'000'000);
      for (const auto number : child.acknowledged_until_killed(20 + round * 7)) acknowledged.insert(number);
    }
    // Every third time the journal is also applied, so that later rounds begin in the middle of segments.
    const auto journal = site.open();
    CHECK(journal->slot().number() == 0);
    for (const auto& text : fetch_all(*journal, round % 3 == 0)) found.insert(std::stoull(text));
    CHECK(journal->stats().disk.damaged_records == 0);
  }
  for (const auto number : acknowledged)
    if (found.count(number) == 0) ++lost;
  INFO(acknowledged.size() << " acknowledged");
  CHECK(acknowledged.size() > 5000);
  CHECK(lost == 0);
}
