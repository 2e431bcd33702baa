#include "net/notify.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ringctl::net {

Notifier Notifier::from_environment() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  auto socket = variable("NOTIFY_SOCKET");
  const auto every = base::parse_int(variable("WATCHDOG_USEC"));
  const auto pid = base::parse_int(variable("WATCHDOG_PID"));
  for (const auto* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  std::optional<std::chrono::microseconds> watchdog;
  if (every && *every > 0 && (!pid || *pid == ::getpid())) watchdog = std::chrono::microseconds(*every);
  return Notifier(std::move(socket), watchdog);
}

Notifier::Notifier(std::string socket, std::optional<std::chrono::microseconds> watchdog)
    : socket_(std::move(socket)), watchdog_(watchdog) {}

std::optional<std::chrono::microseconds> Notifier::watchdog_interval() const {
  if (!watchdog_) return std::nullopt;
  return *watchdog_ / 2;
}

bool Notifier::reloading() const noexcept {
  // Type=notify-reload orders the messages by this clock.
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "RELOADING=1\nMONOTONIC_USEC={}",
                 static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
  return send({text.data(), text.size()});
}

bool Notifier::status(std::string_view text) const noexcept {
  fmt::memory_buffer line;
  fmt::format_to(std::back_inserter(line), "STATUS={}", text.substr(0, text.find('\n')));
  return send({line.data(), line.size()});
}

bool Notifier::send(std::string_view message) const noexcept {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  socket_.copy(address.sun_path, sizeof address.sun_path - 1);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const base::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return fd && ::sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                        reinterpret_cast<const sockaddr*>(&address), size) >= 0;
}

}  // namespace ringctl::net
