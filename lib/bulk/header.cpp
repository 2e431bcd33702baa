#include "bulk/header.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "bulk/problems.hpp"

namespace ringctl::bulk {
namespace {

std::string normal(std::string_view name) {
  std::string out = base::ascii_lower(base::trim(name));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == ' ' || c == '-' || c == '.'; }, '_');
  return out;
}

bool is_reject_column(std::string_view name) {
  return name == "_line" || name == "_code" || name == "_error";
}

std::optional<std::size_t> find_field(std::string_view name, std::span<const Column> columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& aliases = columns[i].aliases;
    if (columns[i].name == name || std::find(aliases.begin(), aliases.end(), name) != aliases.end()) return i;
  }
  return std::nullopt;
}

std::vector<std::string> field_names(std::span<const Column> columns) {
  std::vector<std::string> out;
  for (const auto& column : columns) out.emplace_back(column.name);
  return out;
}

std::optional<std::size_t> mapped_by_flag(const ColumnMap& map, const Adapter& adapter) {
  if (map.field == "-") return std::nullopt;
  if (const auto field = find_field(normal(map.field), adapter.columns())) return field;
  throw Error(Errc::usage, "import.bad_map",
              fmt::format("--map {}={}: {} have no field \"{}\"", map.file_column, map.field, adapter.noun(),
                          map.field))
      .detail(fmt::format("fields: {}", base::join(field_names(adapter.columns()), ", ")));
}

/// "phone_number;label", "+12025550100|twilio": a line whose columns something else separates.
char separator_within(std::string_view line, const Adapter& adapter) {
  for (const char separator : {',', ';', '\t', '|', ':'}) {
    const auto parts = base::split(line, separator);
    const bool known = std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
      return find_field(normal(part), adapter.columns()) || adapter.looks_like_key(base::trim(part));
    });
    if (parts.size() > 1 && known) return separator;
  }
  return 0;
}

std::string flags_for(std::span<const std::string> names, const std::vector<std::string>& fields) {
  constexpr std::size_t k_named = 10;
  std::string flags;
  for (std::size_t i = 0; i < names.size() && i < k_named; ++i)
    fmt::format_to(std::back_inserter(flags), "{}--map {}", i == 0 ? "" : " ",
                   base::for_shell(fmt::format("{}={}", names[i], fields[i])));
  return names.size() > k_named ? flags + " ..." : flags;
}

/// All of them at once: whoever mends the command line wants to do it once.
[[noreturn]] void refuse_unknown(const std::vector<std::string>& names, bool only_column,
                                 const Adapter& adapter, const std::string& file) {
  const auto known = field_names(adapter.columns());
  const auto refuse = [&](const std::string& what, std::string hint) {
    return Error(Errc::invalid, "import.unknown_column", fmt::format("{}: {}", file, what), std::move(hint));
  };
  std::vector<std::string> quoted, fields, nearest;
  for (const auto& name : names) {
    quoted.push_back(base::in_quotes(name));
    const auto near = base::nearest(normal(name), known);
    fields.push_back(near.empty() ? "FIELD" : near.front());
    if (!near.empty())
      nearest.push_back(names.size() == 1
                            ? fmt::format("did you mean: {}", base::join(near, ", "))
                            : fmt::format("{}: did you mean: {}", quoted.back(), base::join(near, ", ")));
  }
  const auto what =
      fmt::format("unknown {} {}", names.size() == 1 ? "column" : "columns", base::join(quoted, ", "));
  if (const char separator = only_column ? separator_within(names.front(), adapter) : '\0')
    throw refuse(what, separator == '\t'
                           ? "separate its columns with --input-delimiter tab"
                           : fmt::format("separate its columns with --input-delimiter '{}'", separator))
        .detail(fmt::format("columns: {}", base::join(known, ", ")));
  const std::vector<std::string> left_out(names.size(), "-");
  auto error =
      refuse(what, fmt::format("say what {} with {}, or leave {} out with {}",
                               names.size() == 1 ? "it holds" : "they hold", flags_for(names, fields),
                               names.size() == 1 ? "it" : "them", flags_for(names, left_out)));
  for (auto& line : nearest) error.detail(std::move(line));
  throw std::move(error).detail(fmt::format("columns: {}", base::join(known, ", ")));
}

Error nameless_column(const std::string& file) {
  return {Errc::invalid, "import.unknown_column", fmt::format("{}: a column has no name", file),
          "name it in the header, or take it out of the file"};
}

}  // namespace

ColumnMap parse_column_map(std::string_view text) {
  const auto equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
    throw Error(Errc::usage, "import.bad_map", fmt::format("--map \"{}\" is not COLUMN=FIELD", text),
                "--map 'Phone No=phone_number'");
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

Mapping map_columns(std::span<const std::string> names, const Adapter& adapter,
                    std::span<const ColumnMap> maps, const std::string& file, bool require_key) {
  Mapping mapping;
  std::vector<const std::string*> taken_by(adapter.columns().size(), nullptr);
  std::vector<std::string> unknown;
  for (const auto& name : names) {
    const auto flag = std::find_if(maps.begin(), maps.end(), [&](const ColumnMap& map) {
      return normal(map.file_column) == normal(name);
    });
    std::optional<std::size_t> field;
    if (flag != maps.end()) {
      field = mapped_by_flag(*flag, adapter);
    } else if (!is_reject_column(normal(name))) {
      field = find_field(normal(name), adapter.columns());
      if (!field && normal(name).empty()) throw nameless_column(file);
      if (!field) unknown.push_back(name);
    }
    if (field) {
      if (taken_by[*field] != nullptr)
        throw Error(Errc::invalid, "import.duplicate_column",
                    fmt::format(R"({}: columns "{}" and "{}" both hold {})", file, *taken_by[*field], name,
                                adapter.columns()[*field].name),
                    normal(name) == normal(*taken_by[*field])
                        ? "rename one of them in the file; --map would ignore both"
                        : fmt::format("ignore one of them with --map '{}=-'", name));
      taken_by[*field] = &name;
    }
    mapping.push_back(field);
  }
  // A slip in the flag is why a column seems unknown, or missing.
  if (require_key) require_mapped_columns(names, maps, file);
  if (!unknown.empty()) refuse_unknown(unknown, names.size() == 1, adapter, file);
  for (std::size_t key = 0; require_key && key < adapter.key_columns(); ++key)
    if (taken_by[key] == nullptr)
      throw Error(
          Errc::invalid, "import.missing_column",
          fmt::format("{}: no column \"{}\"", file, adapter.columns()[key].name),
          fmt::format("name the column that holds it with --map 'COLUMN={}'", adapter.columns()[key].name))
          .detail(fmt::format("columns in the file: {}", base::join({names.begin(), names.end()}, ", ")));
  return mapping;
}

void require_mapped_columns(std::span<const std::string> names, std::span<const ColumnMap> maps,
                            const std::string& file) {
  for (const auto& map : maps) {
    const bool there = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return normal(name) == normal(map.file_column);
    });
    if (there) continue;
    Error error(Errc::usage, "import.bad_map",
                fmt::format("--map {}={}: {} has no column \"{}\"", map.file_column, map.field, file,
                            map.file_column));
    if (names.empty())
      throw Error(error.errc(), error.slug(), error.message(),
                  "the file has no header; add a first line that names its columns");
    std::vector<std::string> columns(names.begin(), names.end()), normalised;
    std::transform(columns.begin(), columns.end(), std::back_inserter(normalised), normal);
    std::vector<std::string> near;
    for (const auto& name : base::nearest(normal(map.file_column), normalised)) {
      const auto at = std::find(normalised.begin(), normalised.end(), name);
      near.push_back(columns[static_cast<std::size_t>(at - normalised.begin())]);
    }
    if (!near.empty()) error.detail(fmt::format("did you mean: {}", base::join(near, ", ")));
    throw std::move(error).detail(fmt::format("columns in the file: {}", base::join(columns, ", ")));
  }
}

bool names_key_column(std::string_view text, const Adapter& adapter) {
  const auto field = find_field(normal(text), adapter.columns());
  return field && *field < adapter.key_columns();
}

Mapping positional(const Adapter& adapter) {
  Mapping mapping;
  for (std::size_t i = 0; i < adapter.columns().size(); ++i) mapping.emplace_back(i);
  return mapping;
}

}  // namespace ringctl::bulk
