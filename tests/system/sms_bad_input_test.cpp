// Texts that something is odd about: each is answered as any, kept as far as it can be, and loses nothing;
// what cannot be sent is refused before anything is written or asked.
#include "system/box_site.hpp"
#include "system/text_site.hpp"

using namespace ringctl;
using test::BoxSite;
using test::TextSite;

namespace {

const std::string k_lin = "+16265550101";

/// A server, and texts that come to it one after the other.
struct Inbox {
  explicit Inbox(db::Engine engine, const test::TextOptions& options = {}) : site(engine, options) {
    site.serve().start();
  }
  test::Form form(const std::string& body, const std::string& from = k_lin) {
    return site.text(from, body, test::message_sid(++count));
  }
  /// Taken, and without a reply.
  void take(const test::Form& form) {
    const auto reply = site.post(site.path(), form);
    CHECK(reply.status() == 200);
    CHECK(test::is_silence(reply.body()));
    REQUIRE(site.await_messages(static_cast<std::int64_t>(++taken)));
  }
  void take(const std::string& body) { take(form(body)); }
  nlohmann::json last() const { return site.site().json({"messages", "show", test::message_sid(count)}); }
  nlohmann::json told() const { return site.site().json({"notifications", "list"}); }

  TextSite site;
  std::uint64_t count = 0, taken = 0;
};

void set(test::Form& form, const std::string& name, const std::string& value) {
  for (auto& [key, text] : form)
    if (key == name) {
      text = value;
      return;
    }
  form.emplace_back(name, value);
}

/// Somebody with a number, at a simulated Twilio.
struct Desk : BoxSite {
  explicit Desk(db::Engine engine) : BoxSite(engine) {
    log_in();
    ok({"numbers", "add", "+12025550100", "--country-code", "US"});
    ok({"users", "add", "ann@example.com"});
    ok({"pools", "add", "+12025550100", "ann@example.com"});
  }
  std::string send(const test::Machine::Arguments& more, const std::string& to = k_lin) const {
    test::Machine::Arguments all = {"messages", "send", to, "--as", "ann@example.com"};
    all.insert(all.end(), more.begin(), more.end());
    return failure(all);
  }
};

}  // namespace

TEST_CASE("a text to a number that nobody knows is kept, and nobody is asked to answer for the number",
          "[system]") {
  Inbox inbox(GENERATE(from_range(test::engines())));
  auto form = inbox.form("Hello?");
  set(form, "To", "+12025550177");
  inbox.take(form);
  CHECK(inbox.last().at("to_number") == "+12025550177");
  CHECK(inbox.last().at("number").is_null());
  CHECK(inbox.told().empty());  // there is no default user, and no administrator
}

TEST_CASE("a text of somebody who has opted out is kept and told as any", "[system]") {
  Inbox inbox(GENERATE(from_range(test::engines())));
  inbox.take("STOP");
  CHECK(inbox.told().empty());
  inbox.take("I have a question all the same");
  CHECK(inbox.told().size() == 2);
  const auto listed = inbox.site.site().json({"optouts", "list"});
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].at("phone_number") == k_lin);
  CHECK(listed[0].at("source") == "STOP");
}

TEST_CASE("a text without a word, and one of more characters than Twilio sends, are kept as they are",
          "[system]") {
  Inbox inbox(GENERATE(from_range(test::engines())));
  inbox.take("");
  CHECK(inbox.last().at("body").is_null());
  const std::string long_text(5000, 'x');
  inbox.take(long_text);
  CHECK(inbox.last().at("body") == long_text);
  inbox.take("  \t ");
  CHECK(inbox.told().size() == 6);
}

TEST_CASE("pictures are kept as far as their addresses go, however many were promised", "[system]") {
  Inbox inbox(GENERATE(from_range(test::engines())));
  auto form = inbox.form("Look");
  set(form, "NumMedia", "12");
  for (int i = 0; i < 12; ++i) {
    form.emplace_back(fmt::format("MediaUrl{}", i), fmt::format("https://media.example.com/{}.jpg", i));
    form.emplace_back(fmt::format("MediaContentType{}", i), "image/jpeg");
  }
  inbox.take(form);
  CHECK(inbox.last().at("media").size() == 12);
  form = inbox.form("Look");
  set(form, "NumMedia", "1000000");
  inbox.take(form);
  CHECK((inbox.last().at("media").is_null() || inbox.last().at("media").empty()));
}

TEST_CASE("bytes that are no UTF-8 are kept as what can be read of them", "[system]") {
  Inbox inbox(GENERATE(from_range(test::engines())));
  inbox.take(std::string("caf\xe9 \xff\xfe") + '\0' + "end");
  const auto body = inbox.last().at("body").get<std::string>();
  CHECK(body.starts_with("caf"));
  CHECK(body.ends_with("end"));
  CHECK(body.find('\0') == std::string::npos);
}

TEST_CASE("callbacks for messages that nobody here sent are kept, and make none", "[system]") {
  Inbox inbox(GENERATE(from_range(test::engines())));
  const auto path = inbox.site.path() + "/status";
  const auto sid = test::message_sid(99);
  for (const auto* const status : {"delivered", "queued", "nonsense", "sent"})
    CHECK(inbox.site.post(path, inbox.site.status(sid, k_lin, status)).status() < 300);
  // Of a message that it does not name there is nothing to keep it by.
  CHECK(inbox.site.post(path, inbox.site.status("", k_lin, "sent")).status() == 400);
  CHECK(test::eventually([&] { return inbox.site.integer("SELECT count(*) FROM message_events") == 4; }, 20));
  CHECK(inbox.site.messages() == 0);
  inbox.take("Still there?");  // nothing of it stands in the way
}

TEST_CASE("a text without a SID is refused, without a sender or a number it is kept, and so is the next one",
          "[system]") {
  Inbox inbox(GENERATE(from_range(test::engines())));
  auto nameless = inbox.form("Hello?");
  std::erase_if(nameless,
                [](const auto& one) { return one.first.ends_with("Sid") && one.first != "AccountSid"; });
  CHECK(inbox.site.post(inbox.site.path(), nameless).status() == 400);
  for (const std::string left_out : {"From", "To"}) {
    INFO(left_out);
    auto form = inbox.form("Hello?");
    std::erase_if(form, [&](const auto& one) { return one.first == left_out; });
    inbox.take(form);
    CHECK(inbox.last().at("body") == "Hello?");
  }
  inbox.take("Hello?");
  CHECK(inbox.site.messages() == 3);
  CHECK(test::eventually([&] { return inbox.site.serve().metric("ringctl_journal_lag_records") == 0; }, 20));
}

TEST_CASE("a text that nobody signed, or of another account, is nobody's", "[system]") {
  Inbox inbox(GENERATE(from_range(test::engines())));
  auto& serve = inbox.site.serve();
  CHECK(serve.post_signed_as(inbox.site.path(), inbox.form("Hello?"), std::nullopt).status() == 403);
  CHECK(serve.post_signed_as(inbox.site.path(), inbox.form("Hello?"), "bm90IGEgc2lnbmF0dXJl").status() ==
        403);
  auto form = inbox.form("Hello?");
  set(form, "AccountSid", "AC00000000000000000000000000000099");
  CHECK(inbox.site.post(inbox.site.path(), form).status() == 403);
  inbox.take("Hello?");
  CHECK(inbox.site.messages() == 1);
}

TEST_CASE("where nobody is in a number's pool its administrators are told", "[system]") {
  Inbox inbox(GENERATE(from_range(test::engines())), {.users = 0});
  const auto& site = inbox.site.site();
  site.ok({"users", "add", "sue@example.com", "--role", "admin"});
  site.ok({"users", "add", "bob@example.com"});
  inbox.take("Hello?");
  const auto told = inbox.told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].at("user_email") == "sue@example.com");
  CHECK(told[0].at("reason") == "support");
}

TEST_CASE("a message that cannot be is refused before anything is written or asked", "[system][slow]") {
  Desk desk(GENERATE(from_range(test::engines())));
  const auto& home = desk.machine();
  home.file("latin.txt", "caf\xe9\n");
  home.file("empty.txt", "  \n");
  CHECK(desk.send({"--body-file", "latin.txt"}) == "7 messages.bad_text");
  CHECK(desk.send({"--body-file", "empty.txt"}) == "7 messages.empty");
  CHECK(desk.send({"--body", std::string(1601, 'x')}) == "7 messages.too_long");
  test::Machine::Arguments pictures;
  for (int i = 0; i < 11; ++i)
    pictures.insert(pictures.end(), {"--media", fmt::format("https://media.example.com/{}.jpg", i)});
  CHECK(desk.send(pictures) == "7 messages.too_many_media");
  // Twilio is on this machine here, and may see what is on it; of other networks it sees nothing.
  CHECK(desk.send({"--media", "https://192.168.0.1/roof.jpg"}) == "7 messages.bad_media");
  CHECK(desk.send({"--body", "Hi"}, "not a number") == "7 messages.bad_destination");
  CHECK(desk.send({"--body", "Hi"}, "+12025550100") == "7 messages.bad_destination");  // to itself
  CHECK(desk.send({"--body", "Hi", "--from-number", "+12025550199"}) == "5 numbers.unknown");
  desk.ok({"optouts", "add", k_lin, "--channel", "sms"});
  CHECK(desk.send({"--body", "Hi"}) == "8 messages.refused");
  CHECK(desk.json({"messages", "list"}).empty());
  CHECK(desk.times("POST /Messages") == 0);
}
