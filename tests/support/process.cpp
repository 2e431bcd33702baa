#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.hpp"

namespace ringctl::test {
namespace {

using base::Fd;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

struct Pipe {
  Fd read, write;
};
Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe2");
  return {Fd(ends[0]), Fd(ends[1])};
}

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  void dup(int from, int to) { posix_spawn_file_actions_adddup2(&actions_, from, to); }
  void open(int fd, const char* path, int flags) {
    posix_spawn_file_actions_addopen(&actions_, fd, path, flags, 0);
  }
  void close(int fd) { posix_spawn_file_actions_addclose(&actions_, fd); }
  void directory(const char* path) { posix_spawn_file_actions_addchdir_np(&actions_, path); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

pid_t spawn(const std::string& program, const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment, const FileActions& actions, bool new_session) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> envp;
  envp.reserve(environment.size() + 1);
  for (const auto& entry : environment) envp.push_back(const_cast<char*>(entry.c_str()));
  envp.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  auto flags = static_cast<short>(POSIX_SPAWN_SETSIGDEF);
  if (new_session) flags = static_cast<short>(flags | POSIX_SPAWN_SETSID);
  posix_spawnattr_setflags(&attributes, flags);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, program.c_str(), actions.get(), &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  if (error != 0) throw std::system_error(error, std::generic_category(), program);
  return pid;
}

void wait_for(pid_t pid, ProcessResult& result) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) fail("waitpid");
  result.killed = !WIFEXITED(status);
  result.status = result.killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// One stream being read, or nothing.
struct Reading {
  Fd fd;
  std::string* to;
};

/// Feeds `input` (`when_asked`: once something was said) and reads until all ends are closed. A terminal
/// reports EIO when its last user went away.
void pump(Fd input_fd, std::string_view input, std::vector<Reading> readings, bool when_asked = false) {
  ::signal(SIGPIPE, SIG_IGN);
  while (input_fd || !readings.empty()) {
    if (input_fd && (input.empty() || readings.empty())) input_fd = Fd();
    std::vector<pollfd> polled;
    polled.reserve(readings.size() + 1);
    for (const auto& reading : readings) polled.push_back({reading.fd.get(), POLLIN, 0});
    const bool feed = input_fd && !when_asked;
    if (feed) polled.push_back({input_fd.get(), POLLOUT, 0});
    if (polled.empty()) return;
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) fail("poll");
    if (feed && polled.back().revents != 0) {
      const auto written = ::write(input_fd.get(), input.data(), input.size());
      if (written < 0)
        input_fd = Fd();
      else
        input.remove_prefix(static_cast<std::size_t>(written));
    }
    for (std::size_t i = readings.size(); i-- > 0;) {
      if (polled[i].revents == 0) continue;
      std::array<char, 65536> piece;
      const auto got = ::read(readings[i].fd.get(), piece.data(), piece.size());
      when_asked = false;
      if (got > 0)
        readings[i].to->append(piece.data(), static_cast<std::size_t>(got));
      else
        readings.erase(readings.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

/// Connects descriptor `fd` of the child; returns the end to read from, if there is one.
Fd connect(FileActions& actions, int fd, Stream stream, std::vector<Fd>& keep) {
  if (stream == Stream::closed) {
    actions.close(fd);
    return {};
  }
  if (stream == Stream::full) {
    actions.open(fd, "/dev/full", O_WRONLY);
    return {};
  }
  auto pipe = make_pipe();
  actions.dup(pipe.write.get(), fd);
  keep.push_back(std::move(pipe.write));
  if (stream == Stream::broken) return {};  // the reading end closes here
  return std::move(pipe.read);
}

}  // namespace

std::filesystem::path Machine::file(const std::string& name, const std::string& content) const {
  auto path = home() / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::vector<std::string> Machine::environment(const std::map<std::string, std::string>& more) const {
  std::map<std::string, std::string> all = {
      {"HOME", home().string()},
      {"LANG", "C.UTF-8"},
      {"TZ", "UTC"},
      {"PATH", std::getenv("PATH") ? std::getenv("PATH") : "/usr/bin:/bin"}};
  for (const auto* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"})
    if (const auto* value = std::getenv(name)) all[name] = value;
  for (const auto& [name, value] : more) {
    if (value.empty())
      all.erase(name);
    else
      all[name] = value;
  }
  std::vector<std::string> entries;
  entries.reserve(all.size());
  for (const auto& [name, value] : all) entries.emplace_back(name).append("=").append(value);
  return entries;
}

ProcessResult Machine::run(const Arguments& arguments, const ProcessOptions& options) const {
  FileActions actions;
  std::vector<Fd> keep;
  auto input = make_pipe();
  actions.dup(input.read.get(), 0);
  auto out = connect(actions, 1, options.out, keep);
  auto err = connect(actions, 2, options.err, keep);
  actions.directory((options.directory.empty() ? home() : options.directory).c_str());
  const auto program = options.program.empty() ? std::string(RINGCTL_BINARY) : options.program;
  const auto pid = spawn(program, arguments, environment(options.environment), actions, false);
  keep.clear();
  input.read = Fd();
  ProcessResult result;
  result.arguments = arguments;
  if (options.meanwhile) options.meanwhile(pid);
  std::vector<Reading> readings;
  if (out) readings.push_back({std::move(out), &result.out});
  if (err) readings.push_back({std::move(err), &result.err});
  pump(std::move(input.write), options.input, std::move(readings));
  wait_for(pid, result);
  return result;
}

RunningProcess Machine::start(const Arguments& arguments, const ProcessOptions& options) const {
  std::string name = (home() / "log.XXXXXX").string();
  const Fd log(::mkostemp(name.data(), O_CLOEXEC | O_APPEND));
  if (!log) fail("log");
  FileActions actions;
  actions.open(0, "/dev/null", O_RDONLY);
  actions.dup(log.get(), 1);
  actions.dup(log.get(), 2);
  actions.directory((options.directory.empty() ? home() : options.directory).c_str());
  const auto program = options.program.empty() ? std::string(RINGCTL_BINARY) : options.program;
  return {spawn(program, arguments, environment(options.environment), actions, false), name};
}

RunningProcess::RunningProcess(RunningProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), log_(std::move(other.log_)), status_(other.status_) {}

RunningProcess::~RunningProcess() {
  if (pid_ < 0 || !is_running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string RunningProcess::log() const { return read_text(log_); }

bool RunningProcess::is_running() {
  if (status_) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void RunningProcess::signal(int signal) const {
  if (!status_) ::kill(pid_, signal);
}

int RunningProcess::wait(std::chrono::milliseconds most) {
  const auto give_up = std::chrono::steady_clock::now() + most;
  while (is_running()) {
    if (std::chrono::steady_clock::now() > give_up)
      throw std::runtime_error("the child did not end:\n" + log());
    ::poll(nullptr, 0, 2);
  }
  return *status_;
}

ProcessResult Machine::run_in_terminal(const Arguments& arguments, const TerminalOptions& options) const {
  Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 64> name{};
  if (!terminal || ::grantpt(terminal.get()) != 0 || ::unlockpt(terminal.get()) != 0 ||
      ::ptsname_r(terminal.get(), name.data(), name.size()) != 0)
    fail("terminal");
  // Held open until the child has it, so that reading does not end before it began.
  Fd child_side(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  winsize size{};
  size.ws_col = static_cast<unsigned short>(options.columns);
  size.ws_row = static_cast<unsigned short>(options.lines);
  ::ioctl(child_side.get(), TIOCSWINSZ, &size);
  termios mode{};
  ::tcgetattr(child_side.get(), &mode);
  mode.c_oflag &= ~static_cast<tcflag_t>(OPOST);  // newlines arrive as they were written
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(child_side.get(), TCSANOW, &mode);

  FileActions actions;
  Pipe pipe;
  actions.open(0, name.data(), O_RDWR);
  actions.dup(0, 1);
  actions.dup(0, 2);
  if (options.out_is_pipe) {
    pipe = make_pipe();
    actions.dup(pipe.write.get(), 1);
  }
  actions.directory(home().c_str());
  auto more = options.environment;
  more.emplace("TERM", "xterm");
  const auto pid = spawn(RINGCTL_BINARY, arguments, environment(more), actions, true);
  child_side = Fd();
  pipe.write = Fd();
  ProcessResult result;
  result.arguments = arguments;
  std::vector<Reading> readings;
  Fd typed(::fcntl(terminal.get(), F_DUPFD_CLOEXEC, 3));
  readings.push_back({std::move(terminal), options.out_is_pipe ? &result.err : &result.out});
  if (options.out_is_pipe) readings.push_back({std::move(pipe.read), &result.out});
  pump(std::move(typed), options.input, std::move(readings), true);
  wait_for(pid, result);
  return result;
}

std::vector<std::string> shell_words(const std::string& command) {
  std::vector<std::string> words;
  std::string word;
  bool started = false;
  char quote = 0;
  for (const char c : command) {
    if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word.push_back(c);
    } else if (c == '\'' || c == '"') {
      quote = c;
      started = true;
    } else if (std::string_view("|><&;").find(c) != std::string_view::npos) {
      break;
    } else if (c == ' ') {
      if (started) words.push_back(std::move(word));
      word.clear();
      started = false;
    } else {
      word.push_back(c);
      started = true;
    }
  }
  if (started) words.push_back(std::move(word));
  if (quote != 0) throw std::invalid_argument("unbalanced quotes: " + command);
  return words;
}

}  // namespace ringctl::test
