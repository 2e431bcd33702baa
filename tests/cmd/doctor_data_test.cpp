#include "cmd/doctor_data.hpp"

#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::cmd;

namespace {

base::Instant at(const std::string& day) { return base::parse_utc(day + "T12:00:00.000Z"); }

}  // namespace

TEST_CASE("zone data is too old two years after the year of its edition", "[cmd]") {
  CHECK(judge_zones("2025b", at("2026-11-23")).status == "ok");
  CHECK(judge_zones("2025b", at("2027-12-31")).status == "ok");
  const auto old = judge_zones("2025b", at("2028-01-01"));
  CHECK(old.status == "warn");
  CHECK(old.evidence.find("2025b") != std::string::npos);
  CHECK_FALSE(old.fix.empty());
}

TEST_CASE("zone data that does not say its edition is no reason to warn", "[cmd]") {
  CHECK(judge_zones("", at("2030-01-01")).status == "ok");
  CHECK(judge_zones("unknown", at("2030-01-01")).status == "ok");
}

TEST_CASE("what is known of area codes is too old two years after it was compared", "[cmd]") {
  CHECK(judge_phones("2025-11", "8.12", at("2027-11-30")).status == "ok");
  const auto old = judge_phones("2025-11", "8.12", at("2027-12-01"));
  CHECK(old.status == "warn");
  CHECK(old.evidence == "area codes are those of 2025-11, other numbering that of libphonenumber 8.12");
  CHECK_FALSE(old.fix.empty());
}

TEST_CASE("a standby that is more than a minute behind is told of", "[cmd]") {
  using std::chrono::seconds;
  const auto said = [](const db::Replication& found) {
    const auto check = judge_replication(found);
    return std::string(check.status) + ": " + check.evidence;
  };
  CHECK(said({}) == "ok: no standby is connected");
  CHECK(said({.is_standby = false, .standbys = 2, .shown = 2, .behind = {}}) ==
        "ok: standbys: 2, at most 0s behind");
  CHECK(said({.is_standby = false, .standbys = 2, .shown = 2, .behind = seconds(60)}) ==
        "ok: standbys: 2, at most 1m behind");
  CHECK(said({.is_standby = false, .standbys = 2, .shown = 2, .behind = seconds(61)}) ==
        "warn: standbys: 2, at most 1m1s behind");
  CHECK(said({.is_standby = false, .standbys = 1, .shown = 0, .behind = {}}) ==
        "ok: standbys: 1; how far behind only roles of pg_monitor see");
  CHECK(said({.is_standby = true, .standbys = 0, .shown = 0, .behind = seconds(90)}) ==
        "warn: this is a standby, 1m30s behind");
}
