#include "support/catch.hpp"
#include "support/session.hpp"

using namespace ringctl;
using test::Estate;

namespace {

/// Five changes; what is done to them afterwards goes through the tables directly.
struct Chain : Estate {
  explicit Chain(db::Engine engine) : Estate(engine) {
    for (const auto* key : {"a", "b", "c", "d", "e"})
      write([&] {
        audit::record(
            session(), workspace,
            {.action = "numbers.update", .object_type = "number", .object_key = key, .after = "{}"});
      });
  }
  void tamper(std::string_view sql) {
    write([&] { REQUIRE(db().exec(sql) > 0); });
  }
  audit::Verdict verify() {
    return read([&] { return audit::verify(db(), workspace); });
  }
};

constexpr std::string_view k_image_of_3 = " WHERE audit_id = (SELECT id FROM audit_log WHERE seq = 3)";

}  // namespace

TEST_CASE("an untouched chain holds, and names its newest hash", "[audit]") {
  Chain chain(GENERATE(from_range(test::engines())));
  const auto verdict = chain.verify();
  CHECK(verdict.reason.empty());
  CHECK_FALSE(verdict.broken_at);
  CHECK(verdict.rows == 5);
  CHECK(verdict.head.size() == 64);
}

TEST_CASE("a workspace without a single row has lost its log", "[audit]") {
  Estate estate(GENERATE(from_range(test::engines())));
  const auto verdict = estate.read([&] { return audit::verify(estate.db(), estate.workspace); });
  CHECK(verdict.broken_at == 1);
  CHECK(verdict.reason == "the whole log is missing");
}

TEST_CASE("verify names the first row that does not hold", "[audit]") {
  Chain chain(GENERATE(from_range(test::engines())));
  std::string reason;
  std::int64_t at = 0;
  const auto break_by = [&](const std::string& sql, std::int64_t seq, std::string why) {
    chain.tamper(sql);
    at = seq;
    reason = std::move(why);
  };
  SECTION("changed actor") {
    break_by("UPDATE audit_log SET actor = 'os:mallory' WHERE seq = 3", 3, "row 3 was changed");
  }
  SECTION("changed hash") {
    break_by("UPDATE audit_log SET hash = 'x' WHERE seq = 3", 3, "row 3 was changed");
  }
  SECTION("row taken out") { break_by("DELETE FROM audit_log WHERE seq = 3", 3, "row 3 is missing"); }
  SECTION("first row taken out") { break_by("DELETE FROM audit_log WHERE seq = 1", 1, "row 1 is missing"); }
  SECTION("row taken out and the gap closed") {
    chain.tamper("DELETE FROM audit_log WHERE seq = 3");
    chain.tamper("UPDATE audit_log SET seq = 3 WHERE seq = 4");
    break_by("UPDATE audit_log SET seq = 4 WHERE seq = 5", 3, "row 3 was changed");
  }
  SECTION("end cut off") { break_by("DELETE FROM audit_log WHERE seq >= 4", 4, "row 4 is missing"); }
  SECTION("end cut off and the counter set back") {
    chain.tamper("DELETE FROM audit_log WHERE seq >= 4");
    break_by("UPDATE audit_heads SET seq = 3", 3, "row 3 is not the newest link that was recorded");
  }
  SECTION("counter set back") {
    break_by("UPDATE audit_heads SET seq = 3", 4, "row 4 was added behind the newest link");
  }
  SECTION("counter gone") {
    break_by("DELETE FROM audit_heads", 5, "which row is the newest is not recorded");
  }
  SECTION("rows gone") { break_by("DELETE FROM audit_log", 1, "row 1 is missing"); }
  SECTION("rows and counter gone") {
    chain.tamper("DELETE FROM audit_log");
    break_by("DELETE FROM audit_heads", 1, "the whole log is missing");
  }
  SECTION("changed image") {
    break_by("UPDATE audit_images SET after_image = '{\"x\":1}'" + std::string(k_image_of_3), 3,
             "image of row 3 was changed");
  }
  SECTION("changed key") {
    break_by("UPDATE audit_images SET object_key = 'x'" + std::string(k_image_of_3), 3,
             "image of row 3 was changed");
  }
  SECTION("image put where there was none") {
    break_by("UPDATE audit_images SET before_image = '{}'" + std::string(k_image_of_3), 3,
             "image of row 3 was changed");
  }
  SECTION("salt taken but the image left") {
    break_by("UPDATE audit_images SET salt = NULL" + std::string(k_image_of_3), 3,
             "image of row 3 was changed");
  }
  const auto verdict = chain.verify();
  REQUIRE(verdict.broken_at);
  CHECK(*verdict.broken_at == at);
  CHECK(verdict.reason == reason);
}

TEST_CASE("an image whose row is gone shows that the end was cut off", "[audit]") {
  Chain chain(db::Engine::sqlite);
  chain.db().exec_script(
      "PRAGMA foreign_keys=OFF; DELETE FROM audit_log WHERE seq >= 4; "
      "UPDATE audit_heads SET seq = 3, hash = (SELECT hash FROM audit_log WHERE seq = 3); "
      "PRAGMA foreign_keys=ON");
  const auto verdict = chain.verify();
  CHECK(verdict.broken_at == 4);
  CHECK(verdict.reason == "row 4 is missing: an image was left");
}

TEST_CASE("erasing what an object held does not break the chain", "[audit]") {
  Chain chain(GENERATE(from_range(test::engines())));
  SECTION("emptied") {
    chain.tamper(
        "UPDATE audit_images SET salt = NULL, object_key = NULL, before_image = NULL, after_image = NULL" +
        std::string(k_image_of_3));
  }
  SECTION("removed") { chain.tamper("DELETE FROM audit_images" + std::string(k_image_of_3)); }
  CHECK_FALSE(chain.verify().broken_at);
}
