// `ringctl sim`: the scenarios of fixtures/ through the real program, on both engines, and what it says where
// one does not hold; its network as others reach it.
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>

#include "support/eventually.hpp"
#include "support/http_client.hpp"
#include "support/serve_site.hpp"
#include "support/site.hpp"

using namespace ringctl;
using Json = nlohmann::json;
using test::Machine;
using test::ProcessResult;
using test::Site;

namespace {

const std::filesystem::path k_folder = RINGCTL_SOURCE_DIR "/fixtures/scenarios";
const std::string k_one = "inbound-one-agent-answers.json";
const std::string k_account = "AC0123456789abcdef0123456789abcdef",
                  k_token = "fedcba9876543210fedcba9876543210";

std::vector<std::filesystem::path> scenario_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(k_folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() >= 90);
  return files;
}

Json read_json(const std::filesystem::path& file) { return Json::parse(test::read_text(file)); }

/// `visit(rows)`, of every list of that noun: those given, and those that come in later.
template <class Visit>
void each_row(const Json& scenario, const char* noun, const Visit& visit) {
  const auto in = [&](const Json& estate) {
    if (estate.contains(noun))
      for (const auto& row : estate.at(noun)) visit(row);
  };
  in(scenario.at("given"));
  for (const auto& step : scenario.at("steps"))
    if (step.contains("estate")) in(step.at("estate"));
}

/// `sim run` with these arguments. PostgreSQL: each scenario has a database of its own on the tests' server.
ProcessResult run_scenarios(db::Engine engine, const Machine::Arguments& more) {
  const Site site(engine);
  Machine::Arguments arguments = {"sim", "run"};
  if (engine == db::Engine::postgresql) arguments.insert(arguments.end(), {"--database", site.url()});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return site.machine().run(arguments);
}

/// The scenario of one call, with something changed, under another name.
ProcessResult run_changed(const std::function<void(Json&)>& change) {
  const test::TempDir folder;
  auto scenario = read_json(k_folder / k_one);
  change(scenario);
  const auto file = folder / "changed.json";
  test::write_text(file, scenario.dump(2));
  return run_scenarios(db::Engine::sqlite, {file});
}

bool says(const ProcessResult& result, std::string_view text) {
  return (result.out + result.err).find(text) != std::string::npos;
}

std::string in_base64(const std::string& text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const auto size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

/// An estate of one number and one agent, for what plays calls into a database that is there.
void lay_out(const Site& site) {
  site.ok({"numbers", "add", "+12025550100"});
  site.ok({"users", "add", "ann@example.com", "--role", "agent"});
  site.ok({"extensions", "add", "101", "--user", "ann@example.com"});
}

/// `sim serve` on a socket of that machine.
class Box {
 public:
  Box(const Machine& machine, const Machine::Arguments& more,
      const std::map<std::string, std::string>& environment)
      : socket_((machine.home() / "sim.sock").string()), process_(start(machine, more, environment)) {
    const bool there = test::eventually(
        [&] {
          if (!process_.is_running()) throw std::runtime_error(process_.log());
          // The last line that it says of itself; it listens by then.
          return process_.log().find("  numbers ") != std::string::npos;
        },
        5);
    if (!there) throw std::runtime_error(process_.log());
  }
  test::HttpResponse ask(const std::string& method, const std::string& path, const std::string& body,
                         const std::string& token, const std::string& account = k_account) const {
    test::HttpClient client(socket_);
    const std::string type =
        path.starts_with("/sim/") ? "application/json" : "application/x-www-form-urlencoded";
    return client.request(
        method, path, body,
        {{"Authorization", "Basic " + in_base64(account + ":" + token)}, {"Content-Type", type}});
  }
  std::string log() const { return process_.log(); }
  /// By SIGTERM; its exit status.
  int end() {
    process_.signal(SIGTERM);
    return process_.wait();
  }

 private:
  test::RunningProcess start(const Machine& machine, const Machine::Arguments& more,
                             const std::map<std::string, std::string>& environment) const {
    Machine::Arguments arguments = {"sim", "serve", "--listen", "unix:" + socket_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return machine.start(
        arguments,
        {.program = {}, .environment = environment, .input = {}, .directory = {}, .meanwhile = {}});
  }

  std::string socket_;
  test::RunningProcess process_;
};

}  // namespace

void require_all_to_hold(db::Engine engine) {
  const auto result = run_scenarios(engine, {k_folder});
  INFO(result.out << result.err);
  CHECK(result.status == 0);
}

TEST_CASE("every scenario of the fixtures holds", "[system][slow]") {
  require_all_to_hold(db::Engine::sqlite);
}

TEST_CASE("every scenario of the fixtures holds on a server, too", "[system][slow]") {
  for (const auto engine : test::engines())
    if (engine == db::Engine::postgresql) require_all_to_hold(engine);
}

TEST_CASE("a scenario needs no home, and keeps nothing then", "[system]") {
  const Machine machine;
  const auto run = [&](std::map<std::string, std::string> environment) {
    test::ProcessOptions options;
    options.environment = std::move(environment);
    const auto result = machine.run({"sim", "run", k_folder / k_one, "-o", "json"}, options);
    INFO(result.err);
    CHECK(result.status == 0);
    return Json::parse(result.out).at(0).at("scenario").get<std::string>();
  };
  const auto cache = machine.home() / "cache";
  const auto kept = cache / "ringctl" / "sim-empty.image";
  const auto name = run({{"HOME", ""}});
  CHECK(std::filesystem::is_empty(machine.home()));
  // A relative path counts as none.
  CHECK(run({{"HOME", "relative"}, {"XDG_CACHE_HOME", "cache"}}) == name);
  CHECK(std::filesystem::is_empty(machine.home()));
  CHECK(run({{"HOME", ""}, {"XDG_CACHE_HOME", cache.string()}}) == name);
  CHECK(std::filesystem::exists(kept));
  test::write_text(kept, "not a database");
  CHECK(run({{"HOME", ""}, {"XDG_CACHE_HOME", cache.string()}}) == name);
  CHECK(test::read_text(kept).size() > 100'000);
}

TEST_CASE("the same scenarios say the same twice, byte for byte, and each seed something of its own",
          "[system][slow]") {
  const Machine::Arguments all = {k_folder, "--timeline"};
  const auto first = run_scenarios(db::Engine::sqlite, all);
  CHECK(first.status == 0);
  CHECK(says(first, "webhook"));
  CHECK(run_scenarios(db::Engine::sqlite, all).out == first.out);
  const auto timeline = [](const char* file, const char* seed) {
    return run_scenarios(db::Engine::sqlite, {k_folder / file, "--seed", seed, "--timeline", "--columns",
                                              "timeline", "-o", "json"})
        .out;
  };
  for (const auto* const file : {"fault-storm.json", "strategy-random.json"}) {
    CHECK(timeline(file, "1") == timeline(file, "1"));
    CHECK(timeline(file, "1") != timeline(file, "2"));
  }
}

TEST_CASE(
    "a scenario that does not hold ends with 8, and names the place, what was expected and what was there",
    "[system]") {
  const auto wrong_agent =
      run_changed([](Json& one) { one["expect"]["calls"]["lin"]["answered_by"] = "client:bob@example.com"; });
  INFO(wrong_agent.out << wrong_agent.err);
  CHECK(wrong_agent.status == 8);
  CHECK(says(wrong_agent, "/expect/calls/lin/answered_by"));
  CHECK(says(wrong_agent, "client:bob@example.com"));
  CHECK(says(wrong_agent, "client:ann@example.com"));

  const auto wrong_record = run_changed([](Json& one) { one["expect"]["records"][0]["status"] = "missed"; });
  CHECK(wrong_record.status == 8);
  CHECK(says(wrong_record, "/expect/records/0/status"));

  const auto problem = run_changed([](Json& one) { one["expect"]["problems"] = {"11200"}; });
  CHECK(problem.status == 8);
  CHECK(says(problem, "/expect/problems"));
}

TEST_CASE("of several scenarios one that does not hold is named, and the others are played all the same",
          "[system]") {
  const test::TempDir folder;
  auto scenario = read_json(k_folder / k_one);
  scenario["expect"]["calls"]["lin"]["duration"] = "1h";
  const auto changed = folder / "a-changed.json";
  test::write_text(changed, scenario.dump(2));
  const auto result = run_scenarios(db::Engine::sqlite, {changed, k_folder / "inbound-roles.json"});
  CHECK(result.status == 8);
  CHECK(says(result, "a-changed.json"));
  CHECK(says(result, "inbound-roles.json"));
}

TEST_CASE("a slip in a scenario ends with 7 and names file, line and the nearest name", "[system]") {
  const test::TempDir folder;
  const auto file = folder / "slip.json";
  test::write_text(
      file,
      "{\n  \"scenario\": \"a slip\",\n  \"given\": {},\n  \"people\": {\"client:ann@example.com\": "
      "{\"answers_affter\": \"4s\"}},\n  \"steps\": [{\"at\": \"0s\", \"restart_serve\": true}],\n"
      "  \"expect\": {}\n}\n");
  const auto result = run_scenarios(db::Engine::sqlite, {file});
  INFO(result.out << result.err);
  CHECK(result.status == 7);
  CHECK(says(result, "slip.json:4"));
  CHECK(says(result, "answers_after"));

  const auto no_call = run_changed([](Json& one) {
    one["expect"]["calls"]["nobody"] = {{"status", "completed"}};
  });
  CHECK(no_call.status == 7);
  const auto refused = run_changed([](Json& one) { one["given"]["users"][0]["role"] = "king"; });
  CHECK(refused.status == 7);
  test::write_text(file, "{\"scenario\": ");
  CHECK(run_scenarios(db::Engine::sqlite, {file}).status == 7);
  CHECK(run_scenarios(db::Engine::sqlite, {folder / "not-there.json"}).status == 2);
}

TEST_CASE("the scenarios cover every requirement on calls, and say different things", "[system]") {
  std::set<std::string> wanted, covered;
  for (int i = 11; i <= 42; ++i) wanted.insert(fmt::format("R{}", i));
  for (int i = 101; i <= 105; ++i) wanted.insert(fmt::format("R{}", i));
  for (const auto* const about_texts :
       {"R88", "R89", "R90", "R91", "R92", "R93", "R94", "R96", "R97", "R99", "R100", "R176"})
    wanted.insert(about_texts);
  std::map<std::string, std::filesystem::path> titles;
  for (const auto& file : scenario_files()) {
    INFO(file);
    const auto scenario = read_json(file);
    CHECK_FALSE(scenario.at("covers").empty());
    CHECK_FALSE(scenario.at("expect").empty());
    for (const auto& requirement : scenario.at("covers")) covered.insert(requirement.get<std::string>());
    CHECK(titles.emplace(scenario.at("scenario").get<std::string>(), file).second);
  }
  std::vector<std::string> missing;
  std::set_difference(wanted.begin(), wanted.end(), covered.begin(), covered.end(),
                      std::back_inserter(missing));
  CHECK(missing == std::vector<std::string>());
}

TEST_CASE("the scenarios use every strategy, target of a rule and last step", "[system]") {
  std::set<std::string> strategies, targets, last = {"voicemail"};  // what a workspace has at first
  for (const auto& file : scenario_files()) {
    const auto scenario = read_json(file);
    each_row(scenario, "rules", [&](const Json& rule) {
      strategies.insert(rule.value("strategy", "ring_all"));
      for (const auto& target : rule.at("ring"))
        for (const auto& [name, value] : target.items()) targets.insert(name);
    });
    const auto settings = scenario.at("given").value("workspace", Json::object());
    if (settings.contains("after_ring")) last.insert(settings.at("after_ring").get<std::string>());
  }
  CHECK(strategies ==
        std::set<std::string>{"ring_all", "in_order", "round_robin", "longest_idle", "least_used", "random"});
  CHECK(targets == std::set<std::string>{"user", "users", "team", "skill", "extension", "owner", "number",
                                         "assistant", "queue", "message", "voicemail", "reject", "hangup",
                                         "recording"});
  CHECK(last == std::set<std::string>{"voicemail", "callback", "message", "support"});
}

TEST_CASE("the scenarios break webhooks and requests in every way there is, and take serve away",
          "[system]") {
  std::set<std::string> of_webhooks, of_rest, of_serve;
  for (const auto& file : scenario_files()) {
    const auto scenario = read_json(file);
    for (const auto& fault : scenario.value("faults", Json::array()))
      (fault.at("of") == "rest" ? of_rest : of_webhooks).insert(fault.at("do").get<std::string>());
    for (const auto& step : scenario.at("steps"))
      for (const auto& [name, value] : step.items())
        if (name.ends_with("_serve")) of_serve.insert(name);
  }
  for (const auto* const fault :
       {"double", "delay", "reorder", "replay", "bad_signature", "lose", "timeout", "answer_5xx", "garbage"})
    CHECK(of_webhooks.count(fault) == 1);
  CHECK(of_rest == std::set<std::string>{"429", "503", "hang", "garbage", "reset", "executed_lost"});
  CHECK(of_serve == std::set<std::string>{"restart_serve", "stop_serve", "start_serve"});
}

TEST_CASE("one call is played into the estate there is, and its ladder names who was rung", "[system]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    const Site site(engine);
    if (engine == db::Engine::postgresql) site.init();
    lay_out(site);
    const auto result = site.run({"sim", "call", "--from", "+16265550101", "--to", "+12025550100", "--press",
                                  "101", "--answer", "ann@example.com", "--ladder"});
    INFO(result.out << result.err);
    REQUIRE(result.status == 0);
    CHECK(says(result, "+16265550101"));
    CHECK(says(result, "ann@example.com"));
    CHECK(says(result, "extension"));
    CHECK(site.json({"calls", "list"}).empty());  // it was played on a copy
  }
}

TEST_CASE("one call is a record for programs, and nothing of the estate's own changes", "[system]") {
  for (const auto engine : test::engines()) {
    INFO(db::engine_name(engine));
    const Site site(engine);
    if (engine == db::Engine::postgresql) site.init();
    lay_out(site);
    site.ok({"numbers", "update", "+12025550100", "--capabilities", "voice|sms"});
    const auto all = [&] {
      return site.ok({"numbers", "list", "-o", "json"}) + site.ok({"calls", "list", "-o", "json"}) +
             site.ok({"audit", "list", "-o", "json"}) + site.ok({"jobs", "list", "-o", "json"}) +
             site.ok({"callbacks", "list", "-o", "json"});
    };
    const auto before = all();
    const auto call = site.json({"sim", "call", "--to", "+12025550100", "--press", "101", "--answer",
                                 "ann@example.com", "--answer-after", "2s", "--talk", "7s", "--ladder"});
    CHECK(call.at("status") == "completed");
    CHECK(call.at("user_email") == "ann@example.com");
    CHECK(call.at("duration_s") == 10);  // with the second that it takes to press the keys
    REQUIRE(call.at("attempts").size() == 1);
    CHECK(call.at("attempts")[0].at("step") == 0);
    CHECK(call.at("attempts")[0].at("party") == "client:ann@example.com");
    CHECK(all() == before);
  }
}

TEST_CASE("a call that cannot come about says why", "[system][slow]") {
  const Site site(db::Engine::sqlite);
  lay_out(site);
  site.ok({"numbers", "add", "+12025550101", "--provider", "telnyx"});
  site.ok({"numbers", "add", "+12025550102", "--capabilities", "sms"});
  CHECK(site.failure({"sim", "call", "--to", "+12025550199"}) == "5 numbers.unknown");
  CHECK(site.failure({"sim", "call", "--to", "+12025550101"}) == "7 sim.no_line");
  CHECK(site.failure({"sim", "call", "--to", "+12025550102"}) == "7 sim.no_line");
  const Machine::Arguments call = {"sim", "call", "--to", "+12025550100"};
  const auto with = [&](const Machine::Arguments& more) {
    auto all = call;
    all.insert(all.end(), more.begin(), more.end());
    return site.failure(all);
  };
  CHECK(with({"--answer", "anne@example.com"}) == "5 users.unknown");
  CHECK(says(site.run({"sim", "call", "--to", "+12025550100", "--decline", "anne@example.com"}),
             "did you mean: ann@example.com"));
  CHECK(with({"--answer", "client:anne@example.com"}) == "5 users.unknown");
  CHECK(with({"--answer", "ann@example.com", "--decline", "ann@example.com"}) == "2 usage.bad_value");
  CHECK(with({"--answer", "zoe"}) == "5 users.unknown");
  CHECK(with({"--answer", "12"}) == "2 usage.bad_value");
  const auto unrung = site.run({"sim", "call", "--to", "+12025550100", "--answer", "+12025550177"});
  CHECK(unrung.status == 0);
  CHECK(says(unrung, "--answer +12025550177: was never rung"));
  CHECK(with({"--press", "1x"}) == "2 usage.bad_value");
  CHECK(with({"--seed", "-1"}) == "2 usage.bad_value");
  CHECK(site.failure({"sim", "serve", "--seed", "-1", "-n"}) == "2 usage.bad_value");
  CHECK(site.failure({"sim", "serve", "--at-once", "-1", "-n"}) == "2 usage.bad_value");
  CHECK(site.failure({"sim", "serve", "--latency", "2m", "-n"}) == "2 usage.bad_value");
}

TEST_CASE("a server elsewhere that is not there is said to be, before anything is played", "[system]") {
  const Site site(db::Engine::sqlite);
  lay_out(site);
  test::ProcessOptions known;
  known.environment = {{"TWILIO_ACCOUNT_SID", k_account}, {"TWILIO_AUTH_TOKEN", k_token}};
  const auto run = [&](const std::string& url) {
    return site.machine().run({"sim", "run", k_folder / k_one, "--against", url}, known);
  };
  const auto away = run("http://127.0.0.1:1");
  INFO(away.err);
  CHECK(away.status == 22);
  CHECK(says(away, "http://127.0.0.1:1 cannot be reached"));
  CHECK(away.out.empty());
  CHECK(run("ftp://127.0.0.1").status == 2);
}

TEST_CASE("what killed runs left on a server goes with the next run, and what others use stays", "[system]") {
  const auto engines = test::engines();
  if (std::find(engines.begin(), engines.end(), db::Engine::postgresql) == engines.end()) return;
  const Site site(db::Engine::postgresql);
  const auto server = db::Connection::open(site.url());
  const auto mine = fmt::format("ringctl_sim_{}_1", server->integer("SELECT pg_backend_pid()").value());
  const std::string left = "ringctl_sim_999999999_1";
  for (const auto& name : {mine, left}) server->exec("CREATE DATABASE " + name);
  CHECK(site.run({"sim", "run", "--database", site.url(), k_folder / k_one}).status == 0);
  const auto there = [&](const std::string& name) {
    return server->integer("SELECT count(*) FROM pg_database WHERE datname = $1", {name}) == 1;
  };
  INFO(mine);
  CHECK(there(mine));
  CHECK_FALSE(there(left));
  for (const auto& name : {mine, left}) server->exec("DROP DATABASE IF EXISTS " + name);
}

TEST_CASE("a network that keeps running answers as Twilio does, to those who have its token", "[system]") {
  const Site site(db::Engine::sqlite);
  lay_out(site);
  Box box(site.machine(), {}, {{"TWILIO_ACCOUNT_SID", k_account}, {"TWILIO_AUTH_TOKEN", k_token}});
  const auto ask = [&](const std::string& method, const std::string& path, const std::string& body = {},
                       const std::string& secret = k_token) { return box.ask(method, path, body, secret); };
  const auto below = "/2010-04-01/Accounts/" + k_account;
  const auto refused = ask("GET", below + "/IncomingPhoneNumbers.json", {}, "wrong");
  CHECK(refused.status == 401);
  CHECK(Json::parse(refused.body).at("code") == 20003);

  const auto bought = ask("POST", below + "/IncomingPhoneNumbers.json", "PhoneNumber=%2B12025550177");
  INFO(bought.body);
  REQUIRE(bought.status == 201);
  const auto number = Json::parse(bought.body);
  CHECK(number.at("phone_number") == "+12025550177");
  const auto sid = number.at("sid").get<std::string>();
  CHECK(ask("GET", below + "/IncomingPhoneNumbers/" + sid + ".json").status == 200);
  CHECK(ask("GET", below + "/Calls/CA00000000000000000000000000000009.json").status == 404);

  // Told beside it how people and faults are.
  const auto person = ask(
      "POST", "/sim/v1/people",
      R"({"address":"+16265550101","behaviour":{"answers_after":"50ms","then":[{"hear":"morning"},{"hang_up":true}]}})");
  INFO(person.body);
  CHECK(person.status < 300);
  const auto placed = ask("POST", below + "/Calls.json",
                          "From=%2B12025550177&To=%2B16265550101&Twiml="
                          "%3CResponse%3E%3CSay%3EGood%20morning.%3C%2FSay%3E%3C%2FResponse%3E");
  INFO(placed.body);
  REQUIRE(placed.status == 201);
  const auto call = below + "/Calls/" + Json::parse(placed.body).at("sid").get<std::string>() + ".json";
  CHECK(test::eventually([&] { return Json::parse(ask("GET", call).body).at("status") == "completed"; }, 50));
  CHECK(ask("GET", "/sim/v1/timeline?since=0").body.find("Good morning.") != std::string::npos);

  CHECK(ask("POST", "/sim/v1/faults", R"({"faults":[{"of":"rest","do":"429","times":1}]})").status < 300);
  CHECK(ask("GET", call).status == 429);
  CHECK(ask("GET", call).status == 200);

  CHECK(box.end() == 0);
}

TEST_CASE("a network makes a token of its own, keeps it from others, and says how serve learns it",
          "[system]") {
  const Site site(db::Engine::sqlite);
  lay_out(site);
  std::string token;
  for (int start = 0; start < 2; ++start) {
    Box box(site.machine(), {}, {});
    const auto file = site.machine().home() / ".local/state/ringctl/sim/auth_token";
    struct stat info = {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    const auto log = box.log();
    INFO(log);
    CHECK(log.find("numbers     1") !=
          std::string::npos);  // of the database that is there unless one is named
    CHECK(log.find("TWILIO_AUTH_TOKEN_FILE=" + file.string()) != std::string::npos);
    CHECK(log.find("ringctl serve") != std::string::npos);
    const auto kept = test::read_text(file);
    CHECK(log.find(kept.substr(0, kept.size() - 1)) == std::string::npos);
    if (start > 0) CHECK(kept == token);  // the server that was told it goes on
    token = kept;
    CHECK(box.end() == 0);
  }
  Box against(site.machine(), {"--against", "http://127.0.0.1:3000"}, {});
  CHECK(against.log().find("answered by TWILIO_ACCOUNT_SID=AC") != std::string::npos);
  CHECK(against.log().find("ringctl serve  # or what runs at http://127.0.0.1:3000") != std::string::npos);
  CHECK(against.end() == 0);
}

TEST_CASE("a number that was deleted in the simulator's account stays away, and new ones come",
          "[system][slow]") {
  const Site site(db::Engine::sqlite);
  lay_out(site);
  Box box(site.machine(), {}, {{"TWILIO_ACCOUNT_SID", k_account}, {"TWILIO_AUTH_TOKEN", k_token}});
  const auto below = "/2010-04-01/Accounts/" + k_account + "/IncomingPhoneNumbers";
  const auto numbers = [&] {
    return Json::parse(box.ask("GET", below + ".json", {}, k_token).body).at("incoming_phone_numbers");
  };
  const auto first = numbers();
  REQUIRE(first.size() == 1);
  const auto gone = first[0].at("phone_number").get<std::string>();
  CHECK(
      box.ask("DELETE", below + "/" + first[0].at("sid").get<std::string>() + ".json", {}, k_token).status ==
      204);
  site.ok({"numbers", "add", "+12025550177"});
  REQUIRE(test::eventually([&] { return !numbers().empty(); }, 200));
  const auto now = numbers();
  REQUIRE(now.size() == 1);
  CHECK(now[0].at("phone_number") == "+12025550177");
  CHECK(gone != "+12025550177");
  CHECK(site.json({"numbers", "list"}).size() == 2);
  CHECK(box.end() == 0);
}

TEST_CASE("a network beside serve rings its agents by their addresses, and the call is on record",
          "[system]") {
  test::ServeSite serve(db::Engine::sqlite, {.listen = test::ServeOptions::Listen::tcp});
  serve.lay_out(1);
  serve.start();
  Box box(
      serve.site().machine(),
      {"--against", fmt::format("http://127.0.0.1:{}", serve.port()), "--public-url",
       test::ServeSite::k_public_url},
      {{"TWILIO_ACCOUNT_SID", test::ServeSite::k_account}, {"TWILIO_AUTH_TOKEN", test::ServeSite::k_token}});
  const auto say = [&](const std::string& path, const Json& body) {
    return box.ask("POST", "/sim/v1/" + path, body.dump(), test::ServeSite::k_token,
                   test::ServeSite::k_account);
  };
  const auto agent = test::agent_email(0);
  const auto nobody = say("people", {{"address", "client:x" + agent}, {"behaviour", {{"busy", true}}}});
  CHECK(nobody.status == 400);
  CHECK(nobody.body.find("did you mean client:" + agent) != std::string::npos);
  CHECK(say("people", {{"address", "client:" + agent}, {"behaviour", {{"answers_after", "20ms"}}}}).status ==
        200);
  const auto placed =
      say("calls", {{"from", "+16265550101"},
                    {"to", test::k_main_line},
                    {"then", {{{"wait_for_somebody", true}}, {{"wait", "50ms"}}, {{"hang_up", true}}}}});
  INFO(placed.body << box.log());
  REQUIRE(placed.status == 200);
  CHECK(test::eventually(
      [&] {
        const auto calls = serve.site().json({"calls", "list"});
        return calls.size() == 1 && calls[0].at("status") == "completed" &&
               calls[0].at("user_email") == agent;
      },
      100));
  CHECK(box.end() == 0);
  CHECK(serve.terminate() == 0);

  // What is on record by now is no part of a call that is played into a copy.
  const auto result =
      serve.site().run({"sim", "call", "--to", test::k_main_line, "--answer", agent, "-o", "json"});
  INFO(result.out << result.err);
  const auto played = Json::parse(result.out);
  REQUIRE(played.at("attempts").size() == 1);
  CHECK(played.at("attempts")[0].at("call_sid") == played.at("call_sid"));
}
