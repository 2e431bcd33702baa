// Calls as Twilio reports them, from the first webhook to the call log: the real server, on both engines.
// What the caller is told is read as TwiML, never as text.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "support/eventually.hpp"
#include "support/noon.hpp"
#include "support/serve_site.hpp"

using namespace ringctl;
using test::Form;
using test::k_main_line;
using test::ServeSite;

namespace {

const std::string k_caller = "+16265550101";

std::string id_of(const ServeSite& serve, const std::string& email) {
  return serve.site().json({"users", "show", email}).at("id").get<std::string>();
}
std::string identity_of(const ServeSite& serve, const std::string& email) {
  auto id = id_of(serve, email);
  std::erase(id, '-');
  return "agent_" + id;
}

template <class Verb>
const Verb& verb(const twiml::Response& response, std::size_t index) {
  INFO("verb " << index);
  REQUIRE(index < response.verbs.size());
  REQUIRE(std::holds_alternative<Verb>(response.verbs[index]));
  return std::get<Verb>(response.verbs[index]);
}

std::set<std::string> identities(const twiml::Dial& dial) {
  std::set<std::string> found;
  for (const auto& noun : dial.nouns)
    if (const auto* client = std::get_if<twiml::Client>(&noun)) found.insert(client->identity);
  return found;
}

Form with(Form form, const std::string& name, const std::string& value) {
  const auto known = std::find_if(form.begin(), form.end(), [&](const auto& p) { return p.first == name; });
  if (known != form.end())
    known->second = value;
  else
    form.emplace_back(name, value);
  return form;
}
std::string value_of(const Form& form, const std::string& name) {
  return std::find_if(form.begin(), form.end(), [&](const auto& p) { return p.first == name; })->second;
}

/// What Twilio reports of a leg that rings a client.
Form leg(const Form& call, const std::string& identity, const std::string& status, int sequence) {
  auto form = with(call, "ParentCallSid", value_of(call, "CallSid"));
  form = with(form, "CallSid",
              "CAf" + value_of(call, "CallSid").substr(3, 21) + identity.substr(identity.size() - 10));
  form = with(form, "To", "client:" + identity);
  form = with(form, "Direction", "outbound-dial");
  form = with(form, "CallStatus", status);
  return with(form, "SequenceNumber", std::to_string(sequence));
}

/// The place in the paths of an answer: "s0w0".
std::string place_of(const twiml::Dial& dial) { return dial.action.substr(dial.action.rfind('/') + 1); }

void take_call(const ServeSite& serve, const Form& call, const twiml::Dial& dial,
               const std::string& identity) {
  const auto path = serve.voice("/status/" + place_of(dial));
  const char* const states[] = {"initiated", "ringing", "in-progress"};
  for (int i = 0; i < 3; ++i) CHECK(serve.post(path, leg(call, identity, states[i], i)).status() == 204);
}

/// The call's row once `done` holds of it: what was answered is in the log soon, not at once.
nlohmann::json logged(const ServeSite& serve, const Form& call,
                      const std::function<bool(const nlohmann::json&)>& done) {
  nlohmann::json last;
  const bool came = test::eventually(
      [&] {
        const auto result = serve.site().run({"calls", "show", value_of(call, "CallSid"), "-o", "json"});
        if (result.status == 0) last = nlohmann::json::parse(result.out);
        return result.status == 0 && done(last);
      },
      25);
  INFO(last.dump(2));
  REQUIRE(came);
  return last;
}
Form ended(const Form& call) { return with(with(call, "CallStatus", "completed"), "SequenceNumber", "5"); }
bool is_ended(const nlohmann::json& call) { return !call.at("ended_at").is_null(); }

}  // namespace

TEST_CASE("a call rings the one agent there is, is answered, and stands in the log with who took it",
          "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(1);
    serve.start();
    const auto call = serve.inbound(k_caller, k_main_line);
    const auto identity = identity_of(serve, test::agent_email(0));

    const auto dial = verb<twiml::Dial>(serve.answer(serve.voice(), call), 0);
    CHECK(identities(dial) == std::set{identity});
    CHECK(dial.timeout == std::chrono::seconds(30));
    CHECK_FALSE(dial.answer_on_bridge);
    CHECK((dial.caller_id.empty() || dial.caller_id == k_caller));
    const auto& client = std::get<twiml::Client>(dial.nouns.front());
    CHECK(client.status_callback.starts_with(serve.voice("/status")));
    for (const auto event : {twiml::CallEvent::initiated, twiml::CallEvent::ringing,
                             twiml::CallEvent::answered, twiml::CallEvent::completed})
      CHECK(client.status_callback_event.contains(event));

    take_call(serve, call, dial, identity);
    const auto ended = with(leg(call, identity, "completed", 3), "CallDuration", "61");
    CHECK(serve.post(serve.voice("/status/" + place_of(dial)), ended).status() == 204);
    const auto after =
        serve.answer(serve.voice("/next/" + place_of(dial)),
                     with(with(call, "CallStatus", "in-progress"), "DialCallStatus", "completed"));
    verb<twiml::Hangup>(after, 0);
    const auto over =
        with(with(with(call, "CallStatus", "completed"), "CallDuration", "65"), "SequenceNumber", "9");
    CHECK(serve.post(serve.voice("/status"), over).status() == 204);

    const auto row = logged(serve, call, is_ended);
    CHECK(row.at("status") == "completed");
    CHECK(row.at("user_email") == test::agent_email(0));
    CHECK(row.at("from_number") == k_caller);
    CHECK(row.at("to_number") == k_main_line);
    CHECK(serve.terminate() == 0);
  }
}

TEST_CASE("two agents ring together, and while one talks the other takes the next call", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(2);
    serve.start();
    const auto first = identity_of(serve, test::agent_email(0)),
               second = identity_of(serve, test::agent_email(1));

    const auto call = serve.inbound(k_caller, k_main_line);
    const auto dial = verb<twiml::Dial>(serve.answer(serve.voice(), call), 0);
    CHECK(identities(dial) == std::set{first, second});
    take_call(serve, call, dial, first);

    const auto next = serve.inbound("+16265550102", k_main_line);
    CHECK(identities(verb<twiml::Dial>(serve.answer(serve.voice(), next), 0)) == std::set{second});

    const auto path = serve.voice("/status/" + place_of(dial));
    CHECK(serve.post(path, leg(call, first, "completed", 3)).status() == 204);
    const auto third = serve.inbound("+16265550103", k_main_line);
    CHECK(identities(verb<twiml::Dial>(serve.answer(serve.voice(), third), 0)).contains(first));
  }
}

TEST_CASE("a contact's agents ring together, and when they do not answer everybody does", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(4);
    serve.site().ok(
        {"contacts", "add", k_caller, "--agents", test::agent_email(1) + "|" + test::agent_email(2)});
    serve.start();

    const auto call = serve.inbound(k_caller, k_main_line);
    const auto dial = verb<twiml::Dial>(serve.answer(serve.voice(), call), 0);
    CHECK(identities(dial) ==
          std::set{identity_of(serve, test::agent_email(1)), identity_of(serve, test::agent_email(2))});

    const auto after =
        serve.answer(serve.voice("/next/" + place_of(dial)), with(call, "DialCallStatus", "no-answer"));
    const auto everyone = verb<twiml::Dial>(after, 0);
    CHECK(everyone.nouns.size() == 4);

    const auto last =
        serve.answer(serve.voice("/next/" + place_of(everyone)), with(call, "DialCallStatus", "no-answer"));
    verb<twiml::Say>(last, 0);
    verb<twiml::Record>(last, 1);
    const auto over = with(with(call, "CallStatus", "completed"), "SequenceNumber", "9");
    CHECK(serve.post(serve.voice("/status"), over).status() == 204);
    CHECK(logged(serve, call, is_ended).at("status") == "missed");
  }
}

TEST_CASE("a caller presses an extension, presses a wrong one, or stays on the line", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(3);
    serve.site().ok({"extensions", "add", "101", "--user", test::agent_email(2)});
    serve.start();

    const auto call = serve.inbound(k_caller, k_main_line);
    const auto menu = serve.answer(serve.voice(), call);
    const auto& gather = verb<twiml::Gather>(menu, 0);
    CHECK(gather.num_digits == 3);
    CHECK(gather.timeout == std::chrono::seconds(5));
    CHECK(verb<twiml::Dial>(menu, 1).nouns.size() == 3);  // who stays on the line

    const auto put_through = serve.answer(gather.action, with(call, "Digits", "101"));
    CHECK(identities(verb<twiml::Dial>(put_through, 0)) ==
          std::set{identity_of(serve, test::agent_email(2))});

    const auto other = serve.inbound("+16265550102", k_main_line);
    const auto again = serve.answer(verb<twiml::Gather>(serve.answer(serve.voice(), other), 0).action,
                                    with(other, "Digits", "999"));
    verb<twiml::Gather>(again, 0);
    const auto main_line = serve.answer(verb<twiml::Gather>(again, 0).action, with(other, "Digits", "998"));
    CHECK(verb<twiml::Dial>(main_line, 0).nouns.size() == 3);
  }
}

TEST_CASE(
    "the same wrong extension twice, without tokens, comes to the main line, and says that it is recorded",
    "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(3);
    serve.site().ok({"extensions", "add", "101", "--user", test::agent_email(2)});
    serve.site().ok({"workspaces", "update", "default", "--recording-policy", "always"});
    serve.site().ok({"rules", "add", "private", "--when", R"({"caller":{"prefix":"+1626"}})", "--ring",
                     R"([{"user":"agent1@example.com"},{"recording":"never"}])"});
    serve.start();
    const auto wrong = [&](const Form& call, const twiml::Response& menu, std::size_t at) {
      return serve.answer(verb<twiml::Gather>(menu, at).action, with(call, "Digits", "999"));
    };
    const auto call = serve.inbound(k_caller, k_main_line);
    const auto menu = serve.answer(serve.voice(), call);
    const auto again = wrong(call, menu, 0);
    const auto main_line = wrong(call, again, 0);
    CHECK(verb<twiml::Dial>(main_line, 0).record == twiml::RecordFrom::do_not_record);
    const auto put_through = serve.answer(verb<twiml::Gather>(menu, 0).action, with(call, "Digits", "101"));
    verb<twiml::Say>(put_through, 0);
    CHECK(verb<twiml::Dial>(put_through, 1).record == twiml::RecordFrom::answer_dual);

    // Whom no rule holds for has heard it before the menu.
    const auto other = serve.inbound("+12025550102", k_main_line);
    const auto told = serve.answer(serve.voice(), other);
    verb<twiml::Say>(told, 0);
    const auto told_again = wrong(other, told, 1);
    verb<twiml::Dial>(wrong(other, told_again, 0), 0);
  }
}

TEST_CASE("twenty-five agents ring in waves of ten", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(25);
    serve.start();
    const auto call = serve.inbound(k_caller, k_main_line);
    auto response = serve.answer(serve.voice(), call);
    std::set<std::string> rung;
    std::vector<std::size_t> waves;
    while (std::holds_alternative<twiml::Dial>(response.verbs.front())) {
      const auto dial = verb<twiml::Dial>(response, 0);
      CHECK(dial.timeout == std::chrono::seconds(15));
      waves.push_back(dial.nouns.size());
      rung.merge(identities(dial));
      REQUIRE(waves.size() < 10);
      response =
          serve.answer(serve.voice("/next/" + place_of(dial)), with(call, "DialCallStatus", "no-answer"));
    }
    CHECK(waves == std::vector<std::size_t>{10, 10, 5});
    CHECK(rung.size() == 25);
    verb<twiml::Record>(response, 1);
  }
}

TEST_CASE(
    "a caller for sixty agents waits in a queue, with music between the waves, and then leaves a message",
    "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(60);
    serve.start();
    const auto call = serve.inbound(k_caller, k_main_line);
    auto response = serve.answer(serve.voice(), call);
    int waits = 0;
    std::set<std::string> rung;
    for (int time = 0; std::holds_alternative<twiml::Enqueue>(response.verbs.front()); time += 10) {
      const auto enqueue = verb<twiml::Enqueue>(response, 0);
      REQUIRE(enqueue.wait_url);
      const auto music = serve.answer(*enqueue.wait_url, call);
      CHECK(std::holds_alternative<twiml::Leave>(music.verbs.back()));
      response = serve.answer(enqueue.action, with(with(call, "QueueResult", "leave"), "QueueTime", "10"));
      REQUIRE(++waits < 100);
      if (!std::holds_alternative<twiml::Dial>(response.verbs.front())) continue;
      const auto dial = verb<twiml::Dial>(response, 0);
      CHECK(dial.nouns.size() <= 10);
      rung.merge(identities(dial));
      response =
          serve.answer(serve.voice("/next/" + place_of(dial)), with(call, "DialCallStatus", "no-answer"));
    }
    CHECK(rung.size() == 60);
    CHECK(waits > 6);
    verb<twiml::Record>(response, 1);
  }
}

// How soon is held in tests/serve: no machine's speed is asserted here.
TEST_CASE("a change of rules that another process makes is in force without a reload", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(2);
    serve.start();
    serve.site().ok({"rules", "add", "Everybody to the second", "--position", "1", "--ring",
                     fmt::format(R"([{{"user":"{}"}}])", test::agent_email(1)), "--when", "{}"});
    const auto second = std::set{identity_of(serve, test::agent_email(1))};
    const auto rings_second = [&] {
      const auto call = serve.inbound(k_caller, k_main_line);
      return identities(verb<twiml::Dial>(serve.answer(serve.voice(), call), 0)) == second;
    };
    CHECK(test::eventually(rings_second, 20));
  }
}

TEST_CASE(
    "an agent's call is dialled from the assigned number while there is room, and then refused in words",
    "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(1);
    serve.site().ok({"workspaces", "update", "default", "--timezone", test::zone_of_noon()});
    serve.site().ok({"assignments", "set", k_main_line, test::agent_email(0), "--daily-limit", "1"});
    serve.start();
    const auto from = "client:" + identity_of(serve, test::agent_email(0));
    const auto call = serve.inbound(from, "+12125550123");
    const auto dial = verb<twiml::Dial>(serve.answer(serve.voice(), call), 0);
    CHECK(dial.caller_id == k_main_line);
    CHECK(std::get<twiml::Number>(dial.nouns.at(0)).number == "+12125550123");

    const auto again = serve.answer(serve.voice(), call);  // the same webhook: no second count
    CHECK(again == serve.answer(serve.voice(), call));
    CHECK(serve.site().json({"limits", "status"}).at(0).at("used") == 1);

    const auto over = serve.answer(serve.voice(), serve.inbound(from, "+12125550124"));
    verb<twiml::Say>(over, 0);
    verb<twiml::Hangup>(over, 1);
    const auto abroad = serve.answer(serve.voice(), serve.inbound(from, "+442079460123"));
    verb<twiml::Say>(abroad, 0);
    CHECK(serve.site().json({"limits", "status"}).at(0).at("used") == 1);
    const auto refused = logged(serve, with(call, "CallSid", "CA" + std::string(31, '0') + "2"),
                                [](const nlohmann::json& row) { return !row.at("refusal").is_null(); });
    CHECK(refused.at("refusal") == "limit_reached");
  }
}

TEST_CASE("whoever an agent calls hears that the call is recorded, where their country asks for it",
          "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(1);
    serve.site().ok(
        {"assignments", "set", k_main_line, test::agent_email(0), "--allowed-countries", "US|GB"});
    serve.site().ok({"workspaces", "update", "default", "--recording-policy", "outbound", "--consent-policy",
                     "countries", "--consent-countries", "GB", "--consent-message", "We record."});
    serve.start();
    const auto from = "client:" + identity_of(serve, test::agent_email(0));
    const auto dialled = [&](const char* to) {
      const auto dial = verb<twiml::Dial>(serve.answer(serve.voice(), serve.inbound(from, to)), 0);
      CHECK(dial.record == twiml::RecordFrom::answer_dual);
      return std::get<twiml::Number>(dial.nouns.at(0));
    };
    CHECK(dialled("+12125550123").url.empty());
    const auto british = dialled("+442079460123");
    REQUIRE(british.url == serve.voice("/consent"));
    const auto said = serve.answer(british.url, serve.inbound(from, british.number));
    CHECK(verb<twiml::Say>(said, 0).text == "We record.");
    CHECK(said.verbs.size() == 1);
  }
}

TEST_CASE(
    "callbacks may come twice and in any order: the same webhook has the same answer, the call the same end",
    "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(2);
    serve.start();
    const auto identity = identity_of(serve, test::agent_email(0));
    const auto call = serve.inbound(k_caller, k_main_line);
    const auto first = serve.answer(serve.voice(), call);
    CHECK(serve.answer(serve.voice(), call) == first);
    const auto dial = verb<twiml::Dial>(first, 0);
    const auto path = serve.voice("/status/" + place_of(dial));
    const auto over =
        with(with(with(call, "CallStatus", "completed"), "CallDuration", "30"), "SequenceNumber", "5");
    const auto end_of_leg = with(leg(call, identity, "completed", 3), "CallDuration", "25");
    for (int round = 0; round < 2; ++round) {
      CHECK(serve.post(serve.voice("/status"), over).status() == 204);
      CHECK(serve.post(path, end_of_leg).status() == 204);
      CHECK(serve.post(path, leg(call, identity, "in-progress", 2)).status() == 204);
      CHECK(serve.post(path, leg(call, identity, "initiated", 0)).status() == 204);
      CHECK(serve.post(path, leg(call, identity, "ringing", 1)).status() == 204);
    }
    const auto row = logged(
        serve, call, [](const nlohmann::json& c) { return is_ended(c) && !c.at("user_email").is_null(); });
    CHECK(row.at("status") == "completed");
    CHECK(row.at("user_email") == test::agent_email(0));
    CHECK(row.at("duration_s") == 30);
    CHECK(serve.site().json({"calls", "list"}).size() == 1);
  }
}

TEST_CASE("a caller waits in a queue for whoever becomes free", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(2);
    serve.site().ok({"rules", "add", "queue", "--ring",
                     R"([{"users":["agent0@example.com","agent1@example.com"]},{"queue":true}])"});
    serve.start();
    const auto ann = identity_of(serve, test::agent_email(0)), bob = identity_of(serve, test::agent_email(1));
    const auto music_ends = [&](const Form& call, const twiml::Response& waiting) {
      return serve.answer(verb<twiml::Enqueue>(waiting, 0).action,
                          with(with(call, "QueueResult", "leave"), "QueueTime", "10"));
    };
    const auto ring = [&](const Form& call) {
      return verb<twiml::Dial>(music_ends(call, serve.answer(serve.voice(), call)), 0);
    };
    const auto first = serve.inbound(k_caller, k_main_line);
    const auto to_first = ring(first);
    CHECK(identities(to_first) == std::set{ann, bob});
    take_call(serve, first, to_first, ann);
    const auto second = serve.inbound("+16265550102", k_main_line);
    const auto to_second = ring(second);
    CHECK(identities(to_second) == std::set{bob});
    take_call(serve, second, to_second, bob);

    const auto third = serve.inbound("+16265550103", k_main_line);
    const auto music = music_ends(third, serve.answer(serve.voice(), third));
    const auto path = serve.voice("/status/" + place_of(to_first));
    CHECK(serve.post(path, leg(first, ann, "completed", 3)).status() == 204);
    CHECK(identities(verb<twiml::Dial>(music_ends(third, music), 0)) == std::set{ann});
  }
}

TEST_CASE("two rules that take turns take each its own, whoever calls in between", "[serve]") {
  ServeSite serve(db::Engine::sqlite);
  serve.lay_out(2);
  for (const auto* prefix : {"+1626", "+1202"})
    serve.site().ok({"rules", "add", prefix, "--when",
                     fmt::format(R"({{"caller":{{"prefix":"{}"}}}})", prefix), "--strategy", "round_robin",
                     "--ring",
                     R"([{"users":["agent0@example.com","agent1@example.com"]},{"voicemail":true}])"});
  serve.start();
  std::set<std::string> first_of_a_rule[2];
  for (int i = 0; i < 4; ++i) {
    const auto call = serve.inbound(i % 2 == 0 ? k_caller : "+12025550150", k_main_line);
    first_of_a_rule[i % 2].merge(identities(verb<twiml::Dial>(serve.answer(serve.voice(), call), 0)));
  }
  CHECK(first_of_a_rule[0].size() == 2);
  CHECK(first_of_a_rule[1].size() == 2);
}

TEST_CASE("a call that the support number took is missed", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(1);
    serve.site().ok(
        {"workspaces", "update", "default", "--after-ring", "support", "--support-number", "+12025550199"});
    serve.start();
    const auto call = serve.inbound(k_caller, k_main_line);
    const auto first = verb<twiml::Dial>(serve.answer(serve.voice(), call), 0);
    const auto support =
        verb<twiml::Dial>(serve.answer(first.action, with(call, "DialCallStatus", "no-answer")), 0);
    const auto taken =
        with(with(call, "DialCallStatus", "completed"), "DialCallSid", "CA" + std::string(32, 'e'));
    verb<twiml::Hangup>(serve.answer(support.action, with(taken, "DialCallDuration", "20")), 0);
    CHECK(serve.post(serve.voice("/status"), ended(call)).status() == 204);
    CHECK(logged(serve, call, is_ended).at("status") == "missed");
  }
}

TEST_CASE("who hangs up while it rings did not ask to be called back", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(1);
    serve.site().ok({"workspaces", "update", "default", "--after-ring", "callback"});
    serve.start();
    const auto ring = [&](const std::string& caller, const std::string& status) {
      const auto call = serve.inbound(caller, k_main_line);
      const auto dial = verb<twiml::Dial>(serve.answer(serve.voice(), call), 0);
      const auto silent = with(with(call, "DialCallStatus", "no-answer"), "CallStatus", status);
      serve.answer(dial.action, silent);
      CHECK(serve.post(serve.voice("/status"), ended(call)).status() == 204);
      logged(serve, call, is_ended);
    };
    ring(k_caller, "in-progress");
    ring("+16265550102", "completed");
    std::map<std::string, std::string> notes;
    for (const auto& row : serve.site().json({"callbacks", "list"}))
      notes[row.at("phone_number").get<std::string>()] = row.at("notes").get<std::string>();
    CHECK(notes == std::map<std::string, std::string>{{k_caller, "asked to be called back"},
                                                      {"+16265550102", "missed call"}});
  }
}

TEST_CASE("nobody gets in without Twilio's signature, or with that of another account", "[serve]") {
  ServeSite serve(db::Engine::sqlite);
  serve.lay_out(1);
  serve.start();
  const auto call = serve.inbound(k_caller, k_main_line);
  CHECK(serve.post_signed_as(serve.voice(), call, std::nullopt).status() == 403);
  CHECK(serve.post_signed_as(serve.voice(), call, std::string(28, 'A')).status() == 403);
  CHECK(serve.post_signed_as(serve.voice(), call, std::string(10'000, 'A')).status() >= 400);
  CHECK(serve.post(serve.voice(), with(call, "AccountSid", "AC" + std::string(32, '9'))).status() == 403);
  CHECK(serve.get(serve.voice()).status() == 405);
  CHECK(serve.get("/api").status() == 404);
  CHECK(serve.site().json({"calls", "list"}).empty());
}

TEST_CASE("callers that are no numbers, and numbers that are nobody's, are answered with sense", "[serve]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(1);
    serve.start();
    for (const auto* from : {"anonymous", "sip:someone@example.com", "+266696687", ""})
      CHECK(
          verb<twiml::Dial>(serve.answer(serve.voice(), serve.inbound(from, k_main_line)), 0).nouns.size() ==
          1);
    for (const auto* path : {"/voice", ""}) {
      const auto target = *path == '\0' ? std::string("/api/twilio/voice/inbound") : serve.voice();
      const auto unknown = serve.answer(target, serve.inbound(k_caller, "+12025550177"));
      verb<twiml::Say>(unknown, 0);
      CHECK(std::holds_alternative<twiml::Hangup>(unknown.verbs.back()));
    }
    CHECK(
        verb<twiml::Dial>(serve.answer("/api/twilio/voice/inbound", serve.inbound(k_caller, k_main_line)), 0)
            .nouns.size() == 1);
  }
}

TEST_CASE("a server that is killed loses no call that it answered", "[serve][slow]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    ServeSite serve(engine);
    serve.lay_out(1);
    std::vector<Form> calls;
    for (int round = 0; round < 5; ++round) {
      serve.start();
      for (int i = 0; i < 10; ++i) {
        calls.push_back(serve.inbound(k_caller, k_main_line));
        verb<twiml::Dial>(serve.answer(serve.voice(), calls.back()), 0);
      }
      serve.kill();
    }
    serve.start();
    CHECK(serve.terminate() == 0);
    std::set<std::string> logged_sids;
    for (const auto& row : serve.site().json({"calls", "list", "--limit", "0"}))
      logged_sids.insert(row.at("call_sid").get<std::string>());
    for (const auto& call : calls) CHECK(logged_sids.contains(value_of(call, "CallSid")));
  }
}

TEST_CASE("who calls whom stands masked in the log, or whole where somebody asks for it", "[serve]") {
  const auto log_of = [](test::Machine::Arguments arguments) {
    ServeSite serve(db::Engine::sqlite, {.arguments = std::move(arguments)});
    serve.lay_out(1);
    serve.start();
    serve.answer(serve.voice(), serve.inbound("+15550100199", k_main_line));
    REQUIRE(test::eventually([&] { return serve.log().find(R"("route":"voice")") != std::string::npos; }));
    return serve.log();
  };
  const auto masked = log_of({});
  CHECK(masked.find(R"("from":"+1555***0199")") != std::string::npos);
  CHECK(masked.find("+15550100199") == std::string::npos);
  CHECK(masked.find(k_main_line) == std::string::npos);
  const auto whole = log_of({"--log-pii"});
  CHECK(whole.find(R"("from":"+15550100199")") != std::string::npos);
  CHECK(whole.find(fmt::format(R"("to":"{}")", k_main_line)) != std::string::npos);
}

TEST_CASE("the log is for machines however much it says", "[serve]") {
  for (const std::string flag : {"-v", "--trace"}) {
    ServeSite serve(db::Engine::sqlite, {.arguments = {flag}});
    serve.start();
    REQUIRE(
        test::eventually([&] { return serve.log().find(R"("event":"listening")") != std::string::npos; }));
    const auto log = serve.log();
    for (std::size_t at = 0, end = 0; (end = log.find('\n', at)) != std::string::npos; at = end + 1) {
      INFO(log.substr(at, end - at));
      CHECK(nlohmann::json::accept(log.substr(at, end - at)));
    }
    CHECK((log.find(R"("level":"trace","event":"sql")") != std::string::npos) == (flag == "--trace"));
  }
}

// Whatever headers say, the verdict is the signature's; who is believed decides only what the log calls the
// client.
TEST_CASE("forwarded headers change no verdict, and name the client only if a trusted proxy sent them",
          "[serve]") {
  const std::string spoofed =
      "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: evil.example\r\n"
      "Forwarded: for=203.0.113.9;host=evil.example;proto=http\r\n";
  for (const bool trusted : {false, true}) {
    ServeSite serve(db::Engine::sqlite);
    serve.lay_out(1);
    if (trusted) serve.site().ok({"config", "set", "serve.trusted_proxies", "unix"});
    serve.start();
    const auto form = serve.inbound(k_caller, k_main_line);
    const auto body = test::encode_form(form);
    const auto post = [&](const std::string& url) {
      return serve
          .send(fmt::format(
              "POST {} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n{}Content-Length: {}\r\n"
              "Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {}\r\n\r\n{}",
              serve.voice(), spoofed, body.size(),
              test::signature(ServeSite::k_token, url + serve.voice(), form), body))
          .status();
    };
    CHECK(post(ServeSite::k_public_url) == 200);
    CHECK(post("http://evil.example") == 403);
    CHECK(post("https://evil.example") == 403);
    const auto named = [&](const std::string& remote) {
      return serve.log().find(R"("remote":")" + remote + '"') != std::string::npos;
    };
    // A request is logged once its answer is on its way.
    CHECK(test::eventually([&] { return named(trusted ? "203.0.113.9" : "unix"); }));
    CHECK(named("203.0.113.9") == trusted);
  }
}
