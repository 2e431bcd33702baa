// One request and its answer, and many at once, against a server that does as it is told.
#include "twilio/client.hpp"

#include <set>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"
#include "support/raw_server.hpp"
#include "support/twilio_box.hpp"
#include "twilio/client_wire.hpp"
#include "twilio/rest_numbers.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using test::RawPeer;
using test::RawServer;
using test::slug_of;
using test::TwilioBox;
using twilio::Ask;
using twilio::Client;
using twilio::Failed;
using twilio::Outcome;
using twilio::Repeat;
using twilio::Task;

namespace {

constexpr const char* k_account = "AC0123456789abcdef0123456789abcdef";
const base::SystemClock k_clock;

twilio::ClientOptions options_for(const std::string& url) {
  twilio::ClientOptions options;
  options.credentials.account_sid = k_account;
  options.credentials.password = base::Secret("secret-0123456789");
  options.bases = twilio::bases_at(url);
  options.timeout = test::k_patience;
  options.backoff = {.first = 1ms, .cap = 2ms, .retries = 3};
  options.chance = [] { return 0.5; };
  return options;
}

std::string url_of(const RawServer& server) {
  auto url = server.url("");
  return url;
}

Ask get(std::string path = "/Balance.json") {
  Ask ask;
  ask.path = std::move(path);
  return ask;
}

Ask post(std::string path, Repeat repeat, twilio::Fields form = {}) {
  Ask ask;
  ask.method = "POST";
  ask.path = std::move(path);
  ask.repeat = repeat;
  ask.form = std::move(form);
  return ask;
}

RawServer::Script says(std::string body, int status = 200, std::string fields = {}) {
  return RawServer::answers(RawServer::response(
      body, "Content-Type: application/json\r\nConnection: close\r\n" + std::move(fields), status));
}

/// Updates of the box's numbers, one after another.
struct Updates {
  explicit Updates(std::vector<std::string> sids) : sids_(std::move(sids)) {}
  std::optional<Task> next() {
    if (at_ == sids_.size()) return std::nullopt;
    twilio::NumberUpdate update;
    update.voice_url = "https://pbx.example.com/voice";
    Task task;
    task.tag = at_;
    task.ask = twilio::update_number_ask(sids_[at_++], update);
    return task;
  }
  std::vector<std::string> sids_;
  std::size_t at_ = 0;
};

std::vector<std::string> sids_of(TwilioBox& box) {
  std::vector<std::string> sids;
  Client client(box.options(), k_clock);
  twilio::list_numbers(client, [&](const std::vector<twilio::Number>& page) {
    for (const auto& number : page) sids.push_back(number.sid);
  });
  return sids;
}

}  // namespace

TEST_CASE("names and values go out encoded, signs of inequality and pluses too", "[twilio]") {
  std::vector<std::string> seen(2);
  RawServer server({[&](RawPeer& peer) {
                      seen[0] = peer.read();
                      peer.send(RawServer::response("{}", "Connection: close\r\n"));
                    },
                    [&](RawPeer& peer) {
                      seen[1] = peer.read();
                      peer.send(RawServer::response("{}", "Connection: close\r\n", 201));
                    }});
  Client client(options_for(url_of(server)), k_clock);
  auto ask = get("/Calls.json");
  ask.query = {{"StartTime>", "2026-01-01"}, {"To", "+12025550100"}};
  client.send(ask);
  CHECK(seen[0].starts_with(std::string("GET /2010-04-01/Accounts/") + k_account +
                            "/Calls.json?StartTime%3E=2026-01-01&To=%2B12025550100 HTTP/1.1\r\n"));
  CHECK(seen[0].find("Authorization: Basic ") != std::string::npos);
  CHECK(seen[0].find("secret-0123456789") == std::string::npos);
  client.send(post("/Calls.json", Repeat::never, {{"To", "+1 2&=é"}, {"E", "a"}, {"E", "b"}, {"Empty", ""}}));
  CHECK(seen[1].find("Content-Type: application/x-www-form-urlencoded\r\n") != std::string::npos);
  CHECK(seen[1].ends_with("\r\n\r\nTo=%2B1%202%26%3D%C3%A9&E=a&E=b&Empty="));
}

TEST_CASE("paths are below the account, below another API's base, or whole", "[twilio]") {
  CHECK(twilio::path_of(get(""), "AC1") == "/2010-04-01/Accounts/AC1.json");
  CHECK(twilio::path_of(get("/Calls.json"), "AC1") == "/2010-04-01/Accounts/AC1/Calls.json");
  CHECK(twilio::path_of(get("//2010-04-01/Accounts.json"), "AC1") == "/2010-04-01/Accounts.json");
  auto trunks = get("/v1/Trunks");
  trunks.api = twilio::Api::trunking;
  CHECK(twilio::path_of(trunks, "AC1") == "/v1/Trunks");
  const auto bases = twilio::bases_of("ie1", "dublin");
  CHECK(twilio::base_of(bases, twilio::Api::core) == "https://api.dublin.ie1.twilio.com");
  CHECK(twilio::bases_of("", "ashburn").trunking == "https://trunking.ashburn.us1.twilio.com");
  CHECK(twilio::bases_of("ie1", "").pricing == "https://pricing.ie1.twilio.com");
  CHECK(twilio::bases_of("", "").messaging == "https://messaging.twilio.com");
}

TEST_CASE("a login is never taken over the network in the clear", "[twilio]") {
  CHECK(slug_of([] { Client(options_for("http://api.example.com"), k_clock); }) == "http.not_secure");
}

TEST_CASE("a refusal carries Twilio's code and words, and no secret", "[twilio]") {
  RawServer server({says(R"({"code":21422,"message":"PhoneNumber is not available.\nNo.","status":400})", 400,
                         "Twilio-Request-Id: RQ1\r\n")});
  Client client(options_for(url_of(server)), k_clock);
  const auto outcome = client.try_send(post("/IncomingPhoneNumbers.json", Repeat::never));
  const auto& failed = std::get<Failed>(outcome);
  CHECK(failed.kind == Failed::Kind::refused);
  CHECK(failed.status == 400);
  CHECK(failed.code == 21422);
  CHECK(failed.request_id == "RQ1");
  CHECK_FALSE(failed.maybe_executed);
  CHECK(failed.message == "POST /IncomingPhoneNumbers.json: phoneNumber is not available. No");
  const auto error = twilio::to_error(failed);
  CHECK(error.errc() == Errc::twilio);
  CHECK(error.slug() == "twilio.refused");
}

TEST_CASE("each status is the failure that it means", "[twilio]") {
  struct Case {
    int status;
    Failed::Kind kind;
    Errc errc;
  };
  for (const auto& [status, kind, errc] :
       {Case{400, Failed::Kind::refused, Errc::twilio}, Case{401, Failed::Kind::auth, Errc::auth},
        Case{403, Failed::Kind::auth, Errc::auth}, Case{404, Failed::Kind::not_found, Errc::not_found},
        Case{409, Failed::Kind::refused, Errc::twilio},
        Case{302, Failed::Kind::garbage, Errc::twilio_garbage}}) {
    INFO(status);
    RawServer server({says("{}", status)});
    Client client(options_for(url_of(server)), k_clock);
    const auto outcome = client.try_send(get());
    REQUIRE(std::holds_alternative<Failed>(outcome));
    CHECK(std::get<Failed>(outcome).kind == kind);
    CHECK(std::get<Failed>(outcome).attempts == 1);
    CHECK(twilio::to_error(std::get<Failed>(outcome)).errc() == errc);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("10,000 answers within a limit all come, and nothing is asked twice", "[twilio][slow]") {
  TwilioBox box({.at_once = 4});
  box.add_numbers(2000);
  const auto sids = sids_of(box);
  REQUIRE(sids.size() == 2000);
  auto options = box.options();
  options.max_concurrency = 16;
  Client client(options, k_clock);
  std::size_t done = 0;
  for (int round = 0; round < 5; ++round) {
    Updates updates(sids);
    client.run([&] { return updates.next(); }, {},
               [&](std::size_t, Outcome outcome) { done += std::holds_alternative<twilio::Reply>(outcome); });
  }
  CHECK(done == 10'000);
  for (const auto& [what, count] : box.ledger()) {
    INFO(what);
    CHECK(count == 5);
  }
  // A limit that stands costs less than one refusal in ten.
  CHECK(client.traffic().refused_for_rate < 1000);
}

TEST_CASE("no more are on their way than allowed, and each is announced once", "[twilio]") {
  TwilioBox box({.latency = 2ms});
  box.add_numbers(100);
  auto options = box.options();
  options.max_concurrency = 5;
  options.backoff.retries = 20;  // while nobody gets through, all may fall to one
  Updates updates(sids_of(box));
  box.fault("429", options.backoff.retries);
  Client client(options, k_clock);
  std::multiset<std::size_t> announced, told;
  client.run([&] { return updates.next(); }, [&](std::size_t tag) { announced.insert(tag); },
             [&](std::size_t tag, Outcome outcome) {
               CHECK(std::holds_alternative<twilio::Reply>(outcome));
               told.insert(tag);
             });
  CHECK(announced.size() == 100);
  CHECK(std::set(announced.begin(), announced.end()).size() == 100);
  CHECK(told == announced);
  CHECK(client.traffic().most_at_once <= 5);
  CHECK(box.seen().most_at_once <= 5);
}

TEST_CASE("whoever is told of one may ask for another at once", "[twilio]") {
  TwilioBox box;
  box.add_numbers(20);
  const auto sids = sids_of(box);
  Updates updates(sids);
  auto options = box.options();
  options.max_concurrency = 2;
  Client client(options, k_clock);
  std::size_t looked = 0;
  client.run([&] { return updates.next(); }, {},
             [&](std::size_t tag, Outcome) {
               looked +=
                   twilio::fetch_number(client, sids[tag]).voice_hook.url == "https://pbx.example.com/voice";
             });
  CHECK(looked == 20);
  CHECK(box.seen().most_at_once <= 2);
}

TEST_CASE("what a caller throws comes out when nothing is under way any more", "[twilio]") {
  TwilioBox box;
  box.add_numbers(50);
  const auto sids = sids_of(box);
  Client client(box.options(), k_clock);
  std::size_t sent = 0, told = 0;
  const auto fails_at = [&](int where) {
    Updates updates(sids);
    sent = told = 0;
    client.run(
        [&] {
          if (where == 0 && updates.at_ == 10) throw std::runtime_error("next");
          return updates.next();
        },
        [&](std::size_t tag) {
          if (where == 1 && tag == 10) throw std::runtime_error("before");
          ++sent;
        },
        [&](std::size_t tag, Outcome) {
          ++told;
          if (where == 2 && tag == 10) throw std::runtime_error("done");
        });
  };
  for (const int where : {0, 1, 2}) {
    INFO(where);
    CHECK_THROWS_AS(fails_at(where), std::runtime_error);
    CHECK(told == sent);
    CHECK(sent < 50);
  }
  fails_at(3);  // the client goes on
  CHECK(told == 50);
}

TEST_CASE("after the first 401 nothing more goes out than was on its way", "[twilio]") {
  TwilioBox box({.latency = 2ms});
  box.add_numbers(200);
  const auto sids = sids_of(box);
  const auto before = box.seen().requests;
  auto options = box.options();
  options.max_concurrency = 8;
  options.credentials.password = base::Secret("revoked");
  Client client(options, k_clock);
  Updates updates(sids);
  std::size_t told = 0;
  const auto slug = slug_of([&] {
    client.run([&] { return updates.next(); }, {},
               [&](std::size_t, Outcome outcome) {
                 ++told;
                 CHECK(std::get<Failed>(outcome).kind == Failed::Kind::auth);
               });
  });
  CHECK(slug == "twilio.auth");
  CHECK(told <= 8);
  CHECK(box.seen().requests - before <= 8);
  CHECK(box.ledger().empty());
}

TEST_CASE("a login that is not taken is named, with where it is from and what was asked", "[twilio]") {
  TwilioBox box;
  auto options = box.options();
  options.credentials.password = base::Secret("revoked");
  Client client(options, k_clock);
  const auto error = test::error_of([&] { client.send(get()); });
  REQUIRE(error);
  CHECK(error->message() ==
        "Twilio does not take the login " + client.account_sid() + " with its auth token (the test)");
  REQUIRE_FALSE(error->details().empty());
  CHECK(error->details().front().starts_with("GET /"));
}

TEST_CASE("a signal ends a run: nothing new goes out, and it is told as what it is", "[twilio]") {
  TwilioBox box;
  box.add_numbers(100);
  const auto sids = sids_of(box);
  base::CancelToken cancel;
  auto options = box.options();
  options.cancel = &cancel;
  Client client(options, k_clock);
  Updates updates(sids);
  std::size_t told = 0;
  const auto error = test::error_of([&] {
    client.run([&] { return updates.next(); }, {},
               [&](std::size_t, Outcome) {
                 if (++told == 10) cancel.cancel(130);
               });
  });
  REQUIRE(error);
  CHECK(error->errc() == Errc::interrupted);
  CHECK(updates.at_ < 100);
  CHECK(told == updates.at_);
  CHECK(std::get<Failed>(client.try_send(get())).kind == Failed::Kind::cancelled);
}
