// Texts in and out, with a web that answers what the test says.
#include "sim/messages.hpp"

#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::sim;
using namespace std::chrono_literals;

namespace {

const std::string k_ours = "+12025550101", k_second = "+12025550102";
const std::string k_caller = "+16265550101";
const std::string k_sms = "https://pbx.example.com/sms";

/// By URL; others answer an empty document.
class FakeWeb final : public Web {
 public:
  explicit FakeWeb(Agenda& agenda) : agenda_(agenda) {}
  void ask(WebRequest request, std::function<void(WebAnswer)> done) override {
    WebAnswer answer;
    answer.status = 200;
    answer.content_type = "text/xml";
    answer.url = request.url;
    if (const auto at = bodies.find(request.url); at != bodies.end()) answer.body = at->second;
    if (const auto at = errors.find(request.url); at != errors.end()) answer.error = at->second;
    asked.push_back(std::move(request));
    agenda_.in(0ms, [done = std::move(done), answer] { done(answer); });
  }
  std::vector<WebRequest> of(std::string_view kind) const {
    std::vector<WebRequest> found;
    for (const auto& request : asked)
      if (request.kind == kind) found.push_back(request);
    return found;
  }

  std::map<std::string, std::string> bodies = {};
  std::map<std::string, int> errors = {};
  std::vector<WebRequest> asked = {};

 private:
  Agenda& agenda_;
};

std::string value(const WebRequest& request, std::string_view name) {
  for (const auto& [key, text] : request.parameters)
    if (key == name) return text;
  return "(absent)";
}

struct Site {
  Site() {
    account.sid = "AC00000000000000000000000000000000";
    for (const auto& phone : {k_ours, k_second}) {
      Number number;
      number.sid = sids.next("PN");
      number.phone_number = phone;
      account.numbers.add(number);
    }
    number().sms_hook.url = k_sms;
  }

  VirtualClock clock{base::parse_utc("2026-03-09T15:00:00.000Z")};
  Agenda agenda{clock};
  Timeline timeline;
  Sids sids{7};
  Account account;
  FakeWeb web{agenda};
  Messages messages{agenda, account, web, timeline, sids};

  Number& number(const std::string& phone = k_ours) { return *account.find_number(phone); }
  void answer(const std::string& inside, const std::string& url = k_sms) {
    web.bodies[url] = "<Response>" + inside + "</Response>";
  }
  Service& add_service() {
    Service service;
    service.sid = "MG00000000000000000000000000000001";
    service.inbound.url = "https://pbx.example.com/service";
    return account.services.add(service);
  }
  void run() {
    while (agenda.step()) {
    }
    CHECK(messages.idle());
  }
  std::string text(const std::string& body) {
    auto sid = messages.text_in(k_caller, k_ours, body);
    run();
    return sid;
  }
  NewMessage to_caller(std::string body = "Hello") const {
    NewMessage message;
    message.to = k_caller;
    message.from = k_ours;
    message.body = std::move(body);
    return message;
  }
  /// Its SID; the refusal's code is in `code`.
  std::string send(const NewMessage& message) {
    std::optional<Refusal> refused;
    auto sid = messages.send_message(message, refused);
    code = refused ? refused->code : 0;
    CHECK(sid.empty() == refused.has_value());
    return sid;
  }
  std::vector<Message> all() const {
    std::vector<Message> found;
    account.messages.each([&](const Message& message) { found.push_back(message); });
    return found;
  }
  std::vector<std::string> problems() const {
    std::vector<std::string> codes;
    for (const auto& entry : timeline.entries())
      if (entry.what == What::problem) codes.emplace_back(entry.fact("code"));
    return codes;
  }
  std::vector<std::string> told() const {
    std::vector<std::string> statuses;
    for (const auto& request : web.of("message-status")) statuses.push_back(value(request, "MessageStatus"));
    return statuses;
  }

  int code = 0;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a text to a number is told to its webhook", "[sim]") {
  Site site;
  const auto sid = site.text("Is anybody there?");
  REQUIRE(site.web.asked.size() == 1);
  const auto& asked = site.web.asked.front();
  CHECK(asked.kind == "message");
  CHECK(asked.url == k_sms);
  CHECK(asked.method == "POST");
  CHECK(asked.wants_twiml);
  CHECK(value(asked, "MessageSid") == sid);
  CHECK(value(asked, "SmsMessageSid") == sid);
  CHECK(value(asked, "AccountSid") == site.account.sid);
  CHECK(value(asked, "From") == k_caller);
  CHECK(value(asked, "To") == k_ours);
  CHECK(value(asked, "Body") == "Is anybody there?");
  CHECK(value(asked, "SmsStatus") == "received");
  CHECK(value(asked, "NumMedia") == "0");
  CHECK(value(asked, "MessagingServiceSid") == "(absent)");
  REQUIRE(site.all().size() == 1);
  CHECK(site.all().front().status == "received");
  CHECK(site.all().front().direction == "inbound");
  CHECK(site.all().front().sent_at == site.all().front().created_at);
}

TEST_CASE("pictures come with their types", "[sim]") {
  Site site;
  const auto sid =
      site.messages.text_in(k_caller, k_ours, "", {"https://x.example/a.PNG?b", "https://x.example/c"});
  site.run();
  CHECK(sid.starts_with("MM"));
  const auto& asked = site.web.asked.front();
  CHECK(value(asked, "NumMedia") == "2");
  CHECK(value(asked, "MediaUrl0") == "https://x.example/a.PNG?b");
  CHECK(value(asked, "MediaContentType0") == "image/png");
  CHECK(value(asked, "MediaContentType1") == "image/jpeg");
}

TEST_CASE("a reply goes back where the text came from", "[sim]") {
  Site site;
  site.answer("<Message statusCallback=\"status?a=b\">Yes</Message>");
  site.text("Hello?");
  REQUIRE(site.all().size() == 2);
  const auto reply = site.all().at(1);
  CHECK(reply.direction == "outbound-reply");
  CHECK(reply.from == k_ours);
  CHECK(reply.to == k_caller);
  CHECK(reply.body == "Yes");
  CHECK(reply.status == "delivered");
  CHECK(reply.sent_at);
  CHECK(site.told() == Texts{"queued", "sent", "delivered"});
  CHECK(site.web.of("message-status").front().url == "https://pbx.example.com/status?a=b");
  CHECK(site.problems().empty());
}

TEST_CASE("an empty answer is no reply", "[sim]") {
  Site site;
  site.answer("");
  site.text("one");
  site.web.bodies.clear();
  site.text("two");
  CHECK(site.all().size() == 2);
  CHECK(site.problems().empty());
}

TEST_CASE("a redirect asks elsewhere, relative to what answered, and not for ever", "[sim]") {
  Site site;
  site.answer("<Redirect method=\"GET\">other</Redirect><Message>never</Message>");
  site.answer("<Message>from there</Message>", "https://pbx.example.com/other");
  site.text("x");
  REQUIRE(site.web.asked.size() >= 2);
  CHECK(site.web.asked.at(1).method == "GET");
  CHECK(value(site.web.asked.at(1), "Body") == "x");
  REQUIRE(site.all().size() == 2);
  CHECK(site.all().at(1).body == "from there");
  site.answer("<Redirect>sms</Redirect>");
  site.text("y");
  CHECK(site.problems() == Texts{"11215"});
}

TEST_CASE("what a text is not answered with is a problem", "[sim]") {
  Site site;
  site.answer("<Say>Hi</Say>");
  site.text("x");
  site.answer("<Shout/>");
  site.text("y");
  CHECK(site.problems() == Texts{"12200", "12200"});
}

TEST_CASE("where the webhook fails its fallback is asked, once, and told why", "[sim]") {
  Site site;
  const std::string fallback = "https://pbx.example.com/fallback";
  site.number().sms_fallback.url = fallback;
  site.web.errors[k_sms] = 11200;
  site.answer("<Message>Later</Message>", fallback);
  site.text("x");
  REQUIRE(site.web.of("message-fallback").size() == 1);
  CHECK(value(site.web.of("message-fallback").front(), "ErrorCode") == "11200");
  CHECK(value(site.web.of("message-fallback").front(), "ErrorUrl") == k_sms);
  CHECK(site.all().at(1).body == "Later");
  site.web.errors[fallback] = 11205;
  site.text("y");
  CHECK(site.problems() == Texts{"11200", "11200", "11205"});
}

TEST_CASE("a service is asked before the application, and that before the number", "[sim]") {
  Site site;
  Application application;
  application.sid = "AP00000000000000000000000000000001";
  application.sms_hook = {"https://pbx.example.com/application", "GET"};
  site.account.applications.add(application);
  site.number().sms_application_sid = application.sid;
  site.text("to the application");
  auto& service = site.add_service();
  site.number().service_sid = service.sid;
  site.text("to the service");
  service.use_inbound_webhook_on_number = true;
  site.text("to the application again");
  service.use_inbound_webhook_on_number = false;
  service.inbound.url.clear();
  CHECK(site.text("to nobody").empty());
  Texts urls;
  for (const auto& asked : site.web.asked) urls.push_back(asked.url);
  CHECK(urls == Texts{"https://pbx.example.com/application", "https://pbx.example.com/service",
                      "https://pbx.example.com/application"});
  CHECK(value(site.web.asked.at(1), "MessagingServiceSid") == service.sid);
  CHECK(site.all().size() == 3);  // what the service dropped is nowhere
}

TEST_CASE("a text to nobody's number is no message", "[sim]") {
  Site site;
  CHECK(site.messages.text_in(k_caller, "+12025550199", "x").empty());
  site.number().sms = false;
  CHECK(site.text("x").empty());
  CHECK(site.all().empty());
  CHECK(site.web.asked.empty());
}

TEST_CASE("words of opting out are whole texts, in any case", "[sim]") {
  for (const auto* text :
       {"STOP", "stop", " Stop\n", "STOPALL", "Unsubscribe", "cancel", "END", "quit", "revoke", "OPTOUT"})
    CHECK(opt_word(text) == OptWord::stop);
  for (const auto* text : {"START", "yes", "Unstop"}) CHECK(opt_word(text) == OptWord::start);
  for (const auto* text : {"help", "INFO"}) CHECK(opt_word(text) == OptWord::help);
  for (const auto* text : {"", "please stop", "STOP.", "stop it", "end of story", "st op"})
    CHECK(opt_word(text) == OptWord::none);
}

TEST_CASE("whoever said STOP gets nothing until they say START", "[sim]") {
  Site site;
  site.answer("<Message>You said something</Message>");
  site.text("Stop");
  CHECK(site.web.of("message").size() == 1);  // the webhook sees it all the same
  CHECK(site.problems() == Texts{"21610"});   // and its reply goes nowhere
  CHECK(site.messages.is_opted_out(k_caller, k_ours));
  CHECK_FALSE(site.messages.is_opted_out(k_caller, k_second));
  site.send(site.to_caller());
  CHECK(site.code == 21610);
  site.text("please start");
  site.send(site.to_caller());
  CHECK(site.code == 21610);
  site.answer("");
  site.text("start");
  CHECK_FALSE(site.send(site.to_caller()).empty());
}

TEST_CASE("who opts out of one of a service's numbers has opted out of all", "[sim]") {
  Site site;
  const auto sid = site.add_service().sid;
  site.number(k_ours).service_sid = site.number(k_second).service_sid = sid;
  site.text("STOP");
  CHECK(site.messages.is_opted_out(k_caller, k_second));
  CHECK(site.messages.is_opted_out(k_caller, sid));
}

TEST_CASE("a text of the account goes from queued to delivered", "[sim]") {
  Site site;
  auto message = site.to_caller();
  message.status_callback = "https://pbx.example.com/status";
  const auto sid = site.send(message);
  CHECK(site.account.messages.find(sid)->status == "queued");
  CHECK(site.account.messages.find(sid)->direction == "outbound-api");
  CHECK_FALSE(site.messages.idle());
  site.run();
  CHECK(site.account.messages.find(sid)->status == "delivered");
  CHECK(site.told() == Texts{"queued", "sent", "delivered"});
  const auto last = site.web.asked.back();
  CHECK_FALSE(last.wants_twiml);
  CHECK(value(last, "MessageSid") == sid);
  CHECK(value(last, "SmsStatus") == "delivered");
  CHECK(value(last, "ErrorCode") == "(absent)");
  CHECK(value(last, "RawDlrDoneDate") == "2603091500");
}

TEST_CASE("what cannot be sent is refused with Twilio's code", "[sim]") {
  struct Row {
    std::function<void(NewMessage&)> change;
    int code;
  };
  const Row rows[] = {{[](NewMessage& m) { m.to = ""; }, 21604},
                      {[](NewMessage& m) { m.to = "+1"; }, 21211},
                      {[](NewMessage& m) { m.to = "0123456789"; }, 21211},
                      {[](NewMessage& m) { m.from = ""; }, 21603},
                      {[](NewMessage& m) { m.from = k_caller; }, 21606},
                      {[](NewMessage& m) { m.to = k_ours; }, 21266},
                      {[](NewMessage& m) { m.body = ""; }, 21602},
                      {[](NewMessage& m) { m.body = std::string(1601, 'x'); }, 21617},
                      {[](NewMessage& m) { m.media.assign(11, "https://x.example/a"); }, 21623},
                      {[](NewMessage& m) { m.service_sid = "MG1"; }, 21701},
                      {[](NewMessage& m) { m.send_at = Instant{}; }, 35118}};
  for (const auto& row : rows) {
    Site site;
    auto message = site.to_caller();
    row.change(message);
    site.send(message);
    CHECK(site.code == row.code);
    CHECK(site.all().empty());
  }
}

TEST_CASE("a telephone that cannot be reached gets nothing", "[sim]") {
  Site site;
  site.messages.set_reachable(k_caller, false);
  auto message = site.to_caller();
  message.status_callback = "https://pbx.example.com/status";
  const auto sid = site.send(message);
  site.run();
  CHECK(site.account.messages.find(sid)->status == "undelivered");
  CHECK(site.account.messages.find(sid)->error_code == 30003);
  CHECK(value(site.web.asked.back(), "ErrorCode") == "30003");
}

TEST_CASE("a message that is deleted on its way ends there", "[sim]") {
  Site site;
  auto message = site.to_caller();
  message.status_callback = "https://pbx.example.com/status";
  site.account.messages.remove(site.send(message));
  site.account.messages.find(site.send(message))->deleted = true;
  site.run();
  CHECK(site.told() == Texts{"queued", "queued"});

  site.answer("<Message>Yes</Message>");
  site.account.messages.remove(site.messages.text_in(k_caller, k_ours, "x"));
  site.run();
  CHECK(site.all().back().body == "Yes");
}

TEST_CASE("a service chooses the number that wrote to them last", "[sim]") {
  Site site;
  auto& service = site.add_service();
  service.status_callback = "https://pbx.example.com/status";
  auto message = site.to_caller();
  message.from.clear();
  message.service_sid = service.sid;
  site.send(message);
  CHECK(site.code == 21703);
  site.number(k_ours).service_sid = site.number(k_second).service_sid = service.sid;
  auto sid = site.send(message);
  CHECK(site.account.messages.find(sid)->from == k_ours);
  CHECK(site.account.messages.find(sid)->status == "accepted");
  auto by_second = message;
  by_second.from = k_second;
  site.send(by_second);
  CHECK(site.account.messages.find(site.send(message))->from == k_second);
  service.sticky_sender = false;
  CHECK(site.account.messages.find(site.send(message))->from == k_ours);
  site.run();
  CHECK(value(site.web.asked.front(), "MessagingServiceSid") == service.sid);
}

TEST_CASE("a scheduled text waits for its time, and can be called off until then", "[sim]") {
  Site site;
  auto message = site.to_caller();
  message.service_sid = site.add_service().sid;
  message.send_at = site.agenda.now() + 1min;
  site.send(message);
  CHECK(site.code == 35114);
  message.send_at = site.agenda.now() + 2h;
  const auto kept = site.send(message), given_up = site.send(message);
  CHECK(site.account.messages.find(kept)->status == "scheduled");
  std::optional<Refusal> refused;
  site.messages.cancel_message(given_up, refused);
  CHECK_FALSE(refused);
  const auto begin = site.agenda.now();
  site.run();
  CHECK(site.account.messages.find(given_up)->status == "canceled");
  CHECK(site.account.messages.find(kept)->status == "delivered");
  CHECK(*site.account.messages.find(kept)->sent_at > begin + 2h);
  site.messages.cancel_message(kept, refused);
  REQUIRE(refused);
  CHECK(refused->code == 30409);
  site.messages.cancel_message("SM1", refused);
  CHECK(refused->status == 404);
}

TEST_CASE("two numbers that answer each other are stopped", "[sim]") {
  Site site;
  site.answer("<Message>ping</Message>");
  site.number(k_second).sms_hook.url = "https://pbx.example.com/second";
  site.answer("<Message>pong</Message>", "https://pbx.example.com/second");
  auto message = site.to_caller();
  message.to = k_second;
  site.send(message);
  site.run();
  CHECK(site.problems() == Texts{"14107"});
  CHECK(site.all().size() < 50);
}

TEST_CASE("a text beside a call goes to its caller", "[sim]") {
  Site site;
  Call call;
  call.sid = "CA1";
  call.from = k_caller;
  call.to = k_ours;
  twiml::Message verb;
  verb.body = "Here is the address";
  verb.action = "sent";
  const auto sid = site.messages.send_from_call(call, verb, "https://pbx.example.com/voice");
  site.run();
  REQUIRE(site.account.messages.find(sid) != nullptr);
  CHECK(site.account.messages.find(sid)->to == k_caller);
  CHECK(site.account.messages.find(sid)->direction == "outbound-call");
  REQUIRE(site.web.of("message-action").size() == 1);
  CHECK(site.web.of("message-action").front().url == "https://pbx.example.com/sent");
  CHECK(value(site.web.of("message-action").front(), "MessageStatus") == "sent");
  verb.from = "+12025550199";
  CHECK(site.messages.send_from_call(call, verb, "").empty());
  CHECK(site.problems() == Texts{"21606"});
  CHECK(site.timeline.entries().back().call_sid == "CA1");
}

TEST_CASE("the action of a reply is told of it, and answers in the place of what comes behind", "[sim]") {
  Site site;
  site.answer("<Message action=\"/sent\">one</Message><Message>never</Message>");
  site.answer("<Message>two</Message>", "https://pbx.example.com/sent");
  site.text("Hi");
  const auto asked = site.web.of("message-action");
  REQUIRE(asked.size() == 1);
  CHECK(asked.front().wants_twiml);
  CHECK(value(asked.front(), "MessageStatus") == "queued");
  CHECK(value(asked.front(), "MessageSid").starts_with("SM"));
  REQUIRE(site.all().size() == 3);
  CHECK(site.all().at(1).body == "one");
  CHECK(site.all().at(2).body == "two");
}

TEST_CASE("the action of a reply that cannot be sent is told so, and none is asked without end", "[sim]") {
  Site site;
  site.answer("<Message to=\"+1\" action=\"/sent\">one</Message>");
  site.text("Hi");
  REQUIRE(site.web.of("message-action").size() == 1);
  CHECK(value(site.web.of("message-action").front(), "MessageStatus") == "invalid");
  CHECK(site.problems() == Texts{"21211"});
  Site loop;
  loop.answer("<Message action=\"/sms\">one</Message>");
  loop.text("Hi");
  CHECK(loop.web.of("message-action").size() == 10);
  CHECK(loop.problems() == Texts{"11215"});
}

TEST_CASE("a service's sender that has left it sends no more", "[sim]") {
  Site site;
  auto& service = site.add_service();
  site.number(k_ours).service_sid = site.number(k_second).service_sid = service.sid;
  auto message = site.to_caller();
  message.from.clear();
  message.service_sid = service.sid;
  const auto sender = [&] { return site.account.messages.find(site.send(message))->from; };
  CHECK(sender() == k_ours);
  site.number(k_ours).service_sid.clear();
  CHECK(sender() == k_second);
  site.account.numbers.remove(site.number(k_second).sid);
  site.send(message);
  CHECK(site.code == 21703);
}

TEST_CASE("a text may carry parameters that its service adds, and is heeded as they say", "[sim]") {
  Site site;
  site.messages.text_in(k_caller, k_ours, "No more", {}, {{"OptOutType", "STOP"}, {"NumSegments", "2"}});
  site.run();
  const auto asked = site.web.of("message");
  REQUIRE(asked.size() == 1);
  CHECK(value(asked[0], "OptOutType") == "STOP");
  CHECK(value(asked[0], "NumSegments") == "2");
  CHECK(value(asked[0], "Body") == "No more");
  CHECK(site.messages.is_opted_out(k_caller, k_ours));
  site.messages.text_in(k_caller, k_ours, "STOP", {}, {{"OptOutType", "START"}});  // its words, not the usual
  site.run();
  CHECK_FALSE(site.messages.is_opted_out(k_caller, k_ours));
}
