#include "base/cancel.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"

using ringctl::Errc;
using ringctl::base::CancelToken;
using ringctl::test::error_of;

TEST_CASE("work goes on until it is cancelled") {
  const CancelToken token;
  CHECK_FALSE(token.cancelled());
  CHECK_NOTHROW(token.check());
}

TEST_CASE("the first reason to stop wins and becomes the exit status") {
  CancelToken token;
  token.cancel(143);
  token.cancel(130);
  CHECK(token.cancelled());
  CHECK(token.exit_status() == 143);
}

TEST_CASE("a deadline with nothing to resume says how to have a longer one") {
  CancelToken token;
  token.cancel(41);
  CHECK(error_of([&] { token.check(); })->hint() == "give it longer with --timeout");
}

TEST_CASE("each reason to stop has its own error, with the way to resume as its hint") {
  const auto [status, code, slug] =
      GENERATE(table<int, Errc, std::string>({{130, Errc::interrupted, "run.interrupted"},
                                              {143, Errc::terminated, "run.terminated"},
                                              {41, Errc::timeout, "run.timeout"}}));
  CancelToken token;
  token.cancel(status);
  const auto error = error_of([&] { token.check("ringctl jobs resume 5be01d7a"); });
  REQUIRE(error);
  CHECK(error->errc() == code);
  CHECK(error->slug() == slug);
  CHECK(error->hint() == "ringctl jobs resume 5be01d7a");
}
