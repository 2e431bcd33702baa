// Text messages: what is answered to their webhooks, whose they are, and that they are on record.

#include "serve/journal_site.hpp"
#include "serve/switchboard.hpp"
#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

using test::Form;
using test::HttpResponse;
using test::Switchboard;

const std::string k_by_number = "/api/twilio/webhook";
const std::string k_other_account = "ACfedcba9876543210fedcba9876543210";
const std::string k_others_token = "fedcba9876543210fedcba9876543210";
const std::string k_unknown = "+12025550177";

std::string message_sid(int n) { return fmt::format("SM{:032x}", n); }

/// Ann's number, whose texts she receives.
struct Texts : Switchboard {
  explicit Texts(db::Engine engine) : Switchboard(engine) {
    exec("UPDATE agent_phone_numbers SET sms_access_enabled = TRUE WHERE id = $1", {assignment});
  }

  void start_with(const ServiceOptions& given) {
    service.emplace(given, opener(), clock);
    service->start();
  }
  /// The workspace's path for texts, and `rest` of it.
  std::string sms(const std::string& rest = {}) const {
    return fmt::format("/api/workspaces/{}/sms{}", workspace.text(), rest);
  }
  Form text(int n, const Form& more = {}) const {
    Form all{{"AccountSid", std::string(k_account)},
             {"Body", "Hello"},
             {"From", std::string(k_caller)},
             {"MessageSid", message_sid(n)},
             {"NumMedia", "0"},
             {"SmsStatus", "received"},
             {"To", test::k_from}};
    for (const auto& [name, value] : more) {
      std::erase_if(all, [&, &key = name](const auto& field) { return field.first == key; });
      all.emplace_back(name, value);
    }
    return all;
  }
  /// What became of a message of ours.
  Form state(int n, const std::string& word, const Form& more = {}) const {
    auto all = text(n, {{"From", test::k_from},
                        {"To", std::string(k_caller)},
                        {"MessageStatus", word},
                        {"SmsStatus", word}});
    all.insert(all.end(), more.begin(), more.end());
    std::erase_if(all, [](const auto& field) { return field.first == "Body" || field.first == "NumMedia"; });
    return all;
  }
  HttpResponse at(const std::string& path, const Form& fields) const {
    return post_as(k_token, path, fields);
  }
  /// Everything is in the database.
  void settle() { REQUIRE(service->settle(test::k_patience)); }

  std::int64_t messages() { return count("messages"); }
  std::int64_t count(const std::string& table, const std::optional<base::Uuid>& of = {}) {
    const auto where = of.value_or(workspace);
    const db::Transaction transaction(db(), db::Scope::of(where), db::Access::read);
    return db()
        .integer(fmt::format("SELECT count(*) FROM {} WHERE workspace_id = $1", table), {where})
        .value_or(0);
  }
  std::string status_of(int n) {
    return read([&] {
      return db()
          .text("SELECT status FROM messages WHERE workspace_id = $1 AND message_sid = $2",
                {workspace, message_sid(n)})
          .value_or("");
    });
  }
  base::Uuid add_workspace(const std::string& name, const std::string& accounts = {}) {
    const auto id = database.add_workspace(name);
    db::in_transaction(db(), db::Scope::of(id), [&] {
      if (!accounts.empty())
        db().exec("UPDATE workspaces SET twilio_accounts = $2, version = version + 1 WHERE id = $1",
                  {id, accounts});
    });
    return id;
  }
  void add_number(const base::Uuid& of, const std::string& number) {
    db::in_transaction(db(), db::Scope::of(of), [&] {
      db().exec(
          "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
          "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
          {alice.ids.next(), of, number, clock.now()});
    });
  }
};

void check_nothing_said(const HttpResponse& answer) {
  INFO(answer.status << " " << answer.body);
  REQUIRE(answer.status == 200);
  CHECK(answer.header("Content-Type").starts_with("text/xml"));
  twiml::Problem problem;
  const auto response = twiml::try_read(answer.body, problem);
  REQUIRE(response);
  CHECK(response->verbs.empty());
}

TEST_CASE("a text is answered with nothing to say, kept, and those who receive it are told", "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  board.start(false);
  check_nothing_said(board.at(k_by_number, board.text(1)));
  check_nothing_said(board.at(board.sms(), board.text(2, {{"Body", "Grüezi"}})));
  board.settle();
  CHECK(board.messages() == 2);
  CHECK(board.count("message_threads") == 1);
  CHECK(board.integer("SELECT count(*) FROM notifications WHERE user_id = $1", {board.ann_id}) == 2);
  CHECK(board.integer("SELECT count(*) FROM messages WHERE body = 'Grüezi' AND message_sid = $1",
                      {message_sid(2)}) == 1);
  CHECK(board.stop());
}

TEST_CASE("the same text again gets the same answer and is no second one", "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  board.start(false);
  for (int i = 0; i < 3; ++i) check_nothing_said(board.at(k_by_number, board.text(1)));
  board.settle();
  check_nothing_said(board.at(board.sms(), board.text(1)));
  board.settle();
  CHECK(board.messages() == 1);
  CHECK(board.count("notifications") == 1);
}

TEST_CASE("a text that is unsigned, signed for another account, not posted or without a SID is not taken",
          "[serve]") {
  Texts board(db::Engine::sqlite);
  auto options = board.options();
  options.webhooks.tokens.emplace_back(k_other_account + ":" + k_others_token);
  board.start_with(options);
  auto without_sid = board.text(1);
  std::erase_if(without_sid, [](const auto& field) { return field.first == "MessageSid"; });
  for (const auto& path : {k_by_number, board.sms(), board.sms("/status")}) {
    INFO(path);
    CHECK(board.post_as("00000000000000000000000000000000", path, board.text(1)).status == 403);
    CHECK(board.at(path, board.text(1, {{"AccountSid", k_other_account}})).status == 403);
    CHECK(board.at(path, without_sid).status == 400);
    const auto got = test::HttpClient(board.socket().string()).get(path);
    CHECK(got.status == 405);
    CHECK(got.header("Allow") == "POST");
  }
  // Signed as it should be, by an account that is none of the workspace's.
  for (const auto& path : {k_by_number, board.sms()})
    CHECK(board.post_as(k_others_token, path, board.text(1, {{"AccountSid", k_other_account}})).status ==
          403);
  board.settle();
  CHECK(board.messages() == 0);
}

TEST_CASE("an older form names its message SmsSid", "[serve]") {
  Texts board(db::Engine::sqlite);
  board.start(false);
  auto old = board.text(1);
  for (auto& [name, value] : old)
    if (name == "MessageSid") name = "SmsSid";
  check_nothing_said(board.at(k_by_number, old));
  board.settle();
  CHECK(board.status_of(1) == "received");
}

// --- whose it is ---

TEST_CASE("a text to a number that nobody has is its account's only workspace's", "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  board.add_workspace("other", R"(["ACfedcba9876543210fedcba9876543210"])");
  board.start(false);
  check_nothing_said(board.at(k_by_number, board.text(1, {{"To", k_unknown}})));
  board.settle();
  CHECK(board.messages() == 1);
  CHECK(board.integer("SELECT count(*) FROM messages WHERE number_id IS NULL") == 1);
}

TEST_CASE("a text to a number that nobody has is nobody's where several workspaces take the account",
          "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  const auto other = board.add_workspace("other");
  board.start(false);
  check_nothing_said(board.at(k_by_number, board.text(1, {{"To", k_unknown}})));
  CHECK(board.at(k_by_number, board.state(2, "sent", {{"From", k_unknown}})).status == 204);
  REQUIRE(board.stop());
  CHECK(board.messages() == 0);
  CHECK(board.count("messages", other) == 0);
}

TEST_CASE("a text to a workspace that is not there is answered, and nobody's", "[serve]") {
  Texts board(db::Engine::sqlite);
  board.start(false);
  const auto path = "/api/workspaces/" + board.alice.ids.next().text() + "/sms";
  check_nothing_said(board.at(path, board.text(1)));
  REQUIRE(board.stop());
  CHECK(board.messages() == 0);
}

TEST_CASE("a text to a workspace that was made a moment ago is kept", "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  auto options = board.options();
  options.estates.every = std::chrono::hours(1);
  board.start_with(options);
  const auto other = board.add_workspace("other");
  board.add_number(other, k_unknown);
  check_nothing_said(board.at(k_by_number, board.text(1, {{"To", k_unknown}})));
  REQUIRE(board.stop());
  CHECK(board.count("messages", other) == 1);
  CHECK(board.messages() == 0);
}

// --- the database is away ---

TEST_CASE("while the database is away a text is answered, and kept when it is back", "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  board.start(true);
  check_nothing_said(board.at(k_by_number, board.text(1)));
  check_nothing_said(board.at(board.sms(), board.text(2)));
  CHECK(board.at(board.sms("/status"), board.state(3, "sent")).status == 204);
  board.away = false;
  REQUIRE(board.stop());
  CHECK(board.messages() == 2);
  CHECK(board.count("notifications") == 2);
  CHECK(board.count("message_events") == 1);
}

TEST_CASE("a text to a number that was bought while the database was away finds its workspace afterwards",
          "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  const auto other = board.add_workspace("other");
  board.start(true);
  check_nothing_said(board.at(k_by_number, board.text(1, {{"To", k_unknown}})));
  check_nothing_said(board.at(k_by_number, board.text(2)));
  board.add_number(other, k_unknown);
  board.away = false;
  REQUIRE(board.stop());
  CHECK(board.count("messages", other) == 1);
  CHECK(board.messages() == 1);
}

TEST_CASE("before the estate was ever read a text is kept, and finds its workspace when it is applied",
          "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  board.away = true;
  board.start(true);
  check_nothing_said(board.at(k_by_number, board.text(1)));
  check_nothing_said(board.at(board.sms(), board.text(2)));
  board.away = false;
  REQUIRE(board.stop());
  CHECK(board.messages() == 2);
  CHECK(board.count("notifications") == 2);
}

TEST_CASE("a text is answered by a server with too much to do as by any other", "[serve]") {
  Texts board(db::Engine::sqlite);
  auto options = board.options();
  options.limits.in_flight = 0;
  board.start_with(options);
  check_nothing_said(board.at(k_by_number, board.text(1)));
  CHECK(board.at(board.sms("/status"), board.state(2, "sent")).status == 204);
  REQUIRE(board.stop());
  CHECK(board.messages() == 1);
}

TEST_CASE("a text that the journal cannot keep is refused, and Twilio has it still", "[serve]") {
  Texts board(db::Engine::sqlite);
  auto options = board.options();
  options.books.journal.max_queue = 16;  // smaller than any record
  board.start_with(options);
  CHECK(board.at(k_by_number, board.text(1)).status == 503);
  CHECK(board.at(board.sms("/status"), board.state(2, "sent")).status == 503);
}

TEST_CASE("where answers wait for the database a text is there by then", "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  auto options = board.options();
  options.books.durability = Durability::database;
  board.start_with(options);
  check_nothing_said(board.at(k_by_number, board.text(1)));
  CHECK(board.messages() == 1);
}

// --- what became of ours ---

TEST_CASE("a status callback moves the message that its path names, and gives it its SID", "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  board.start(false);
  board.at(k_by_number, board.text(1));
  board.settle();
  // One of ours, whose answer was lost.
  const auto id = board.alice.ids.next();
  board.exec(
      "INSERT INTO messages (id, workspace_id, thread_id, account_sid, user_id, direction, from_number, to_number, "
      "body, encoding, segments, status, status_rank, message_seq, created_at, updated_at) "
      "SELECT $2, workspace_id, thread_id, account_sid, $3, 'outbound', to_number, from_number, 'Hi', 'gsm7', 1, "
      "'accepted', 1, 1000, created_at, updated_at FROM messages WHERE workspace_id = $1",
      {board.workspace, id, board.ann_id});
  const auto path = board.sms("/status/" + id.text());
  CHECK(board.at(path, board.state(2, "delivered")).status == 204);
  CHECK(board.at(path, board.state(2, "sent")).status == 204);
  CHECK(board.at(path, board.state(2, "delivered")).status == 204);
  board.settle();
  CHECK(board.status_of(2) == "delivered");
  CHECK(board.integer("SELECT count(*) FROM messages WHERE id = $1 AND delivered_at IS NOT NULL", {id}) == 1);
  CHECK(board.count("message_events") == 2);
  CHECK(board.messages() == 2);
}

TEST_CASE("a status that comes to the path of texts is told from a text by its form", "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  board.start(false);
  for (const auto& path : {k_by_number, board.sms()})
    CHECK(board.at(path, board.state(1, "delivered")).status == 204);
  board.settle();
  CHECK(board.messages() == 0);
  CHECK(board.count("message_events") == 1);
}

// --- opt-outs ---

TEST_CASE("who texts STOP is not called any more, until they text START", "[serve]") {
  Texts board(GENERATE(from_range(test::engines())));
  board.exec("UPDATE workspaces SET stop_means = 'all', version = version + 1 WHERE id = $1",
             {board.workspace});
  board.start(false);
  int calls = 0;
  const auto is_dialled = [&] {
    const auto answer = board.answer("", board.form({{"CallSid", test::call_sid(++calls)},
                                                     {"From", board.from_ann()},
                                                     {"To", std::string(Switchboard::k_caller)},
                                                     {"FromNumber", test::k_from}}));
    for (const auto& verb : answer.verbs)
      if (std::holds_alternative<twiml::Dial>(verb)) return true;
    return false;
  };
  CHECK(is_dialled());
  check_nothing_said(board.at(k_by_number, board.text(1, {{"Body", "Stop"}, {"OptOutType", "STOP"}})));
  board.settle();
  CHECK(board.count("opt_outs") == 1);
  CHECK_FALSE(is_dialled());
  check_nothing_said(board.at(k_by_number, board.text(2, {{"Body", "Start"}, {"OptOutType", "START"}})));
  board.settle();
  CHECK(board.count("opt_outs") == 0);
  CHECK(is_dialled());
}

}  // namespace
}  // namespace ringctl::serve
