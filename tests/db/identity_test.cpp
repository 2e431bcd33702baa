#include "db/identity.hpp"

#include <filesystem>

#include "support/catch.hpp"

using ringctl::db::identity_of;

TEST_CASE("a database on a server is its hosts and its name, whoever asks and however", "[db]") {
  const std::string prod = "postgresql://db1:5432,db2:5432/ringctl";
  CHECK(identity_of("postgresql://ringctl:secret@db1:5432,db2:5432/ringctl") == prod);
  CHECK(identity_of("postgres://other@DB1:5432,db2:5432/ringctl?connect_timeout=3") == prod);
  CHECK(identity_of("postgresql:///ringctl?host=db1,db2&port=5432") == prod);
  CHECK(identity_of("postgresql://ringctl@db1:5432/ringctl") != prod);
  CHECK(identity_of("postgresql://ringctl@db1:5432,db2:5432/test") != prod);
}

TEST_CASE("a file is the same from wherever it is named", "[db]") {
  const auto here = std::filesystem::current_path();
  CHECK(identity_of("sqlite:ringctl.db") == "sqlite:" + (here / "ringctl.db").string());
  CHECK(identity_of("sqlite:///tmp/ringctl.db") == identity_of("sqlite:/tmp/ringctl.db"));
  CHECK(identity_of("sqlite:./x/../ringctl.db") == identity_of("sqlite:ringctl.db"));
}

TEST_CASE("what is no URL of a database shows no password", "[db]") {
  const auto text = identity_of("postgresql://u:s3cret@h:port%zz/db");
  CHECK(text.find("s3cret") == std::string::npos);
}
