#include "limits/emergency.hpp"

#include "support/catch.hpp"

using ringctl::limits::is_for_help;

TEST_CASE("help is called by the numbers of the workspace's country and of the number called from",
          "[limits]") {
  const std::string us = "US", none;
  CHECK(is_for_help("911", us, ""));
  CHECK(is_for_help("112", none, ""));
  CHECK_FALSE(is_for_help("999", us, "+12025550100"));
  CHECK(is_for_help("999", us, "+442079460123"));
  CHECK(is_for_help("999", std::string("GB"), ""));
  CHECK_FALSE(is_for_help("999", none, "anonymous"));
  CHECK_FALSE(is_for_help("+12025550199", us, ""));
  CHECK_FALSE(is_for_help("", us, ""));
}

TEST_CASE("of a workspace that nothing is known of, any country's numbers call help", "[limits]") {
  CHECK(is_for_help("999", std::nullopt, ""));
  CHECK(is_for_help("911", std::nullopt, ""));
  CHECK_FALSE(is_for_help("411", std::nullopt, ""));
  CHECK_FALSE(is_for_help("12025550199", std::nullopt, ""));
}
