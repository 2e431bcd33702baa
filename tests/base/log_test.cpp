#include "base/log.hpp"

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/stderr_of.hpp"

using ringctl::base::configure_log;
using ringctl::base::log;
using ringctl::base::LogFormat;
using ringctl::base::LogLevel;
using ringctl::test::stderr_of;

namespace {

struct Configured {
  Configured(LogLevel level, LogFormat format) { configure_log(level, format); }
  ~Configured() { configure_log(LogLevel::warn, LogFormat::text); }
};

}  // namespace

TEST_CASE("warnings and errors are on from the start, the rest is off") {
  CHECK(ringctl::base::log_enabled(LogLevel::error));
  CHECK(ringctl::base::log_enabled(LogLevel::warn));
  CHECK_FALSE(ringctl::base::log_enabled(LogLevel::info));
  CHECK(stderr_of([] { log(LogLevel::info, "import.batch", "hidden"); }).empty());
  CHECK(stderr_of([] { log(LogLevel::warn, "import.slow", "batch took 3 s"); }) ==
        "ringctl: warning: import.slow: batch took 3 s\n");
}

TEST_CASE("a text line cannot be broken or coloured by what it reports") {
  CHECK(stderr_of([] { log(LogLevel::error, "x", "a\nb\x1b[31m\x7f"); }) ==
        "ringctl: error: x: a\\u000ab\\u001b[31m\\u007f\n");
}

TEST_CASE("a JSON line is one object with the time in UTC") {
  const Configured configured(LogLevel::debug, LogFormat::json);
  const auto line = stderr_of([] { log(LogLevel::debug, "sql", "say \"hi\" \\ \n é"); });
  const auto object = nlohmann::json::parse(line);
  CHECK(object.at("level") == "debug");
  CHECK(object.at("event") == "sql");
  CHECK(object.at("message") == "say \"hi\" \\ \n é");
  const auto ts = object.at("ts").get<std::string>();
  CHECK(ts.size() == 24);
  CHECK(ts.back() == 'Z');
  CHECK(line.back() == '\n');
}

TEST_CASE("nothing more verbose than asked for is written") {
  const Configured configured(LogLevel::info, LogFormat::text);
  CHECK_FALSE(stderr_of([] { log(LogLevel::info, "x", "y"); }).empty());
  CHECK(stderr_of([] { log(LogLevel::debug, "x", "y"); }).empty());
}

TEST_CASE("fields of a line are members of its object, and empty ones are left out") {
  const Configured configured(LogLevel::info, LogFormat::json);
  const auto line = stderr_of([] {
    log(LogLevel::info, "webhook",
        {{"call_sid", "CA1"}, {"tenant", ""}, {"status", std::int64_t{200}}, {"dur_ms", 1.25}});
  });
  const auto object = nlohmann::json::parse(line);
  CHECK(object.at("event") == "webhook");
  CHECK(object.at("call_sid") == "CA1");
  CHECK(object.at("status") == 200);
  CHECK(object.at("dur_ms") == 1.25);
  CHECK_FALSE(object.contains("tenant"));
}

TEST_CASE("fields of a text line stand as name=value, quoted where they would run together") {
  const Configured configured(LogLevel::info, LogFormat::text);
  CHECK(stderr_of([] {
          log(LogLevel::info, "webhook", {{"path", "/a b"}, {"status", std::int64_t{200}}, {"who", "x"}});
        }) == "ringctl: info: webhook path=\"/a b\" status=200 who=x\n");
}

TEST_CASE("bytes that are no UTF-8 do not spoil a JSON line") {
  const Configured configured(LogLevel::info, LogFormat::json);
  const auto line = stderr_of([] { log(LogLevel::info, "webhook", {{"path", "/\xff\xc3"}}); });
  CHECK(nlohmann::json::parse(line).at("path") == "/\u00ff\u00c3");
}
