#include "bulk/estate_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "csv/reader.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace ringctl::bulk;

namespace {

EstateFile read(std::string_view text) {
  const test::TempDir dir;
  const auto path = dir / "estate.json";
  test::write_text(path, text);
  return read_estate_file(path.string(), {});
}

std::string array_of(const EstateSection& section) {
  std::string text;
  const auto failed = base::read_back(section.file.get(), [&](std::string_view piece) { text += piece; });
  CHECK_FALSE(failed);
  return text;
}

/// "estate.bad_json line 1, column 1: an estate is one JSON object"
std::string fault_of(std::string_view text) {
  const auto error = test::error_of([&] { read(text); });
  if (!error) return {};
  CHECK(error->errc() == Errc::invalid);
  return error->slug() + error->message().substr(error->message().find(": ") + 1);
}

}  // namespace

TEST_CASE("an estate comes apart into an array for each of its nouns, whatever ends its lines", "[bulk]") {
  const std::string end = GENERATE("\n", "\r\n", "\r");
  const auto file =
      read(fmt::format("{{{0}  \"schema\": 1,{0}  \"workspace\": \"Büro \\\"2\\\"\",{0}  \"users\": [{0}"
                       "    {{\"email\": \"ann@example.com\"}},{0}    {{\"skills\": [\"a]\", \"\\\"b\"]}}{0}"
                       "  ],{0}  \"numbers\": []{0}}}{0}",
                       end));
  CHECK(file.workspace == "Büro \"2\"");
  REQUIRE(file.sections.size() == 2);
  CHECK(file.sections[0].noun == "users");
  CHECK(file.find("numbers") == &file.sections[1]);
  CHECK(file.find("rules") == nullptr);
  CHECK(array_of(file.sections[0]) ==
        "[ {\"email\": \"ann@example.com\"},\n {\"skills\": [\"a]\", \"\\\"b\"]} ]");
  CHECK(array_of(file.sections[1]) == "[]");
}

TEST_CASE("an estate on one line of any length comes apart into lines that can be read", "[bulk]") {
  nlohmann::json items = nlohmann::json::array();
  for (int i = 0; i < 30'000; ++i)
    items.push_back({{"email", fmt::format("agent{}@example.com", i)}, {"name", std::string(40, 'x')}});
  const auto file = read(nlohmann::json{{"schema", 1}, {"users", items}}.dump());
  const auto text = array_of(file.sections.at(0));
  REQUIRE(text.size() > 2 * csv::k_max_record);
  for (const auto line : base::split(text, '\n')) CHECK(line.size() < csv::k_max_record);
  CHECK(nlohmann::json::parse(text) == items);
}

TEST_CASE("what is no estate is refused with the place where it stops being one", "[bulk]") {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"", "estate.bad_json line 1, column 1: an estate is one JSON object"},
      {"[]", "estate.bad_json line 1, column 1: an estate is one JSON object"},
      {"{} {}", "estate.bad_json line 1, column 4: something stands behind the estate"},
      {"{\"schema\": 1,}", "estate.bad_json line 1, column 14: the name of a section stands in quotes"},
      {"{\"schema\" 1}", "estate.bad_json line 1, column 11: no : stands here"},
      {"{\"schema\": 1 \"users\": []}", "estate.bad_json line 1, column 14: neither , nor } stands here"},
      {"{\"schema\": 1, \"users\": {}}",
       "estate.bad_json line 1, column 24: \"users\" is no array of objects"},
      {"{\"schema\": 1, \"users\": [\n1]}",
       "estate.bad_json line 2, column 1: an item of \"users\" is no object"},
      {"{\"schema\": 1, \"users\": [{},\n]}",
       "estate.bad_json line 2, column 1: an item of \"users\" is no object"},
      {"{\"schema\": 1, \"users\": [{} {}]}",
       "estate.bad_json line 1, column 28: behind an item of \"users\" stands neither , nor ]"},
      {"{\"users\": [{\"é\": [}]}", "estate.bad_json line 1, column 19: } where ] closes"},
      {"{\"users\": [{\"name\": \"a\nb\"}]}",
       "estate.bad_json line 1, column 23: a text does not go on past the end of its line, nor hold a control "
       "character"},
      {"{\"users\": [{\"name\": \"a\"}", "estate.bad_json line 1, column 25: the file ends within \"users\""},
      {"{\"users\": [{\"name\": \"a", "estate.bad_json line 1, column 23: the file ends within \"users\""},
      {"{\"users\": [{\"a\": " + std::string(40, '['),
       "estate.bad_json line 1, column 49: nested deeper than 32 levels"},
      {"{\"workspace\": 1}", "estate.bad_json line 1, column 15: the name of a workspace stands in quotes"},
      {"{\"schema\": 2}", "estate.bad_schema line 1, column 12: schema 2: this ringctl reads 1"},
      {"{\"schema\": \"1\"}", "estate.bad_schema line 1, column 12: \"schema\" is no whole number"},
      {"{\"users\": []}", "estate.bad_schema it does not say its schema"},
      {"{\"users\": [],\n \"users\": []}",
       "estate.duplicate_key line 2, column 2: \"users\" stands twice in the file"},
  };
  for (const auto& [text, fault] : all) {
    INFO(text);
    CHECK(fault_of(text) == fault);
  }
}

TEST_CASE("an unknown section is refused with those that are known", "[bulk]") {
  const auto error = test::error_of([] { read("{\"schema\": 1,\n  \"user\": []}"); });
  REQUIRE(error);
  CHECK(error->slug() == "estate.unknown_section");
  CHECK(error->message().ends_with("line 2, column 3: unknown section \"user\""));
  REQUIRE(error->details().size() == 2);
  CHECK(error->details()[0].starts_with("did you mean: users"));
  CHECK(error->details()[1] ==
        "sections: numbers, teams, users, contacts, optouts, assignments, pools, extensions, rules");
}
