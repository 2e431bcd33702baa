#include "cmd/io.hpp"

#include <fcntl.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cmd/io_fixture.hpp"
#include "csv/source.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace ringctl::cmd;
using namespace ringctl::cmd::test;
using ringctl::test::error_of;
using ringctl::test::slug_of;

namespace {
constexpr Column k_columns[] = {{"name", ColumnType::text}};
const Change k_change{
    "assigned", "+12025550100", "to ann@example.com", {{"agent", "ann@example.com"}, {"limit", 100}}};
}  // namespace

TEST_CASE("a change is a line on stderr", "[cmd]") {
  IoFixture f;
  f.io().changed(k_change);
  f.io().unchanged(k_change);
  f.io().would_change({"assign", "+12025550100"});
  CHECK(f.err() ==
        "assigned +12025550100 to ann@example.com\n"
        "unchanged +12025550100 to ann@example.com\n"
        "would assign +12025550100\n");
  CHECK(f.out().empty());
}

TEST_CASE("with -o json a change is an object on stdout", "[cmd]") {
  IoFixture f;
  f.options.format = Format::json;
  f.io().changed(k_change);
  CHECK(
      f.out() ==
      R"({"changed":true,"action":"assigned","object":"+12025550100","agent":"ann@example.com","limit":100})"
      "\n");
  CHECK(f.err().empty());
}

TEST_CASE("a change may be told in more words than the one it is called by", "[cmd]") {
  IoFixture f;
  const bool json = GENERATE(false, true);
  if (json) f.options.format = Format::jsonl;
  f.io().changed({.action = "stopped", .object = "a", .said = "stopped listening to"});
  f.io().would_change({.action = "stop", .object = "a", .said = "stop listening to"});
  f.io().unchanged({.action = "purge", .object = "main", .called = "no call"});
  CHECK(f.err() == (json ? "" : "stopped listening to a\nwould stop listening to a\nunchanged no call\n"));
  CHECK(f.out() == (json ? "{\"changed\":true,\"action\":\"stopped\",\"object\":\"a\"}\n"
                           "{\"changed\":true,\"dry_run\":true,\"action\":\"stop\",\"object\":\"a\"}\n"
                           "{\"changed\":false,\"action\":\"unchanged\",\"object\":\"main\"}\n"
                         : ""));
}

TEST_CASE("with -o json nothing to do is said, and a dry run is marked", "[cmd]") {
  IoFixture f;
  f.options.format = Format::jsonl;
  f.io().unchanged({"added", "a"});
  f.io().would_change({"add", "b"});
  CHECK(f.out() ==
        "{\"changed\":false,\"action\":\"unchanged\",\"object\":\"a\"}\n"
        "{\"changed\":true,\"dry_run\":true,\"action\":\"add\",\"object\":\"b\"}\n");
}

TEST_CASE("a warning is a line of the log where that is JSON, also when quiet", "[cmd]") {
  IoFixture f;
  f.options.json_log = true;
  f.options.quiet = GENERATE(false, true);
  f.io().warn("care\x1b\"ful");
  const auto object = nlohmann::json::parse(f.err());
  CHECK(object["level"] == "warning");
  CHECK(object["message"] == "care\x1b\"ful");
  CHECK(object["ts"] == base::format_utc(f.clock.now()));
}

TEST_CASE("quiet leaves only data and warnings", "[cmd]") {
  IoFixture f;
  f.options.quiet = true;
  f.io().changed(k_change);
  f.io().note("a note");
  f.io().warn("careful");
  CHECK(f.err() == "warning: careful\n");
}

TEST_CASE("the flag --out appears whole, and only at the end", "[cmd]") {
  const ringctl::test::TempDir dir;
  ringctl::test::write_text(dir / "list.csv", "old");
  IoFixture f;
  f.options.out = dir / "list.csv";
  f.options.format = Format::csv;
  auto rows = f.io().rows(k_columns);
  rows.row({"new"});
  rows.finish();
  CHECK(ringctl::test::read_text(dir / "list.csv") == "old");
  f.io().close();
  CHECK(ringctl::test::read_text(dir / "list.csv") == "name\nnew\n");
}

TEST_CASE("what goes to a name of an archive is packed", "[cmd]") {
  const ringctl::test::TempDir dir;
  const std::string name = GENERATE("list.csv.gz", "list.csv.zst");
  IoFixture f;
  f.options.out = dir / name;
  f.options.format = Format::csv;
  auto rows = f.io().rows(k_columns);
  rows.row({"new"});
  rows.finish();
  f.io().close();
  f.io().close();
  auto source = ringctl::csv::Source::open(dir / name);
  CHECK(source.read() == "name\nnew\n");
  CHECK(ringctl::test::read_text(dir / name) != "name\nnew\n");
}

TEST_CASE("a full device is an output error", "[cmd]") {
  const base::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  IoFixture f;
  f.options.format = Format::csv;
  Io io(
      [&] {
        auto options = f.options;
        options.streams.out = full.get();
        return options;
      }(),
      f.clock, f.cancel);
  auto rows = io.rows(k_columns);
  rows.row({"x"});
  const auto error = error_of([&] { rows.finish(); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::output);
  CHECK(error->slug() == "output.write_failed");
}

TEST_CASE("without a terminal a question is a usage error that names the flag", "[cmd]") {
  IoFixture f;
  const auto moderate = error_of([&] { f.io().confirm("remove 3 numbers?"); });
  REQUIRE(moderate);
  CHECK(moderate->errc() == Errc::usage);
  CHECK(moderate->hint() == "add --yes");
  const auto severe = error_of([&] { f.io().confirm_severe("release", "+12025550100"); });
  REQUIRE(severe);
  CHECK(severe->errc() == Errc::usage);
  CHECK(severe->hint() == "add --confirm +12025550100");
  const auto quoted = error_of([&] { f.io().confirm_severe("drop", "the 'old' one"); });
  REQUIRE(quoted);
  CHECK(quoted->hint() == R"(add --confirm 'the '\''old'\'' one')");
}

TEST_CASE("the flag --yes answers moderate questions only", "[cmd]") {
  IoFixture f;
  f.options.yes = true;
  CHECK_NOTHROW(f.io().confirm("remove 3 numbers?"));
  CHECK(slug_of([&] { f.io().confirm_severe("release", "x"); }) == "usage.confirmation_needed");
}

TEST_CASE("the flag --confirm must name the very thing", "[cmd]") {
  IoFixture f;
  f.options.confirm = "+12025550100";
  CHECK_NOTHROW(f.io().confirm_severe("release", "+12025550100"));
  CHECK(slug_of([&] { f.io().confirm_severe("release", "+12025550101"); }) == "usage.confirmation_differs");
}

TEST_CASE("a dry run asks nothing", "[cmd]") {
  IoFixture f;
  f.options.dry_run = true;
  CHECK_NOTHROW(f.io().confirm("remove 3 numbers?"));
  CHECK_NOTHROW(f.io().confirm_severe("release", "x"));
}
