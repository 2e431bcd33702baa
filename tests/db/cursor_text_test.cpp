#include "db/cursor_text.hpp"

#include "support/catch.hpp"

using namespace ringctl;

namespace {

constexpr db::CursorKeys k_calls = {"ringctl_calls_cursor", "closed_seq", "call_sid"};
constexpr auto k_workspace = "01748768-0000-7f00-8000-000000000001";

}  // namespace

TEST_CASE("a cursor's file is one line, and is read back as it was", "[db]") {
  const db::CursorPlace place = {base::Uuid::parse(k_workspace), 41, "CA\"\n"};
  const auto text = db::cursor_text(k_calls, place);
  CHECK(text == R"({"call_sid":"CA\"\n","closed_seq":41,"ringctl_calls_cursor":1,"workspace":")" +
                    std::string(k_workspace) + "\"}\n");
  const auto read = db::parse_cursor(k_calls, text);
  REQUIRE(read);
  CHECK(read->workspace == place.workspace);
  CHECK(read->place == place.place);
  CHECK(read->row == place.row);
}

TEST_CASE("what is no cursor of the kind is none", "[db]") {
  const std::string ours = db::cursor_text(k_calls, {base::Uuid::parse(k_workspace), 41, "CA1"});
  const auto changed = [&](const std::string& from, const std::string& to) {
    auto text = ours;
    return text.replace(text.find(from), from.size(), to);
  };
  const std::string no_cursors[] = {"",
                                    "41",
                                    "[]",
                                    "{}",
                                    ours.substr(0, ours.size() / 2),
                                    changed("ringctl_calls", "ringctl_audit"),
                                    changed("_cursor\":1", "_cursor\":2"),
                                    changed("_cursor\":1", "_cursor\":\"1\""),
                                    changed(":41", ":-1"),
                                    changed(":41", ":\"41\""),
                                    changed("\"CA1\"", "null"),
                                    changed("01748768", "nonsense")};
  for (const auto& text : no_cursors) {
    CAPTURE(text);
    CHECK_FALSE(db::parse_cursor(k_calls, text));
  }
  CHECK(db::parse_cursor(k_calls, ours));
}
