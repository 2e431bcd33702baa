#include "base/error.hpp"

#include <map>
#include <set>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using ringctl::Errc;
using ringctl::Error;

TEST_CASE("the exit-status table is ascending and each status stands in it once") {
  int last = -1;
  for (const auto& row : ringctl::errc_table()) {
    CHECK(static_cast<int>(row.code) > last);
    CHECK_FALSE(row.meaning.empty());
    CHECK_FALSE(row.retry.empty());
    last = static_cast<int>(row.code);
  }
}

TEST_CASE("every status of the enumeration stands in the table") {
  const auto header = ringctl::test::read_text(RINGCTL_SOURCE_DIR "/lib/base/error.hpp");
  const auto start = header.find("enum class Errc {");
  const auto body = header.substr(start, header.find("};", start) - start);
  std::set<int> declared;
  for (auto at = body.find(" = "); at != std::string::npos; at = body.find(" = ", at + 1))
    declared.insert(std::stoi(body.substr(at + 3)));
  std::set<int> listed;
  for (const auto& row : ringctl::errc_table()) listed.insert(static_cast<int>(row.code));
  CHECK(declared.size() > 20);
  CHECK(declared == listed);
}

TEST_CASE("the statuses that scripts rely on keep their names") {
  std::map<int, std::string_view> names;
  for (const auto& row : ringctl::errc_table()) names[static_cast<int>(row.code)] = row.name;
  const std::map<int, std::string_view> promised{{0, "ok"},
                                                 {1, "failure"},
                                                 {2, "usage"},
                                                 {3, "partial"},
                                                 {4, "auth"},
                                                 {5, "not-found"},
                                                 {6, "conflict"},
                                                 {7, "invalid"},
                                                 {8, "differs"},
                                                 {9, "declined"},
                                                 {10, "config"},
                                                 {11, "locked"},
                                                 {12, "schema"},
                                                 {20, "twilio"},
                                                 {21, "twilio-rate"},
                                                 {22, "twilio-down"},
                                                 {23, "twilio-garbage"},
                                                 {24, "unknown-outcome"},
                                                 {30, "db-down"},
                                                 {31, "db-busy"},
                                                 {32, "db-corrupt"},
                                                 {40, "output"},
                                                 {41, "timeout"},
                                                 {130, "signal"},
                                                 {141, "signal"},
                                                 {143, "signal"}};
  CHECK(names == promised);
}

TEST_CASE("an error carries its status, slug, message, details, hint and job") {
  const Error error = Error(Errc::conflict, "numbers.held", "+12025550123 is held", "ringctl numbers list")
                          .detail("by another agent")
                          .job("5be01d7a");
  CHECK(error.code() == Errc::conflict);
  CHECK(error.errc() == Errc::conflict);
  CHECK(error.slug() == "numbers.held");
  CHECK(std::string(error.what()) == "+12025550123 is held");
  CHECK(error.details() == std::vector<std::string>{"by another agent"});
  CHECK(error.hint() == "ringctl numbers list");
  CHECK(error.job_id() == "5be01d7a");
}

TEST_CASE("an error code of ours explains itself") {
  CHECK(make_error_code(Errc::locked).message() == "another ringctl holds the lock (--lock-wait expired)");
  CHECK(std::error_code(99, ringctl::errc_category()).message() == "exit status 99");
}
