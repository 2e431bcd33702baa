#include "sync/purchase.hpp"

#include "jobs/journal.hpp"
#include "support/catch.hpp"
#include "support/raw_server.hpp"
#include "sync/desk.hpp"

using namespace ringctl;
using Desk = test::DatedDesk;
using test::slug_of;

namespace {

sync::BuyOptions some(Desk& f, std::int64_t count) {
  sync::BuyOptions options;
  options.count = count;
  options.search.area_code = "202";
  options.wanted = f.wanted();
  return options;
}
sync::BuyReport buy(Desk& f, const sync::BuyOptions& options) {
  return sync::apply_buy(*f.account, sync::plan_buy(*f.account, options), options);
}
/// What a run buys that is stopped while its first purchase is on its way.
sync::BuyReport buy_until_stopped(Desk& f, const sync::BuyOptions& options, const sync::BuyPlan& plan) {
  base::CancelToken stop;
  auto at = f.box.options();
  at.cancel = &stop;
  at.max_concurrency = 1;
  twilio::Client client(at, f.clock);
  sync::Account account{.session = f.session(),
                        .workspace = f.place,
                        .client = client,
                        .cancel = stop,
                        .public_url = "https://pbx.example.com"};
  f.box.meanwhile("buy ", 1, [&] { stop.cancel(130); });
  return sync::apply_buy(account, plan, options);
}
/// The job of a run that was killed: its purchases are in this state, and Twilio carried out none.
base::Uuid killed(Desk& f, sync::Account& account, const sync::BuyOptions& options, const sync::BuyPlan& plan,
                  const std::string& state) {
  f.box.fault("429");
  const auto error = test::error_of([&] { sync::apply_buy(account, plan, options); });
  f.box.clear_faults();
  REQUIRE(error.has_value());
  const auto id = base::Uuid::parse(error->job_id());
  f.write([&] {
    f.db().exec("UPDATE twilio_effects SET state = $1, code = NULL, message = NULL WHERE job_id = $2",
                {state, id});
  });
  return id;
}
/// The desk's account, but that prices are asked of another box.
class PricedElsewhere {
 public:
  PricedElsewhere(Desk& f, const test::TwilioBox& prices) : PricedElsewhere(f, prices.url()) {}
  PricedElsewhere(Desk& f, const std::string& prices)
      : client_(options(f, prices), f.clock),
        account_{.session = f.session(),
                 .workspace = f.place,
                 .client = client_,
                 .cancel = f.cancel,
                 .public_url = "https://pbx.example.com"} {}
  sync::Account& operator*() { return account_; }

 private:
  static twilio::ClientOptions options(const Desk& f, const std::string& prices) {
    auto at = f.box.options();
    at.bases.pricing = prices;
    return at;
  }
  twilio::Client client_;
  sync::Account account_;
};
/// Two numbers were ordered while the price list was down, and the run was killed: both are in this state.
struct Unpriced : Desk {
  Unpriced(db::Engine engine, const std::string& state) : Desk(engine) {
    list.fault("503");
    const auto options = some(*this, 2);
    plan = sync::plan_buy(*without_prices, options);
    REQUIRE_FALSE(plan.monthly_micros.has_value());
    id = killed(*this, *without_prices, options, plan, state);
  }
  test::TwilioBox list;
  PricedElsewhere without_prices{*this, list};
  sync::BuyPlan plan;
  base::Uuid id;
};
std::int64_t spent(Desk& f) {
  return f.read([&] {
    return jobs::Effects(f.db(), f.clock, f.workspace)
        .spent_since(f.clock.now() - std::chrono::hours(1), "USD");
  });
}
/// The account had it long before anybody ordered it.
void grow_old(Desk& f, const std::string& number) {
  f.tamper(number, [&](sim::Number& there) { there.created_at = f.clock.now() - std::chrono::hours(1); });
}
std::int64_t price_of_two(Desk& f) {
  return 2 * twilio::number_price(f.client, "US", "local").value().micros;
}
jobs::Job job(Desk& f, const base::Uuid& id) {
  return f.read([&] { return jobs::Journal(f.db(), f.clock, f.workspace).get(id.view()); });
}

}  // namespace

TEST_CASE("numbers are bought with their webhooks, and are rows at once", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  auto options = some(f, 3);
  options.label = "Sales";
  const auto report = buy(f, options);
  CHECK(report.bought == 3);
  CHECK(f.times("buy ") == 3);
  for (const auto& row : report.rows) {
    CHECK(row.state == "done");
    CHECK(f.row(row.object).sid == row.sid);
    CHECK(f.row(row.object).label == "Sales");
    CHECK(f.row(row.object).configured_at == f.clock.now());
    CHECK(f.there(row.object).voice_hook.url == options.wanted.voice_url);
  }
  CHECK(f.open_effects().empty());
  CHECK(job(f, report.job).state == jobs::State::finished);
}

TEST_CASE("a plan writes nothing and asks Twilio for nothing but what there is", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto plan = sync::plan_buy(*f.account, some(f, 2));
  CHECK(plan.numbers.size() == 2);
  CHECK(f.box.ledger().empty());
  CHECK(f.open_effects().empty());
}

TEST_CASE("no number is bought twice, whatever answers are lost", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto options = some(f, 40);
  const auto plan = sync::plan_buy(*f.account, options);
  f.box.fault("executed_lost", 0, 0.2);
  const auto report = sync::apply_buy(*f.account, plan, options);
  f.box.clear_faults();
  const auto resolved = sync::resolve(*f.account, {});
  CHECK(resolved.unknown == 0);
  CHECK(f.open_effects().empty());
  CHECK(f.times("buy ") == 40);
  for (const auto& [what, count] : f.box.ledger()) CHECK(count == 1);
  for (const auto& one : plan.numbers) CHECK_FALSE(f.row(one.phone_number).sid.empty());
}

TEST_CASE("neither budget is ever passed", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  auto options = some(f, 2);
  const auto plan = sync::plan_buy(*f.account, options);
  REQUIRE(plan.monthly_micros.has_value());
  options.budget = *plan.monthly_micros - 1;
  CHECK(slug_of([&] { sync::plan_buy(*f.account, options); }) == "numbers.over_budget");
  options.budget = *plan.monthly_micros;
  CHECK(slug_of([&] { sync::plan_buy(*f.account, options); }).empty());

  f.decide("buy_budget", twilio::money_text(*plan.monthly_micros));
  CHECK(buy(f, options).bought == 2);
  CHECK(slug_of([&] { buy(f, some(f, 1)); }) == "numbers.over_budget");
  // A plan that was made before is held against it again.
  CHECK(slug_of([&] { sync::apply_buy(*f.account, plan, options); }) == "numbers.over_budget");
  CHECK(f.times("buy ") == 2);
  f.clock.advance(std::chrono::hours(24));
  CHECK(buy(f, some(f, 1)).bought == 1);
}

TEST_CASE("a number that is on record, or that somebody else has, is not bought", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.add("+12025550101");
  auto options = some(f, 1);
  options.numbers = {"+12025550101"};
  CHECK(slug_of([&] { sync::plan_buy(*f.account, options); }) == "numbers.exists");
  f.box.add_number("+12025550102");
  options.numbers = {"+12025550102"};
  const auto report = buy(f, options);
  CHECK(report.refused == 1);
  CHECK(report.rows[0].code == "21422");
  CHECK_FALSE(f.numbers().find("+12025550102").has_value());
}

TEST_CASE("more than there is cannot be bought", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  auto options = some(f, 5);
  options.search.country = "DE";
  options.search.area_code.clear();
  options.search.type = "tollfree";
  CHECK(slug_of([&] { sync::plan_buy(*f.account, options); }) == "numbers.too_few");
}

TEST_CASE("a run that was killed between sending and hearing goes on without buying twice", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto options = some(f, 2);
  const auto plan = sync::plan_buy(*f.account, options);
  f.box.fault("429");  // every time: nothing is bought, the job stays
  const auto error = test::error_of([&] { sync::apply_buy(*f.account, plan, options); });
  f.box.clear_faults();
  REQUIRE(error.has_value());
  CHECK(error->errc() == Errc::twilio_rate);
  CHECK(f.box.ledger().empty());
  const auto id = base::Uuid::parse(error->job_id());
  CHECK(job(f, id).state == jobs::State::running);
  const auto report = sync::resume_buy(*f.account, id);
  CHECK(report.bought == 2);
  CHECK(f.times("buy ") == 2);
  CHECK(job(f, id).state == jobs::State::finished);
  CHECK(slug_of([&] { sync::resume_buy(*f.account, id); }) == "jobs.not_unfinished");
}

TEST_CASE("a run that is stopped hears what became of the purchase on its way, and tells it", "[sync]") {
  test::BoxOptions slow;
  slow.latency = std::chrono::milliseconds(200);
  Desk f(db::Engine::sqlite, slow);
  const auto options = some(f, 3);
  const auto plan = sync::plan_buy(*f.account, options);
  const auto report = buy_until_stopped(f, options, plan);
  REQUIRE(report.stopped.has_value());
  CHECK(report.stopped->errc() == Errc::interrupted);
  CHECK(report.bought == 1);
  CHECK(report.unknown == 0);
  CHECK(report.rows.size() == 3);
  CHECK(f.times("buy ") == 1);
  CHECK(job(f, report.job).counts.created == 1);
  CHECK(sync::resume_buy(*f.account, report.job).bought == 3);
  CHECK(f.times("buy ") == 3);
}

TEST_CASE("a run that is stopped and has lost an answer says that one is unknown", "[sync]") {
  Desk f(db::Engine::sqlite);
  const auto options = some(f, 2);
  const auto plan = sync::plan_buy(*f.account, options);
  f.box.fault("executed_lost", 1);
  const auto report = buy_until_stopped(f, options, plan);
  CHECK(report.unknown == 1);
  CHECK(report.bought == 0);
  CHECK(sync::resolve(*f.account, {}).done == 1);
}

TEST_CASE("a number that another purchase bought meanwhile is not this one's, nor paid for twice", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  auto options = some(f, 2);
  options.budget = 10'000'000;
  const auto plan = sync::plan_buy(*f.account, options);
  REQUIRE(plan.monthly_micros.has_value());
  f.box.fault("429");
  const auto error = test::error_of([&] { sync::apply_buy(*f.account, plan, options); });
  f.box.clear_faults();
  REQUIRE(error.has_value());
  const auto id = base::Uuid::parse(error->job_id());
  CHECK(job(f, id).options.find(R"("budget":"10.00")") != std::string::npos);
  auto one = some(f, 1);
  one.numbers = {plan.numbers.front().phone_number};
  CHECK(buy(f, one).bought == 1);

  const auto left = sync::plan_resume(*f.account, id);
  CHECK(left.elsewhere == one.numbers);
  REQUIRE(left.left.numbers.size() == 1);
  CHECK(left.left.numbers.front().phone_number == plan.numbers.back().phone_number);
  CHECK(left.left.monthly_micros == *plan.monthly_micros / 2);
  const auto report = sync::resume_buy(*f.account, id);
  CHECK(report.bought == 1);
  CHECK(report.refused == 1);
  CHECK(f.times("buy ") == 2);
  CHECK(spent(f) == *plan.monthly_micros);
  CHECK(job(f, id).state == jobs::State::finished);
}

TEST_CASE("prices that cannot be had stop whoever has a budget, and a refused login everybody", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  test::TwilioBox list;
  PricedElsewhere account(f, list);
  auto options = some(f, 2);
  const auto slug = [&](sync::Account& at) { return slug_of([&] { sync::plan_buy(at, options); }); };
  list.fault("503");
  CHECK_FALSE(sync::plan_buy(*account, options).monthly_micros.has_value());
  f.decide("buy_budget", "10");
  CHECK(slug(*account) == "twilio.down");
  f.decide("buy_budget", "-");
  CHECK(slug(*account).empty());
  options.budget = 10'000'000;
  CHECK(slug(*account) == "twilio.down");

  options.budget.reset();
  test::TwilioBox stranger(test::BoxOptions{.auth_token = "ffffffffffffffffffffffffffffffff"});
  PricedElsewhere wrong(f, stranger);
  CHECK(slug(*wrong) == "twilio.auth");
}

TEST_CASE("a login that may not ask for prices buys where there is no budget", "[sync]") {
  Desk f(db::Engine::sqlite);
  const auto forbids = test::RawServer::answers(
      test::RawServer::response(R"({"code":20003,"message":"Permission Denied","status":403})",
                                "Content-Type: application/json\r\nConnection: close\r\n", 403));
  test::RawServer list(std::vector<test::RawServer::Script>(3, forbids));
  PricedElsewhere account(f, list.url(""));
  auto options = some(f, 2);
  CHECK_FALSE(sync::plan_buy(*account, options).monthly_micros.has_value());
  options.budget = 10'000'000;
  CHECK(slug_of([&] { sync::plan_buy(*account, options); }) == "twilio.auth");
  options.budget.reset();
  f.decide("buy_budget", "10");
  CHECK(slug_of([&] { sync::plan_buy(*account, options); }) == "twilio.auth");
  CHECK(list.connections() == 3);
}

TEST_CASE("what had no price when it was ordered has one before a job goes on, and counts", "[sync]") {
  const std::string state = GENERATE("intent", "sent", "undone");
  INFO(state);
  Unpriced f(GENERATE(from_range(test::engines())), state);
  CHECK(spent(f) == 0);
  f.clock.advance(std::chrono::hours(24));  // it counts on the day on which it is bought

  f.decide("buy_budget", "1");
  auto left = sync::plan_resume(*f.account, f.id);
  REQUIRE(left.anew.micros.has_value());
  const auto cost = *left.anew.micros;
  CHECK(cost > 1'000'000);
  CHECK(slug_of([&] { sync::hold_resume(*f.account, left); }) == "numbers.over_budget");
  CHECK(slug_of([&] { sync::resume_buy(*f.account, f.id); }) == "numbers.over_budget");
  CHECK(f.times("buy ") == 0);

  f.decide("buy_budget", "10");
  left = sync::plan_resume(*f.account, f.id);
  CHECK(left.left.monthly_micros == cost);
  CHECK(slug_of([&] { sync::hold_resume(*f.account, left); }).empty());
  CHECK(sync::resume_buy(*f.account, f.id).bought == 2);
  CHECK(spent(f) == cost);
}

TEST_CASE("a job whose prices nobody can tell yet waits, where there is a budget", "[sync]") {
  Unpriced f(GENERATE(from_range(test::engines())), "undone");
  f.decide("buy_budget", "10");
  CHECK(slug_of([&] { sync::plan_resume(*f.without_prices, f.id); }) == "twilio.down");
  CHECK(slug_of([&] { sync::resume_buy(*f.without_prices, f.id); }) == "twilio.down");
  f.decide("buy_budget", "-");
  CHECK(sync::resume_buy(*f.without_prices, f.id).bought == 2);
}

TEST_CASE("what was bought is found without a price, and what is left waits for one", "[sync]") {
  Unpriced f(GENERATE(from_range(test::engines())), "sent");
  const auto number = f.plan.numbers.front().phone_number;
  f.box.add_number(number);
  f.decide("buy_budget", "10");
  CHECK(slug_of([&] { sync::plan_resume(*f.without_prices, f.id); }).empty());
  const auto error = test::error_of([&] { sync::resume_buy(*f.without_prices, f.id); });
  REQUIRE(error.has_value());
  CHECK(error->slug() == "twilio.down");
  CHECK(error->job_id() == f.id.text());
  CHECK(error->hint() == "ringctl jobs resume " + f.id.short_id());
  CHECK_FALSE(f.row(number).sid.empty());
  CHECK(job(f, f.id).counts.created == 1);
  CHECK(f.times("buy ") == 0);

  CHECK(sync::resume_buy(*f.account, f.id).bought == 2);
  CHECK(f.times("buy ") == 1);
  CHECK(spent(f) == price_of_two(f));
}

TEST_CASE("prices that a plan asked for are not asked for again", "[sync]") {
  Unpriced f(db::Engine::sqlite, "undone");
  f.decide("buy_budget", "10");
  const auto left = sync::plan_resume(*f.account, f.id);
  CHECK(left.asked.size() == 2);
  CHECK(sync::resume_buy(*f.without_prices, f.id, {}, left.asked).bought == 2);
  CHECK(spent(f) == price_of_two(f));
}

TEST_CASE("asked what became of it, a purchase gets the price that nobody knew", "[sync]") {
  Unpriced f(GENERATE(from_range(test::engines())), "unknown");
  for (const auto& one : f.plan.numbers) f.box.add_number(one.phone_number);
  CHECK(sync::resolve(*f.account, f.id).done == 2);
  CHECK(spent(f) == price_of_two(f));
}

TEST_CASE("what is sent once more is held against the budget before anybody says yes", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto options = some(f, 2);
  const auto plan = sync::plan_buy(*f.account, options);
  const auto id = killed(f, *f.account, options, plan, "undone");
  f.decide("buy_budget", "2");
  const auto left = sync::plan_resume(*f.account, id);
  CHECK(slug_of([&] { sync::hold_resume(*f.account, left); }) == "numbers.over_budget");
  // What was written down and never sent is counted already.
  f.write([&] { f.db().exec("UPDATE twilio_effects SET state = 'intent'"); });
  CHECK(slug_of([&] { sync::hold_resume(*f.account, sync::plan_resume(*f.account, id)); }).empty());
}

TEST_CASE("a number that the account had before is not the job's, nor paid for", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const std::string state = GENERATE("sent", "undone");
  INFO(state);
  auto options = some(f, 2);
  options.label = "Sales";
  const auto plan = sync::plan_buy(*f.account, options);
  const auto id = killed(f, *f.account, options, plan, state);
  const auto number = plan.numbers.front().phone_number;
  const auto sid = f.box.add_number(number);
  grow_old(f, number);
  const auto report = sync::resume_buy(*f.account, id);
  CHECK(report.bought == 1);
  CHECK(report.refused == 1);
  REQUIRE(report.rows.size() == 2);
  CHECK(report.rows[0].object == number);
  CHECK(report.rows[0].code == sync::k_in_account);
  CHECK(report.rows[0].message == "the account had it before this job ordered it");
  REQUIRE(report.found.size() == 1);
  CHECK(report.found[0].object == number);
  CHECK(f.times("buy ") == 1);
  CHECK(spent(f) == *plan.monthly_micros / 2);
  CHECK(f.row(number).sid == sid);
  CHECK(f.row(number).webhook_status == "unset");
  CHECK(f.row(number).label.empty());
  CHECK(job(f, id).state == jobs::State::finished);
}

TEST_CASE("a number that came since it was ordered counts as bought, wherever it leads by now", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto options = some(f, 2);
  const auto plan = sync::plan_buy(*f.account, options);
  const auto id = killed(f, *f.account, options, plan, "sent");
  f.box.add_number(plan.numbers.front().phone_number);
  const auto report = sync::resume_buy(*f.account, id);
  CHECK(report.bought == 2);
  CHECK(report.found.empty());
  CHECK(f.times("buy ") == 1);
  CHECK(spent(f) == *plan.monthly_micros);
}

TEST_CASE("one that the account had before and that another workspace has is left there", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto options = some(f, 1);
  const auto plan = sync::plan_buy(*f.account, options);
  const auto id = killed(f, *f.account, options, plan, "sent");
  const auto number = plan.numbers.front().phone_number;
  f.box.add_number(number);
  grow_old(f, number);
  f.add_elsewhere(number);
  const auto report = sync::resume_buy(*f.account, id);
  CHECK(report.refused == 1);
  REQUIRE(report.found.size() == 1);
  CHECK(report.found[0].code == sync::k_foreign);
  CHECK_FALSE(f.numbers().find(number).has_value());
  CHECK(spent(f) == 0);
}

TEST_CASE("asked what became of it, such a number is no purchase either", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto options = some(f, 1);
  const auto plan = sync::plan_buy(*f.account, options);
  const auto id = killed(f, *f.account, options, plan, "unknown");
  const auto number = plan.numbers.front().phone_number;
  f.box.add_number(number);
  grow_old(f, number);
  const auto report = sync::resolve(*f.account, id);
  CHECK(report.done == 0);
  CHECK(report.undone == 1);
  REQUIRE(report.rows.size() == 1);
  CHECK(report.rows[0].state == "refused");
  CHECK(report.rows[0].code == sync::k_in_account);
  CHECK(spent(f) == 0);
  CHECK(f.row(number).webhook_status == "unset");
  CHECK(job(f, id).state == jobs::State::finished);
}

TEST_CASE("a search passes over numbers that a job of purchases has under way", "[sync]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto options = some(f, 10);
  const auto plan = sync::plan_buy(*f.account, options);
  const auto id = killed(f, *f.account, options, plan, "sent");
  const auto others = sync::plan_buy(*f.account, some(f, 2));
  REQUIRE(others.numbers.size() == 2);
  for (const auto& other : others.numbers)
    for (const auto& one : plan.numbers) CHECK(other.phone_number != one.phone_number);
  CHECK(buy(f, some(f, 2)).bought == 2);

  auto named = some(f, 1);
  named.numbers = {plan.numbers.front().phone_number};
  const auto error = test::error_of([&] { sync::plan_buy(*f.account, named); });
  REQUIRE(error.has_value());
  CHECK(error->slug() == "jobs.effect_under_way");
  CHECK(error->message().find(id.short_id()) != std::string::npos);
  CHECK(error->hint() == "ringctl jobs resume " + id.short_id());
  // So does a plan that was made before.
  CHECK(slug_of([&] { sync::apply_buy(*f.account, plan, options); }) == "jobs.effect_under_way");
}
