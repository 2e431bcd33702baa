#include "cmd/errors.hpp"

#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/log.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::cmd;
using nlohmann::json;

namespace {
Environment nothing() {
  return [](const std::string&) { return std::optional<std::string>(); };
}
Error example() {
  return Error(Errc::locked, "lock.held", "another ringctl is running \"limits reset\"",
               "add --lock-wait 10m")
      .detail("pid 4711 on pbx1")
      .job("5be01d7a");
}
template <class Thrown>
Error caught(Thrown thrown) {
  return to_error(std::make_exception_ptr(thrown));
}
}  // namespace

TEST_CASE("an error is a line, its details and a hint", "[cmd]") {
  CHECK(error_text(example(), Paint(false)) ==
        "ringctl: another ringctl is running \"limits reset\"  [lock.held]\n"
        "  pid 4711 on pbx1\n"
        "  hint: add --lock-wait 10m\n");
}

TEST_CASE("an error cannot drive the terminal", "[cmd]") {
  const Error error(Errc::invalid, "x.y", "bad \x1b[2J value");
  CHECK(error_text(error, Paint(false)) == "ringctl: bad ␛[2J value  [x.y]\n");
}

TEST_CASE("an error is one JSON object on one line", "[cmd]") {
  const auto text = error_json(example());
  CHECK(text.find('\n') == text.size() - 1);
  CHECK(json::parse(text) == json::parse(R"({"error":{"code":"lock.held","exit":11,
    "message":"another ringctl is running \"limits reset\"","hint":"add --lock-wait 10m","retryable":true,
    "details":{"lines":["pid 4711 on pbx1"]},"job_id":"5be01d7a"}})"));
}

TEST_CASE("an error in JSON names the answer behind it and how long to wait", "[cmd]") {
  Error error(Errc::twilio_rate, "twilio.rate_limited", "HTTP 429");
  error.answered("RQ0123456789abcdef0123456789abcdef", std::chrono::seconds(30));
  Globals globals;
  globals.workspace = "branch";
  for (const auto& one :
       {error, with_same_target(error.with_hint("ringctl jobs resume 5be01d7a"), globals)}) {
    const auto object = json::parse(error_json(one))["error"];
    CHECK(object["request_id"] == "RQ0123456789abcdef0123456789abcdef");
    CHECK(object["retry_after_s"] == 30);
  }
}

TEST_CASE("the figures behind an error stand beside its lines in JSON", "[cmd]") {
  Error error(Errc::differs, "limits.limit_reached", "no");
  const std::string figures = R"({"used":5})";
  CHECK(figures_of(std::make_exception_ptr(ErrorWithFigures(error, figures))) == figures);
  CHECK(figures_of(std::make_exception_ptr(error)).empty());
  CHECK(json::parse(error_json(error, figures))["error"]["details"] == json{{"used", 5}});
  error.detail("and more");
  CHECK(json::parse(error_json(error, figures))["error"]["details"] ==
        json{{"used", 5}, {"lines", json::array({"and more"})}});
  CHECK(caught(ErrorWithFigures(error, figures)).details() == error.details());
}

TEST_CASE("what is no Error is a bug, and its words are kept back", "[cmd]") {
  const auto error = caught(std::runtime_error("token=hunter2"));
  CHECK(error.errc() == Errc::failure);
  CHECK(error.slug() == "internal.bug");
  CHECK(error_text(error, Paint(false)).find("hunter2") == std::string::npos);
  CHECK(error.message() == "internal error: std::runtime_error");
  CHECK(caught(42).errc() == Errc::failure);
  CHECK(caught(std::bad_alloc()).slug() == "internal.out_of_memory");
}

TEST_CASE("with -v a bug says all it knows", "[cmd]") {
  base::configure_log(base::LogLevel::info, base::LogFormat::text);
  const auto error = caught(std::runtime_error("lost"));
  base::configure_log(base::LogLevel::warn, base::LogFormat::text);
  CHECK(error.message() == "internal error: std::runtime_error: lost");
}

TEST_CASE("an Error stays itself", "[cmd]") { CHECK(caught(example()).job_id() == "5be01d7a"); }

TEST_CASE("colour is recognised on any command line", "[cmd]") {
  CHECK(color_on_line({"nubmers", "--no-color"}) == "never");
  CHECK(color_on_line({"--color", "always", "nubmers"}) == "always");
  CHECK(color_on_line({"numbers", "lsit", "--color=never"}) == "never");
  CHECK(color_on_line({"--color=always", "--no-color"}) == "never");
  CHECK(color_on_line({"numbers", "--", "--no-color"}).empty());
}

TEST_CASE("JSON errors are recognised on any command line", "[cmd]") {
  using Words = std::vector<std::string>;
  CHECK(wants_json_errors({"nubmers", "-o", "json"}, nothing()));
  CHECK(wants_json_errors({"--json"}, nothing()));
  CHECK(wants_json_errors({"--output=jsonl"}, nothing()));
  CHECK(wants_json_errors({"-ojson"}, nothing()));
  CHECK(wants_json_errors({"--log-format", "json"}, nothing()));
  CHECK(wants_json_errors({"--log-format=json", "-o", "csv"}, nothing()));
  CHECK(wants_json_errors({"-o", "csv", "--log-format=json"}, nothing()));
  CHECK(wants_json_errors({"-qojson"}, nothing()));
  CHECK(wants_json_errors({"-nyo", "jsonl"}, nothing()));
  CHECK_FALSE(wants_json_errors({"-wojson"}, nothing()));
  CHECK_FALSE(wants_json_errors({"-qojson", "-ocsv"}, nothing()));
  CHECK_FALSE(wants_json_errors({"-o", "csv"}, nothing()));
  CHECK_FALSE(wants_json_errors({"--", "--json"}, nothing()));
  const Environment json_output = [](const std::string& name) {
    return name == "RINGCTL_OUTPUT" ? std::optional<std::string>("json") : std::nullopt;
  };
  CHECK(wants_json_errors({}, json_output));
  CHECK_FALSE(wants_json_errors(Words{"-o", "table"}, json_output));
}

TEST_CASE("a command that a hint names acts where the run did", "[cmd]") {
  Globals globals;
  const auto hint = [&](const std::string& given) {
    return with_same_target(Error(Errc::not_found, "x.y", "gone", given), globals).hint();
  };
  CHECK(hint("ringctl numbers list") == "ringctl numbers list");
  globals.database = "sqlite:my estate.db";
  globals.workspace = "branch";
  CHECK(hint("ringctl numbers list") ==
        "ringctl --database 'sqlite:my estate.db' --workspace branch numbers list");
  CHECK(hint("ringctl init --workspace 'x'") ==
        "ringctl --database 'sqlite:my estate.db' init --workspace 'x'");
  CHECK(
      hint("mend rows.csv, then: ringctl numbers import rows.csv") ==
      "mend rows.csv, then: ringctl --database 'sqlite:my estate.db' --workspace branch numbers import rows.csv");
  CHECK(hint("add --yes") == "add --yes");
  Error told(Errc::conflict, "x.y", "gone");
  told.detail("numbers were applied: ringctl jobs undo 5be01d7a").detail("ask for ringctl jobs");
  CHECK(with_same_target(told, globals).details() ==
        std::vector<std::string>{
            "numbers were applied: ringctl --database 'sqlite:my estate.db' --workspace branch "
            "jobs undo 5be01d7a",
            "ask for ringctl jobs"});
  globals.database = "postgresql://ann:secret@pbx1/estate";
  globals.profile = "it's";
  CHECK(hint("ringctl init") == "ringctl --profile 'it'\\''s' --workspace branch init");
  globals.config_file = "my.toml";
  CHECK(hint("ringctl profiles list --profile default") ==
        "ringctl --config my.toml --workspace branch profiles list --profile default");
  const auto same = with_same_target(example(), globals);
  CHECK(same.details() == example().details());
  CHECK(same.job_id() == "5be01d7a");
}
