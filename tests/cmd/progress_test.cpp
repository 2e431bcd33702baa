#include "cmd/progress.hpp"

#include <nlohmann/json.hpp>

#include "cmd/io_fixture.hpp"
#include "support/catch.hpp"

using namespace ringctl::cmd;
using namespace ringctl::cmd::test;
using namespace std::chrono_literals;

TEST_CASE("progress without a terminal is a line every ten seconds", "[cmd]") {
  IoFixture f;
  f.options.progress = ProgressMode::plain;
  auto progress = f.io().progress("import", 1000);
  progress.update(1);
  CHECK(f.err().empty());
  f.clock.advance(10s);
  progress.update(500, 2);
  f.clock.advance(9s);
  progress.update(900, 2);
  CHECK(f.err() == "import: 500 of 1,000 (50%), 50 rows/s, 10s left, 2 failed\n");
}

TEST_CASE("progress counts what it is told to count", "[cmd]") {
  IoFixture f;
  f.options.progress = ProgressMode::plain;
  auto progress = f.io().progress("keeping", std::nullopt, "days");
  f.clock.advance(10s);
  progress.update(30);
  CHECK(f.err() == "keeping: 30, 3 days/s\n");
}

TEST_CASE("progress for programs is an object every second", "[cmd]") {
  IoFixture f;
  f.options.progress = ProgressMode::json;
  auto progress = f.io().progress("import", 100);
  f.clock.advance(1s);
  progress.update(50, 1);
  const auto object = nlohmann::json::parse(f.err());
  CHECK(object ==
        nlohmann::json::parse(
            R"({"progress":"import","done":50,"failed":1,"rows_per_s":50,"total":100,"remaining_s":1})"));
}

TEST_CASE("progress on a terminal redraws one line and takes it away", "[cmd]") {
  IoFixture f;
  f.options.progress = ProgressMode::tty;
  {
    auto progress = f.io().progress("import");
    f.clock.advance(100ms);
    progress.update(5);
    f.clock.advance(50ms);
    progress.update(6);
  }
  CHECK(f.err() == "\rimport: 5, 50 rows/s\x1b[K\r\x1b[K");
}

TEST_CASE("quiet silences progress", "[cmd]") {
  IoFixture f;
  f.options.progress = ProgressMode::json;
  f.options.quiet = true;
  auto progress = f.io().progress("import");
  f.clock.advance(60s);
  progress.update(5);
  CHECK(f.err().empty());
}
