// The journal's copy of an import's options, so that `jobs resume` can run it again.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "bulk/import.hpp"
#include "bulk/names.hpp"

namespace ringctl::bulk {

std::string to_json(const ImportOptions& options) {
  const auto& intake = options.intake;
  nlohmann::json maps = nlohmann::json::array();
  for (const auto& map : intake.maps) maps.push_back({map.file_column, map.field});
  const auto absolute = [](const std::filesystem::path& path) {
    return path.empty() || path == "-" ? path.string() : std::filesystem::absolute(path).string();
  };
  return nlohmann::json{{"path", intake.fd < 0 ? absolute(intake.path) : intake.path},
                        {"format", name_of(intake.format)},
                        {"encoding", name_of(intake.encoding)},
                        {"delimiter", std::string(intake.delimiter == 0 ? 0 : 1, intake.delimiter)},
                        {"header", name_of(intake.header)},
                        {"maps", maps},
                        {"default_country", intake.reading.default_country},
                        {"on_conflict", name_of(options.on_conflict)},
                        {"max_errors", options.allowance.text()},
                        {"rejects", absolute(options.rejects)}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ImportOptions options_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text);
  ImportOptions options;
  auto& intake = options.intake;
  intake.path = json.at("path").get<std::string>();
  intake.format = choice_of<csv::Format>(json.at("format").get<std::string>());
  intake.encoding = choice_of<csv::Encoding>(json.at("encoding").get<std::string>());
  const auto delimiter = json.at("delimiter").get<std::string>();
  intake.delimiter = delimiter.empty() ? '\0' : delimiter.front();
  intake.header = choice_of<HeaderMode>(json.at("header").get<std::string>());
  for (const auto& map : json.at("maps"))
    intake.maps.push_back({map.at(0).get<std::string>(), map.at(1).get<std::string>()});
  intake.reading.default_country = json.at("default_country").get<std::string>();
  options.on_conflict = choice_of<OnConflict>(json.at("on_conflict").get<std::string>());
  if (const auto allowance = json.at("max_errors").get<std::string>(); !allowance.empty())
    options.allowance = parse_allowance(allowance);
  options.rejects = json.at("rejects").get<std::string>();
  return options;
}

bool same_meaning(std::string_view options, std::string_view other_options) {
  const auto rules = [](std::string_view text) {
    auto json = nlohmann::json::parse(text);
    for (const auto* name : {"path", "rejects", "max_errors"}) json.erase(name);
    return json;
  };
  return rules(options) == rules(other_options);
}

}  // namespace ringctl::bulk
