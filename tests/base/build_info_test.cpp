#include "base/build_info.hpp"

#include "support/catch.hpp"

TEST_CASE("the binary knows what it was built from") {
  const auto& info = ringctl::base::build_info();
  CHECK(info.version.find('.') != std::string_view::npos);
  CHECK_FALSE(info.commit.empty());
  CHECK_FALSE(info.compiler.empty());
  CHECK_FALSE(info.type.empty());
}
