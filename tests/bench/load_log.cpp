// Puts a log of fixtures/call_log.py into an empty database, whose schema it makes. Flushes nothing to disk
// on SQLite: what it writes can be made again. Prints one line of figures.
//   load_log URL FOLDER

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <exception>

#include "db/migrations.hpp"
#include "support/call_log.hpp"

using namespace ringctl;

namespace {

int load(const char* url, const char* folder) {
  db::OpenOptions options;
  options.create = true;
  options.synchronous = false;
  const auto db = db::Connection::open(url, options);
  const base::SystemClock clock;
  db::migrate(*db, clock);
  const auto begin = std::chrono::steady_clock::now();
  const auto loaded = test::load_call_log(*db, folder);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  // As a server finds the time to, sooner or later: index-only scans need it.
  if (db->engine() == db::Engine::postgresql)
    for (const auto* table : {"calls", "call_attempts", "recordings"})
      db->exec_script(fmt::format("VACUUM (ANALYZE) ringctl.{}", table));
  fmt::print(R"({{"calls":{},"attempts":{},"recordings":{},"seconds":{:.1f}}})"
             "\n",
             loaded.calls, loaded.attempts, loaded.recordings, seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: load_log URL FOLDER\n", stderr);
    return 2;
  }
  try {
    return load(argv[1], argv[2]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "load_log: {}\n", error.what());
    return 1;
  }
}
