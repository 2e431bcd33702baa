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

std::vector<std::string> unique_values(const Unique& unique, std::span<const std::string> cells) {
  if (unique.only_if && cells[*unique.only_if] != "yes") return {};
  std::vector<std::string> values;
  if (!unique.holders) {
    std::vector<std::string> parts;
    for (const auto field : unique.fields) parts.push_back(cells[field]);
    if (std::find(parts.begin(), parts.end(), std::string()) == parts.end())
      values.push_back(key_text(parts, parts.size()));
    return values;
  }
  for (const auto field : unique.fields)
    for (const auto item : base::split(cells[field], '|'))
      if (!item.empty() && std::find(values.begin(), values.end(), item) == values.end())
        values.emplace_back(item);
  return values;
}

std::size_t field_of(const Unique& unique, std::span<const std::string> cells, std::string_view value) {
  for (const auto field : unique.fields) {
    const auto items = base::split(cells[field], '|');
    if (unique.holders && std::find(items.begin(), items.end(), value) != items.end()) return field;
  }
  return unique.fields.front();
}

std::vector<std::string> values_beyond(std::vector<std::string> values, std::span<const std::string> others) {
  std::erase_if(values, [&](const std::string& value) {
    return std::find(others.begin(), others.end(), value) != others.end();
  });
  return values;
}

std::string image_of(const Noun& noun, std::span<const std::string> cells) {
  nlohmann::json image = nlohmann::json::object();  // sorted keys: canonical
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (!cells[i].empty()) image[std::string(noun.fields[i].name)] = cells[i];
  // A row that another program wrote may hold anything; its image must still be writable.
  return image.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace ringctl::records
