#include "messages/segments.hpp"

#include <string>

#include "support/catch.hpp"

namespace ringctl::messages {
namespace {

TEST_CASE("a text is cut into parts as the network cuts it", "[messages]") {
  CHECK(size_of("").segments == 1);
  CHECK(size_of(std::string(160, 'x')).segments == 1);
  CHECK(size_of(std::string(161, 'x')).segments == 2);
  CHECK(size_of(std::string(306, 'x')).segments == 2);
  CHECK(size_of(std::string(307, 'x')).segments == 3);
  CHECK(size_of(std::string(80, '[')).segments == 1);  // two septets each
  CHECK(size_of(std::string(81, '[')).segments == 2);
  CHECK(size_of(std::string(70, 'x') + "é").segments == 1);
  CHECK(size_of(std::string(69, 'x') + "✓").segments == 1);
  CHECK(size_of(std::string(70, 'x') + "✓").segments == 2);
  CHECK(size_of(std::string(69, 'x') + "😀").segments == 2);  // two units of UTF-16
  CHECK(size_of("\xFF").segments == 1);
  CHECK(size_of("é✓😀x").characters == 4);
  CHECK(size_of("é").encoding == Encoding::gsm7);
  CHECK(size_of("✓").encoding == Encoding::ucs2);
}

}  // namespace
}  // namespace ringctl::messages
