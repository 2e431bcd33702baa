// Disks that fail. Each call that a command makes on its files is made to fail in turn (strace injects the
// error), and afterwards the old is intact or the new is whole, the exit status says which, and the same
// command works on. By default a few calls of each kind; RINGCTL_TEST_FULL=1 tries them all.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

namespace {

/// One system call of a run: the `nth` of its name.
struct Call {
  std::string name;
  int nth = 0;
  std::size_t at = 0;  ///< its place among all calls
  std::string line;
  bool on(std::string_view what) const { return line.find(what) != std::string::npos; }
};

/// What fails, and how a disk makes it fail.
struct Fault {
  const char* name;
  const char* error;
  bool writes;  ///< what was to be written may be lost
};
constexpr Fault k_faults[] = {
    {"openat", "EIO", false},     {"openat", "ENOSPC", false}, {"read", "EIO", false},
    {"pread64", "EIO", false},    {"write", "ENOSPC", true},   {"write", "EIO", true},
    {"pwrite64", "ENOSPC", true}, {"pwrite64", "EIO", true},   {"fsync", "EIO", true},
    {"fdatasync", "EIO", true},   {"ftruncate", "EIO", false}, {"rename", "EIO", true},
    {"close", "EIO", false},      {"unlink", "EIO", false},    {"mkdir", "ENOSPC", true},
};

test::ProcessResult run_traced(const Site& site, Words strace, const Words& command) {
  test::ProcessOptions options;
  options.program = "/usr/bin/strace";
  // A leak check cannot attach to what is traced already.
  options.environment["ASAN_OPTIONS"] = "detect_leaks=0";
  strace.insert(strace.end(), {"--", RINGCTL_BINARY});
  strace.insert(strace.end(), command.begin(), command.end());
  return site.machine().run(strace, options);
}

/// The calls of a run of `command` that goes well, in order; `-y` has put the file behind each descriptor.
std::vector<Call> calls_of(const Site& site, const Words& command) {
  const auto trace = site.machine().home() / "trace";
  const auto result = run_traced(
      site,
      {"-f", "-qq", "-y", "-o", trace.string(), "-e",
       "trace=openat,read,pread64,write,pwrite64,fsync,fdatasync,ftruncate,rename,close,unlink,mkdir"},
      command);
  INFO(result.err);
  REQUIRE(result.status == 0);
  std::map<std::string, int> counts;
  std::vector<Call> calls;
  std::istringstream lines(test::read_text(trace));
  for (std::string line; std::getline(lines, line);) {
    const auto begin = line.find_first_not_of(" 0123456789"), open = line.find('(', begin);
    if (begin == std::string::npos || open == std::string::npos) continue;
    Call call;
    call.name = line.substr(begin, open - begin);
    call.nth = ++counts[call.name];
    call.at = calls.size();
    call.line = line.substr(open);
    // The folder that relative names start from is not what is opened.
    if (const auto from = call.line.find("AT_FDCWD<"); from != std::string::npos)
      call.line.erase(from, call.line.find('>', from) - from);
    calls.push_back(std::move(call));
  }
  fs::remove(trace);
  return calls;
}

/// First, last and evenly between.
std::vector<Call> some_of(const std::vector<Call>& all) {
  const std::size_t most = std::getenv("RINGCTL_TEST_FULL") != nullptr ? all.size() : 4;
  if (all.size() <= most) return all;
  std::vector<Call> picked;
  picked.reserve(most);
  for (std::size_t i = 0; i < most; ++i) picked.push_back(all[i * (all.size() - 1) / (most - 1)]);
  return picked;
}

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = entry.path().string();
    if (!name.ends_with("-wal") && !name.ends_with("-shm")) names.insert(name);
  }
  return names;
}

/// A site with numbers, and a file that changes some and adds others.
class Estate : public Site {
 public:
  static constexpr int k_rows = 40;
  Estate() : Site(db::Engine::sqlite) {
    ok({"numbers", "import", machine().file("numbers.csv", rows(0, k_rows / 2, "Old")).string()});
    machine().file("numbers.csv", rows(0, k_rows, "New"));
  }
  /// The same, in the place of `other`.
  explicit Estate(const Estate& other) : Site(db::Engine::sqlite) {
    fs::copy(other.machine().home(), machine().home(), fs::copy_options::recursive);
  }
  std::string numbers() const { return ok({"numbers", "export", "-o", "csv"}); }

 private:
  static std::string rows(int from, int to, const std::string& label) {
    std::string text = "phone_number,label\n";
    for (int i = from; i < to; ++i) text += fmt::format("+120255501{:02},{} {}\n", i, label, i);
    return text;
  }
};

/// What holds for one command whatever fails.
struct Promise {
  Words command;
  /// What the command is to change, to be compared.
  std::function<std::string(const Estate&)> state;
  /// A call that must not fail unnoticed if it writes.
  std::function<bool(const Call&)> matters;
};

/// Up to the words on stderr that say it is done.
std::size_t acknowledged(const std::vector<Call>& calls) {
  const auto said = std::find_if(calls.begin(), calls.end(),
                                 [](const Call& c) { return c.name == "write" && c.on("(2<"); });
  return static_cast<std::size_t>(said - calls.begin());
}

struct Tally {
  int tried = 0, noticed = 0;
};

void check_fault(const Estate& before, const Promise& promise, const Fault& fault, const Call& call,
                 const std::string& old_state, const std::string& new_state, bool must_notice, Tally& tally) {
  const Estate site(before);  // NOLINT(performance-unnecessary-copy-initialization): a folder of its own
  const auto files = files_in(site.machine().home()).size();
  const auto result =
      run_traced(site,
                 {"-f", "-qq", "-o", "/dev/null", "-e", fmt::format("trace={}", fault.name), "-e",
                  fmt::format("inject={}:error={}:when={}", fault.name, fault.error, call.nth)},
                 promise.command);
  INFO(fmt::format("{} {} of {} number {}: {}\nexit {}\n{}", fault.error, fault.name, promise.command[1],
                   call.nth, call.line, result.status, result.err));
  CHECK_FALSE(result.killed);
  const auto state = promise.state(site);
  if (result.status == 0) {
    CHECK_FALSE(must_notice);
    CHECK(state == new_state);
  } else {
    // The table's words for a file that cannot be written, opened or trusted.
    const std::set<int> documented = {2, 10, 31, 32, 40};
    CHECK(documented.contains(result.status));
    CHECK((state == old_state || state == new_state));
    CHECK(result.err.find("internal.bug") == std::string::npos);
    const bool named = result.err.find(site.machine().home().string()) != std::string::npos ||
                       result.err.find(promise.command.back()) != std::string::npos ||
                       result.err.find("numbers.csv") != std::string::npos ||
                       result.err.find("standard output") != std::string::npos ||
                       result.err.find("temporary file") != std::string::npos;
    CHECK(named);
    ++tally.noticed;
  }
  ++tally.tried;
  if (std::string_view(fault.name) != "unlink") CHECK(files_in(site.machine().home()).size() == files);
  CHECK(site.run({"db", "check"}).status == 0);
  CHECK(site.run({"audit", "verify"}).status == 0);
  const auto again = site.run(promise.command);
  INFO("again: " << again.err);
  CHECK(again.status == 0);
  CHECK(promise.state(site) == new_state);
}

void sweep(const Estate& before, const Promise& promise) {
  const Estate calm(before);  // NOLINT(performance-unnecessary-copy-initialization): a folder of its own
  const auto old_state = promise.state(calm);
  const auto calls = calls_of(calm, promise.command);
  const auto new_state = promise.state(calm);
  REQUIRE(new_state != old_state);
  const auto done = acknowledged(calls);
  Tally tally;
  for (const auto& fault : k_faults) {
    std::vector<Call> reached;
    for (const auto& call : calls)
      if (call.name == fault.name && (call.on(calm.machine().home().string()) || call.on("(1<") ||
                                      call.on("numbers.csv") || call.on("/tmp/#")))
        reached.push_back(call);
    for (const auto& call : some_of(reached)) {
      check_fault(before, promise, fault, call, old_state, new_state,
                  fault.writes && call.at < done && promise.matters(call), tally);
    }
  }
  WARN(promise.command[0] << " " << promise.command[1] << ": " << tally.tried << " faults, " << tally.noticed
                          << " reported");
  CHECK(tally.tried > 20);
}

std::string bytes_of(const Estate& site, const std::string& name) {
  return test::read_text(site.machine().home() / name);
}

/// Before the calls of `later`, all of `earlier` are over.
void check_order(const std::vector<Call>& calls, const std::function<bool(const Call&)>& earlier,
                 const std::function<bool(const Call&)>& later) {
  const auto last = std::find_if(calls.rbegin(), calls.rend(), earlier);
  const auto first = std::find_if(calls.begin(), calls.end(), later);
  REQUIRE(last != calls.rend());
  REQUIRE(first != calls.end());
  CHECK(last.base() <= first);
}

}  // namespace

TEST_CASE("what replaces a file is on the disk before it takes the name, and the name before the end",
          "[system]") {
  const Estate site;
  site.machine().file("out.csv", "old\n");
  const auto target = GENERATE(as<std::string>(), "out.csv", "estate.db");
  const Words command = target == "out.csv" ? Words{"numbers", "export", "-o", "csv", "--out", target}
                                            : Words{"db", "backup", target};
  const auto calls = calls_of(site, command);
  const auto named = [&](const Call& c) { return c.name == "rename" && c.on(target); };
  const auto written = [&](const Call& c) {
    return (c.name == "write" || c.name == "pwrite64") && c.on(target);
  };
  const auto flushed = [&](const Call& c) { return c.name == "fsync" && c.on(target); };
  const auto folder = [&](const Call& c) {
    return c.name == "fsync" && c.on("<" + site.machine().home().string() + ">");
  };
  check_order(calls, written, flushed);
  check_order(calls, flushed, named);
  check_order(calls, named, folder);
}

TEST_CASE("an import is on the disk before it is said to be done", "[system]") {
  const Estate site;
  const auto calls = calls_of(site, {"numbers", "import", "numbers.csv"});
  const auto done = acknowledged(calls);
  REQUIRE(done < calls.size());
  const std::vector<Call> before(calls.begin(), calls.begin() + static_cast<std::ptrdiff_t>(done));
  const auto written = [](const Call& c) { return c.name == "pwrite64" && c.on("-wal>"); };
  const auto last = std::find_if(before.rbegin(), before.rend(), written);
  REQUIRE(last != before.rend());
  CHECK(std::any_of(last.base(), before.end(),
                    [](const Call& c) { return c.name == "fdatasync" && c.on("-wal>"); }));
}

TEST_CASE("whatever call of an import fails, all of it is written or nothing", "[system][slow]") {
  const Estate before;
  sweep(before, {{"numbers", "import", "numbers.csv"},
                 [](const Estate& site) { return site.numbers(); },
                 [](const Call& call) { return call.on("-wal>") || call.on("ringctl.db>"); }});
}

TEST_CASE("whatever call of an export to a file fails, the old file is intact or the new one whole",
          "[system][slow]") {
  const Estate before;
  before.machine().file("out.csv", "old\n");
  sweep(before, {{"numbers", "export", "-o", "csv", "--out", "out.csv"},
                 [](const Estate& site) { return bytes_of(site, "out.csv"); },
                 [](const Call& call) { return call.on("out.csv") || call.name == "fsync"; }});
}

TEST_CASE("whatever call of a backup fails, the old backup is intact or the new one whole",
          "[system][slow]") {
  const Estate before;
  before.ok({"db", "backup", "estate.db"});
  before.ok({"numbers", "import", "numbers.csv"});
  sweep(before, {{"db", "backup", "--yes", "estate.db"},
                 [](const Estate& site) {
                   return site.ok({"numbers", "export", "-o", "csv", "-d",
                                   "sqlite:" + (site.machine().home() / "estate.db").string()});
                 },
                 [](const Call& call) { return call.on("estate.db.tmp") && !call.on("-journal"); }});
}
