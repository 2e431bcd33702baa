#include "messages/hooks.hpp"

#include <atomic>
#include <future>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "messages/desk.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"

using namespace ringctl;
using messages::Delivery;
using messages::HookChange;
using nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::k_lin;
using test::message_sid;
using test::slug_of;
using test::TextDesk;

namespace {

const std::string k_url = "https://hooks.example.com/sms";
const std::string k_secret = "correct horse battery staple";

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

base::SealKey key(char digit = 'a') { return base::SealKey(base::Secret(std::string(64, digit))); }

HookChange change(const std::string& url = k_url, const std::string& secret = k_secret) {
  HookChange wanted;
  wanted.url = url;
  wanted.secret = base::Secret(secret);
  return wanted;
}
HookChange only_active(bool is_active) {
  HookChange wanted;
  wanted.is_active = is_active;
  return wanted;
}

struct Hooks : TextDesk {
  explicit Hooks(db::Engine engine) : TextDesk(engine) { join(ann_id); }

  bool configure(const HookChange& wanted, bool write = true) {
    return messages::set_hook(session(), workspace, wanted, key(), write);
  }
  std::optional<messages::Hook> hook() {
    return read([&] { return messages::find_hook(db(), workspace); });
  }
  std::vector<Delivery> take(std::string_view who = "one", std::size_t most = 64) {
    return messages::take_due(db(), clock, workspace, who, most, seconds(60));
  }
  std::int64_t settle(const Delivery& delivery, const std::string& error, std::string_view who = "one",
                      double draw = 0) {
    const messages::Outcome outcome{
        .delivery = delivery.id, .response_status = error.empty() ? 204 : 500, .error = error};
    return messages::settle(db(), clock, workspace, who, {outcome}, [draw] { return draw; });
  }
  /// "waiting 2 7s": state, attempts, and when it is due from now on.
  std::string state(const base::Uuid& delivery) {
    return read([&] {
      auto rows = db().query(
          "SELECT state, attempts, due_at FROM message_deliveries WHERE workspace_id = $1 AND id = $2",
          {workspace, delivery});
      REQUIRE(rows.next());
      const auto due = std::chrono::floor<seconds>(rows.instant(2) - clock.now()).count();
      return fmt::format("{} {} {}s", rows.text(0), rows.integer(1), due);
    });
  }
  /// A webhook, and the delivery of one text, which `one` has taken.
  Delivery one_delivery() {
    if (!hook()) configure(change());
    apply({text(1)});
    const auto taken = take();
    REQUIRE(taken.size() == 1);
    return taken.front();
  }
  /// What these changes were and became, as the audit log has it.
  std::string audited(std::string_view action) {
    return read([&] {
      std::string all;
      audit::Filter filter;
      filter.action = std::string(action);
      audit::for_each(db(), workspace, filter, false, 0, [&](const audit::Entry& entry) {
        all.append(entry.before_image).append(entry.after_image);
      });
      return all;
    });
  }
};

}  // namespace

// --- the hook ---

TEST_CASE("a webhook needs its URL and a secret, which is sealed and never said", "[messages]") {
  Hooks f(any_engine());
  HookChange only_url, only_secret;
  only_url.url = k_url;
  only_secret.secret = base::Secret(k_secret);
  for (const auto* wanted : {&only_url, &only_secret})
    CHECK(slug_of([&] { f.configure(*wanted); }) == "notifications.incomplete");
  CHECK(slug_of([&] { f.configure(change(k_url, "fifteen letters")); }) == "notifications.weak_secret");
  CHECK_FALSE(f.hook());

  CHECK(f.configure(change()));
  const auto hook = f.hook();
  REQUIRE(hook);
  CHECK(hook->url == k_url);
  CHECK(hook->is_active);
  CHECK(hook->version == 1);
  CHECK(hook->key_id == key().id());
  CHECK(hook->sealed.find("horse") == std::string::npos);
  CHECK(key().open(hook->sealed, messages::hook_about(f.workspace)).reveal() == k_secret);
  CHECK(slug_of([&] { key().open(hook->sealed, messages::hook_about(f.ann_id)); }) == "seal.wrong_key");
  const auto audited = f.audited("notifications.configure");
  CHECK(audited.find(k_url) != std::string::npos);
  CHECK(audited.find("horse") == std::string::npos);
  CHECK(audited.find(hook->sealed) == std::string::npos);
}

TEST_CASE("what is not said of a webhook stays, and what is the same is no change", "[messages]") {
  Hooks f(any_engine());
  f.configure(change());
  const auto before = *f.hook();
  CHECK_FALSE(f.configure(change()));
  CHECK_FALSE(f.configure(only_active(true)));
  CHECK(f.hook()->sealed == before.sealed);
  CHECK(f.hook()->version == 1);

  CHECK(f.configure(only_active(false)));
  CHECK_FALSE(f.hook()->is_active);
  CHECK(f.hook()->url == k_url);
  CHECK(f.hook()->sealed == before.sealed);
  HookChange other;
  other.url = "https://other.example.com/sms";
  CHECK(f.configure(other));
  CHECK(f.hook()->url == "https://other.example.com/sms");
  CHECK_FALSE(f.hook()->is_active);
  CHECK(f.configure(change(k_url, "another secret that is long")));
  CHECK(f.hook()->sealed != before.sealed);
  CHECK(f.hook()->version == 4);
}

TEST_CASE("who changes a webhook while somebody else does undoes nothing of it", "[messages]") {
  Hooks f(any_engine());
  if (f.database.engine() == db::Engine::sqlite) return;  // it has one writer at a time
  f.configure(change());
  test::Actor first(f.database.connect(), f.clock), second(f.database.connect(), f.clock);
  std::atomic<bool> done = false;
  std::future<void> waiting;
  db::in_transaction(*first.connection, db::Scope::of(f.workspace), [&] {
    first.connection->exec(
        "UPDATE message_hooks SET url = 'https://new.example.com/', version = version + 1 WHERE workspace_id = $1",
        {f.workspace});
    waiting = std::async(std::launch::async, [&] {
      messages::set_hook(second.session, f.workspace, only_active(false), key());
      done = true;
    });
    const auto* const waits =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    CHECK(test::eventually([&] { return done || f.integer(waits) > 0; }));
    CHECK_FALSE(done);
  });
  waiting.get();
  CHECK(f.hook()->url == "https://new.example.com/");
  CHECK_FALSE(f.hook()->is_active);
  CHECK(f.hook()->version == 3);
}

TEST_CASE("a rehearsal configures nothing, and says whether it would", "[messages]") {
  Hooks f(any_engine());
  CHECK(f.configure(change(), false));
  CHECK_FALSE(f.hook());
  CHECK(slug_of([&] { f.configure(only_active(true), false); }) == "notifications.incomplete");
  f.configure(change());
  CHECK_FALSE(f.configure(change(), false));
  CHECK(f.configure(only_active(false), false));
  CHECK(f.hook()->is_active);
}

TEST_CASE("what one key sealed is sealed with another, and stays the same secret", "[messages]") {
  Hooks f(any_engine());
  CHECK(messages::seal_hook_anew(f.session(), f.workspace, key(), key('b')) == 0);
  f.configure(change());
  CHECK(messages::seal_hook_anew(f.session(), f.workspace, key('c'), key('b')) == 0);
  CHECK(messages::seal_hook_anew(f.session(), f.workspace, key(), key()) == 0);
  CHECK(messages::seal_hook_anew(f.session(), f.workspace, key(), key('b')) == 1);
  const auto hook = *f.hook();
  CHECK(hook.key_id == key('b').id());
  CHECK(key('b').open(hook.sealed, messages::hook_about(f.workspace)).reveal() == k_secret);
  CHECK(messages::seal_hook_anew(f.session(), f.workspace, key(), key('b')) == 0);
}

// --- what is told ---

TEST_CASE("a text is told with its conversation, and with who was told and why", "[messages]") {
  Hooks f(any_engine());
  f.join(f.bob_id);
  f.mode("round_robin");
  f.exec("UPDATE workspaces SET support_number = '+12025550188' WHERE id = $1", {f.workspace});
  f.configure(change());
  CHECK(f.apply({f.text(1, "Hi \"there\"", k_lin,
                        {{"MediaUrl0", "https://media.example.com/0"}, {"MediaContentType0", "image/png"}})})
            .queued == 1);
  const auto taken = f.take();
  REQUIRE(taken.size() == 1);
  const auto& delivery = taken.front();
  const auto message = f.message(1);
  CHECK(delivery.event == "message.received");
  CHECK(delivery.message == message.id);
  CHECK(delivery.attempts == 0);
  CHECK(
      delivery.body ==
      fmt::format(
          R"({{"delivery":"{}","event":"message.received","message":{{"body":"Hi \"there\"","created_at":"{}",)"
          R"("extension":null,"from":"{}","id":"{}","keyword":null,"media":[{{"content_type":"image/png",)"
          R"("url":"https://media.example.com/0"}}],"message_sid":"{}","to":"{}"}},"notify":[{{"reason":"turn",)"
          R"("user":"{}"}}],"support_number":"+12025550188","thread":{{"assigned_to":"{}","id":"{}"}},)"
          R"("workspace":"{}"}})",
          delivery.id.view(), base::format_utc(message.created_at), k_lin, message.id.view(), message_sid(1),
          test::k_from, test::k_ann, test::k_ann, message.thread.view(), f.workspace.view()));
}

TEST_CASE("a conversation whose lease has run out is told as nobody's", "[messages]") {
  Hooks f(any_engine());
  f.mode("round_robin");
  f.exec("UPDATE workspaces SET sms_lease_s = 60 WHERE id = $1", {f.workspace});
  f.configure(change());
  f.apply({f.text(1, "STOP")});
  CHECK(json::parse(f.take().at(0).body)["message"]["keyword"].get<std::string>() == "stop");
  f.apply({f.text(2)});
  f.clock.advance(hours(1));
  const auto body = json::parse(f.take().at(0).body);
  CHECK(body["thread"]["assigned_to"].is_null());
  CHECK(body["support_number"].is_null());
}

TEST_CASE("a conversation of somebody who is active no more is told as nobody's", "[messages]") {
  Hooks f(any_engine());
  f.mode("round_robin");
  f.configure(change());
  f.apply({f.text(1)});
  f.deactivate(f.ann_id);
  CHECK(json::parse(f.take().at(0).body)["thread"]["assigned_to"].is_null());
}

TEST_CASE("a text that came while there was no webhook, or a resting one, is not told later", "[messages]") {
  Hooks f(any_engine());
  CHECK(f.apply({f.text(1)}).queued == 0);
  f.configure(change());
  f.configure(only_active(false));
  CHECK(f.apply({f.text(2)}).queued == 0);
  f.configure(only_active(true));
  CHECK(f.apply({f.text(3)}).queued == 1);
  const auto taken = f.take();
  REQUIRE(taken.size() == 1);
  CHECK(taken.front().message == f.message(3).id);
}

// --- the queue ---

TEST_CASE("who takes a delivery has it alone until the time is over", "[messages]") {
  Hooks f(any_engine());
  const auto first = f.one_delivery();
  CHECK(f.take("two").empty());
  f.clock.advance(seconds(59));
  CHECK(f.take("two").empty());
  CHECK(messages::find_due(f.db(), f.clock.now()).empty());
  f.clock.advance(seconds(1));
  CHECK(messages::find_due(f.db(), f.clock.now()) == std::vector<base::Uuid>{f.workspace});
  const auto second = f.take("two");
  REQUIRE(second.size() == 1);
  CHECK(second.front().id == first.id);
  CHECK(second.front().attempts == 1);
  // Whoever was too slow says nothing of it any more.
  CHECK(f.settle(first, "", "one") == 0);
  CHECK(f.settle(first, "too late", "one") == 0);
  CHECK(f.state(first.id).starts_with("waiting 2 "));
  f.settle(second.front(), "", "two");
  CHECK(f.state(first.id).starts_with("done 2 "));
}

TEST_CASE("deliveries are taken oldest first, and no more at once than may be", "[messages]") {
  Hooks f(any_engine());
  f.configure(change());
  for (int n = 1; n <= 5; ++n) {
    f.apply({f.text(n)});
    f.clock.advance(seconds(1));
  }
  std::vector<base::Uuid> in_order;
  for (const std::size_t expected : {2U, 2U, 1U, 0U}) {
    const auto taken = f.take("one", 2);
    CHECK(taken.size() == expected);
    for (const auto& delivery : taken) in_order.push_back(delivery.message);
  }
  REQUIRE(in_order.size() == 5);
  for (int n = 1; n <= 5; ++n) CHECK(in_order.at(static_cast<std::size_t>(n - 1)) == f.message(n).id);
}

TEST_CASE("many takers at once never share a delivery, and leave none", "[messages]") {
  Hooks f(any_engine());
  f.configure(change());
  std::vector<messages::Event> events;
  for (int n = 1; n <= 60; ++n) events.push_back(f.text(n));
  REQUIRE(f.apply(events).queued == 60);
  std::vector<std::vector<Delivery>> taken(4);
  std::vector<std::thread> takers;
  for (std::size_t i = 0; i < taken.size(); ++i)
    takers.emplace_back([&, i] {
      const auto connection = f.database.connect();
      for (;;) {
        const auto some = messages::take_due(*connection, f.clock, f.workspace, "taker" + std::to_string(i),
                                             7, seconds(60));
        if (some.empty()) return;
        taken[i].insert(taken[i].end(), some.begin(), some.end());
      }
    });
  for (auto& taker : takers) taker.join();
  std::set<base::Uuid> different;
  std::size_t all = 0;
  for (const auto& some : taken)
    for (const auto& delivery : some) {
      different.insert(delivery.id);
      ++all;
    }
  CHECK(all == 60);
  CHECK(different.size() == 60);
}

TEST_CASE("a webhook that rests or is gone takes nothing, and what waits goes on when it is back",
          "[messages]") {
  Hooks f(any_engine());
  f.configure(change());
  f.apply({f.text(1)});
  f.configure(only_active(false));
  CHECK(messages::find_due(f.db(), f.clock.now()).empty());
  CHECK(f.take().empty());
  f.configure(only_active(true));
  CHECK(f.take().size() == 1);
}

TEST_CASE("only workspaces with something due are found", "[messages]") {
  Hooks f(any_engine());
  CHECK(messages::find_due(f.db(), f.clock.now()).empty());
  f.configure(change());
  const auto other = f.database.add_workspace("other");
  messages::set_hook(f.session(), other, change(), key());
  CHECK(messages::find_due(f.db(), f.clock.now()).empty());
  f.apply({f.text(1)});
  CHECK(messages::find_due(f.db(), f.clock.now()) == std::vector<base::Uuid>{f.workspace});
  CHECK(messages::take_due(f.db(), f.clock, other, "one", 64, seconds(60)).empty());
}

TEST_CASE("one that fails is due again after five seconds, then twice as long each time, up to an hour",
          "[messages]") {
  Hooks f(any_engine());
  const auto delivery = f.one_delivery();
  for (const int delay : {5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600}) {
    REQUIRE(f.settle(delivery, "it answered 500") == 0);
    CHECK(f.state(delivery.id).ends_with(fmt::format(" {}s", delay)));
    f.clock.advance(seconds(delay) - std::chrono::milliseconds(1));
    CHECK(f.take().empty());
    f.clock.advance(std::chrono::milliseconds(1));
    REQUIRE(f.take().size() == 1);
  }
}

TEST_CASE("chance brings one that failed back in half the time at the soonest", "[messages]") {
  Hooks f(any_engine());
  const auto delivery = f.one_delivery();
  f.settle(delivery, "it answered 500", "one", 0.5);
  CHECK(f.state(delivery.id) == "waiting 1 3s");  // 3.75
  f.clock.advance(seconds(5));
  REQUIRE(f.take().size() == 1);
  f.settle(delivery, "it answered 500", "one", 0.999999);
  CHECK(f.state(delivery.id) == "waiting 2 5s");
}

TEST_CASE("one that nobody took within a day is given up, and taken up anew when somebody says so",
          "[messages]") {
  Hooks f(any_engine());
  const auto delivery = f.one_delivery();
  f.settle(delivery, "it answered 500");
  f.clock.advance(hours(24) - minutes(1));
  REQUIRE(f.take().size() == 1);
  CHECK(f.settle(delivery, "it answered 500") == 0);
  CHECK(f.state(delivery.id) == "waiting 2 10s");
  f.clock.advance(seconds(50));
  REQUIRE(f.take().size() == 1);
  CHECK(f.settle(delivery, "it answered 502") == 0);
  CHECK(f.state(delivery.id) == "waiting 3 10s");  // 20, but the day ends before
  f.clock.advance(seconds(10));
  REQUIRE(f.take().size() == 1);
  CHECK(f.settle(delivery, "hooks.example.com cannot be reached") == 1);
  CHECK(f.state(delivery.id).starts_with("given_up 4 "));
  CHECK(f.take().empty());
  CHECK(messages::find_due(f.db(), f.clock.now()).empty());

  f.clock.advance(hours(48));
  CHECK(messages::retry_given_up(f.session(), f.workspace, false) == 1);
  CHECK(f.take().empty());
  CHECK(messages::retry_given_up(f.session(), f.workspace) == 1);
  CHECK(f.audited("notifications.retry") == R"({"deliveries":1})");
  const auto again = f.take();
  REQUIRE(again.size() == 1);
  CHECK(again.front().id == delivery.id);
  CHECK(again.front().attempts == 0);
  CHECK(f.settle(delivery, "it answered 500") == 0);  // it has another day
  CHECK(f.state(delivery.id) == "waiting 1 5s");
  CHECK(messages::retry_given_up(f.session(), f.workspace) == 0);
}

TEST_CASE("what is given back is anybody's at once, as if nobody had tried", "[messages]") {
  Hooks f(any_engine());
  const auto delivery = f.one_delivery();
  messages::give_back(f.db(), f.clock, f.workspace, "two");  // not two's
  CHECK(f.take("two").empty());
  messages::give_back(f.db(), f.clock, f.workspace, "one");
  const auto taken = f.take("two");
  REQUIRE(taken.size() == 1);
  CHECK(taken.front().id == delivery.id);
  CHECK(taken.front().attempts == 0);
  f.settle(delivery, "", "two");
  messages::give_back(f.db(), f.clock, f.workspace, "two");
  CHECK(f.state(delivery.id).starts_with("done 1 "));
}

TEST_CASE("the queue tells what waits, what was given up, and what went wrong last", "[messages]") {
  Hooks f(any_engine());
  const auto queue = [&] { return f.read([&] { return messages::queue_state(f.db(), f.workspace); }); };
  CHECK(queue().waiting == 0);
  CHECK_FALSE(queue().oldest_waiting_at);
  CHECK_FALSE(queue().last_done_at);
  CHECK(queue().last_error.empty());

  const auto first = f.one_delivery();
  f.settle(first, "it answered 500");
  f.clock.advance(seconds(10));
  f.apply({f.text(2), f.text(3)});
  const auto taken = f.take();
  REQUIRE(taken.size() == 3);
  f.settle(taken.back(), "");
  const auto state = queue();
  CHECK(state.waiting == 2);
  CHECK(state.given_up == 0);
  CHECK(state.oldest_waiting_at == first.created_at);
  CHECK(state.last_done_at == f.clock.now());
  CHECK(state.last_error == "it answered 500");
  f.settle(taken.front(), "");
  CHECK(queue().last_error.empty());
  f.clock.advance(hours(30));
  REQUIRE(f.take().size() == 1);
  CHECK(f.settle(taken.at(1), std::string(2000, 'x')) == 1);
  CHECK(queue().waiting == 0);
  CHECK(queue().given_up == 1);
  CHECK(queue().last_error.size() == 500);
}
