#include "estate/number_account.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using namespace ringctl::estate;
using Texts = std::vector<std::string>;

namespace {

const std::string k_account = "AC0123456789abcdef0123456789abcdef";

std::string sid(int n) { return "PN0123456789abcdef0123456789abcde" + std::to_string(n); }

struct Desk : test::Estate {
  explicit Desk(db::Engine engine) : Estate(engine) {}

  Numbers numbers() { return {session(), workspace}; }
  Number add(const std::string& number, const NumberChange& change = {}) {
    numbers().add(phone::E164::parse(number), change);
    return numbers().get(number);
  }
  AccountFacts facts(const std::string& number, int n) {
    return {.phone_number = number,
            .sid = sid(n),
            .account_sid = k_account,
            .capabilities = "voice|sms",
            .webhook_status = "drifted",
            .trunk_sid = ""};
  }
  std::int64_t write_one(const Number& row, const AccountFacts& facts) {
    std::int64_t changed = 0;
    const FactsUpdate update{.id = row.id, .version = row.version, .facts = facts};
    write([&] { changed = write_facts(session(), workspace, {&update, 1}); });
    return changed;
  }
};

}  // namespace

TEST_CASE("of many numbers those of the workspace are told, and which others are held", "[estate]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.add("+12025550101", {.label = "Sales"});
  const auto other = f.database.add_workspace("other");
  Numbers(f.session(), other).add(phone::E164::parse("+12025550103"), {});
  const std::string_view asked[] = {"+12025550101", "+12025550102", "+12025550103"};
  Texts ours, held;
  {
    db::Transaction transaction(f.db(), db::Scope::of(f.workspace, db::Door::number_holder), db::Access::read);
    find_known(
        f.db(), f.workspace, asked,
        [&](const KnownNumber& known) { ours.push_back(known.facts.phone_number + " " + known.label); },
        [&](std::string_view number) { held.emplace_back(number); });
    transaction.commit();
  }
  CHECK(ours == Texts{"+12025550101 Sales"});
  CHECK(held == Texts{"+12025550103"});
}

TEST_CASE("facts are written to the version that was read, and to no other", "[estate]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto row = f.add("+12025550101");
  CHECK(f.write_one(row, f.facts("+12025550101", 1)) == 1);
  const auto after = f.numbers().get("+12025550101");
  CHECK(after.sid == sid(1));
  CHECK(after.account_sid == k_account);
  CHECK(after.capabilities == "voice|sms");
  CHECK(after.webhook_status == "drifted");
  CHECK(after.version == row.version + 1);
  CHECK(f.write_one(row, f.facts("+12025550101", 2)) == 0);
}

TEST_CASE("two numbers that had each other's SID get their own", "[estate]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto one = f.add("+12025550101", {.sid = sid(2)}), two = f.add("+12025550102", {.sid = sid(1)});
  const FactsUpdate updates[] = {{.id = one.id, .version = one.version, .facts = f.facts("+12025550101", 1)},
                                 {.id = two.id, .version = two.version, .facts = f.facts("+12025550102", 2)}};
  std::int64_t changed = 0;
  f.write([&] { changed = write_facts(f.session(), f.workspace, updates); });
  CHECK(changed == 2);
  CHECK(f.numbers().get("+12025550101").sid == sid(1));
  CHECK(f.numbers().get("+12025550102").sid == sid(2));
}

TEST_CASE("a number is marked as missing once, and found again by its facts", "[estate]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto row = f.add("+12025550101");
  const auto mark_at = [&](std::int64_t version) {
    std::int64_t marked = 0;
    const RowVersion read{row.id, version};
    f.write([&] { marked = mark_missing(f.session(), f.workspace, {&read, 1}); });
    return marked;
  };
  const auto mark = [&] { return mark_at(f.numbers().get("+12025550101").version); };
  CHECK(mark_at(row.version + 1) == 0);
  CHECK(mark() == 1);
  const auto since = f.numbers().get("+12025550101").missing_since;
  CHECK(since == f.clock.now());
  f.clock.advance(std::chrono::hours(1));
  CHECK(mark() == 0);
  const auto missing = f.numbers().get("+12025550101");
  CHECK(missing.missing_since == since);
  f.write_one(missing, f.facts("+12025550101", 1));
  CHECK_FALSE(f.numbers().get("+12025550101").missing_since.has_value());
}

TEST_CASE("a number that is to be given back is inactive until it is kept after all", "[estate]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto row = f.add("+12025550101", {.sid = sid(1)});
  const auto at = f.clock.now() + std::chrono::hours(24);
  const auto set = [&](std::optional<base::Instant> when) {
    bool changed = false;
    f.write([&] { changed = set_release(f.session(), f.workspace, row.id, when); });
    return changed;
  };
  const auto due = [&](base::Instant now) {
    return f.read([&] { return due_releases(f.db(), f.workspace, now).size(); });
  };
  CHECK(set(at));
  CHECK_FALSE(set(at));
  CHECK(f.numbers().get("+12025550101").status == "inactive");
  CHECK(f.numbers().get("+12025550101").release_at == at);
  CHECK(due(at - std::chrono::seconds(1)) == 0);
  CHECK(due(at) == 1);
  CHECK(set({}));
  CHECK_FALSE(set({}));
  CHECK(f.numbers().get("+12025550101").status == "active");
  CHECK(due(at) == 0);
}

TEST_CASE("numbers that nobody has are made with what the account says of them", "[estate]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto job = f.alice.ids.next();
  const AccountFacts facts[] = {f.facts("+12025550101", 1), f.facts("+442079460123", 2)};
  const std::string labels[] = {"Sales", ""};
  f.write([&] { insert_adopted(f.session(), f.workspace, job, facts, labels); });
  const auto one = f.numbers().get("+12025550101"), two = f.numbers().get("+442079460123");
  CHECK(one.label == "Sales");
  CHECK(one.provider == "twilio");
  CHECK(one.status == "active");
  CHECK(one.job_id == job.text());
  CHECK(two.country_code == "GB");
  CHECK(two.label.empty());
}

TEST_CASE("webhooks that were set are noted, and the rows that said otherwise counted", "[estate]") {
  Desk f(GENERATE(from_range(test::engines())));
  const auto row = f.add("+12025550101");
  const auto note = [&] {
    std::int64_t changed = 0;
    f.write([&] { changed = note_configured(f.session(), f.workspace, {&row.id, 1}); });
    return changed;
  };
  CHECK(note() == 1);
  CHECK(note() == 0);
  CHECK(f.numbers().get("+12025550101").webhook_status == "configured");
  CHECK(f.numbers().get("+12025550101").configured_at == f.clock.now());
}

TEST_CASE("numbers at other providers are counted, and not among those at Twilio", "[estate]") {
  Desk f(GENERATE(from_range(test::engines())));
  f.add("+12025550102");
  f.add("+12025550101");
  f.add("+442079460123", {.provider = "telnyx"});
  Texts at_twilio;
  f.read([&] {
    for_each_at_twilio(f.db(), f.workspace,
                       [&](const KnownNumber& known) { at_twilio.push_back(known.facts.phone_number); });
    return 0;
  });
  CHECK(at_twilio == Texts{"+12025550101", "+12025550102"});
  CHECK(f.read([&] { return count_elsewhere(f.db(), f.workspace); }) == 1);
}
