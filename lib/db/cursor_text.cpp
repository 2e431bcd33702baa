#include "db/cursor_text.hpp"

#include <nlohmann/json.hpp>

namespace ringctl::db {
namespace {

constexpr int k_version = 1;

}  // namespace

std::string cursor_text(const CursorKeys& keys, const CursorPlace& cursor) {
  return nlohmann::json{{keys.kind, k_version},
                        {"workspace", cursor.workspace.view()},
                        {keys.place, cursor.place},
                        {keys.row, cursor.row}}
             .dump() +
         "\n";
}

std::optional<CursorPlace> parse_cursor(const CursorKeys& keys, std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    const auto workspace = base::Uuid::try_parse(json.at("workspace").get<std::string>());
    const auto place = json.at(keys.place).get<std::int64_t>();
    if (json.at(keys.kind).get<int>() != k_version || !workspace || place < 0) return std::nullopt;
    return CursorPlace{*workspace, place, json.at(keys.row).get<std::string>()};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace ringctl::db
