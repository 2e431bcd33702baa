#pragma once
// Journals for tests: a disk that fails on demand, appends that are waited for, all records of a slot.

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/journal.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_dir.hpp"

namespace ringctl::test {

using serve::Appended;
using serve::Journal;
using serve::JournalErrc;
using serve::JournalOptions;

/// The machine's disk, but for what it was told to refuse.
class FaultyDisk final : public serve::Disk {
 public:
  enum class Op { create, open, grow, write, sync, rename, remove, sync_folder };

  /// The next `times` of these fail; a failing write has put half of its bytes there.
  void fail(Op op, std::errc error, int times = 1) {
    const std::lock_guard lock(mutex_);
    faults_.push_back({op, error, times});
  }
  void heal() {
    const std::lock_guard lock(mutex_);
    faults_.clear();
  }
  /// From now on nothing is synced, for tests that open hundreds of journals and pull no plug.
  void be_lazy() { lazy_ = true; }
  /// Faults that were never met.
  std::size_t left() {
    const std::lock_guard lock(mutex_);
    return faults_.size();
  }

  std::error_code create(const std::filesystem::path& path, base::Fd& fd) override {
    const auto failed = next(Op::create);
    return failed ? failed : disk_.create(path, fd);
  }
  std::error_code open(const std::filesystem::path& path, base::Fd& fd) override {
    const auto failed = next(Op::open);
    return failed ? failed : disk_.open(path, fd);
  }
  std::error_code grow(int fd, std::uint64_t bytes) override {
    const auto failed = next(Op::grow);
    if (failed || !lazy_) return failed ? failed : disk_.grow(fd, bytes);
    return ::ftruncate(fd, static_cast<off_t>(bytes)) == 0 ? failed
                                                           : std::make_error_code(std::errc::io_error);
  }
  std::error_code write(int fd, std::string_view first, std::string_view second,
                        std::uint64_t offset) override {
    const auto failed = next(Op::write);
    if (!failed) return disk_.write(fd, first, second, offset);
    disk_.write(fd, first.substr(0, first.size() / 2), {}, offset);
    return failed;
  }
  std::error_code sync(int fd) override {
    const auto failed = next(Op::sync);
    return failed || lazy_ ? failed : disk_.sync(fd);
  }
  std::error_code rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    const auto failed = next(Op::rename);
    return failed ? failed : disk_.rename(from, to);
  }
  std::error_code remove(const std::filesystem::path& path) override {
    const auto failed = next(Op::remove);
    return failed ? failed : disk_.remove(path);
  }
  std::error_code sync_folder(const std::filesystem::path& path) override {
    const auto failed = next(Op::sync_folder);
    return failed || lazy_ ? failed : disk_.sync_folder(path);
  }

 private:
  struct Fault {
    Op op;
    std::errc error;
    int times;
  };
  std::error_code next(Op op) {
    const std::lock_guard lock(mutex_);
    for (auto at = faults_.begin(); at != faults_.end(); ++at) {
      if (at->op != op) continue;
      const auto error = std::make_error_code(at->error);
      if (--at->times == 0) faults_.erase(at);
      return error;
    }
    return {};
  }
  serve::Disk& disk_ = serve::system_disk();
  std::mutex mutex_;
  std::vector<Fault> faults_;
  std::atomic<bool> lazy_ = false;
};

/// Appends and waits until the journal has answered.
inline Appended append(Journal& journal, std::string_view bytes) {
  std::promise<Appended> answer;
  const auto refused = journal.append(bytes, [&](const Appended& done) { answer.set_value(done); });
  return refused ? Appended{0, 0, refused} : answer.get_future().get();
}

/// A record of its own in a group of its own, for each text.
inline void append_all(Journal& journal, const std::vector<std::string>& texts) {
  for (const auto& text : texts) REQUIRE_FALSE(append(journal, text).error);
}

/// What the applier would get, to the end; marked as applied if `apply`.
inline std::vector<std::string> fetch_all(Journal& journal, bool apply = false,
                                          const serve::BatchLimits& limits = {.records = 7}) {
  std::vector<std::string> texts;
  serve::RecordBatch batch;
  std::uint64_t last = 0;
  do {
    REQUIRE_FALSE(journal.fetch(batch, limits));
    for (const auto& record : batch.records()) {
      CHECK(record.sequence > last);
      last = record.sequence;
      texts.emplace_back(record.bytes);
    }
    if (apply) journal.applied(batch.up_to(), batch.records().size(), batch.bytes());
  } while (!batch.empty());
  return texts;
}

/// A state folder and what opens journals in it.
struct JournalSite {
  TempDir folder;
  FakeClock clock;
  FaultyDisk disk;
  JournalOptions options{.bounds = {.max_bytes = 1 << 20, .segment_bytes = 64 * 1024}};

  std::filesystem::path root() const { return folder / "journal"; }
  std::unique_ptr<Journal> open() { return Journal::open(root(), options, clock, disk); }
  std::filesystem::path segment(std::uint64_t number, unsigned slot = 0) const {
    return serve::slot_folder(root(), slot) / serve::segment_name(number);
  }
};

inline char byte_at(const std::filesystem::path& file, std::uint64_t offset) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  return static_cast<char>(in.get());
}

inline void overwrite(const std::filesystem::path& file, std::uint64_t offset, std::string_view bytes) {
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(offset));
  out << bytes;
  REQUIRE(out.flush());
}

}  // namespace ringctl::test
