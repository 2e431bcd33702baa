#include "sim/scenario.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/text.hpp"
#include "sim/scenario_parts.hpp"

namespace ringctl::sim {
namespace {

constexpr std::size_t k_most_bytes = 8U << 20U;

/// Nouns whose rows a scenario can give, in the order in which they depend on each other.
constexpr std::array<std::string_view, 9> k_nouns = {
    "teams", "users", "numbers", "assignments", "pools", "extensions", "contacts", "optouts", "rules"};

std::string read_whole(const std::filesystem::path& path) {
  std::error_code wrong;
  const bool is_file = !std::filesystem::is_directory(path, wrong);
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!is_file || !in)
    throw Error(Errc::usage, "scenario.no_file",
                fmt::format("{} cannot be read: {}", base::in_quotes(path.string()),
                            std::generic_category().message(is_file ? errno : EISDIR)));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > k_most_bytes)
    throw Error(Errc::invalid, "scenario.too_large",
                fmt::format("{} is larger than {} MiB", path.string(), k_most_bytes >> 20U));
  return text;
}

base::Instant read_instant(const JsonReader& read, const Json& json) {
  try {
    return base::parse_utc(read.text(json));
  } catch (const Error&) {
    // "2026-03-09T15:00:00Z" is what people write; base reads milliseconds too.
  }
  auto text = json.text;
  if (text.size() == 20 && text.back() == 'Z') {
    text.insert(19, ".000");
    try {
      return base::parse_utc(text);
    } catch (const Error&) {
      // said below
    }
  }
  read.refuse(json, fmt::format("is {}, not a time such as 2026-03-09T15:00:00Z", json.dump()));
}

Given read_given(const JsonReader& read, const Json& json, const std::filesystem::path& folder) {
  Given given;
  given.nouns = read_rows(read, json, {"estate", "workspace"});
  if (const auto* const estate = json.find("estate")) {
    given.estate = folder / read.text(*estate);
    std::error_code wrong;
    if (!std::filesystem::is_directory(given.estate, wrong))
      read.refuse(*estate, fmt::format("is {}, which is no folder", estate->dump()));
  }
  if (const auto* const workspace = json.find("workspace"))
    given.workspace = read_workspace(read, *workspace);
  return given;
}

}  // namespace

std::vector<GivenRows> read_rows(const JsonReader& read, const Json& json,
                                 const std::vector<std::string>& others) {
  auto known = others;
  known.insert(known.end(), k_nouns.begin(), k_nouns.end());
  read.object_of(json, known);
  std::vector<GivenRows> all;
  for (const auto noun : k_nouns) {
    const auto* const rows = json.find(noun);
    if (rows == nullptr) continue;
    for (const auto& row : read.list(*rows).items) read.object(row);
    all.push_back({std::string(noun), rows->items});
  }
  return all;
}

std::vector<std::pair<std::string, Json>> read_workspace(const JsonReader& read, const Json& json) {
  std::vector<std::pair<std::string, Json>> all;
  for (std::size_t i = 0; i < read.object(json).items.size(); ++i) {
    const auto& value = json.items[i];
    if (value.is_list() || value.is_object())
      read.refuse(value, fmt::format("is {}, not a value", value.dump()));
    all.emplace_back(json.names[i], value);
  }
  return all;
}

std::string read_address(const JsonReader& read, const Json& json) {
  auto text = read.text(json);
  if (!text.starts_with('+') && !text.starts_with("client:") && !text.starts_with("sip:"))
    read.refuse(json, fmt::format("is {}: an address begins with +, client: or sip:", json.dump()));
  return text;
}

base::Instant default_beginning() { return base::parse_utc("2026-03-09T15:00:00.000Z"); }

Scenario read_scenario(const std::string& file, std::string_view text, const std::filesystem::path& folder) {
  const JsonFile parsed(file, text);
  const JsonReader read(parsed);
  const auto& root = read.object_of(parsed.root(), {"scenario", "covers", "seed", "at", "latency_ms", "given",
                                                    "people", "steps", "faults", "expect"});
  Scenario scenario;
  scenario.file = file;
  scenario.at = default_beginning();
  scenario.name = read.text(read.member(root, "scenario"));
  constexpr std::int64_t k_most_seed = std::int64_t{1} << 53, k_most_latency = 60'000;
  if (const auto* const covers = root.find("covers")) scenario.covers = read.texts(*covers);
  if (const auto* const seed = root.find("seed"))
    scenario.seed = static_cast<std::uint64_t>(read.whole_number(*seed, 0, k_most_seed));
  if (const auto* const at = root.find("at")) scenario.at = read_instant(read, *at);
  if (const auto* const latency = root.find("latency_ms"))
    scenario.latency = milliseconds(read.whole_number(*latency, 0, k_most_latency));
  if (const auto* const given = root.find("given")) scenario.given = read_given(read, *given, folder);
  if (const auto* const people = root.find("people"))
    for (std::size_t i = 0; i < read.object(*people).items.size(); ++i) {
      Json address{.kind = Json::Kind::text,
                   .text = people->names[i],
                   .line = people->items[i].line,
                   .path = people->items[i].path};
      scenario.people.emplace(read_address(read, address), read_behaviour(read, people->items[i]));
    }
  StepNames names;
  scenario.steps = read_steps(read, read.member(root, "steps"), names);
  if (const auto* const faults = root.find("faults")) scenario.faults = read_faults(read, *faults);
  if (const auto* const expect = root.find("expect")) scenario.expect = read_expect(read, *expect, names);
  return scenario;
}

Scenario load_scenario(const std::filesystem::path& path) {
  return read_scenario(path.string(), read_whole(path), path.parent_path());
}

}  // namespace ringctl::sim
