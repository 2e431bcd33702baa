#include "cmd/signals.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <functional>

#include "base/file.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using ringctl::test::Machine;

namespace {

struct Ended {
  int status;
  std::string err;
};

/// Runs `body` in a child of its own: handlers belong to a whole process. It ends with what `body` returns.
Ended in_child(const std::function<int(base::CancelToken&)>& body) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const auto pid = ::fork();
  if (pid == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
    static base::CancelToken token;
    cmd::signals::install(token);
    ::_exit(body(token));
  }
  ::close(ends[1]);
  Ended ended{};
  std::array<char, 4096> piece;
  for (;;) {
    const auto got = ::read(ends[0], piece.data(), piece.size());
    if (got <= 0) break;
    ended.err.append(piece.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

}  // namespace

TEST_CASE("the first signal ends a command that promised nothing", "[cmd]") {
  const auto [signal, status] = GENERATE(table<int, int>({{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 143}}));
  const int sent = signal;
  const auto ended = in_child([sent](base::CancelToken&) {
    ::raise(sent);
    return 0;
  });
  CHECK(ended.status == status);
  CHECK(ended.err.empty());
}

TEST_CASE("the first Ctrl-C lets a batch end and says so, the second does not", "[cmd]") {
  const auto once = in_child([](base::CancelToken& token) {
    cmd::signals::stop_gracefully();
    ::raise(SIGINT);
    return token.exit_status() == 130 ? 7 : 1;
  });
  CHECK(once.status == 7);
  CHECK(once.err == "stopping after the current batch (Ctrl-C again to abort now)\n");
  const auto twice = in_child([](base::CancelToken&) {
    cmd::signals::stop_gracefully();
    ::raise(SIGINT);
    ::raise(SIGINT);
    return 0;
  });
  CHECK(twice.status == 130);
}

TEST_CASE("SIGTERM stops gracefully without a word", "[cmd]") {
  const auto ended = in_child([](base::CancelToken& token) {
    cmd::signals::stop_gracefully();
    ::raise(SIGTERM);
    return token.exit_status() == 143 ? 7 : 1;
  });
  CHECK(ended.status == 7);
  CHECK(ended.err.empty());
}

TEST_CASE("what was ignored at the start stays ignored", "[cmd]") {
  const auto ended = in_child([](base::CancelToken& token) {
    std::signal(SIGHUP, SIG_IGN);
    cmd::signals::install(token);
    ::raise(SIGHUP);
    return 7;
  });
  CHECK(ended.status == 7);
}

TEST_CASE("the deadline ends a command that does not look, with the error", "[cmd]") {
  const auto ended = in_child([](base::CancelToken&) {
    cmd::signals::set_deadline(20ms, false);
    for (;;) ::pause();
    return 0;
  });
  CHECK(ended.status == 41);
  CHECK(ended.err == "ringctl: not done within 20ms  [run.timeout]\n  hint: give it longer with --timeout\n");
}

TEST_CASE("the deadline cancels a command that does look", "[cmd]") {
  const auto ended = in_child([](base::CancelToken& token) {
    cmd::signals::stop_gracefully(false);
    cmd::signals::set_deadline(20ms, false);
    while (!token.cancelled()) ::poll(nullptr, 0, 1);  // a pause() might begin when it is over already
    return token.exit_status();
  });
  CHECK(ended.status == 41);
  CHECK(ended.err.empty());
}

TEST_CASE("descriptors that are closed at the start are not given to files", "[cmd]") {
  const auto ended = in_child([](base::CancelToken&) {
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    cmd::signals::reserve_standard_streams();
    const base::Fd file = base::temporary_file();
    return file.get() > 2 && ::write(STDOUT_FILENO, "x", 1) < 0 ? 7 : 1;
  });
  CHECK(ended.status == 7);
}

TEST_CASE("the flag --timeout ends a command that waits for an answer", "[frame]") {
  const Machine m;
  REQUIRE(m.run({"profiles", "add", "test"}).status == 0);
  const auto result = m.run_in_terminal({"profiles", "remove", "test", "--timeout", "50ms", "--json"});
  CHECK(result.status == 41);
  CHECK(result.out.find(R"("code":"run.timeout")") != std::string::npos);
}

TEST_CASE("the timeout's error is JSON however JSON was asked for", "[frame]") {
  const Machine m;
  REQUIRE(m.run({"profiles", "add", "test"}).status == 0);
  const auto ended = [&](const Machine::Arguments& flags, std::map<std::string, std::string> environment) {
    Machine::Arguments words{"profiles", "remove", "test", "--timeout", "50ms"};
    words.insert(words.end(), flags.begin(), flags.end());
    ringctl::test::TerminalOptions options;
    options.environment = std::move(environment);
    const auto result = m.run_in_terminal(words, options);
    CHECK(result.status == 41);
    return result.out;
  };
  const std::string object = R"({"error":{"code":"run.timeout","exit":41,)";
  CHECK(ended({}, {}).find(object) == std::string::npos);
  CHECK(ended({"-o", "jsonl"}, {}).find(object) != std::string::npos);
  CHECK(ended({}, {{"RINGCTL_OUTPUT", "json"}}).find(object) != std::string::npos);
  CHECK(ended({"-o", "table"}, {{"RINGCTL_OUTPUT", "json"}}).find(object) == std::string::npos);
  CHECK(ended({}, {{"RINGCTL_LOG_FORMAT", "json"}}).find(object) != std::string::npos);
  REQUIRE(m.run({"config", "set", "output", "json"}).status == 0);
  CHECK(ended({}, {}).find(object) != std::string::npos);
  CHECK(ended({"-o", "table"}, {}).find(object) == std::string::npos);
}

TEST_CASE("Ctrl-C at a question is exit 130", "[frame]") {
  const Machine m;
  REQUIRE(m.run({"profiles", "add", "test"}).status == 0);
  ringctl::test::TerminalOptions options;
  options.input = "\x03";
  CHECK(m.run_in_terminal({"profiles", "remove", "test"}, options).status == 130);
}
