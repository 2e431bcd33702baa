#include "messages/send.hpp"

#include "messages/desk.hpp"
#include "messages/opt_outs.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace std::chrono_literals;
using messages::Draft;
using test::k_ann, test::k_bob, test::k_from, test::k_lin;

namespace {

const std::string k_british = "+442079460123", k_second = "+12025550110";

std::string sid(int n) { return test::message_sid(n); }

/// Ann answers the messages of the number.
struct Senders : test::TextDesk {
  explicit Senders(db::Engine engine) : TextDesk(engine) { join(ann_id); }

  static Draft draft(const std::string& as = k_ann, const std::string& to = k_lin) {
    Draft draft{.as = as, .to = to};
    draft.body = "See you at noon";
    return draft;
  }
  messages::Outgoing plan(const Draft& draft) {
    return read([&] { return messages::plan_send(db(), workspace, draft, clock.now()); });
  }
  base::Uuid record(const messages::Outgoing& outgoing) {
    base::Uuid id;
    write([&] { id = messages::record_send(session(), workspace, outgoing); });
    return id;
  }
  base::Uuid send(const Draft& draft) { return record(plan(draft)); }
  void hear(const std::string& from = k_lin) { apply({text(1, "Hello", from)}); }
  void tell(int n, const std::string& word, std::optional<base::Uuid> message = {}) {
    auto event = status(n, word, 0);
    event.message = message;
    apply({event});
  }
  void sent(const base::Uuid& message, const std::string& message_sid, std::string_view status) {
    write([&] { messages::note_sent(session(), workspace, message, message_sid, status, 1); });
  }
  void opt_out(const std::string& phone, std::string_view channel, std::string_view source = {}) {
    exec(
        "INSERT INTO opt_outs (id, workspace_id, phone_number, channel, source, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $6)",
        {alice.ids.next(), workspace, phone, channel, db::or_null(source), clock.now()});
  }
  std::string outbound() {
    return rows(
        "SELECT message_sid, status, from_number, to_number FROM messages WHERE workspace_id = $1 AND "
        "direction = 'outbound' ORDER BY message_seq");
  }
  std::string assigned() {
    return rows("SELECT assigned_user_id FROM message_threads WHERE workspace_id = $1");
  }
};

std::string codes(const messages::Outgoing& outgoing) {
  std::string all;
  for (const auto& [refusal, why] : outgoing.refusals)
    all += (all.empty() ? "" : " ") + std::string(messages::refusal_code(refusal));
  return all;
}

std::string refused_for(Senders& f, const std::function<void(Draft&)>& change) {
  auto draft = Senders::draft();
  change(draft);
  return test::slug_of([&] { f.plan(draft); });
}

}  // namespace

TEST_CASE("a message is on record before anybody is asked to send it", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  const auto outgoing = f.plan(Senders::draft());
  CHECK(outgoing.from_number == k_from);
  CHECK(outgoing.refusals.empty());
  CHECK_FALSE(outgoing.thread);
  CHECK_FALSE(outgoing.claims);
  f.record(outgoing);
  CHECK(f.outbound() == "|accepted|" + k_from + "|" + k_lin + "\n");
  CHECK(
      f.rows(
          "SELECT our_number, party_number, assigned_user_id FROM message_threads WHERE workspace_id = $1") ==
      k_from + "|" + k_lin + "|\n");
  CHECK(f.rows("SELECT actor, action FROM audit_log WHERE workspace_id = $1") ==
        "user:" + k_ann + "|messages.send\n");
  CHECK(f.rows("SELECT message_seq FROM message_counters WHERE workspace_id = $1") == "1\n");
}

TEST_CASE("a reply goes from the number that was written to, else from the sender's primary one",
          "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  f.join(f.ann_id, f.number(k_second));
  f.exec("UPDATE agent_phone_numbers SET is_primary = TRUE WHERE phone_number_id <> $1", {f.number_id});
  CHECK(f.plan(Senders::draft()).from_number == k_second);
  f.hear();
  const auto reply = f.plan(Senders::draft());
  CHECK(reply.from_number == k_from);
  CHECK(reply.thread.has_value());
  auto named = Senders::draft();
  named.from_number = k_second;
  CHECK(f.plan(named).from_number == k_second);
}

TEST_CASE("a number that can send is chosen before one that cannot", "[messages]") {
  Senders f(db::Engine::sqlite);
  f.join(f.ann_id, f.number(k_second));
  f.exec("UPDATE phone_numbers SET status = 'inactive' WHERE id = $1", {f.number_id});
  CHECK(f.plan(Senders::draft()).from_number == k_second);
}

TEST_CASE("all that stands against a message is said at once", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  f.opt_out(k_british, "sms");
  f.exec("UPDATE phone_numbers SET status = 'inactive', provider = 'telnyx'");
  const auto outgoing = f.plan(Senders::draft(k_ann, k_british));
  CHECK(codes(outgoing) == "opted_out number_inactive provider_not_callable country_not_allowed");
  const auto error = messages::refused(outgoing);
  CHECK(error.errc() == Errc::differs);
  CHECK(error.details().size() == 4);
}

TEST_CASE("whoever wrote may be answered, and others where the workspace says so", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  CHECK(codes(f.plan(Senders::draft(k_ann, k_british))) == "country_not_allowed");
  SECTION("the country is one of the workspace's") {
    f.decide("sms_countries", R"(["GB"])");
    CHECK(codes(f.plan(Senders::draft(k_ann, k_british))).empty());
    CHECK(codes(f.plan(Senders::draft())).empty());  // the number's own is not lost
  }
  SECTION("they wrote to that very number") {
    f.hear(k_british);
    CHECK(codes(f.plan(Senders::draft(k_ann, k_british))).empty());
  }
}

TEST_CASE("what is no message is refused before anything is written", "[messages]") {
  Senders f(db::Engine::sqlite);
  CHECK(refused_for(f, [](Draft& d) { d.body = " \n"; }) == "messages.empty");
  CHECK(refused_for(f, [](Draft& d) { d.body = "caf\xE9"; }) == "messages.bad_text");
  CHECK(refused_for(f, [](Draft& d) { d.body = std::string("a\0b", 3); }) == "messages.bad_text");
  CHECK(refused_for(f, [](Draft& d) { d.body = std::string(1601, 'x'); }) == "messages.too_long");
  CHECK(refused_for(f, [](Draft& d) { d.media.assign(11, "https://example.com/a.png"); }) ==
        "messages.too_many_media");
  CHECK(refused_for(f, [](Draft& d) { d.media = {"file:///etc/passwd"}; }) == "messages.bad_media");
  CHECK(refused_for(f, [](Draft& d) { d.media = {"https://example.com/a b.png"}; }) == "messages.bad_media");
  CHECK(refused_for(f, [](Draft& d) { d.to = "nobody"; }) == "messages.bad_destination");
  CHECK(refused_for(f, [](Draft& d) { d.to = k_from; }) == "messages.bad_destination");
  CHECK(refused_for(f, [](Draft& d) { d.from_number = "+12025550177"; }) == "numbers.unknown");
  CHECK(refused_for(f, [](Draft& d) { d.as = "eve@example.com"; }) == "users.unknown");
  CHECK(refused_for(f, [](Draft& d) { d.name_extension = true; }) == "messages.no_extension");
  CHECK(refused_for(f, [](Draft& d) { d.body = std::string(1600, 'x'); }).empty());
}

TEST_CASE("a picture needs no text, and is one segment whatever stands beside it", "[messages]") {
  Senders f(db::Engine::sqlite);
  auto draft = Senders::draft();
  draft.media = {"https://example.com/a.png"};
  draft.body = std::string(400, 'x');
  CHECK(f.plan(draft).size.segments == 1);
  draft.body.clear();
  f.send(draft);
  CHECK(f.rows("SELECT media FROM messages WHERE workspace_id = $1").find("https://example.com/a.png") !=
        std::string::npos);
}

TEST_CASE("only who answers a number's messages sends from it", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  auto draft = Senders::draft(k_bob);
  CHECK(test::slug_of([&] { f.plan(draft); }) == "messages.no_number");
  draft.from_number = k_from;
  CHECK(test::slug_of([&] { f.plan(draft); }) == "messages.not_a_member");
  f.set_user(f.bob_id, "role", "manager");
  CHECK(test::slug_of([&] { f.plan(draft); }) == "messages.not_a_member");
  f.set_user(f.bob_id, "role", "admin");
  CHECK(f.plan(draft).sender.email == k_bob);
  f.deactivate(f.bob_id);
  CHECK(test::slug_of([&] { f.plan(draft); }) == "users.inactive");
}

TEST_CASE("where one person answers at a time, a reply makes the conversation theirs", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  f.join(f.bob_id);
  f.mode("claim");
  f.hear();
  f.send(Senders::draft());
  CHECK(f.rows("SELECT assigned_user_id, assigned_by FROM message_threads WHERE workspace_id = $1") ==
        f.ann_id.text() + "|reply\n");
  const auto error = test::error_of([&] { f.plan(Senders::draft(k_bob)); });
  REQUIRE(error);
  CHECK(error->slug() == "messages.claimed");
  CHECK(error->message().find(k_ann) != std::string::npos);
  SECTION("until their lease is over") {
    f.clock.advance(25h);
    f.send(Senders::draft(k_bob));
    CHECK(f.assigned() == f.bob_id.text() + "\n");
  }
  SECTION("or they take part no more") {
    f.deactivate(f.ann_id);
    f.send(Senders::draft(k_bob));
    CHECK(f.assigned() == f.bob_id.text() + "\n");
  }
}

TEST_CASE("where all are told, anybody of them replies and nobody has the conversation", "[messages]") {
  Senders f(db::Engine::sqlite);
  f.join(f.bob_id);
  f.hear();
  f.send(Senders::draft());
  f.send(Senders::draft(k_bob));
  CHECK(f.integer("SELECT count(*) FROM message_threads WHERE assigned_user_id IS NOT NULL") == 0);
}

TEST_CASE("of two who answer a free conversation at once one is told whose it is", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  f.join(f.bob_id);
  f.mode("round_robin");
  const auto first = f.plan(Senders::draft()), second = f.plan(Senders::draft(k_bob));
  f.record(first);
  CHECK(test::slug_of([&] { f.record(second); }) == "messages.claimed");
  CHECK(f.integer("SELECT count(*) FROM messages") == 1);
}

TEST_CASE("a STOP that comes between the look and the sending holds", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  const auto outgoing = f.plan(Senders::draft());
  const messages::StopWord stop{
      .phone_number = k_lin, .ours = k_from, .message_sid = sid(1), .at = f.clock.now()};
  f.write([&] { messages::stop(f.session(), f.workspace, stop); });
  CHECK(test::slug_of([&] { f.record(outgoing); }) == "messages.refused");
  CHECK(f.outbound().empty());
}

TEST_CASE("a line under the text names the sender's extension, and counts", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  f.extension("101", f.ann_id);
  auto draft = Senders::draft();
  draft.name_extension = true;
  const auto outgoing = f.plan(draft);
  CHECK(outgoing.body == "See you at noon\nReply to extension 101: begin with #101");
  CHECK(outgoing.size.characters == outgoing.body.size());
  f.record(outgoing);
  CHECK(f.rows("SELECT extension FROM messages WHERE workspace_id = $1") == "101\n");
  draft.body = std::string(1600, 'x');
  CHECK(test::slug_of([&] { f.plan(draft); }) == "messages.too_long");
}

TEST_CASE("what Twilio answered takes a message no step back", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  const auto id = f.send(Senders::draft());
  SECTION("the answer comes first") {
    f.sent(id, sid(7), "queued");
    f.tell(7, "delivered");
  }
  SECTION("a callback that names the message comes first") {
    f.tell(7, "delivered", id);
    f.sent(id, sid(7), "queued");
  }
  SECTION("callbacks come before anybody knows whose the SID is") {
    f.tell(7, "delivered");
    f.tell(7, "sent");
    CHECK(f.outbound() == "|accepted|" + k_from + "|" + k_lin + "\n");
    f.sent(id, sid(7), "queued");
  }
  CHECK(f.outbound() == sid(7) + "|delivered|" + k_from + "|" + k_lin + "\n");
  f.sent(id, sid(7), "queued");
  f.write([&] { messages::note_refused(f.session(), f.workspace, id, 0, "lost"); });
  CHECK(f.outbound() == sid(7) + "|delivered|" + k_from + "|" + k_lin + "\n");
}

TEST_CASE("a SID that contradicts the one on record changes nothing", "[messages]") {
  Senders f(db::Engine::sqlite);
  const auto id = f.send(Senders::draft());
  f.sent(id, sid(7), "queued");
  f.sent(id, sid(8), "sent");
  CHECK(f.outbound() == sid(7) + "|queued|" + k_from + "|" + k_lin + "\n");
}

TEST_CASE("a message that Twilio refused has failed, with its code", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  const auto id = f.send(Senders::draft());
  f.write(
      [&] { messages::note_refused(f.session(), f.workspace, id, 21606, "not a number of this account"); });
  CHECK(f.rows("SELECT status, error_code, details FROM messages WHERE workspace_id = $1") ==
        "failed|21606|{\"refused\":\"not a number of this account\"}\n");
  CHECK(f.integer("SELECT count(*) FROM opt_outs") == 0);
}

TEST_CASE("who Twilio calls unsubscribed is on the list until START comes from them", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  const auto id = f.send(Senders::draft());
  const auto list = [&] {
    return f.rows("SELECT phone_number, channel, source FROM opt_outs WHERE workspace_id = $1");
  };
  const bool no_calls = GENERATE(false, true);
  if (no_calls) f.opt_out(k_lin, "voice", "letter");
  f.write([&] { messages::note_refused(f.session(), f.workspace, id, 21610, "unsubscribed"); });
  CHECK(list() == k_lin + (no_calls ? "|all|letter\n" : "|sms|Twilio 21610\n"));
  CHECK(codes(f.plan(Senders::draft())) == "opted_out");
  const auto said_to =
      GENERATE(as<std::string>{}, k_from, "MG00000000000000000000000000000001");  // the number's service
  const messages::StopWord start{
      .phone_number = k_lin, .ours = said_to, .number = k_from, .message_sid = sid(9), .at = f.clock.now()};
  bool changed = false;
  f.write([&] { changed = messages::start(f.session(), f.workspace, start); });
  CHECK(changed);
  CHECK(list() == (no_calls ? k_lin + "|voice|letter\n" : ""));
}

TEST_CASE("prices are written once, to messages that are on record", "[messages]") {
  Senders f(GENERATE(from_range(test::engines())));
  f.sent(f.send(Senders::draft()), sid(7), "sent");
  const std::vector<messages::Price> prices{{.message_sid = sid(7), .price = "-0.0079", .unit = "USD"},
                                            {.message_sid = sid(8), .price = "-0.0079", .unit = "USD"}};
  std::int64_t changed = 0;
  const auto set = [&] {
    f.write([&] { changed = messages::set_prices(f.session(), f.workspace, prices); });
    return changed;
  };
  CHECK(set() == 1);
  CHECK(set() == 0);
  CHECK(f.rows("SELECT price, price_unit FROM messages WHERE workspace_id = $1") == "-0.0079|USD\n");
  const auto known = f.read([&] {
    return messages::on_record(f.db(), f.workspace, {prices[0].message_sid, prices[1].message_sid});
  });
  CHECK(known == std::vector{sid(7)});
}
