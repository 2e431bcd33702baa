// Times as people type them on the real program: what period they make, and in which zone days begin.

#include <fmt/format.h>

#include "support/site.hpp"

using namespace ringctl;
using test::Site;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

Site::Arguments with(Site::Arguments words, const Site::Arguments& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("a period that ends before it begins is refused, whatever it is of", "[system]") {
  const Site site(any_engine());
  site.init();
  const Site::Arguments commands[] = {
      {"calls", "list"},      {"calls", "export"},     {"calls", "reconcile"},    {"messages", "list"},
      {"messages", "export"}, {"messages", "threads"}, {"messages", "reconcile"}, {"notifications", "list"},
      {"audit", "list"},      {"audit", "export"},     {"webhooks", "replay"}};
  for (const auto& command : commands) {
    const auto reversed = site.run(with(command, {"--since", "yesterday", "--until", "-7d"}));
    CHECK(test::failure_of(reversed) == "2 usage.empty_period");
    CHECK(reversed.err.find("the period would end (") != std::string::npos);
    CHECK(reversed.err.ends_with("hint: --since TIME --until TIME, the earlier one first\n"));
    CHECK(site.failure(with(command, {"--since", "2026-03-08", "--until", "2026-03-08"})) ==
          "2 usage.empty_period");
  }
  for (const auto* noun : {"calls", "messages", "audit"})
    CHECK(site.json({noun, "list", "--since", "2100-01-01"}).empty());
}
