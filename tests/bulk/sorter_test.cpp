#include "bulk/sorter.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/errors.hpp"

using ringctl::bulk::Sorter;

namespace {

struct Record {
  std::string key;
  std::uint64_t line = 0;
  std::string payload;
  friend bool operator==(const Record&, const Record&) = default;
};

void add_all(Sorter& sorter, const std::vector<Record>& records) {
  for (const auto& record : records) sorter.add(record.key, record.line, record.payload);
}

std::vector<Record> read_all(Sorter& sorter) {
  std::vector<Record> out;
  Sorter::Entry entry;
  sorter.rewind();
  while (sorter.next(entry)) out.push_back({std::string(entry.key), entry.line, std::string(entry.payload)});
  return out;
}

std::vector<Record> sorted(std::vector<Record> records) {
  std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return a.key != b.key ? a.key < b.key : a.line < b.line;
  });
  return records;
}

/// Keys of few letters, so that many are equal, are prefixes of each other, or differ in a NUL or a high byte
/// only.
std::vector<Record> random_records(std::uint32_t seed, std::size_t count, std::size_t longest_key) {
  std::mt19937 random(seed);
  const std::string letters("ab\0\xFF", 4);
  std::vector<Record> out(count);
  for (auto& record : out) {
    record.key.resize(random() % (longest_key + 1));
    for (auto& c : record.key) c = letters[random() % letters.size()];
    record.line = random() % 8;
    record.payload.assign(random() % 40, static_cast<char>(random()));
    record.payload += std::to_string(&record - out.data());  // tells equals apart
  }
  return out;
}

/// Of the program's own; pages of its file come and go as the machine has memory for them.
std::int64_t resident_bytes() {
  std::int64_t all = 0, resident = 0, of_files = 0;
  std::ifstream("/proc/self/statm") >> all >> resident >> of_files;
  return (resident - of_files) * ::sysconf(_SC_PAGESIZE);
}

}  // namespace

TEST_CASE("a sorter gives what a stable sort gives, whatever its budget", "[bulk][sorter]") {
  const auto budget = GENERATE(std::size_t{1}, std::size_t{100}, std::size_t{4096}, Sorter::k_default_budget);
  const auto longest_key =
      GENERATE(std::size_t{2}, std::size_t{7}, std::size_t{8}, std::size_t{9}, std::size_t{20});
  const auto seed = GENERATE(range(0U, 5U));
  const auto records = random_records(seed, 300, longest_key);
  Sorter sorter(budget);
  add_all(sorter, records);
  CAPTURE(budget, longest_key, seed);
  CHECK(sorter.size() == records.size());
  CHECK(read_all(sorter) == sorted(records));
}

TEST_CASE("a sorter of 200,000 records in sixty runs loses none and keeps the order", "[bulk][sorter]") {
  std::mt19937 random(7);
  std::vector<Record> records;
  for (std::uint64_t line = 1; line <= 200'000; ++line)
    records.push_back(
        {"+1202555" + std::to_string(random() % 100'000), line, "payload " + std::to_string(line)});
  Sorter sorter(200'000);
  add_all(sorter, records);
  CHECK(read_all(sorter) == sorted(records));
}

TEST_CASE("a sorter that was set aside takes no memory, takes more records, and gives all of them",
          "[bulk][sorter]") {
  constexpr std::uint64_t k_records = 40'000;
  Sorter sorter(1U << 30);
  const auto add = [&](std::uint64_t line) {
    sorter.add(std::to_string(line * 7919 % k_records), line, std::string(400, 'x'));
  };
  const auto before = resident_bytes();
  for (std::uint64_t line = 0; line < k_records; ++line) add(line);
  sorter.set_aside();
  CHECK(resident_bytes() - before < 8 << 20);
  add(k_records);
  sorter.set_aside();
  std::uint64_t count = 0;
  std::string last;
  Sorter::Entry entry;
  for (sorter.rewind(); sorter.next(entry); ++count) {
    CHECK(last <= entry.key);
    last = entry.key;
  }
  CHECK(count == k_records + 1);
}

TEST_CASE("an empty sorter has nothing to give", "[bulk][sorter]") {
  Sorter sorter;
  CHECK(read_all(sorter).empty());
  CHECK(sorter.size() == 0);
}

TEST_CASE("a sorter gives back its one record, without key or payload too", "[bulk][sorter]") {
  const auto record = GENERATE(Record{"key", 3, "payload"}, Record{"", 1, ""});
  Sorter sorter;
  sorter.add(record.key, record.line, record.payload);
  CHECK(read_all(sorter) == std::vector{record});
}

TEST_CASE("equal keys come in line order, and equal lines as they were added", "[bulk][sorter]") {
  const auto budget = GENERATE(std::size_t{1}, Sorter::k_default_budget);
  Sorter sorter(budget);
  add_all(
      sorter,
      {{"k", 9, "nine"}, {"k", 10, "ten"}, {"k", 2, "two, first"}, {"k", 2, "two, second"}, {"j", 50, "j"}});
  CHECK(read_all(sorter) == std::vector<Record>{{"j", 50, "j"},
                                                {"k", 2, "two, first"},
                                                {"k", 2, "two, second"},
                                                {"k", 9, "nine"},
                                                {"k", 10, "ten"}});
}

TEST_CASE("keys order by their bytes: a NUL before a letter, a high byte behind it", "[bulk][sorter]") {
  const std::vector<std::string> ascending{"",
                                           std::string("a\0", 2),
                                           std::string("a\0\0", 3),
                                           "aa",
                                           std::string("aaaaaaaa\0", 9),
                                           std::string("aaaaaaaa\0z", 10),
                                           "aaaaaaaab",
                                           "a\xC3\xA4"};
  Sorter sorter(64);
  for (std::size_t i = ascending.size(); i-- > 0;) sorter.add(ascending[i], 1, "");
  std::vector<std::string> keys;
  for (const auto& record : read_all(sorter)) keys.push_back(record.key);
  CHECK(keys == ascending);
}

TEST_CASE("a sorter may be read again, and again from the middle", "[bulk][sorter]") {
  const auto budget = GENERATE(std::size_t{500}, Sorter::k_default_budget);
  const auto records = random_records(1, 100, 5);
  Sorter sorter(budget);
  add_all(sorter, records);
  CHECK(read_all(sorter) == sorted(records));
  Sorter::Entry entry;
  sorter.rewind();
  for (int i = 0; i < 30; ++i) CHECK(sorter.next(entry));
  CHECK(read_all(sorter) == sorted(records));
  CHECK_FALSE(sorter.next(entry));
}

TEST_CASE("records larger than the budget and than a read buffer come back whole", "[bulk][sorter]") {
  std::vector<Record> records;
  for (std::uint64_t i = 0; i < 6; ++i)
    records.push_back({std::string(1 + 70'000 * (i % 3), static_cast<char>('z' - i)), i,
                       std::string(300'000, static_cast<char>('0' + i))});
  records.push_back({"small", 7, "x"});
  Sorter sorter(1000);
  add_all(sorter, records);
  CHECK(read_all(sorter) == sorted(records));
}

TEST_CASE("a sorter takes little more memory than its budget, and frees it to read what it spilled",
          "[bulk][sorter]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::int64_t k_slack = 24 << 20;  // their shadow and quarantine
#else
  constexpr std::int64_t k_slack = 6 << 20;
#endif
  constexpr std::size_t k_budget = 4U << 20, k_rows = 400'000;
  constexpr auto k_most = static_cast<std::int64_t>(k_budget) + k_slack;
  Sorter sorter(k_budget);
  const auto before = resident_bytes();
  std::string key;
  for (std::uint64_t line = 0; line < k_rows; ++line) {
    key = std::to_string(line * 7919 % k_rows);
    sorter.add(key, line, "sixty bytes or so of payload, as a packed row of numbers has");
  }
  CHECK(resident_bytes() - before < k_most);
  sorter.rewind();
  Sorter::Entry entry;
  std::uint64_t read = 0;
  while (sorter.next(entry)) ++read;
  CHECK(read == k_rows);
  CHECK(resident_bytes() - before < k_most);
}

TEST_CASE("a sorter that cannot make its temporary file says so", "[bulk][sorter]") {
  const char* const old = std::getenv("TMPDIR");
  const std::string saved = old == nullptr ? "" : old;
  ::setenv("TMPDIR", "/nonexistent", 1);
  const auto error = ringctl::test::error_of([] {
    Sorter sorter(1);
    sorter.add("a", 1, "");
    sorter.add("b", 2, "");
  });
  if (old == nullptr)
    ::unsetenv("TMPDIR");
  else
    ::setenv("TMPDIR", saved.c_str(), 1);
  REQUIRE(error);
  CHECK(error->errc() == ringctl::Errc::output);
  CHECK(error->slug() == "output.write_failed");
}
