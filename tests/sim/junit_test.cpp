#include "sim/junit.hpp"

#include "support/catch.hpp"

using namespace ringctl::sim;
using namespace std::chrono_literals;

TEST_CASE("verdicts are counted and told in JUnit's XML", "[sim]") {
  const auto text =
      junit("ringctl sim", {{.name = "passes", .file = "a.json", .took = 2ms},
                            {.name = "fails", .file = "b.json", .failure = "one\ntwo\n", .output = "x"},
                            {.name = "is bad", .file = "c.json", .error = "c.json:1: no"}});
  CHECK(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
  CHECK(text.find("tests=\"3\" failures=\"1\" errors=\"1\"") != std::string::npos);
  CHECK(text.find("<testcase classname=\"a.json\" name=\"passes\" time=\"0.002\"/>") != std::string::npos);
  CHECK(text.find("<failure message=\"one\">one\ntwo\n</failure>") != std::string::npos);
  CHECK(text.find("<error message=\"c.json:1: no\">") != std::string::npos);
  CHECK(text.ends_with("</testsuites>\n"));
}

TEST_CASE("names and texts cannot break the XML", "[sim]") {
  const auto text = junit("s", {{.name = "a<b>&\"c\"\x01", .file = "x", .failure = "</failure>"}});
  CHECK(text.find("name=\"a&lt;b&gt;&amp;&quot;c&quot;?\"") != std::string::npos);
  CHECK(text.find("&lt;/failure&gt;</failure>") != std::string::npos);
}
