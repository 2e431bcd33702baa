// What Twilio tells of messages that were sent, doubled and in every order, through two servers, before and
// after anybody knows whose the message is. 60 of the 720 orders; all with RINGCTL_TEST_FULL.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <vector>

#include "messages/send.hpp"
#include "support/session.hpp"
#include "system/text_site.hpp"

using namespace ringctl;
using test::TextSite;

namespace {

constexpr std::array<const char*, 6> k_states = {"accepted", "queued", "sending",
                                                 "sent",     "failed", "undelivered"};
constexpr std::uint64_t k_first_sid = 1'000'000;
constexpr int k_telephones = 100;  // of those after them one is the site's own, and some are Canada's

std::vector<std::array<const char*, 6>> orders() {
  auto order = k_states;
  std::sort(order.begin(), order.end(), [](const char* a, const char* b) { return std::string_view(a) < b; });
  std::vector<std::array<const char*, 6>> all;
  do all.push_back(order);
  while (std::next_permutation(order.begin(), order.end(),
                               [](const char* a, const char* b) { return std::string_view(a) < b; }));
  if (std::getenv("RINGCTL_TEST_FULL") != nullptr) return all;
  std::vector<std::array<const char*, 6>> some;
  for (std::size_t i = 0; i < all.size(); i += 12) some.push_back(all[i]);
  return some;
}

/// A message that one of ours sent, and what is told of it.
struct Sent {
  base::Uuid id;
  std::string sid, to;
};

struct Post {
  explicit Post(db::Engine engine) : site(engine), clerk(site.connect(), clock) {
    site.serve().start();
    site.start_second();
  }

  /// Written down, and Twilio has it; its answer is not on record yet.
  Sent send(int i) {
    Sent sent{.id = {},
              .sid = test::message_sid(k_first_sid + static_cast<std::uint64_t>(i)),
              .to = test::telephone(i % k_telephones)};
    messages::Draft draft{.as = test::agent_email(0), .to = sent.to, .body = "Good morning."};
    messages::Outgoing outgoing;
    {
      db::Transaction transaction(*clerk.connection, db::Scope::of(site.workspace()), db::Access::read);
      outgoing = messages::plan_send(*clerk.connection, site.workspace(), draft, clock.now());
      transaction.commit();
    }
    REQUIRE(outgoing.refusals.empty());
    outgoing.account_sid = test::ServeSite::k_account;
    db::in_transaction(*clerk.connection, db::Scope::of(site.workspace()),
                       [&] { sent.id = messages::record_send(clerk.session, site.workspace(), outgoing); });
    return sent;
  }
  /// Twilio's answer.
  void answer(const Sent& sent) {
    db::in_transaction(*clerk.connection, db::Scope::of(site.workspace()), [&] {
      messages::note_sent(clerk.session, site.workspace(), sent.id, sent.sid, "queued", 1);
    });
  }
  /// By a path that names the message, or by one that does not.
  void tell(const Sent& sent, const std::string& status, bool named, bool second) {
    auto form = site.status(sent.sid, sent.to, status);
    if (status == "failed" || status == "undelivered")
      form.emplace_back("ErrorCode", status == "failed" ? "30008" : "30003");
    const auto path = site.path() + "/status" + (named ? "/" + sent.id.text() : std::string());
    if (second)
      CHECK(site.post_to_second(path, form).status < 300);
    else
      CHECK(site.post(path, form).status() < 300);
  }
  std::int64_t events() const { return site.integer("SELECT count(*) FROM message_events"); }

  TextSite site;
  base::SystemClock clock;
  test::Actor clerk;
};

}  // namespace

TEST_CASE("callbacks doubled and in any order leave a message in the same state", "[system][slow]") {
  Post post(GENERATE(from_range(test::engines())));
  const auto all = orders();
  std::mt19937 chance(7);
  std::vector<Sent> sent;
  for (std::size_t i = 0; i < all.size(); ++i) {
    sent.push_back(post.send(static_cast<int>(i)));
    // A third know from the start which message they are about, a third learn it half-way, a third at last.
    const auto answered = i % 3 == 0 ? 0U : i % 3 == 1 ? 3U : 6U;
    for (unsigned told = 0; told <= all[i].size(); ++told) {
      if (told == answered) post.answer(sent.back());
      if (told == all[i].size()) break;
      const bool named = chance() % 2 == 0;
      for (int twice = 0; twice < 2; ++twice) post.tell(sent.back(), all[i][told], named, chance() % 2 == 0);
    }
  }
  const auto wanted = static_cast<std::int64_t>(all.size() * k_states.size());
  REQUIRE(test::eventually([&] { return post.events() >= wanted; }, 50));
  CHECK(post.events() == wanted);  // each once

  const auto rows = post.site.site().json({"messages", "list", "--limit", "0"});
  REQUIRE(rows.size() == all.size());
  int otherwise = 0;
  for (const auto& row : rows)
    if (row.at("status") != "undelivered" || row.at("error_code") != 30003 || row.at("message_sid").is_null())
      ++otherwise;
  CHECK(otherwise == 0);
  CHECK(post.site.integer("SELECT count(DISTINCT message_sid) FROM messages") ==
        static_cast<std::int64_t>(all.size()));
}

TEST_CASE("a callback that contradicts what is on record changes nothing", "[system]") {
  Post post(GENERATE(from_range(test::engines())));
  const auto one = post.send(1), other = post.send(2);
  post.answer(one);
  post.answer(other);
  auto mixed = one;  // the path of one, the SID of the other
  mixed.id = other.id;
  post.tell(mixed, "failed", true, false);
  auto nobodys = one;
  nobodys.sid = test::message_sid(42);
  nobodys.id = base::Uuid::parse("019ccd51-8e00-7000-8000-000000000042");
  post.tell(nobodys, "delivered", true, true);
  post.tell(nobodys, "delivered", false, false);
  REQUIRE(test::eventually([&] { return post.events() >= 2; }, 50));
  const auto status_of = [&](const Sent& sent) {
    return post.site.site().json({"messages", "show", sent.sid}).at("status").get<std::string>();
  };
  CHECK(status_of(other) == "queued");
  CHECK(post.site.messages() == 2);
}
