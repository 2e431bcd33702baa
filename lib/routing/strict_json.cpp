#include "routing/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"

namespace ringctl::routing {
namespace {

using Json = nlohmann::ordered_json;

/// Where the parser is: the key or index at each level.
class Places {
 public:
  explicit Places(std::string root) : root_(std::move(root)) {}
  void open(bool list) { levels_.push_back({list, {}, {}, 0}); }
  void close() {
    levels_.pop_back();
    next_item();
  }
  bool key(const std::string& key) {
    levels_.back().key = key;
    return levels_.back().keys.insert(key).second;
  }
  void next_item() {
    if (!levels_.empty()) ++levels_.back().index;
  }
  std::string path() const {
    auto path = root_;
    for (const auto& level : levels_) path += "/" + (level.list ? std::to_string(level.index) : level.key);
    return path;
  }

 private:
  struct Level {
    bool list;
    std::set<std::string> keys;
    std::string key;
    std::size_t index;
  };
  std::string root_;
  std::vector<Level> levels_;
};

Value value_of(const Json& json) {
  using Kind = Value::Kind;
  if (json.is_string()) return {Kind::text, json.get<std::string>()};
  Value value{Kind::other, json.dump(-1, ' ', false, Json::error_handler_t::replace)};
  if (json.is_boolean()) {
    value.kind = Kind::flag;
    value.flag = json.get<bool>();
  } else if (json.is_structured()) {
    value.kind = json.is_array() ? Kind::list : Kind::object;
    for (const auto& [key, item] : json.items()) {
      value.keys.push_back(key);
      value.items.push_back(value_of(item));
    }
  }
  return value;
}

}  // namespace

Value parse_strict(std::string_view text, const std::string& path) {
  if (const auto bad = base::first_invalid_utf8(text))
    throw Refused{path, fmt::format("is not UTF-8 (byte {})", *bad + 1)};
  Places places(path);
  using Event = Json::parse_event_t;
  const auto watch = [&](int depth, Event event, Json& parsed) {
    if (depth > k_deepest) throw Refused{path, fmt::format("is nested deeper than {} levels", k_deepest)};
    if (event == Event::object_start || event == Event::array_start)
      places.open(event == Event::array_start);
    else if (event == Event::object_end || event == Event::array_end)
      places.close();
    else if (event == Event::value)
      places.next_item();
    else if (!places.key(parsed.get<std::string>()))
      throw Refused{places.path(), "stands twice"};
    return true;
  };
  try {
    return value_of(Json::parse(text, watch));
  } catch (const Json::parse_error& error) {
    throw Refused{path, fmt::format("is no JSON (byte {})", error.byte)};
  } catch (const Json::exception&) {  // a number past all bounds
    throw Refused{path, "holds what cannot be read"};
  }
}

std::string Node::text() const {
  if (!is_text()) refuse(fmt::format("{} is no text", base::in_quotes(value_.text)));
  auto text = std::string(base::trim(value_.text));
  if (text.empty()) refuse("is empty");
  const bool odd = std::any_of(text.begin(), text.end(),
                               [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (odd) refuse("holds a control character");
  return text;
}

bool Node::flag() const {
  if (value_.kind != Value::Kind::flag)
    refuse(fmt::format("{} is neither true nor false", base::in_quotes(value_.text)));
  return value_.flag;
}

void Node::require_list() const {
  if (value_.kind != Value::Kind::list) refuse(fmt::format("{} is no list", base::in_quotes(value_.text)));
}

void Node::each(std::size_t most, const std::function<void(const Node&)>& visit) const {
  if (value_.kind != Value::Kind::list) return visit(*this);
  const auto& items = value_.items;
  if (items.empty()) refuse("is empty");
  if (items.size() > most) refuse(fmt::format("has {} items, at most {} are taken", items.size(), most));
  for (std::size_t i = 0; i < items.size(); ++i) visit(Node(items[i], fmt::format("{}/{}", path_, i)));
}

void Node::each_key(std::initializer_list<std::string_view> known,
                    const std::function<void(std::string_view, const Node&)>& visit) const {
  if (value_.kind != Value::Kind::object)
    refuse(fmt::format("{} is no object", base::in_quotes(value_.text)));
  for (std::size_t i = 0; i < value_.keys.size(); ++i) {
    const auto& key = value_.keys[i];
    const Node node(value_.items[i], fmt::format("{}/{}", path_, key));
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      const auto near = base::nearest(key, {known.begin(), known.end()}, 1);
      node.refuse(near.empty() ? fmt::format("is not known (known: {})", fmt::join(known, ", "))
                               : fmt::format("is not known; did you mean {}?", near.front()));
    }
    visit(key, node);
  }
}

}  // namespace ringctl::routing
