#include "jobs/effects.hpp"

#include "jobs/journal.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using jobs::Effect;
using jobs::Effects;
using jobs::EffectState;
using test::slug_of;

namespace {

struct Desk : test::Estate {
  explicit Desk(db::Engine engine) : Estate(engine) {}

  Effect effect(const std::string& number = "+12025550101", const std::string& kind = "number.buy") {
    Effect one;
    one.id = alice.ids.next();
    one.kind = kind;
    one.key = number;
    one.account_sid = "AC0123456789abcdef0123456789abcdef";
    one.price_micros = 1'150'000;
    one.price_unit = "USD";
    one.actor = "os:alice";
    return one;
  }
  template <class Work>
  void step(Work&& work) {
    write([&] {
      Effects effects(db(), clock, workspace);
      work(effects);
    });
  }
  Effect insert(Effect one) {
    step([&](Effects& effects) { effects.insert(one); });
    return one;
  }
  std::vector<Effect> open() {
    return read([&] { return Effects(db(), clock, workspace).open({}); });
  }
};

}  // namespace

TEST_CASE("what was written down before it was asked is found again as it was", "[jobs]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto one = f.insert(f.effect());
  const auto open = f.open();
  REQUIRE(open.size() == 1);
  CHECK(open[0].id == one.id);
  CHECK(open[0].key == "+12025550101");
  CHECK(open[0].state == EffectState::intent);
  CHECK(open[0].price_micros == 1'150'000);
  CHECK_FALSE(open[0].job.has_value());
}

TEST_CASE("an effect goes from intent to sent to done, and is open until then", "[jobs]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto one = f.insert(f.effect());
  f.step([&](Effects& effects) { effects.sent(one.id); });
  CHECK(f.open().size() == 1);
  f.step([&](Effects& effects) { effects.done(one.id, "PN0123456789abcdef0123456789abcdef"); });
  CHECK(f.open().empty());
  CHECK(f.read([&] { return Effects(f.db(), f.clock, f.workspace).count_open({}); }) == 0);
}

TEST_CASE("an effect cannot leave a state that it is not in", "[jobs]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto one = f.insert(f.effect());
  const auto moves = [&](auto&& work) { return slug_of([&] { f.step(work); }); };
  CHECK(moves([&](Effects& e) { e.done(one.id, "PN1"); }) == "jobs.effect_moved");
  CHECK(moves([&](Effects& e) { e.refused(one.id, "21422", "taken"); }) == "jobs.effect_moved");
  f.step([&](Effects& e) { e.sent(one.id); });
  CHECK(moves([&](Effects& e) { e.sent(one.id); }) == "jobs.effect_moved");
  f.step([&](Effects& e) { e.unknown(one.id, "no answer"); });
  f.step([&](Effects& e) { e.undone(one.id, "it was not bought"); });
  CHECK(moves([&](Effects& e) { e.done(one.id, "PN1"); }) == "jobs.effect_moved");
}

TEST_CASE("of one that had happened after all nothing is told of why it was unknown", "[jobs]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto one = f.insert(f.effect());
  f.step([&](Effects& e) { e.sent(one.id); });
  f.step([&](Effects& e) { e.unknown(one.id, "no answer"); });
  f.step([&](Effects& e) { e.done(one.id, "PN1"); });
  const bool silent = f.read([&] {
    auto row = f.db().query("SELECT message FROM twilio_effects WHERE workspace_id = $1", {f.workspace});
    return row.next() && row.is_null(0);
  });
  CHECK(silent);
}

TEST_CASE("the same number is under way once, whichever workspace buys it", "[jobs]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto first = f.insert(f.effect());
  CHECK(slug_of([&] { f.insert(f.effect()); }) == "jobs.effect_under_way");
  const auto other = f.database.add_workspace("other");
  CHECK(slug_of([&] {
          auto one = f.effect();
          db::in_transaction(f.db(), db::Scope::of(other),
                             [&] { Effects(f.db(), f.clock, other).insert(one); });
        }) == "jobs.effect_under_way");
  // What had not happened may be tried again.
  f.step([&](Effects& effects) { effects.undone(first.id, "it was never sent"); });
  f.insert(f.effect());
  // And of other kinds there may be several.
  f.insert(f.effect("+12025550101", "call.start"));
  f.insert(f.effect("+12025550101", "call.start"));
}

TEST_CASE("what purchases cost is counted until it is known that they were not made", "[jobs]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto spent = [&](base::Instant since) {
    return f.read([&] { return Effects(f.db(), f.clock, f.workspace).spent_since(since, "USD"); });
  };
  const auto start = f.clock.now();
  const auto one = f.insert(f.effect("+12025550101"));
  const auto two = f.insert(f.effect("+12025550102"));
  CHECK(spent(start) == 2'300'000);
  CHECK(spent(start + std::chrono::seconds(1)) == 0);
  f.step([&](Effects& effects) {
    effects.sent(one.id);
    effects.refused(one.id, "21422", "taken");
    effects.sent(two.id);
    effects.unknown(two.id, "no answer");
  });
  CHECK(spent(start) == 1'150'000);
  f.step([&](Effects& effects) { effects.undone(two.id, "it was not bought"); });
  CHECK(spent(start) == 0);
  CHECK(f.read([&] { return Effects(f.db(), f.clock, f.workspace).spent_since(start, "EUR"); }) == 0);
}

TEST_CASE("a purchase whose price nobody knew counts as soon as it is known, and keeps it", "[jobs]") {
  Desk f(GENERATE(from_range(test::engines())));
  auto one = f.effect();
  one.price_micros.reset();
  one.price_unit.clear();
  f.insert(one);
  const auto spent = [&] {
    return f.read([&] { return Effects(f.db(), f.clock, f.workspace).spent_since(f.clock.now(), "USD"); });
  };
  CHECK(spent() == 0);
  f.step([&](Effects& effects) { effects.priced(one.id, 1'150'000, "USD"); });
  CHECK(spent() == 1'150'000);
  f.step([&](Effects& effects) { effects.priced(one.id, 6'000'000, "USD"); });
  CHECK(spent() == 1'150'000);
}

TEST_CASE("a job's effects come in the order of their lines", "[jobs]") {
  Desk f(GENERATE(from_range(test::engines())));
  jobs::Job job;
  job.id = f.alice.ids.next();
  job.kind = "numbers.buy";
  job.actor = "os:alice";
  job.input_name = "AC0123456789abcdef0123456789abcdef";
  job.options = "{}";
  f.write([&] { jobs::Journal(f.db(), f.clock, f.workspace).insert(job); });
  for (const auto line : {2, 1, 3}) {
    auto one = f.effect("+1202555010" + std::to_string(line));
    one.job = job.id;
    one.line = line;
    f.insert(one);
  }
  std::string order;
  f.read([&] {
    Effects(f.db(), f.clock, f.workspace).for_each(job.id, [&](const Effect& e) { order += e.key.back(); });
    return 0;
  });
  CHECK(order == "123");
}
