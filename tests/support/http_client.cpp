#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "base/text.hpp"

namespace ringctl::test {
namespace {

using Clock = std::chrono::steady_clock;

std::runtime_error failed(const std::string& what) {
  return std::runtime_error("http client: " + what + ": " + std::generic_category().message(errno));
}

base::Fd open_socket(int family) {
  base::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) throw failed("socket");
  return fd;
}

}  // namespace

std::string HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (base::ascii_lower(key) == base::ascii_lower(name)) return value;
  return {};
}

HttpClient::HttpClient(std::uint16_t port, milliseconds deadline)
    : fd_(open_socket(AF_INET)), deadline_(deadline) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw failed("connect to port " + std::to_string(port));
}

HttpClient::HttpClient(const std::string& path, milliseconds deadline)
    : fd_(open_socket(AF_UNIX)), deadline_(deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw failed("connect to " + path);
}

bool HttpClient::send(std::string_view bytes) {
  until_ = Clock::now() + deadline_;
  while (!bytes.empty()) {
    const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno == EAGAIN)
      wait(POLLOUT);
    else if (errno != EINTR)
      return false;
  }
  return true;
}

void HttpClient::end() { ::shutdown(fd_.get(), SHUT_WR); }

void HttpClient::wait(short events) {
  const auto left = std::chrono::duration_cast<milliseconds>(until_ - Clock::now());
  pollfd poll_fd{fd_.get(), events, 0};
  if (left.count() <= 0 || ::poll(&poll_fd, 1, static_cast<int>(left.count())) == 0)
    throw std::runtime_error("http client: nothing happened before the deadline; so far: " + in_);
}

HttpClient::More HttpClient::receive() {
  std::array<char, 16 * 1024> piece{};
  for (;;) {
    const auto n = ::recv(fd_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (n > 0) {
      in_.append(piece.data(), static_cast<std::size_t>(n));
      return More::bytes;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) return More::end;
    wait(POLLIN);
  }
}

bool HttpClient::receive_until(std::string_view mark, std::size_t& at) {
  while ((at = in_.find(mark)) == std::string::npos)
    if (receive() == More::end) return false;
  return true;
}

bool HttpClient::receive_size(std::size_t size) {
  while (in_.size() < size)
    if (receive() == More::end) return false;
  return true;
}

bool HttpClient::read_chunks(std::string& body) {
  for (;;) {
    std::size_t at = 0;
    if (!receive_until("\r\n", at)) return false;
    const auto size = std::strtoul(in_.c_str(), nullptr, 16);
    in_.erase(0, at + 2);
    if (!receive_size(size + 2)) return false;
    body.append(in_, 0, size);
    in_.erase(0, size + 2);
    if (size == 0) return true;
  }
}

std::optional<HttpResponse> HttpClient::read(bool to_head) {
  until_ = Clock::now() + deadline_;
  std::size_t at = 0;
  if (!receive_until("\r\n\r\n", at)) return std::nullopt;
  const auto head = in_.substr(0, at);
  in_.erase(0, at + 4);
  HttpResponse reply;
  bool first = true;
  for (const auto text : base::split(head, '\n')) {
    const auto line = base::trim(text);
    const auto colon = line.find(':');
    if (std::exchange(first, false)) {
      if (line.size() < 12 || !line.starts_with("HTTP/1.1 "))
        throw std::runtime_error("no status line: " + head);
      reply.status = std::atoi(std::string(line.substr(9, 3)).c_str());
    } else if (colon != std::string_view::npos) {
      reply.headers.emplace_back(line.substr(0, colon), base::trim(line.substr(colon + 1)));
    }
  }
  if (to_head || reply.status < 200 || reply.status == 204 || reply.status == 304) return reply;
  if (reply.header("transfer-encoding") == "chunked") {
    if (!read_chunks(reply.body)) return std::nullopt;
    return reply;
  }
  const auto size = std::strtoul(reply.header("content-length").c_str(), nullptr, 10);
  if (!receive_size(size)) return std::nullopt;
  reply.body = in_.substr(0, size);
  in_.erase(0, size);
  return reply;
}

bool HttpClient::closed() {
  until_ = Clock::now() + deadline_;
  return in_.empty() && receive() == More::end;
}

bool HttpClient::quiet() {
  char byte = 0;
  return in_.empty() && ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

HttpResponse HttpClient::request(std::string_view method, std::string_view target, std::string_view body,
                              const Headers& headers) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  const auto has = [&](std::string_view name) {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& field) { return base::ascii_lower(field.first) == name; });
  };
  if (!has("host")) text += "Host: localhost\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") {
    if (!has("content-type")) text += "Content-Type: application/x-www-form-urlencoded\r\n";
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  text += "\r\n";
  text += body;
  send(text);
  auto reply = read(method == "HEAD");
  if (!reply)
    throw std::runtime_error("http client: no response to " + std::string(method) + " " +
                             std::string(target));
  return *reply;
}

HttpResponse http_get(std::uint16_t port, std::string_view target) {
  return HttpClient(port).get(target, {{"Connection", "close"}});
}

HttpResponse http_post(std::uint16_t port, std::string_view target, std::string_view body,
                    const HttpClient::Headers& headers) {
  return HttpClient(port).post(target, body, headers);
}

}  // namespace ringctl::test
