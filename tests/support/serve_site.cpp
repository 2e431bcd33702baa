#include "support/serve_site.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "base/file.hpp"
#include "base/text.hpp"
#include "support/raw_server.hpp"
#include "twiml/read.hpp"

namespace ringctl::test {
namespace {

constexpr timeval k_answer{.tv_sec = k_patience.count(), .tv_usec = 0};

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in local(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// On a port that is free. Others may listen there beside it, if they say that they share, but nobody is
/// given it by chance.
base::Fd bound_socket(int flags, std::uint16_t& port) {
  base::Fd fd(::socket(AF_INET, SOCK_STREAM | flags, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto address = local(0);
  socklen_t size = sizeof address;
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail("free port");
  port = ntohs(address.sin_port);
  return fd;
}

base::Fd connect_to(int family, const sockaddr* address, socklen_t size) {
  base::Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail("socket");
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &k_answer, sizeof k_answer);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &k_answer, sizeof k_answer);
  if (::connect(socket.get(), address, size) != 0) fail("connect");
  return socket;
}

base::Fd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("too long for a socket: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

HttpReply exchange(const base::Fd& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) break;  // refused half-way: the answer may be there all the same
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  HttpReply reply;
  std::array<char, 65536> piece{};
  for (;;) {
    const auto size = ::recv(socket.get(), piece.data(), piece.size(), 0);
    if (size < 0) fail("no answer");
    const auto state = size > 0 ? reply.take({piece.data(), static_cast<std::size_t>(size)}) : reply.end();
    if (state == HttpReply::State::complete) return reply;
    if (state == HttpReply::State::bad) throw std::runtime_error("the answer is not whole");
  }
}

std::string socket_path(const Site& site) { return (site.machine().home() / "serve.sock").string(); }
std::string metrics_path(const Site& site) { return (site.machine().home() / "metrics.sock").string(); }

std::string get_request(std::string_view path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: pbx.example.com\r\nConnection: close\r\n\r\n", path);
}

}  // namespace

ServeSite::ServeSite(db::Engine engine, ServeOptions options)
    : site_(engine, Schema::latest, options.server), options_(std::move(options)) {
  site_.ok({"init", "--yes", "--zone", "UTC", "--country", "US"});
  site_.ok({"workspaces", "update", "default", "--twilio-accounts", k_account});
  workspace_ = site_.json({"workspaces", "show"})["id"].get<std::string>();
}

ServeSite::~ServeSite() = default;

void ServeSite::start() {
  if (process_) throw std::logic_error("serve runs already");
  if (options_.listen != ServeOptions::Listen::unix_socket && port_ == 0) {
    const bool inherited = options_.listen == ServeOptions::Listen::inherited;
    auto socket = bound_socket(inherited ? SOCK_NONBLOCK : SOCK_CLOEXEC, port_);
    if (inherited && ::listen(socket.get(), SOMAXCONN) != 0) fail("listen");
    socket_ = std::move(socket);
  }
  if (options_.listen == ServeOptions::Listen::inherited)
    listen_ = fmt::format("fd:{}", socket_.get());
  else if (port_ != 0)
    listen_ = fmt::format("127.0.0.1:{}", port_);
  else
    listen_ = "unix:" + socket_path(site_);
  ProcessOptions process{
      .program = {}, .environment = options_.environment, .input = {}, .directory = {}, .meanwhile = {}};
  process.environment.emplace("TWILIO_AUTH_TOKEN", k_token);
  process.environment.emplace("RINGCTL_PUBLIC_URL", k_public_url);
  if (!site_.url().empty()) process.environment.emplace("RINGCTL_DATABASE_URL", site_.url());
  Machine::Arguments arguments = {"serve", "--listen", listen_, "--metrics-listen",
                                  "unix:" + metrics_path(site_)};
  arguments.insert(arguments.end(), options_.arguments.begin(), options_.arguments.end());
  process_.emplace(site_.machine().start(arguments, process));

  const auto give_up = std::chrono::steady_clock::now() + k_patience;
  while (!is_ready()) {
    if (!process_->is_running() || std::chrono::steady_clock::now() > give_up)
      throw std::runtime_error("serve is not ready:\n" + log());
    ::poll(nullptr, 0, 5);
  }
}

bool ServeSite::is_ready() const {
  try {
    return get("/readyz").status() == 200;
  } catch (const std::runtime_error&) {  // nobody listens yet
    return false;
  }
}

int ServeSite::terminate() {
  process_.value().signal(SIGTERM);
  const int status = process_->wait();
  process_.reset();
  return status;
}

void ServeSite::kill() {
  process_.value().signal(SIGKILL);
  process_->wait();
  process_.reset();
}

void ServeSite::signal(int signal) { process_.value().signal(signal); }
bool ServeSite::is_running() { return process_ && process_->is_running(); }
int ServeSite::pid() const { return process_.value().pid(); }
std::string ServeSite::log() const { return process_.value().log(); }

std::string agent_email(int i) { return fmt::format("agent{}@example.com", i); }

void ServeSite::lay_out(int agents) const {
  site_.ok({"numbers", "add", k_main_line, "--country-code", "US"});
  std::string users = "email,role\n";
  for (int i = 0; i < agents; ++i) users += agent_email(i) + ",agent\n";
  site_.machine().file("agents.csv", users);
  site_.ok({"users", "import", "agents.csv"});
}

RequestOptions ServeSite::calls(std::vector<std::string> callers) const {
  return {.public_url = k_public_url,
          .host = "pbx.example.com",
          .path = voice(),
          .token = k_token,
          .account_sid = k_account,
          .to = k_main_line,
          .callers = std::move(callers)};
}

std::string ServeSite::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::string ServeSite::voice(std::string_view rest) const {
  return fmt::format("/api/workspaces/{}/voice{}", workspace_, rest);
}

Form ServeSite::inbound(const std::string& from, const std::string& to) {
  return {{"AccountSid", k_account},
          {"ApiVersion", "2010-04-01"},
          {"CallSid", fmt::format("CA{:032x}", ++calls_)},
          {"CallStatus", "ringing"},
          {"Called", to},
          {"Caller", from},
          {"Direction", "inbound"},
          {"From", from},
          {"To", to}};
}

HttpReply ServeSite::send(std::string_view bytes) const {
  if (options_.listen == ServeOptions::Listen::unix_socket)
    return exchange(connect_to(socket_path(site_)), bytes);
  const auto address = local(port_);
  return exchange(connect_to(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address), bytes);
}

HttpReply ServeSite::get(const std::string& path) const { return send(get_request(path)); }

double ServeSite::metric(const std::string& series) const {
  const auto text = exchange(connect_to(metrics_path(site_)), get_request("/metrics")).body();
  for (const auto line : base::split(text, '\n'))
    if (line.starts_with(series + " ")) return std::stod(std::string(line.substr(series.size() + 1)));
  return 0;
}

HttpReply ServeSite::post(const std::string& path, const Form& form) const {
  return post_signed_as(path, form, signature(k_token, k_public_url + path, form));
}

HttpReply ServeSite::post_signed_as(const std::string& path, const Form& form,
                                    std::optional<std::string> signature) const {
  const auto body = encode_form(form);
  return send(fmt::format(
      "POST {} HTTP/1.1\r\nHost: pbx.example.com\r\nConnection: close\r\nUser-Agent: TwilioProxy/1.1\r\n"
      "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {}\r\n{}\r\n{}",
      path, body.size(), signature ? fmt::format("X-Twilio-Signature: {}\r\n", *signature) : std::string(),
      body));
}

twiml::Response ServeSite::answer(const std::string& path, const Form& form) const {
  const auto reply = post(path, form);
  twiml::Problem problem;
  if (reply.status() == 200)
    if (auto response = twiml::try_read(reply.body(), problem)) return *std::move(response);
  throw std::runtime_error(fmt::format("{} answered {} {} (line {}: {}):\n{}", path, reply.status(),
                                       reply.header("content-type"), problem.line, problem.message,
                                       reply.body()));
}

}  // namespace ringctl::test
