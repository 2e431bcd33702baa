#include "cmd/signals.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/zone.hpp"
#include "cmd/errors.hpp"

namespace ringctl::cmd::signals {
namespace {

// Read by the handler, so plain atomics and memory that stays where it is.
std::atomic<base::CancelToken*> g_token{nullptr};
std::atomic<bool> g_graceful{false};
std::atomic<bool> g_say{false};
std::atomic<bool> g_reload{false};  ///< SIGHUP asks for a reload
std::atomic<bool> g_hangup{false};
std::atomic<bool> g_json{false};
std::array<char, 512> g_timeout_text{}, g_timeout_json{};

constexpr auto k_grace = std::chrono::seconds(10);

int status_of(int signal) {
  if (signal == SIGINT) return static_cast<int>(Errc::interrupted);
  return static_cast<int>(signal == SIGALRM ? Errc::timeout : Errc::terminated);
}

void say(std::string_view text) {
  // Nothing can be done about a failure here.
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

void handle(int signal) {
  if (signal == SIGHUP && g_reload.load()) {
    g_hangup = true;
    return;
  }
  const int saved = errno;
  auto* token = g_token.load();
  const bool again = token->cancelled();
  token->cancel(status_of(signal));
  if (!g_graceful.load() || again) {
    if (signal == SIGALRM)
      say(std::string_view(g_json.load() ? g_timeout_json.data() : g_timeout_text.data()));
    else if (signal == SIGINT && ::isatty(STDERR_FILENO) == 1)
      say("\n");
    ::_exit(again ? token->exit_status() : status_of(signal));
  }
  if (signal == SIGINT && g_say.load()) say("stopping after the current batch (Ctrl-C again to abort now)\n");
  errno = saved;
}

void catch_signal(int signal) {
  struct sigaction action {};
  if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) return;
  action = {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

timeval to_timeval(std::chrono::milliseconds duration) {
  return {static_cast<time_t>(duration.count() / 1000),
          static_cast<suseconds_t>(duration.count() % 1000 * 1000)};
}

}  // namespace

void install(base::CancelToken& token) {
  g_token = &token;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) catch_signal(signal);
  // Writing reports EPIPE or EFBIG instead, and destructors run.
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
}

void stop_gracefully(bool say_so) {
  g_say = g_say || say_so;
  g_graceful = true;
}

void reload_on_hangup() { g_reload = true; }
bool take_hangup() { return g_hangup.exchange(false); }

void set_deadline(std::chrono::milliseconds limit, bool json) {
  const Error error(Errc::timeout, "run.timeout",
                    fmt::format("not done within {}", base::format_duration(limit)),
                    "give it longer with --timeout");
  std::strncpy(g_timeout_text.data(), error_text(error, Paint(false)).c_str(), g_timeout_text.size() - 1);
  std::strncpy(g_timeout_json.data(), error_json(error).c_str(), g_timeout_json.size() - 1);
  report_as_json(json);
  struct sigaction action {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGALRM, &action, nullptr);
  itimerval timer{};
  timer.it_value = to_timeval(std::max(limit, std::chrono::milliseconds(1)));
  timer.it_interval = to_timeval(k_grace);
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

void report_as_json(bool json) { g_json = json; }

void reserve_standard_streams() {
  // Opened the wrong way round, so that using one still fails as a closed one does.
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) {
      const int opened = ::open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
      if (opened >= 0 && opened != fd) ::dup2(opened, fd);
    }
}

}  // namespace ringctl::cmd::signals
