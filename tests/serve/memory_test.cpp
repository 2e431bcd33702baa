#include "serve/memory.hpp"

#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

TEST_CASE("the first text of a key stands until it is replaced", "[serve][memory]") {
  Memory memory(4);
  CHECK(memory.put("CA1", "first") == "first");
  CHECK(memory.put("CA1", "second") == "first");
  CHECK(memory.find("CA1") == "first");
  memory.replace("CA1", "third");
  CHECK(memory.find("CA1") == "third");
  memory.replace("CA2", "new");
  CHECK(memory.find("CA2") == "new");
  CHECK(memory.find("CA3").empty());
}

TEST_CASE("when it is full the oldest goes, however often it was replaced", "[serve][memory]") {
  Memory memory(3);
  for (const auto* key : {"CA1", "CA2", "CA3"}) memory.put(key, key);
  memory.replace("CA1", "changed");
  memory.put("CA4", "CA4");
  CHECK(memory.find("CA1").empty());
  CHECK(memory.find("CA2") == "CA2");
  CHECK(memory.find("CA4") == "CA4");
}

}  // namespace
}  // namespace ringctl::serve
