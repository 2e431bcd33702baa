#include "cmd/parser.hpp"

#include "cmd/sample.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::cmd;
using namespace ringctl::cmd::test;
using ringctl::test::error_of;
using ringctl::test::slug_of;
using Words = std::vector<std::string>;

namespace {

Invocation parsed(const Words& words) {
  auto result = parse(sample_registry(), words);
  REQUIRE(std::holds_alternative<Invocation>(result));
  return std::get<Invocation>(std::move(result));
}

AddOptions added(const Words& words) {
  const auto invocation = parsed(words);
  return *static_cast<const AddOptions*>(invocation.options.get());
}

HelpRequest help(const Words& words) {
  auto result = parse(sample_registry(), words);
  REQUIRE(std::holds_alternative<HelpRequest>(result));
  return std::get<HelpRequest>(result);
}

std::string slug(const Words& words) {
  return slug_of([&] { parse(sample_registry(), words); });
}

std::string detail(const Words& words) {
  const auto error = error_of([&] { parse(sample_registry(), words); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::usage);
  return error->details().empty() ? "" : error->details().front();
}

}  // namespace

TEST_CASE("values reach their members", "[cmd]") {
  const auto options =
      added({"numbers", "add", "+12025550100", "--label", "Sales", "--tag", "a", "--tag=b", "--daily-limit",
             "100", "--offset", "-5", "--ring-timeout", "1m30s", "--mode", "slow", "--atomic"});
  CHECK(options.number == "+12025550100");
  CHECK(options.label == "Sales");
  CHECK(options.tags == Words{"a", "b"});
  CHECK(options.daily_limit == 100);
  CHECK(options.offset == -5);
  CHECK(options.ring_timeout == std::chrono::seconds(90));
  CHECK(options.mode == "slow");
  CHECK(options.atomic);
}

TEST_CASE("what is not given keeps its default", "[cmd]") {
  const auto options = added({"numbers", "add", "+12025550100"});
  CHECK_FALSE(options.label);
  CHECK_FALSE(options.daily_limit);
  CHECK(options.mode == "fast");
  CHECK_FALSE(options.atomic);
}

TEST_CASE("flags may stand anywhere", "[cmd]") {
  const auto words = GENERATE(Words{"--label", "Sales", "numbers", "add", "+12025550100", "-o", "json"},
                              Words{"-o", "json", "numbers", "--label", "Sales", "add", "+12025550100"},
                              Words{"-ojson", "numbers", "add", "--label=Sales", "+12025550100"},
                              Words{"numbers", "-o", "json", "add", "+12025550100", "--label", "Sales"});
  const auto invocation = parsed(words);
  const auto& options = *static_cast<const AddOptions*>(invocation.options.get());
  CHECK(options.label == "Sales");
  CHECK(options.number == "+12025550100");
  CHECK(invocation.globals.output == "json");
}

TEST_CASE("the singular of a noun is the noun", "[cmd]") {
  CHECK(parsed({"number", "list"}).command->name() == "numbers list");
}

TEST_CASE("an alias is another way to say a noun and a verb", "[cmd]") {
  CHECK(parsed({"plus", "+12025550100"}).command->name() == "numbers add");
}

TEST_CASE("a command without a noun needs no verb", "[cmd]") {
  CHECK(parsed({"init", "-n"}).globals.dry_run);
}

TEST_CASE("abbreviations are refused", "[cmd]") {
  CHECK(slug({"numb", "list"}) == "usage.unknown_command");
  CHECK(slug({"numbers", "li"}) == "usage.unknown_command");
  CHECK(slug({"numbers", "list", "--stat", "active"}) == "usage.unknown_flag");
}

TEST_CASE("negative numbers and a dash are arguments, and text may be empty", "[cmd]") {
  CHECK(added({"numbers", "add", "-5"}).number == "-5");
  CHECK(added({"numbers", "add", "-"}).number == "-");
  CHECK(slug({"numbers", "add", ""}) == "usage.empty_value");
  CHECK(added({"numbers", "add", "x", "--label", ""}).label == "");
  CHECK(added({"numbers", "add", "x", "--label="}).label == "");
  CHECK(added({"numbers", "add", "x", "--label", "-x"}).label == "-x");
}

TEST_CASE("after two dashes everything is an argument", "[cmd]") {
  CHECK(added({"numbers", "add", "--", "--label"}).number == "--label");
  CHECK(added({"numbers", "add", "--", "--"}).number == "--");
}

TEST_CASE("values are taken as they stand", "[cmd]") {
  const auto value =
      GENERATE(std::string("[1,2]"), "{}", "%%", "a=b", "{\"a\":[1]}", "\"quoted\"", "a,b", "@file", "!x");
  CHECK(added({"numbers", "add", "x", "--label", value}).label == value);
  CHECK(added({"numbers", "add", "x", "--label=" + value}).label == value);
  CHECK(added({"numbers", "add", "x", "--tag", value}).tags == Words{value});
  CHECK(added({"numbers", "add", value}).number == value);
}

TEST_CASE("a repeatable argument takes all that follow", "[cmd]") {
  const auto invocation = parsed({"contacts", "note", "+12025550100", "[a,b]", "-q", "call", "again"});
  const auto& options = *static_cast<const NoteOptions*>(invocation.options.get());
  CHECK(options.words == Words{"[a,b]", "call", "again"});
  CHECK(invocation.globals.quiet);
  CHECK(slug({"contacts", "note", "+12025550100"}) == "usage.missing_argument");
}

TEST_CASE("given twice, the last value counts", "[cmd]") {
  CHECK(added({"numbers", "add", "x", "--label", "a", "--label", "b"}).label == "b");
}

TEST_CASE("switches count and cluster", "[cmd]") {
  const auto globals = parsed({"numbers", "list", "-vvq", "--verbose"}).globals;
  CHECK(globals.verbose == 3);
  CHECK(globals.quiet);
  CHECK(parsed({"numbers", "list", "-qojson"}).globals.output == "json");
}

TEST_CASE("a mistyped word gets the nearest ones", "[cmd]") {
  CHECK(detail({"nubmers", "list"}) == "did you mean: numbers");
  CHECK(detail({"numbers", "lst"}) == "did you mean: list");
  CHECK(detail({"numbers", "list", "--statsu", "active"}) == "did you mean: --status");
  CHECK(detail({"numbers", "list", "--outptu=json"}) == "did you mean: --output");
  CHECK(detail({"numbers", "list", "--status", "actve"}) == "did you mean: active");
  CHECK(detail({"list", "numbers"}) == "did you mean: numbers list");
  CHECK(detail({"xyzzyx"}).empty());
}

TEST_CASE("an unknown flag in front of its command is reported for the command", "[cmd]") {
  const auto error = error_of([] { parse(sample_registry(), {"--statsu", "numbers", "list"}); });
  REQUIRE(error);
  CHECK(error->message() == "unknown flag \"--statsu\" for \"ringctl numbers list\"");
  CHECK(error->hint() == "ringctl numbers list --help");
}

TEST_CASE("bad command lines are usage errors of their own kind", "[cmd]") {
  CHECK(slug({"numbers", "add"}) == "usage.missing_argument");
  CHECK(slug({"numbers", "add", "a", "b"}) == "usage.unexpected_argument");
  CHECK(slug({"numbers", "add", "a", "--label"}) == "usage.missing_value");
  CHECK(slug({"numbers", "add", "a", "--label", "--atomic"}) == "usage.missing_value");
  CHECK(slug({"numbers", "add", "a", "--atomic=yes"}) == "usage.unexpected_value");
  CHECK(slug({"numbers", "add", "a", "--daily-limit", "many"}) == "usage.bad_value");
  CHECK(slug({"numbers", "add", "a", "--daily-limit", "99999999999999999999"}) == "usage.bad_value");
  CHECK(slug({"numbers", "add", "a", "--ring-timeout", "soon"}) == "usage.bad_value");
  CHECK(slug({"numbers", "add", "a", "--mode", "medium"}) == "usage.bad_value");
  CHECK(slug({"numbers", "add", "a", "--atomic", "--max-errors", "1"}) == "usage.excluded");
  CHECK(slug({"numbers", "list", "-o", "yaml"}) == "usage.bad_value");
  CHECK(slug({"numbers", "list", "-z"}) == "usage.unknown_flag");
  CHECK(slug({"numbers", "add", "\xff"}) == "usage.not_utf8");
}

TEST_CASE("messages name the flag, the value and what was expected", "[cmd]") {
  const auto error = error_of([] {
    parse(sample_registry(), {"numbers", "add", "a", "--daily-limit", "many"});
  });
  REQUIRE(error);
  CHECK(error->message() == "--daily-limit: \"many\" is not a whole number");
  CHECK(error->hint() == "ringctl numbers add --help");
}

TEST_CASE("names of files may be any bytes", "[cmd]") {
  CHECK(parsed({"numbers", "list", "--out", "\xff"}).globals.out == "\xff");
}

TEST_CASE("help is asked for anywhere and outranks what is wrong with flags", "[cmd]") {
  CHECK(help({"--help"}).noun == nullptr);
  CHECK(help({"numbers", "-h"}).noun->name() == "numbers");
  CHECK(help({"numbers", "add", "--nonsense", "-h"}).command->verb == "add");
  CHECK(help({"-h", "numbers", "add"}).command->verb == "add");
  CHECK(help({"numbers", "add", "--label", "--help"}).asked);
  CHECK(slug({"numbers", "lst", "--help"}) == "usage.unknown_command");
  CHECK(added({"numbers", "add", "--", "--help"}).number == "--help");
}

TEST_CASE("nothing to run asks for concise help", "[cmd]") {
  CHECK_FALSE(help({}).asked);
  CHECK_FALSE(help({"-q"}).asked);
  CHECK(help({"numbers"}).noun->name() == "numbers");
  CHECK_FALSE(help({"numbers"}).asked);
}

TEST_CASE("the flag --version needs no command and keeps the output flags", "[cmd]") {
  const auto result = parse(sample_registry(), {"--version", "-o", "json"});
  REQUIRE(std::holds_alternative<VersionRequest>(result));
  CHECK(std::get<VersionRequest>(result).globals.output == "json");
}
