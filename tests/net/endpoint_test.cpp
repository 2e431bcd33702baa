// What --listen takes, and what systemd hands over.

#include "net/endpoint.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"
#include "net/notify.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using net::Endpoint;

TEST_CASE("endpoints are read and written alike", "[net]") {
  for (const auto* const text :
       {"127.0.0.1:8080", "0.0.0.0:0", "[::1]:443", "[::]:65535", "unix:/run/a.sock", "fd:3"})
    CHECK(Endpoint::parse(text).text() == text);
  CHECK(Endpoint::parse("localhost:1").text() == "127.0.0.1:1");
  CHECK(Endpoint::parse("*:1").text() == "0.0.0.0:1");
}

TEST_CASE("what is no endpoint is refused", "[net]") {
  for (const std::string text :
       {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http",
        "::1:80", "[::1]", "[::1:80", "example.com:80", "127.1:80", "unix:", "fd:", "fd:x", "fd:-1"}) {
    INFO(text);
    CHECK(test::slug_of([&] { Endpoint::parse(text); }) == "net.bad_endpoint");
  }
  CHECK(test::slug_of([] { Endpoint::parse("unix:/" + std::string(107, 'a')); }) == "net.bad_endpoint");
}

TEST_CASE("sockets from systemd are taken once, and only by the process they are meant for", "[net]") {
  const auto set = [](const std::string& pid) {
    ::setenv("LISTEN_PID", pid.c_str(), 1);
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_FDNAMES", "http:metrics", 1);
  };
  set("1");
  CHECK(net::inherited_endpoints().empty());
  set(std::to_string(::getpid()));
  const auto endpoints = net::inherited_endpoints();
  REQUIRE(endpoints.size() == 2);
  CHECK(endpoints[0].text() == "fd:3");
  CHECK(endpoints[1].text() == "fd:4");
  CHECK(std::getenv("LISTEN_FDS") == nullptr);
  CHECK(net::inherited_endpoints().empty());
}

TEST_CASE("systemd is told what happens, and its variables do not reach children", "[net]") {
  const test::TempDir dir;
  const auto path = (dir / "notify").string();
  const base::Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const auto received = [&] {
    std::array<char, 256> text{};
    const auto n = ::recv(fd.get(), text.data(), text.size(), MSG_DONTWAIT);
    return n < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(n));
  };
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  const auto notifier = net::Notifier::from_environment();
  CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
  CHECK(std::getenv("WATCHDOG_USEC") == nullptr);
  CHECK(notifier.watchdog_interval() == std::chrono::seconds(15));
  CHECK(notifier.ready());
  CHECK(received() == "READY=1");
  CHECK(notifier.reloading());
  CHECK(received().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(notifier.stopping());
  CHECK(received() == "STOPPING=1");
  CHECK(notifier.alive());
  CHECK(received() == "WATCHDOG=1");
  CHECK(notifier.status("3 calls\nREADY=1"));
  CHECK(received() == "STATUS=3 calls");
}

TEST_CASE("where nobody wants to be told nothing happens", "[net]") {
  const auto nobody = net::Notifier::from_environment();
  CHECK_FALSE(nobody.ready());
  CHECK_FALSE(nobody.watchdog_interval());
  CHECK_FALSE(net::Notifier("/nowhere/at/all").ready());
  CHECK_FALSE(net::Notifier(std::string(200, 'a')).ready());
}

TEST_CASE("a watchdog meant for another process is not ours", "[net]") {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(net::Notifier::from_environment().watchdog_interval());
}
