#include "support/raw_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <utility>

#include "base/text.hpp"
#include "support/eventually.hpp"

namespace ringctl::test {
namespace {

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("raw server: no port");
  return ntohs(address.sin_port);
}

base::Fd bound_socket() {
  base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("raw server: cannot bind");
  return fd;
}

/// Of the head; 0 if it says nothing.
std::size_t content_length(std::string_view head) {
  for (const auto line : base::split(head, '\n'))
    if (base::ascii_lower(line).starts_with("content-length:"))
      return std::strtoul(std::string(line.substr(15)).c_str(), nullptr, 10);
  return 0;
}

}  // namespace

bool RawPeer::wait(short events, std::chrono::milliseconds most) {
  pollfd waited{fd_.get(), events, 0};
  return ::poll(&waited, 1, static_cast<int>(most.count())) > 0;
}

std::string RawPeer::read() {
  for (;;) {
    const auto head = in_.find("\r\n\r\n");
    if (head != std::string::npos) {
      const auto size = head + 4 + content_length(std::string_view(in_).substr(0, head));
      if (in_.size() >= size) {
        auto request = in_.substr(0, size);
        in_.erase(0, size);
        return request;
      }
    }
    std::array<char, 4096> piece{};
    if (!wait(POLLIN, k_patience)) return {};
    const auto n = ::recv(fd_.get(), piece.data(), piece.size(), 0);
    if (n <= 0) return {};
    in_.append(piece.data(), static_cast<std::size_t>(n));
  }
}

bool RawPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::size_t RawPeer::drip(std::string_view bytes, std::chrono::milliseconds every) {
  for (std::size_t sent = 0; sent < bytes.size(); ++sent)
    if (wait(POLLIN, every) || !send(bytes.substr(sent, 1))) return sent;
  return bytes.size();
}

void RawPeer::wait_until_gone() {
  std::array<char, 4096> piece{};
  while (wait(POLLIN, k_patience) && ::recv(fd_.get(), piece.data(), piece.size(), 0) > 0) {
  }
}

void RawPeer::reset() {
  const linger none{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

void RawPeer::shut_down() const { ::shutdown(fd_.get(), SHUT_RDWR); }

RawServer::RawServer(std::vector<Script> scripts) : scripts_(std::move(scripts)), listener_(bound_socket()) {
  std::array<int, 2> pipe{};
  if (::listen(listener_.get(), SOMAXCONN) != 0 || ::pipe2(pipe.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("raw server: cannot listen");
  stop_[0] = base::Fd(pipe[0]);
  stop_[1] = base::Fd(pipe[1]);
  port_ = port_of(listener_.get());
  acceptor_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
  stop_[1] = base::Fd();
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& peer : peers_)
      if (peer) peer->shut_down();
  }
  for (auto& thread : threads_) thread.join();
}

std::string RawServer::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

void RawServer::accept_all() {
  for (;;) {
    std::array<pollfd, 2> waited{{{listener_.get(), POLLIN, 0}, {stop_[0].get(), POLLIN, 0}}};
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) return;
    if (waited[1].revents != 0) return;
    base::Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) continue;
    const std::lock_guard lock(mutex_);
    const auto number = connections_++;
    auto& peer = *peers_.emplace_back(std::make_unique<RawPeer>(std::move(fd)));
    threads_.emplace_back([this, &peer, number] { serve(peer, number); });
  }
}

void RawServer::serve(RawPeer& peer, std::size_t number) {
  if (number < scripts_.size()) scripts_[number](peer);
  const std::lock_guard lock(mutex_);
  for (auto& one : peers_)
    if (one.get() == &peer) one.reset();
}

RawServer::Script RawServer::answers(std::string bytes) {
  return [bytes = std::move(bytes)](RawPeer& peer) {
    peer.read();
    peer.send(bytes);
  };
}

std::string RawServer::response(std::string_view body, std::string_view fields, int status) {
  return fmt::format("HTTP/1.1 {} Status\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), fields,
                     body);
}

DeafPort::DeafPort() : fd_(bound_socket()), number_(port_of(fd_.get())) {}

}  // namespace ringctl::test
