#include "config/command.hpp"

#include <algorithm>

#include "config/world.hpp"

namespace ringctl::config {
namespace {

using namespace std::chrono_literals;

std::string output_of(const std::vector<std::string>& argv) {
  return run_command("api_secret", argv).reveal();
}

TEST_CASE("the output of a command is taken as it is, and no shell reads its arguments", "[config]") {
  CHECK(output_of({"printf", "%s|", "a b", "$HOME;`id`", "*"}) == "a b|$HOME;`id`|*|");
}

TEST_CASE("a command's standard input is empty", "[config]") {
  CHECK(output_of({"sh", "-c", "cat; echo end"}) == "end\n");
}

TEST_CASE("a command gets an environment without secrets", "[config]") {
  const std::vector<std::string> secret = {"TWILIO_API_KEY",
                                           "TWILIO_API_SECRET",
                                           "TWILIO_AUTH_TOKEN",
                                           "TWILIO_AUTH_TOKEN_FILE",
                                           "RINGCTL_DATABASE_URL",
                                           "CREDENTIALS_DIRECTORY",
                                           "TWILIO_AUTH_TOKEN_SECONDARY",
                                           "PGPASSWORD"};
  for (const auto& name : secret) ::setenv(name.c_str(), "canary-77", 1);
  ::setenv("RINGCTL_TEST_PLAIN", "kept", 1);
  const auto seen = output_of({"env"});
  const auto kept = child_environment();
  for (const auto& name : secret) ::unsetenv(name.c_str());
  ::unsetenv("RINGCTL_TEST_PLAIN");
  CHECK(seen.find("canary-77") == std::string::npos);
  CHECK(seen.find("RINGCTL_TEST_PLAIN=kept\n") != std::string::npos);
  CHECK(std::count(kept.begin(), kept.end(), "RINGCTL_TEST_PLAIN=kept") == 1);
}

TEST_CASE("a command that fails is an error that names it and nothing it printed", "[config]") {
  const auto failed = error_of([] { output_of({"sh", "-c", "echo canary-77; exit 3"}); });
  CHECK(failed.errc() == Errc::config);
  CHECK(failed.slug() == "config.secret_command");
  CHECK(failed.message() == "the command for api_secret (sh) failed: ended with status 3");
  CHECK(whole(failed).find("canary-77") == std::string::npos);
  CHECK(error_of([] {
          output_of({"sh", "-c", "kill -9 $$"});
        }).message() == "the command for api_secret (sh) failed: ended by signal 9");
  CHECK(error_of([] { output_of({"/nonexistent/program"}); }).message() ==
        "the command for api_secret (/nonexistent/program) failed: No such file or directory");
}

TEST_CASE("a command that prints without end is stopped at the cap", "[config]") {
  const auto error = error_of([] { run_command("api_secret", {"yes"}, {10s, 1000}); });
  CHECK(error.message() == "the command for api_secret (yes) failed: it printed more than 1000 bytes");
}

TEST_CASE("a command that never answers is stopped at its deadline", "[config]") {
  const auto error = error_of([] { run_command("api_secret", {"tail", "-f", "/dev/null"}, {20ms, 1000}); });
  CHECK(error.message() == "the command for api_secret (tail) failed: no answer within 20 ms");
}

}  // namespace
}  // namespace ringctl::config
