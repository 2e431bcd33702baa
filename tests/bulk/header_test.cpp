#include "bulk/header.hpp"

#include "bulk/fake_adapter.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;

namespace {

using Names = std::vector<std::string>;

std::vector<ColumnMap> maps(const std::vector<std::string>& texts) {
  std::vector<ColumnMap> out;
  out.reserve(texts.size());
  for (const auto& text : texts) out.push_back(parse_column_map(text));
  return out;
}

Mapping map_names(const Names& names, const std::vector<std::string>& flags = {}, bool require_key = true) {
  return map_columns(names, test::Boxes(), maps(flags), "boxes.csv", require_key);
}

Error refusal_of(const Names& names, const std::vector<std::string>& flags = {}) {
  auto error = test::error_of([&] { map_names(names, flags); });
  REQUIRE(error);
  return *std::move(error);
}

bool has_detail(const Error& error, const std::string& line) {
  return std::find(error.details().begin(), error.details().end(), line) != error.details().end();
}

}  // namespace

TEST_CASE("columns are found by name in any order", "[bulk][header]") {
  CHECK(map_names({"tag", "name", "shelf"}) == Mapping{4, 1, 0});
}

TEST_CASE("column names may differ in case, and in spaces, dots and hyphens for underscores",
          "[bulk][header]") {
  CHECK(map_names({" SHELF ", "Box Name"}) == Mapping{0, 1});
  CHECK(map_names({"shelf", "box-name"}) == Mapping{0, 1});
  CHECK(map_names({"shelf", "BOX.NAME"}) == Mapping{0, 1});
}

TEST_CASE("aliases stand for their column", "[bulk][header]") {
  CHECK(map_names({"rack", "title", "color", "rfid"}) == Mapping{0, 1, 2, 4});
}

TEST_CASE("the columns that a rejects file adds are ignored", "[bulk][header]") {
  CHECK(map_names({"shelf", "name", "_line", "_code", "_error"}) ==
        Mapping{0, 1, std::nullopt, std::nullopt, std::nullopt});
}

TEST_CASE("the flag --map feeds a field from a column of another name", "[bulk][header]") {
  CHECK(map_names({"Regal Nr", "name"}, {"Regal Nr=shelf"}) == Mapping{0, 1});
  CHECK(map_names({"regal_nr", "name"}, {"Regal Nr=Rack"}) == Mapping{0, 1});
}

TEST_CASE("the flag --map X=- ignores a column, known or not", "[bulk][header]") {
  CHECK(map_names({"shelf", "name", "colour", "weight"}, {"colour=-", "weight=-"}) ==
        Mapping{0, 1, std::nullopt, std::nullopt});
}

TEST_CASE("the flag --map gives a column to another field than its name says", "[bulk][header]") {
  CHECK(map_names({"shelf", "name", "tag"}, {"name=tag", "tag=name"}) == Mapping{0, 4, 1});
}

TEST_CASE("an unknown column is refused with the nearest name and the way to leave it out",
          "[bulk][header]") {
  const auto error = refusal_of({"shelf", "name", "colur"});
  CHECK(error.slug() == "import.unknown_column");
  CHECK(error.errc() == Errc::invalid);
  CHECK(error.message() == "boxes.csv: unknown column \"colur\"");
  CHECK(has_detail(error, "did you mean: colour"));
  CHECK(has_detail(error, "columns: shelf, name, colour, note, tag"));
  CHECK(error.hint() == "say what it holds with --map colur=colour, or leave it out with --map colur=-");
}

TEST_CASE("all unknown columns are refused at once, with flags for each", "[bulk][header]") {
  const auto error = refusal_of({"shelf", "caps", "name", "the size", "colur"});
  CHECK(error.slug() == "import.unknown_column");
  CHECK(error.message() == R"(boxes.csv: unknown columns "caps", "the size", "colur")");
  CHECK(has_detail(error, R"("colur": did you mean: colour)"));
  CHECK(
      error.hint() ==
      "say what they hold with --map caps=FIELD --map 'the size=FIELD' --map colur=colour, or leave them out "
      "with --map caps=- --map 'the size=-' --map colur=-");
}

TEST_CASE("a header that something else separates is answered with the flag that says so", "[bulk][header]") {
  CHECK(refusal_of({"shelf;name;colour"}).hint() == "separate its columns with --input-delimiter ';'");
  CHECK(refusal_of({"shelf:name"}).hint() == "separate its columns with --input-delimiter ':'");
  CHECK(refusal_of({"shelf\tname"}).hint() == "separate its columns with --input-delimiter tab");
  CHECK(refusal_of({"shelf", "note: name"}).hint() ==
        "say what it holds with --map 'note: name=FIELD', or leave it out with --map 'note: name=-'");
}

TEST_CASE("a column without a name is refused with a hint that can be followed", "[bulk][header]") {
  const auto error = refusal_of({"", "shelf", "name"});
  CHECK(error.slug() == "import.unknown_column");
  CHECK(error.message() == "boxes.csv: a column has no name");
  CHECK(error.hint() == "name it in the header, or take it out of the file");
}

TEST_CASE("two columns for one field are refused, by alias and by --map too", "[bulk][header]") {
  CHECK(refusal_of({"shelf", "name", "shelf"}).slug() == "import.duplicate_column");
  CHECK(refusal_of({"shelf", "name", "shelf"}).hint() ==
        "rename one of them in the file; --map would ignore both");
  CHECK(refusal_of({"shelf", "name", "colour", "color"}).message() ==
        "boxes.csv: columns \"colour\" and \"color\" both hold colour");
  CHECK(refusal_of({"shelf", "name", "x"}, {"x=name"}).slug() == "import.duplicate_column");
}

TEST_CASE("a missing key column is named with the columns that are there", "[bulk][header]") {
  const auto error = refusal_of({"shelf", "colour"});
  CHECK(error.slug() == "import.missing_column");
  CHECK(error.message() == "boxes.csv: no column \"name\"");
  CHECK(has_detail(error, "columns in the file: shelf, colour"));
  CHECK(map_names({"shelf", "colour"}, {}, false) == Mapping{0, 2});
}

TEST_CASE("the flag --map to a field that does not exist is a usage error that lists the fields",
          "[bulk][header]") {
  const auto error = refusal_of({"shelf", "name", "x"}, {"x=weight"});
  CHECK(error.slug() == "import.bad_map");
  CHECK(error.errc() == Errc::usage);
  CHECK(has_detail(error, "fields: shelf, name, colour, note, tag"));
}

TEST_CASE("the flag --map text without two sides is a usage error", "[bulk][header]") {
  const auto text = GENERATE("", "=", "a=", "=b", "ab");
  CHECK(test::slug_of([&] { parse_column_map(text); }) == "import.bad_map");
}

TEST_CASE("the flag --map splits at the last equals sign, so that column names may hold one",
          "[bulk][header]") {
  const auto map = parse_column_map("a=b=name");
  CHECK(map.file_column == "a=b");
  CHECK(map.field == "name");
}

TEST_CASE("the flag --map of a column that the file does not have is a usage error", "[bulk][header]") {
  const Names names{"shelf", "name"};
  const auto given = maps({"Name=tag", "weight=-"});
  const auto error = test::error_of([&] { require_mapped_columns(names, given, "boxes.csv"); });
  REQUIRE(error);
  CHECK(error->slug() == "import.bad_map");
  CHECK(error->message() == "--map weight=-: boxes.csv has no column \"weight\"");
  CHECK(has_detail(*error, "columns in the file: shelf, name"));
  CHECK(test::slug_of([&] { require_mapped_columns(names, maps({" NAME =tag"}), "boxes.csv"); }).empty());
}

TEST_CASE("the flag --map of a column that is not there is told before the columns it left unknown",
          "[bulk][header]") {
  const auto error = refusal_of({"Regal No", "name", "weight"}, {"Regal Nr=shelf"});
  CHECK(error.slug() == "import.bad_map");
  CHECK(error.message() == "--map Regal Nr=shelf: boxes.csv has no column \"Regal Nr\"");
  CHECK(has_detail(error, "did you mean: Regal No"));
  CHECK(has_detail(error, "columns in the file: Regal No, name, weight"));
  CHECK(refusal_of({"name"}, {"rack=shelf"}).slug() == "import.bad_map");
}

TEST_CASE("the flag --map of a file without a header says that it has none", "[bulk][header]") {
  const auto error = test::error_of([&] { require_mapped_columns({}, maps({"shelf=name"}), "boxes.csv"); });
  REQUIRE(error);
  CHECK(error->hint() == "the file has no header; add a first line that names its columns");
}
