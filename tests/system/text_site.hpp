#pragma once
// `ringctl serve` twice on one database, with a number whose texts several people receive; texts from many
// telephones, as Twilio posts them; and what the database holds of them.

#include <fmt/format.h>
#include <poll.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "db/transaction.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/serve_site.hpp"
#include "twiml/read.hpp"

namespace ringctl::test {

/// One of 10,000 telephones, with numbers that are kept for fiction.
inline std::string telephone(int i) { return fmt::format("+1{}55501{:02}", 201 + i / 100 % 100, i % 100); }

/// Twilio's name for it; the same number, the same message.
inline std::string message_sid(std::uint64_t i) { return fmt::format("SM{:032x}", i); }

struct TextOptions {
  int users = 2;
  std::string mode = "notify_all";
  ServeOptions serve = {};
};

class TextSite {
 public:
  explicit TextSite(db::Engine engine, const TextOptions& options = {})
      : serve_(engine, options.serve), environment_(options.serve.environment) {
    environment_.emplace("TWILIO_AUTH_TOKEN", ServeSite::k_token);
    environment_.emplace("RINGCTL_PUBLIC_URL", ServeSite::k_public_url);
    if (!site().url().empty()) environment_.emplace("RINGCTL_DATABASE_URL", site().url());
    serve_.lay_out(options.users);
    std::string pool = "phone_number,user,sms_access_enabled\n";
    for (int i = 0; i < options.users; ++i) pool += fmt::format("{},{},yes\n", k_main_line, agent_email(i));
    site().machine().file("pool.csv", pool);
    site().ok({"pools", "import", "pool.csv"});
    site().ok({"numbers", "update", k_main_line, "--sms-mode", options.mode});
  }

  const Site& site() const { return serve_.site(); }
  ServeSite& serve() { return serve_; }
  base::Uuid workspace() const { return base::Uuid::parse(serve_.workspace()); }
  std::string path() const { return fmt::format("/api/workspaces/{}/sms", serve_.workspace()); }

  /// The other one, beside serve().start().
  void start_second() {
    ProcessOptions process;
    process.environment = environment_;
    second_.emplace(site().machine().start({"serve", "--listen", "unix:" + second_socket()}, process));
    const bool ready = eventually(
        [&] {
          try {
            return HttpClient(second_socket()).get("/readyz").status == 200;
          } catch (const std::runtime_error&) {  // nobody listens yet
            return false;
          }
        },
        10);
    if (!ready) throw std::runtime_error("the second serve is not ready:\n" + second_->log());
  }
  void kill_second() {
    second_.value().signal(SIGKILL);
    second_->wait();
    second_.reset();
  }

  Form text(const std::string& from, const std::string& body, const std::string& sid) const {
    return {{"AccountSid", ServeSite::k_account},
            {"ApiVersion", "2010-04-01"},
            {"Body", body},
            {"From", from},
            {"MessageSid", sid},
            {"NumMedia", "0"},
            {"NumSegments", "1"},
            {"SmsMessageSid", sid},
            {"SmsSid", sid},
            {"SmsStatus", "received"},
            {"To", k_main_line}};
  }
  Form status(const std::string& sid, const std::string& to, const std::string& status) const {
    return {{"AccountSid", ServeSite::k_account},
            {"ApiVersion", "2010-04-01"},
            {"From", k_main_line},
            {"MessageSid", sid},
            {"MessageStatus", status},
            {"SmsSid", sid},
            {"SmsStatus", status},
            {"To", to}};
  }
  /// Signed as the public URL that both were started with says.
  std::string signature_of(const std::string& to, const Form& form) const {
    return signature(ServeSite::k_token, environment_.at("RINGCTL_PUBLIC_URL") + to, form);
  }
  /// Throw std::runtime_error if no whole answer came.
  HttpReply post(const std::string& to, const Form& form) const {
    return serve_.post_signed_as(to, form, signature_of(to, form));
  }
  HttpResponse post_to_second(const std::string& to, const Form& form) const {
    return HttpClient(second_socket())
        .post(to, encode_form(form),
              {{"Content-Type", "application/x-www-form-urlencoded"},
               {"X-Twilio-Signature", signature_of(to, form)}});
  }

  std::unique_ptr<db::Connection> connect() const {
    db::OpenOptions options;
    options.busy_timeout = std::chrono::minutes(1);  // many write at once
    return db::Connection::open(
        site().url().empty() ? "sqlite:" + site().sqlite_file().string() : site().url(), options);
  }
  /// What a statement that reads returns, in its first column and row; 0 if there is none.
  std::int64_t integer(std::string_view sql) const {
    const auto connection = connect();
    const db::Transaction transaction(*connection, db::Scope::of(workspace()), db::Access::read);
    return connection->integer(sql).value_or(0);
  }
  std::int64_t messages() const { return integer("SELECT count(*) FROM messages"); }
  /// Until so many messages are in the database; false if they never are.
  bool await_messages(std::int64_t count) const {
    return eventually([&] { return messages() >= count; }, 20);
  }

 private:
  std::string second_socket() const { return (site().machine().home() / "second.sock").string(); }

  ServeSite serve_;
  std::map<std::string, std::string> environment_;
  std::optional<RunningProcess> second_;
};

/// TwiML that says nothing: no reply.
inline bool is_silence(std::string_view body) {
  twiml::Problem problem;
  const auto response = twiml::try_read(body, problem);
  return response && response->verbs.empty();
}

}  // namespace ringctl::test
