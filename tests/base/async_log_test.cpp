#include "base/async_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/file.hpp"
#include "base/log.hpp"
#include "support/catch.hpp"

using ringctl::base::AsyncLog;
using ringctl::base::Fd;
using ringctl::base::log;
using ringctl::base::log_lines_dropped;
using ringctl::base::LogLevel;

namespace {

/// Standard error is a pipe, which takes 4096 bytes until somebody reads.
class Pipe {
 public:
  Pipe() : saved_(::dup(STDERR_FILENO)) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    out_ = Fd(ends[0]);
    const Fd in(ends[1]);
    ::fcntl(in.get(), F_SETPIPE_SZ, 4096);
    ::dup2(in.get(), STDERR_FILENO);
  }
  ~Pipe() { ::dup2(saved_.get(), STDERR_FILENO); }
  /// From here on nobody writes to it but whoever waits to; what comes later is not seen.
  void end() const { ::dup2(Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)).get(), STDERR_FILENO); }
  std::string read_all() const {
    std::string all, piece(4096, '\0');
    for (ssize_t size = 1; size > 0; all.append(piece, 0, static_cast<std::size_t>(size)))
      size = std::max<ssize_t>(0, ::read(out_.get(), piece.data(), piece.size()));
    return all;
  }

 private:
  Fd saved_, out_;
};

const std::string k_long(200, 'x');

}  // namespace

TEST_CASE("lines written by a thread of its own are all there in the end, in order") {
  const Pipe pipe;
  {
    const AsyncLog async;
    for (int i = 0; i < 10; ++i) log(LogLevel::warn, "line", std::to_string(i));
    CHECK(log_lines_dropped() == 0);
  }
  pipe.end();
  std::string expected;
  for (int i = 0; i < 10; ++i) expected += "ringctl: warning: line: " + std::to_string(i) + "\n";
  CHECK(pipe.read_all() == expected);
}

TEST_CASE("whoever logs is not held up by a reader that stands still: the oldest lines go, and are counted") {
  constexpr int k_lines = 1000, k_room = 16;
  const Pipe pipe;
  {
    const AsyncLog async(k_room);
    // Were a line waited for, this would never end.
    for (int i = 0; i < k_lines; ++i) log(LogLevel::warn, "line", k_long);
    const auto fit = 4096 / (k_long.size() + 20) + k_room + 2;
    CHECK(log_lines_dropped() >= k_lines - fit);
    CHECK(log_lines_dropped() < k_lines);
  }  // ends, though not all of it is written
  pipe.end();
  CHECK(pipe.read_all().starts_with("ringctl: warning: line: " + k_long + "\n"));
}
