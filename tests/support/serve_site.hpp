#pragma once
// `ringctl serve` as it runs: the real program on a fresh machine, with a database on either engine, reached
// over a socket by signed webhooks. Stopped by its pid, at the latest with the fixture.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "support/http_reply.hpp"
#include "support/load_request.hpp"
#include "support/signed_form.hpp"
#include "support/site.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::test {

struct ServeOptions {
  enum class Listen {
    unix_socket,  ///< a socket in the machine's home
    tcp,          ///< a port of 127.0.0.1 that nobody else is given, also while nobody serves it
    inherited,    ///< the same, as a socket that stays open while nobody serves it
  };
  Listen listen = Listen::unix_socket;
  Machine::Arguments arguments = {};                    ///< after `serve --listen ...`
  std::map<std::string, std::string> environment = {};  ///< beside what a service needs
  std::string server = {};                              ///< a PostgreSQL beside the one that tests share
};

inline const std::string k_main_line = "+12025550100";
/// "agent0@example.com"
std::string agent_email(int i);

class ServeSite {
 public:
  inline static const std::string k_token = "fedcba9876543210fedcba9876543210";
  inline static const std::string k_account = "AC0123456789abcdef0123456789abcdef";
  inline static const std::string k_public_url = "https://pbx.example.com";

  /// A database with the workspace `default` (zone UTC, country US), which takes webhooks of k_account.
  /// Nothing runs yet.
  explicit ServeSite(db::Engine, ServeOptions = {});
  ~ServeSite();

  /// For commands: site().ok({"numbers", "add", ...}).
  const Site& site() const { return site_; }
  const std::string& workspace() const { return workspace_; }

  /// k_main_line and so many agents, who are rung on their clients.
  void lay_out(int agents) const;

  /// Starts the service and waits until /readyz says 200. Throws std::runtime_error with its log if it ends,
  /// or is not ready within k_patience.
  void start();
  /// SIGTERM and its exit status; SIGKILL. Throw if it does not end.
  int terminate();
  void kill();
  void signal(int);
  bool is_running();
  int pid() const;
  std::string log() const;  ///< since it was started
  /// Where it listens on TCP: the same at every start.
  std::uint16_t port() const { return port_; }

  /// "http://127.0.0.1:PORT" + path, of one that listens on a port.
  std::string url(std::string_view path) const;
  /// "/api/workspaces/ID/voice" + rest
  std::string voice(std::string_view rest = {}) const;
  /// A call that comes in, with a CallSid of its own.
  Form inbound(const std::string& from, const std::string& to);

  /// Calls to k_main_line, for a Load: what they are signed with and where they go.
  RequestOptions calls(std::vector<std::string> callers) const;

  /// Each over a connection of its own. Throw std::runtime_error if no whole answer came within k_patience.
  HttpReply get(const std::string& path) const;
  /// The value of one line of /metrics: metric("ringctl_twiml_fallback_total{cause=\"database\"}"); 0 if
  /// there is none.
  double metric(const std::string& series) const;
  HttpReply post(const std::string& path, const Form&) const;  ///< signed
  HttpReply post_signed_as(const std::string& path, const Form&, std::optional<std::string> signature) const;
  /// The bytes as they are: for requests that no client would send.
  HttpReply send(std::string_view bytes) const;
  /// The verbs of the answer to a signed webhook. Throws std::runtime_error with the answer if it is not
  /// status 200 and TwiML.
  twiml::Response answer(const std::string& path, const Form&) const;

 private:
  bool is_ready() const;
  Site site_;
  ServeOptions options_;
  std::string workspace_, listen_;
  std::uint16_t port_ = 0;
  base::Fd socket_;  ///< holds the port; Listen::inherited: is what is served
  std::uint64_t calls_ = 0;
  std::optional<RunningProcess> process_;
};

}  // namespace ringctl::test
