#pragma once
// The service in this process, on a database that can be taken away from it, and signed webhooks to it.

#include <fmt/format.h>

#include <atomic>
#include <optional>

#include "base/error.hpp"
#include "limits/office.hpp"
#include "serve/service.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/signed_form.hpp"
#include "twiml/read.hpp"

namespace ringctl::test {

struct Switchboard : Office {
  static constexpr std::string_view k_token = "0123456789abcdef0123456789abcdef";
  static constexpr std::string_view k_account = "AC0123456789abcdef0123456789abcdef";
  static constexpr std::string_view k_caller = "+16265550101";

  /// Ann, who may call from k_from with so many calls a day, and is rung when it is called.
  explicit Switchboard(db::Engine engine, std::int64_t limit = 100)
      : Office(engine), ann_id(agent()), assignment(assign(ann_id, number(), limit)) {}

  /// Reads the estate and answers from here on. `away`: what comes after that finds no database.
  void start(bool away_afterwards) {
    service.emplace(options(), opener(), clock);
    service->start();
    away = away_afterwards;
  }
  /// False if something was left in the journal.
  bool stop() {
    const bool all = service->stop();
    service.reset();
    return all;
  }

  /// Opens connections as long as the database is there; those that are open stay.
  serve::OpenDatabase opener() {
    return [this] {
      if (away) throw Error(Errc::db_down, "db.unreachable", "nobody listens");
      return database.connect();
    };
  }

  Form form(Form more = {}) const {
    Form all{{"AccountSid", std::string(k_account)},
             {"CallSid", call_sid(1)},
             {"CallStatus", "ringing"},
             {"From", std::string(k_caller)},
             {"To", k_from}};
    for (auto& [name, value] : more) {
      std::erase_if(all, [&](const auto& field) { return field.first == name; });
      all.emplace_back(name, value);
    }
    return all;
  }
  std::string from_ann() const { return "client:agent_" + ann_id.text(); }

  /// The workspace's path for calls, and `rest` of it.
  std::string voice(const std::string& rest = {}) const {
    return fmt::format("/api/workspaces/{}/voice{}", workspace.text(), rest);
  }
  HttpResponse post_as(std::string_view token, const std::string& path, const Form& fields) const {
    return HttpClient(socket().string())
        .post(path, encode_form(fields),
              {{"Content-Type", "application/x-www-form-urlencoded"},
               {"X-Twilio-Signature", signature(token, "https://pbx.example.com" + path, fields)}});
  }
  /// The answer to a webhook at `rest` of the workspace's voice path.
  HttpResponse post(const std::string& rest, const Form& fields) const {
    return post_as(k_token, voice(rest), fields);
  }
  twiml::Response answer(const std::string& rest, const Form& fields) const {
    return answer_at(voice(rest), fields);
  }
  twiml::Response answer_at(const std::string& path, const Form& fields) const {
    const auto reply = post_as(k_token, path, fields);
    INFO(path << ": " << reply.status << " " << reply.body);
    REQUIRE(reply.status == 200);
    twiml::Problem problem;
    auto response = twiml::try_read(reply.body, problem);
    REQUIRE(response);
    return *std::move(response);
  }

  std::filesystem::path socket() const { return folder / "serve.sock"; }
  serve::ServiceOptions options() const {
    serve::ServiceOptions options;
    options.listen = {net::Endpoint::parse("unix:" + socket().string())};
    options.webhooks.public_url = "https://pbx.example.com";
    options.webhooks.account_sid = k_account;
    options.webhooks.tokens.emplace_back(std::string(k_token));
    // No answer here is one that only came too late.
    options.webhooks.deadline = options.webhooks.record_deadline = options.drain_timeout = k_patience;
    options.books.state = folder.path();
    options.books.journal.bounds = {.max_bytes = 1 << 20, .segment_bytes = 64 * 1024};
    options.lookups.threads = 0;
    options.lookups.rest = std::chrono::milliseconds(0);
    return options;
  }

  TempDir folder;
  std::atomic<bool> away = false;
  base::Uuid ann_id, assignment;
  std::optional<serve::Service> service;
};

}  // namespace ringctl::test
