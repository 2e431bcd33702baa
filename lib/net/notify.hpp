#pragma once
// What a service tells systemd (sd_notify(3)), without its library. Does nothing where nobody asked.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ringctl::net {

class Notifier {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and removes them, so that children stay silent.
  static Notifier from_environment();
  /// `socket`: a path, "@name" for the abstract kind, or "" for nobody.
  explicit Notifier(std::string socket, std::optional<std::chrono::microseconds> watchdog = {});

  // Each returns true if the message was sent. None throws or waits.
  bool ready() const noexcept { return send("READY=1"); }
  /// Say ready() when it is done.
  bool reloading() const noexcept;
  bool stopping() const noexcept { return send("STOPPING=1"); }
  bool alive() const noexcept { return send("WATCHDOG=1"); }
  /// One line for `systemctl status`.
  bool status(std::string_view text) const noexcept;

  /// How often alive() should be called: half of what systemd waits; nullopt: not asked for.
  std::optional<std::chrono::microseconds> watchdog_interval() const;

 private:
  bool send(std::string_view) const noexcept;
  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace ringctl::net
