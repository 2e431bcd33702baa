#include "base/secret.hpp"

#include <fmt/format.h>

#include "support/catch.hpp"

using ringctl::base::redact_url;
using ringctl::base::Secret;

TEST_CASE("a secret prints as stars") {
  const Secret secret("correct-horse-battery");
  CHECK(fmt::format("{}", format_as(secret)) == "***");
  CHECK(secret.masked() == "****tery");
  CHECK(secret.reveal() == "correct-horse-battery");
}

TEST_CASE("a short secret shows none of its characters") {
  CHECK(Secret("hunter2").masked() == "****");
  CHECK(Secret().masked() == "****");
  CHECK(Secret().empty());
}

TEST_CASE("nothing of a secret stays behind where it was moved from") {
  const auto value =
      GENERATE(as<std::string>{}, "short", "long enough not to live inside the string object itself");
  Secret source(value);
  const Secret target(std::move(source));
  CHECK(target.reveal() == value);
  // Looking at a moved-from object is the point of this test.
  CHECK(source.empty());  // NOLINT(bugprone-use-after-move)
  const auto* bytes = reinterpret_cast<const char*>(&source);
  CHECK(std::string_view(bytes, sizeof source).find(value.substr(0, 5)) == std::string_view::npos);
}

TEST_CASE("a copied secret is a secret of its own") {
  Secret first("first-secret-value");
  Secret second("second");
  second = first;
  first = Secret("changed");
  CHECK(second.reveal() == "first-secret-value");
}

TEST_CASE("the password in a URL is replaced by stars") {
  CHECK(redact_url("postgresql://app:pa%40ss@db1,db2/ringctl?x=1") ==
        "postgresql://app:***@db1,db2/ringctl?x=1");
  CHECK(redact_url("https://user:p:w@example.com:8443/a") == "https://user:***@example.com:8443/a");
  CHECK(redact_url("postgresql://app:p@ss@db/ringctl") == "postgresql://app:***@db/ringctl");
  CHECK(redact_url("postgresql://app:sla/sh@db/ringctl") == "postgresql://app:***@db/ringctl");
  CHECK(redact_url("postgresql://db/ringctl?user=app&password=hunter2&sslmode=require") ==
        "postgresql://db/ringctl?user=app&password=***&sslmode=require");
  CHECK(redact_url("postgresql://db/r?sslpassword=hunter2") == "postgresql://db/r?sslpassword=***");
  CHECK(redact_url("host=db password=hunter2 user=app") == "host=db password=*** user=app");
  CHECK(redact_url("host=db password='hun ter2' user=app").find("ter2") == std::string::npos);
}

TEST_CASE("a URL without a password stays as it is") {
  for (const auto* url :
       {"sqlite:/var/lib/ringctl/ringctl.db", "postgresql://app@db:5432/ringctl", "https://[::1]:8080/x",
        "https://example.com:80/a@b", "postgresql:///ringctl?host=/run", "", "plain text"}) {
    INFO(url);
    CHECK(redact_url(url) == url);
  }
}

TEST_CASE("text that only looks like a parameter is no reason to fail") {
  CHECK(redact_url("mypassword=x") == "mypassword=x");
  CHECK(redact_url("xpassword=y") == "xpassword=y");
}
