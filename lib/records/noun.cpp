#include "records/noun.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace ringctl::records {
namespace {

constexpr char k_separator = '\x1f';

}  // namespace

std::string key_text(std::span<const std::string> cells, std::size_t key_fields) {
  std::string key(cells.front());
  for (std::size_t i = 1; i < key_fields; ++i) key.append(1, k_separator).append(cells[i]);
  return key;
}

std::vector<std::string> key_parts(std::string_view key) {
  std::vector<std::string> parts;
  for (const auto part : base::split(key, k_separator)) parts.emplace_back(part);
  return parts;
}

std::string shown_key(std::string_view key) {
  std::string shown(key);
  std::replace(shown.begin(), shown.end(), k_separator, ' ');
  return shown;
}

std::string unique_value(const Unique& unique, std::span<const std::string> cells) {
  if (unique.only_if && cells[*unique.only_if] != "yes") return {};
  std::string value;
  for (const auto field : unique.fields) {
    if (cells[field].empty()) return {};
    if (!value.empty()) value += k_separator;
    value += cells[field];
  }
  return value;
}

std::string image_of(const Noun& noun, std::span<const std::string> cells) {
  nlohmann::json image = nlohmann::json::object();  // sorted keys: canonical
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (!cells[i].empty()) image[std::string(noun.fields[i].name)] = cells[i];
  // A row that another program wrote may hold anything; its image must still be writable.
  return image.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace ringctl::records
