// Random files against random tables: a dry run predicts what the import does, the import does what a simple
// model says, and the second run finds nothing left to do.

#include <map>
#include <random>

#include "bulk/imports.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Imports;
using test::Lines;

namespace {

using Cells = std::array<std::string, 7>;

class World {
 public:
  explicit World(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::string one_of(std::initializer_list<const char*> choices) {
    return *(choices.begin() + below(choices.size()));
  }

  std::string number() {
    return below(4) == 0 ? fmt::format("+4420794600{:02}", below(12))
                         : fmt::format("+120255501{:02}", below(24));
  }

  Cells row() {
    const auto phone = number();
    const bool american = phone[1] == '1';
    const auto sid = below(6) != 0 ? one_of({"", "", "-"}) : fmt::format("PN{:032x}", below(8));
    return {phone,
            one_of({"", "twilio", "telnyx", "-"}),
            american ? one_of({"", "US", "-", "us"}) : one_of({"", "GB", "-", "UK"}),
            one_of({"", "Sales", "\"a, b\"", "-", "'=1+1"}),
            one_of({"", "active", "Inactive", "-"}),
            one_of({"", "voice", "sms|voice", "SMS", "-"}),
            sid};
  }

  /// `spoiled`: with rows that are invalid, and rows that come twice, as they were or changed.
  std::string file(std::size_t rows, bool spoiled) {
    std::string text = "phone_number,provider,country_code,label,status,capabilities,sid\n";
    std::vector<Cells> written;
    for (std::size_t i = 0; i < rows; ++i) {
      auto cells = row();
      if (spoiled && below(8) == 0) cells[below(7)] = one_of({"nonsense words", "+1", "?"});
      if (spoiled && below(6) == 0 && !written.empty()) cells = written[below(written.size())];
      if (!spoiled && is_taken(cells, written)) continue;
      written.push_back(cells);
      for (std::size_t c = 0; c < cells.size(); ++c) text.append(c == 0 ? "" : ",").append(cells[c]);
      text += '\n';
    }
    return text;
  }

 private:
  static bool is_taken(const Cells& cells, const std::vector<Cells>& written) {
    return std::any_of(written.begin(), written.end(), [&](const Cells& other) {
      return other[0] == cells[0] || (cells[6].size() > 1 && other[6] == cells[6]);
    });
  }
  std::mt19937 random_;
};

/// What a table holds after a file without a bad row, by the words of the manual.
class Model {
 public:
  explicit Model(const Lines& numbers) {
    for (const auto& line : numbers) {
      const auto bar = line.find('|');
      held_[line.substr(0, bar)] = line.substr(bar + 1, line.rfind(' ') - bar - 1);
    }
  }

  void apply(const Cells& row) {
    auto old = held_.find(row[0]);
    std::array<std::string, 6> values;
    if (old != held_.end()) {
      std::size_t at = 0;
      for (auto& value : values) {
        const auto bar = std::min(old->second.find('|', at), old->second.size());
        value = old->second.substr(at, bar - at);
        at = bar + 1;
      }
    } else {
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = cleared(i, row[0]);
    }
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!row[i + 1].empty()) values[i] = row[i + 1] == "-" ? cleared(i, row[0]) : canonical(row[i + 1]);
    auto& text = held_[row[0]];
    text.clear();
    for (std::size_t i = 0; i < values.size(); ++i) text.append(i == 0 ? "" : "|").append(values[i]);
  }

  Lines lines() const {
    Lines out;
    for (const auto& [number, values] : held_) out.push_back(fmt::format("{}|{}", number, values));
    return out;
  }

 private:
  static std::string own_country(const std::string& number) { return number[1] == '1' ? "US" : "GB"; }
  static std::string cleared(std::size_t column, const std::string& number) {
    const std::array<std::string, 6> values{"twilio", own_country(number), "", "active", "", ""};
    return values[column];
  }
  static std::string canonical(const std::string& text) {
    if (text == "us") return "US";
    if (text == "UK") return "GB";
    if (text == "\"a, b\"") return "a, b";
    if (text == "'=1+1") return "=1+1";
    if (text == "Inactive") return "inactive";
    if (text == "voice") return R"({"voice":true})";
    if (text == "sms|voice") return R"({"sms":true,"voice":true})";
    if (text == "SMS") return R"({"sms":true})";
    return text;
  }
  std::map<std::string, std::string> held_;
};

std::vector<Cells> rows_of(const std::string& file) {
  std::vector<Cells> out;
  std::size_t at = file.find('\n') + 1;
  while (at < file.size()) {
    const auto end = file.find('\n', at);
    Cells cells;
    std::size_t column = 0;
    bool inside = false;
    for (; at < end; ++at) {
      if (file[at] == '"') inside = !inside;
      if (file[at] == ',' && !inside)
        ++column;
      else
        cells[column] += file[at];
    }
    out.push_back(cells);
    at = end + 1;
  }
  return out;
}

Lines without_versions(const Lines& lines) {
  Lines out;
  for (const auto& line : lines) out.push_back(line.substr(0, line.rfind(' ')));
  return out;
}

ImportOptions random_options(World& world) {
  ImportOptions options;
  options.on_conflict = std::array{OnConflict::update, OnConflict::skip, OnConflict::fail}[world.below(3)];
  if (const auto* text = std::array{"", "3", "100%"}[world.below(3)]; *text != '\0')
    options.allowance = parse_allowance(text);
  options.batch_rows = 1 + world.below(9);
  return options;
}

}  // namespace

TEST_CASE("a dry run predicts what the import does, whatever file meets whatever table", "[bulk][import]") {
  const auto engine = GENERATE(from_range(test::engines()));
  Imports i(engine);
  const auto other = i.database.add_workspace("other");
  ImportOptions theirs;
  theirs.intake.path = i.file(
      "phone_number,sid\n+12025550123,PN00000000000000000000000000000007\n+442079460011,\n", "theirs.csv");
  REQUIRE(i.run(theirs, other).outcome == Errc::ok);
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    World world(seed);
    CAPTURE(seed);
    i.exec("DELETE FROM phone_numbers WHERE workspace_id = $1", {i.workspace});
    i.import(world.file(world.below(30), false));
    const auto file = world.file(1 + world.below(30), true);
    const auto options = random_options(world);
    auto planning = options;
    planning.dry_run = true;
    CAPTURE(file, options.batch_rows, options.allowance.text(), static_cast<int>(options.on_conflict));

    const auto before = i.numbers();
    const auto plan = i.import(file, planning);
    CHECK(i.numbers() == before);
    const auto done = i.import(file, options);
    CHECK(done.outcome == plan.outcome);
    if (!done.stopped_midway) CHECK(test::text_of(done.counts) == test::text_of(plan.counts));
    if (done.outcome == Errc::conflict || done.outcome == Errc::invalid)
      if (!done.stopped_midway) CHECK(i.numbers() == before);
    if (done.outcome != Errc::ok || options.on_conflict != OnConflict::update) continue;
    const auto again = i.import(file, options);
    CHECK(again.counts.created + again.counts.updated == 0);
    CHECK(again.outcome == Errc::ok);
  }
  CHECK_FALSE(i.audit_verdict().broken_at);
}

TEST_CASE("what an import leaves is what the model says", "[bulk][import]") {
  const auto engine = GENERATE(from_range(test::engines()));
  Imports i(engine);
  int imported = 0;
  for (std::uint32_t seed = 100; seed < 160; ++seed) {
    World world(seed);
    i.exec("DELETE FROM phone_numbers WHERE workspace_id = $1", {i.workspace});
    REQUIRE(i.import(world.file(20, false)).outcome == Errc::ok);
    const auto before = i.numbers();
    const auto file = world.file(20, false);
    CAPTURE(seed, file, before);
    ImportOptions options;
    options.batch_rows = 1 + world.below(9);
    const auto report = i.import(file, options);
    if (report.outcome != Errc::ok) {  // a SID that another row has
      CHECK(report.outcome == Errc::conflict);
      CHECK(i.numbers() == before);
      continue;
    }
    ++imported;
    Model model(before);
    for (const auto& row : rows_of(file)) model.apply(row);
    CHECK(without_versions(i.numbers()) == model.lines());
    const auto undone =
        report.counts.created + report.counts.updated == 0 ? UndoReport{} : i.undo(*report.job);
    CHECK(undone.kept_count == 0);
    CHECK(without_versions(i.numbers()) == without_versions(before));
  }
  CHECK(imported > 15);
}
