#include <fmt/format.h>

#include <algorithm>

#include "estate/numbers.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using estate::NumberFilter;
using estate::NumberOrder;
using estate::Numbers;

namespace {

struct Fixture : test::Estate {
  explicit Fixture(db::Engine engine) : Estate(engine), numbers(session(), workspace, "US") {}

  Fixture& add(std::string_view number, std::optional<std::string> label = {},
               std::optional<std::string> provider = {}, std::optional<std::string> status = {}) {
    estate::NumberChange change;
    change.label = std::move(label);
    change.provider = std::move(provider);
    change.status = std::move(status);
    numbers.add(phone::E164::parse(number), change);
    return *this;
  }
  std::vector<std::string> list(const NumberFilter& filter, const NumberOrder& order = {},
                                std::int64_t limit = 0) {
    std::vector<std::string> found;
    numbers.for_each(filter, order, limit, [&](const estate::Number& n) { found.push_back(n.phone_number); });
    return found;
  }
  std::vector<std::string> search(std::string text) {
    NumberFilter filter;
    filter.search = std::move(text);
    auto found = list(filter);
    CHECK(numbers.count(filter) == static_cast<std::int64_t>(found.size()));
    return found;
  }

  Numbers numbers;
};

using Found = std::vector<std::string>;

constexpr auto* k_a = "+12025550101";
constexpr auto* k_b = "+12025550102";
constexpr auto* k_c = "+442079460003";

}  // namespace

TEST_CASE("numbers are listed in order and cut at the limit", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_c).add(k_a).add(k_b);
  CHECK(f.list({}) == Found{k_a, k_b, k_c});
  CHECK(f.list({}, {"phone_number", true}) == Found{k_c, k_b, k_a});
  CHECK(f.list({}, {}, 2) == Found{k_a, k_b});
}

TEST_CASE("what is not set comes last in either direction", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a).add(k_b, "b").add(k_c, "a");
  CHECK(f.list({}, {"label", false}) == Found{k_c, k_b, k_a});
  CHECK(f.list({}, {"label", true}) == Found{k_b, k_c, k_a});
}

TEST_CASE("text is ordered byte by byte", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a, "a").add(k_b, "Z").add(k_c, "é");
  CHECK(f.list({}, {"label", false}) == Found{k_b, k_a, k_c});
}

TEST_CASE("every column that may be sorted by can be", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a).add(k_b);
  for (const auto column : Numbers::sortable_columns())
    for (const bool descending : {false, true}) {
      INFO(column);
      CHECK(f.list({}, {std::string(column), descending}).size() == 2);
    }
}

TEST_CASE("a column that does not exist cannot be sorted by", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  CHECK(test::slug_of([&] { f.list({}, {"label; DROP TABLE phone_numbers", false}); }) == "numbers.bad_sort");
}

TEST_CASE("filters are exact and hold together", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a, "Sales", "telnyx").add(k_b, "Sales", "twilio", "inactive").add(k_c, "Support");
  NumberFilter filter;
  SECTION("status") {
    filter.status = "inactive";
    CHECK(f.list(filter) == Found{k_b});
  }
  SECTION("provider") {
    filter.provider = "telnyx";
    CHECK(f.list(filter) == Found{k_a});
  }
  SECTION("country") {
    filter.country = "GB";
    CHECK(f.list(filter) == Found{k_c});
  }
  SECTION("label, whatever its case") {
    filter.label = "sALES";
    CHECK(f.list(filter) == Found{k_a, k_b});
    CHECK(f.list(filter, {}, 1) == Found{k_a});
  }
  SECTION("label, whole") {
    filter.label = "Sale";
    CHECK(f.list(filter).empty());
  }
  SECTION("several") {
    filter.label = "sales";
    filter.status = "active";
    CHECK(f.list(filter) == Found{k_a});
  }
  CHECK(f.numbers.count(filter) == static_cast<std::int64_t>(f.list(filter).size()));
}

TEST_CASE("a search finds part of the digits, however they are written", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a).add(k_b).add(k_c);
  CHECK(f.search("0101") == Found{k_a});
  CHECK(f.search("(202) 555-01") == Found{k_a, k_b});
  CHECK(f.search("+44 20") == Found{k_c});
}

TEST_CASE("a search is cut at the limit, and what comes after it is not disturbed", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a).add(k_b).add(k_c);
  NumberFilter filter;
  filter.search = "555";
  for (int time = 0; time < 3; ++time) {
    CHECK(f.list(filter, {}, 1) == Found{k_a});
    CHECK(f.numbers.count(filter) == 2);
  }
}

TEST_CASE("a search that has found enough waits for no more of PostgreSQL's rows", "[estate]") {
  const auto engines = test::engines();
  if (std::find(engines.begin(), engines.end(), db::Engine::postgresql) == engines.end()) return;
  Fixture f(db::Engine::postgresql);
  f.add(k_a);
  // The same number three million times. Whoever asks for so many of them holds a lock.
  constexpr std::int64_t k_rows = 3'000'000, k_too_many = k_rows / 10, k_lock = 4711;
  const auto other = f.database.connect();
  {
    db::Transaction transaction(*other, db::Scope::through(db::Door::maintenance));
    other->exec_script(
        fmt::format("ALTER TABLE phone_numbers RENAME COLUMN phone_number TO e164;"
                    "ALTER TABLE phone_numbers RENAME TO held_numbers;"
                    "CREATE VIEW phone_numbers AS SELECT '{}'::text AS phone_number, held_numbers.* "
                    "FROM held_numbers, (SELECT CASE WHEN n = {} THEN pg_try_advisory_lock({}) END FROM "
                    "(SELECT generate_series(1, {}) AS n) counted) again",
                    k_a, k_too_many, k_lock, k_rows));
    transaction.commit();
  }
  NumberFilter filter;
  filter.search = "555";
  CHECK(f.list(filter, {}, 2) == Found{k_a, k_a});
  const db::Transaction transaction(*other, db::Scope::through(db::Door::maintenance), db::Access::read);
  CHECK(other->integer("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1",
                       {k_lock}) == 0);
}

TEST_CASE("a search finds part of label and provider, case-folded beyond ASCII", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a, "BUREAU DE MONTRÉAL").add(k_b, "Ελλάδα", "telnyx").add(k_c, "straße");
  CHECK(f.search("montréal") == Found{k_a});
  CHECK(f.search("ΕΛΛ") == Found{k_b});
  CHECK(f.search("TELN") == Found{k_b});
  CHECK(f.search("STRASSE") == Found{k_c});
}

TEST_CASE("characters that mean something in patterns mean themselves in a search", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a, "100% _done_").add(k_b, "O'Brien \\ Sons").add(k_c, "plain");
  CHECK(f.search("%") == Found{k_a});
  CHECK(f.search("_") == Found{k_a});
  CHECK(f.search("\\") == Found{k_b});
  CHECK(f.search("'") == Found{k_b});
  CHECK(f.search("*").empty());
}

TEST_CASE("a number is found by number, SID or exact label", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  const std::string sid = "PN0123456789abcdef0123456789abcdef";
  f.add(k_a, "Sales").add(k_b, "O'Brien 100%");
  estate::NumberChange with_sid;
  with_sid.sid = sid;
  f.numbers.update(phone::E164::parse(k_a), with_sid);

  CHECK(f.numbers.get(k_a).label == "Sales");
  CHECK(f.numbers.get("+1 (202) 555-0101").label == "Sales");
  CHECK(f.numbers.get(sid).phone_number == k_a);
  CHECK(f.numbers.get("Sales").phone_number == k_a);
  CHECK(f.numbers.get("O'Brien 100%").phone_number == k_b);
  CHECK_FALSE(f.numbers.find("sales"));
  CHECK_FALSE(f.numbers.find("Sale"));
  CHECK_FALSE(f.numbers.find(""));
}

TEST_CASE("the national form is read where the workspace has a country", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a);
  CHECK(f.numbers.get("(202) 555-0101").phone_number == k_a);
  CHECK_FALSE(Numbers(f.session(), f.workspace).find("(202) 555-0101"));
}

TEST_CASE("a label that several numbers carry is a conflict listing them", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  for (int i = 10; i < 25; ++i) f.add(fmt::format("+120255501{}", i), "Sales");
  const auto error = test::error_of([&] { f.numbers.get("Sales"); });
  REQUIRE(error);
  CHECK(error->slug() == "numbers.ambiguous");
  CHECK(error->errc() == Errc::conflict);
  REQUIRE(error->details().size() == 11);
  CHECK(error->details().front() == "+12025550110");
  CHECK(error->details().back() == "…");
}

TEST_CASE("an export has the importable columns, ordered by number, in canonical text", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  estate::NumberChange change;
  change.capabilities = "sms|voice";
  change.label = "Tab\there";
  change.record_policy = "never";
  change.sms_mode = "claim";
  f.numbers.add(phone::E164::parse(k_c), change);
  f.add(k_a);
  Found rows;
  f.numbers.for_each_importable({}, [&](const estate::ImportableNumber& n) {
    rows.push_back(fmt::format("{};{};{};{};{};{};{};{};{}", n.phone_number, n.provider, n.country_code,
                               n.label, n.status, n.capabilities, n.sid, n.record_policy, n.sms_mode));
  });
  CHECK(rows == Found{"+12025550101;twilio;US;;active;;;;notify_all",
                      "+442079460003;twilio;GB;Tab\there;active;voice|sms;;never;claim"});
}

TEST_CASE("an export can be filtered like a list", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a, "Sales").add(k_c);
  NumberFilter filter;
  filter.search = "sal";
  Found rows;
  f.numbers.for_each_importable(
      filter, [&](const estate::ImportableNumber& n) { rows.emplace_back(n.phone_number); });
  CHECK(rows == Found{k_a});
}

TEST_CASE("what a visitor throws ends the list", "[estate]") {
  Fixture f(GENERATE(from_range(test::engines())));
  f.add(k_a).add(k_b);
  int seen = 0;
  CHECK_THROWS_AS(f.numbers.for_each({}, {}, 0,
                                     [&](const estate::Number&) {
                                       ++seen;
                                       throw std::runtime_error("enough");
                                     }),
                  std::runtime_error);
  CHECK(seen == 1);
  CHECK(f.numbers.count({}) == 2);
}
