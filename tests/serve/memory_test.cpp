#include "serve/memory.hpp"

#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

TEST_CASE("the first text of a key stands until it is replaced", "[serve][memory]") {
  Memory memory(4, 1000);
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
  Memory memory(3, 1000);
  for (const auto* key : {"CA1", "CA2", "CA3"}) memory.put(key, key);
  memory.replace("CA1", "changed");
  memory.put("CA4", "CA4");
  CHECK(memory.find("CA1").empty());
  CHECK(memory.find("CA2") == "CA2");
  CHECK(memory.find("CA4") == "CA4");
}

TEST_CASE("however few texts there are, they take no more than so many bytes", "[serve][memory]") {
  Memory memory(100, 50);
  for (const auto* key : {"CA1", "CA2", "CA3"}) memory.put(key, std::string(20, 'x'));
  CHECK(memory.find("CA1").empty());
  CHECK(memory.find("CA2").size() == 20);
  CHECK(memory.find("CA3").size() == 20);
  memory.replace("CA3", std::string(40, 'y'));
  CHECK(memory.find("CA2").empty());
  CHECK(memory.find("CA3").size() == 40);
  // The newest is kept, whatever it takes.
  memory.put("CA4", std::string(1000, 'z'));
  CHECK(memory.find("CA3").empty());
  CHECK(memory.find("CA4").size() == 1000);
}

}  // namespace
}  // namespace ringctl::serve
