// One JSON object per line, or an array of them. Values become the text a CSV cell would hold: lists joined
// by |, an object of switches such as {"voice": true, "sms": false} the names of those that are on, any other
// object or nested list its JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "csv/json_elements.hpp"
#include "csv/readers.hpp"

namespace ringctl::csv {
namespace {

using Json = nlohmann::ordered_json;

constexpr int k_max_depth = 16;

struct Refused {
  Fault fault;
};

Refused bad(std::string_view code, std::string text) { return {{code, std::move(text)}}; }

/// Parses strictly: keys once per object, bounded depth.
Json parse_object(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > k_max_depth) throw bad("too_deep", fmt::format("nested deeper than {} levels", k_max_depth));
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      throw bad("duplicate_key",
                fmt::format("key \"{}\" stands twice in the object", parsed.get<std::string>()));
    return true;
  };
  Json object;
  try {
    object = Json::parse(text, watch);
  } catch (const Json::parse_error& error) {
    throw bad("bad_json", fmt::format("not valid JSON at byte {}", error.byte));
  }
  if (!object.is_object())
    throw bad("not_an_object", "not a JSON object (one object per line, or an array of them)");
  return object;
}

std::string scalar_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string list_text(const Json& list) {
  std::string text;
  for (const auto& item : list) {
    const auto part = scalar_text(item);
    if (part.find('|') != std::string::npos || (part.empty() && list.size() > 1) || item.is_null())
      throw bad("bad_list", "a list item is empty, null or holds |");
    if (!text.empty()) text += '|';
    text += part;
  }
  return text;
}

std::string text_of(const Json& value) {
  if (value.is_array() && std::ranges::none_of(value, [](const Json& item) { return item.is_structured(); }))
    return list_text(value);
  const bool switches = value.is_object() && !value.empty() &&
                        std::ranges::all_of(value, [](const Json& item) { return item.is_boolean(); });
  if (!switches) return value.is_structured() ? value.dump() : scalar_text(value);
  std::vector<std::string> on;
  for (const auto& [name, state] : value.items())
    if (state.get<bool>()) on.push_back(name);
  return base::join(on, "|");
}

class JsonlReader final : public Reader {
 public:
  JsonlReader(Lines lines, bool null_is_empty) : elements_(std::move(lines)), null_is_empty_(null_is_empty) {}

  bool next(Record& record) override {
    record.clear();
    Element element;
    if (!elements_.next(element)) return false;
    record.line = element.line;
    record.text = element.text;
    record.ends_input = element.fault.has_value();
    if (element.fault) {
      report(record, fault_, std::move(*element.fault));
      return true;
    }
    try {
      read(element.text, record);
    } catch (Refused& refused) {
      report(record, fault_, std::move(refused.fault));
    }
    return true;
  }

  std::span<const std::string> names() const override { return names_; }
  Format format() const override { return Format::jsonl; }
  char delimiter() const override { return 0; }
  std::string_view unit() const override { return elements_.is_array() ? "item" : "line"; }

 private:
  void read(std::string_view text, Record& record) {
    if (auto fault = find_bad_bytes(text)) throw Refused{std::move(*fault)};
    const auto object = parse_object(text);
    for (auto& value : values_) value.reset();
    std::size_t guess = 0;
    for (const auto& [key, value] : object.items()) {
      const auto index = index_of(key, guess);
      guess = index + 1;
      if (!value.is_null())
        values_[index] = checked(text_of(value));
      else if (null_is_empty_)
        values_[index] = "";
    }
    for (const auto& value : values_) record.fields.push_back(value ? Field{*value} : Field{{}, true});
  }

  static std::string checked(std::string text) {
    if (text.size() > k_max_field)
      throw bad("field_too_long", fmt::format("field is longer than {} bytes", k_max_field));
    if (text.find('\0') != std::string::npos) throw bad("nul_byte", "NUL character in a value");
    return text;
  }

  /// Place of a key; most objects have the same keys in the same order, so the one after the last comes
  /// first.
  std::size_t index_of(const std::string& key, std::size_t guess) {
    if (guess < names_.size() && names_[guess] == key) return guess;
    const auto found = std::ranges::find(names_, key);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    if (names_.size() == k_max_columns) throw Refused{too_many_columns()};
    names_.push_back(key);
    values_.emplace_back();
    return names_.size() - 1;
  }

  JsonElements elements_;
  bool null_is_empty_;
  std::vector<std::string> names_;
  std::vector<std::optional<std::string>> values_;
  Fault fault_;
};

}  // namespace

std::unique_ptr<Reader> make_jsonl_reader(Lines lines, bool null_is_empty) {
  return std::make_unique<JsonlReader>(std::move(lines), null_is_empty);
}

}  // namespace ringctl::csv
