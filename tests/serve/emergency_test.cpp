// Calls for help, whatever is away, refused or full.

#include "serve/switchboard.hpp"
#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

using test::call_sid;
using test::Form;
using test::Switchboard;

Form to_help(const Switchboard& board, std::string from = {}, std::string to = "911") {
  return board.form({{"From", from.empty() ? board.from_ann() : std::move(from)}, {"To", std::move(to)}});
}

/// The one Dial of the answer to a call to `to`.
twiml::Dial dial_of(const twiml::Response& response, const std::string& to) {
  REQUIRE(response.verbs.size() == 1);
  REQUIRE(std::holds_alternative<twiml::Dial>(response.verbs.front()));
  const auto dial = std::get<twiml::Dial>(response.verbs.front());
  REQUIRE(dial.nouns.size() == 1);
  CHECK(std::get<twiml::Number>(dial.nouns.front()).number == to);
  return dial;
}

bool is_refused(const twiml::Response& response) {
  return std::holds_alternative<twiml::Say>(response.verbs.front());
}

TEST_CASE("a call for help is dialled from the agent's number, never counted, and on record", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())), 0);  // not one call a day
  const bool away = GENERATE(false, true);
  board.start(away);
  CHECK(dial_of(board.answer("", to_help(board)), "911").caller_id == test::k_from);
  CHECK(dial_of(board.answer("", to_help(board)), "911").caller_id == test::k_from);
  board.away = false;
  REQUIRE(board.stop());
  CHECK(board.counter(board.assignment).reserved == 0);
  CHECK(board.integer("SELECT count(*) FROM calls WHERE to_number = '911' AND refusal IS NULL") == 1);
}

TEST_CASE("a call for help is dialled for whoever calls", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.exec("UPDATE users SET is_active = FALSE, version = version + 1");
  board.start(false);
  for (const auto& from : {board.from_ann(), std::string("client:somebody"), std::string("client:")})
    CHECK(dial_of(board.answer("", to_help(board, from)), "911").caller_id == test::k_from);
  // From outside nobody dials through us.
  const auto inbound = board.answer("", to_help(board, std::string(Switchboard::k_caller)));
  CHECK_FALSE(std::holds_alternative<twiml::Dial>(inbound.verbs.front()));
}

TEST_CASE("a call for help goes out from a number that Twilio holds, whichever was asked for", "[serve]") {
  Switchboard board(GENERATE(from_range(test::engines())));
  const std::string elsewhere = "+12025550101";
  board.assign(board.ann_id, board.number(elsewhere));
  board.exec("UPDATE phone_numbers SET provider = 'telnyx' WHERE phone_number = $1", {elsewhere});
  board.start(true);
  auto call = to_help(board);
  call.emplace_back("FromNumber", elsewhere);
  CHECK(dial_of(board.answer("", call), "911").caller_id == test::k_from);
}

TEST_CASE("a call for help from a workspace without numbers goes out from the one asked for", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.exec("UPDATE phone_numbers SET status = 'inactive'");
  board.start(true);
  auto call = to_help(board);
  call.emplace_back("FromNumber", "+12025550177");  // verified at Twilio, for all we know
  CHECK(dial_of(board.answer("", call), "911").caller_id == "+12025550177");
}

TEST_CASE("help is what the workspace's country, or that of the number called from, calls so", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(false);
  CHECK(is_refused(board.answer("", to_help(board, {}, "999"))));
  REQUIRE(board.stop());
  board.exec("UPDATE workspaces SET default_country = 'GB', version = version + 1");
  board.start(false);
  const auto call = board.form({{"CallSid", call_sid(2)}, {"From", board.from_ann()}, {"To", "999"}});
  CHECK(dial_of(board.answer("", call), "999").caller_id == test::k_from);
}

TEST_CASE("a call for help is dialled before the estate was ever read, by any country's numbers", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.away = true;
  board.start(true);
  for (const auto* to : {"911", "999", "112"}) {
    auto call = to_help(board, {}, to);
    call.emplace_back("FromNumber", test::k_from);
    CHECK(dial_of(board.answer("", call), to).caller_id == test::k_from);
  }
  CHECK(is_refused(board.answer("", to_help(board, {}, "+12025550199"))));
}

TEST_CASE("a call for help is dialled by a server with too much to do, and by one whose journal is full",
          "[serve]") {
  Switchboard board(db::Engine::sqlite);
  auto options = board.options();
  const bool overload = GENERATE(false, true);
  if (overload)
    options.limits.in_flight = 0;
  else
    options.books.journal.max_queue = 16;  // smaller than any record
  board.service.emplace(std::move(options), board.opener(), board.clock);
  board.service->start();
  dial_of(board.answer("", to_help(board)), "911");
}

TEST_CASE("a call for help to the path that names no workspace is dialled from the agent's own", "[serve]") {
  Switchboard board(db::Engine::sqlite);
  board.start(true);
  const auto path = std::string("/api/twilio/voice/inbound");
  CHECK(dial_of(board.answer_at(path, to_help(board)), "911").caller_id == test::k_from);
}

}  // namespace
}  // namespace ringctl::serve
