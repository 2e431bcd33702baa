#include "sim/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace ringctl::sim {
namespace {

constexpr std::size_t k_deepest = 32;

/// How far the parser has read, and the line of that: it has no places of its own. Where a value ends at the
/// character behind it (numbers), that one was read already; so the last one read never counts.
class Reading {
 public:
  explicit Reading(std::string_view text) : text_(text) {}
  void advance() { ++read_; }
  std::size_t line() {
    const auto until = read_ == 0 ? 0 : read_ - 1;
    for (; counted_ < until; ++counted_)
      if (text_[counted_] == '\n') ++line_;
    return line_;
  }

 private:
  std::string_view text_;
  std::size_t read_ = 0, counted_ = 0, line_ = 1;
};

/// Hands the text to the parser and tells how far it is.
class Letters {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Letters(const char* at, Reading* reading) : at_(at), reading_(reading) {}
  reference operator*() const { return *at_; }
  Letters& operator++() {
    ++at_;
    reading_->advance();
    return *this;
  }
  Letters operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Letters& a, const Letters& b) { return a.at_ == b.at_; }
  friend bool operator!=(const Letters& a, const Letters& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  Reading* reading_;
};

struct Refused {
  std::size_t line;
  std::string path, why;
};

/// What the parser's library says of a mistake, without its own prefix: "[json.exception...] parse error at
/// line 3, column 5: syntax error while parsing value - unexpected '}'".
std::string parse_mistake(std::string_view what) {
  if (const auto at = what.find("column "); at != std::string_view::npos)
    if (const auto colon = what.find(": ", at); colon != std::string_view::npos)
      what.remove_prefix(colon + 2);
  return fmt::format("is no JSON: {}", what);
}

/// Builds the values as the parser finds them.
class Builder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  Builder(Json& root, Reading& reading) : root_(root), reading_(reading) {}

  // What the parser calls, by names of its own.
  bool null() { return put({.kind = Json::Kind::null}); }
  bool boolean(bool value) { return put({.kind = Json::Kind::flag, .text = value ? "true" : "false"}); }
  bool number_integer(number_integer_t value) { return put_number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) { return put_number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& written) { return put_number(written); }
  bool string(string_t& value) { return put({.kind = Json::Kind::text, .text = value}); }
  bool binary(binary_t&) { return false; }  // JSON has none
  bool start_object(std::size_t) { return open(Json::Kind::object); }
  bool start_array(std::size_t) { return open(Json::Kind::list); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(string_t& name) {
    auto& object = *open_.back();
    const bool twice = std::ranges::find(object.names, name) != object.names.end();
    object.names.push_back(name);
    if (twice) throw Refused{reading_.line(), object.path + "/" + name, "stands twice"};
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    throw Refused{reading_.line(), open_.empty() ? "" : open_.back()->path, parse_mistake(error.what())};
  }

 private:
  bool put_number(std::string written) {
    return put({.kind = Json::Kind::number, .text = std::move(written)});
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  Json& place(Json value) {
    value.line = reading_.line();
    if (open_.empty()) return root_ = std::move(value);
    auto& parent = *open_.back();
    value.path = fmt::format("{}/{}", parent.path,
                             parent.is_object() ? parent.names.back() : std::to_string(parent.items.size()));
    return parent.items.emplace_back(std::move(value));
  }
  bool open(Json::Kind kind) {
    auto& value = place({.kind = kind});
    if (open_.size() == k_deepest)
      throw Refused{value.line, value.path, fmt::format("is nested deeper than {} levels", k_deepest)};
    open_.push_back(&value);  // stays where it is: only the innermost open one grows
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json& root_;
  Reading& reading_;
  std::vector<Json*> open_;
};

Error bad(const std::string& file, std::size_t line, const std::string& path, const std::string& why) {
  return {Errc::invalid, "scenario.bad",
          fmt::format("{}:{}: {} {}", file, line, path.empty() ? "the file" : path, why),
          "man ringctl-scenario"};
}

void append(std::string& out, const Json& json) {
  if (json.is_text()) return base::append_json(out, json.text);
  if (json.is_list() || json.is_object()) {
    out += json.is_list() ? '[' : '{';
    for (std::size_t i = 0; i < json.items.size(); ++i) {
      if (i > 0) out += ',';
      if (json.is_object()) {
        base::append_json(out, json.names[i]);
        out += ':';
      }
      append(out, json.items[i]);
    }
    out += json.is_list() ? ']' : '}';
    return;
  }
  out += json.kind == Json::Kind::null ? "null" : json.text;
}

std::string shown(const Json& json) {
  auto text = json.dump();
  constexpr std::size_t k_most = 60;
  if (text.size() <= k_most) return text;
  auto end = k_most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

}  // namespace

const Json* Json::find(std::string_view name) const {
  const auto at = std::ranges::find(names, name);
  return at == names.end() ? nullptr : &items[static_cast<std::size_t>(at - names.begin())];
}

std::string Json::dump() const {
  std::string out;
  append(out, *this);
  return out;
}

JsonFile::JsonFile(std::string name, std::string_view text) : name_(std::move(name)) {
  if (const auto wrong = base::first_invalid_utf8(text)) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*wrong), '\n');
    throw bad(name_, static_cast<std::size_t>(line), "", fmt::format("is not UTF-8 (byte {})", *wrong + 1));
  }
  Reading reading(text);
  Builder builder(root_, reading);
  try {
    nlohmann::json::sax_parse(Letters(text.data(), &reading), Letters(text.data() + text.size(), &reading),
                              &builder);
  } catch (const Refused& refused) {
    throw bad(name_, refused.line, refused.path, refused.why);
  }
}

Error bad_json(const std::string& file, const Json& where, const std::string& why) {
  return bad(file, where.line, where.path, why);
}

void JsonFile::refuse(const Json& where, const std::string& why) const { throw bad_json(name_, where, why); }

const Json& JsonReader::object(const Json& json) const {
  if (!json.is_object()) refuse(json, fmt::format("is {}, not an object", shown(json)));
  return json;
}

const Json& JsonReader::list(const Json& json) const {
  if (!json.is_list()) refuse(json, fmt::format("is {}, not a list", shown(json)));
  return json;
}

const Json& JsonReader::object_of(const Json& json, const std::vector<std::string>& known) const {
  object(json);
  for (std::size_t i = 0; i < json.names.size(); ++i) {
    const auto& name = json.names[i];
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto near = base::nearest(name, known, 1);
    refuse(json.items[i], near.empty() ? fmt::format("is not known (known: {})", base::join(known, ", "))
                                       : fmt::format("is not known; did you mean {}?", near.front()));
  }
  return json;
}

const Json& JsonReader::member(const Json& json, std::string_view name) const {
  const auto* const found = object(json).find(name);
  if (found == nullptr) refuse(json, fmt::format("needs \"{}\"", name));
  return *found;
}

std::string JsonReader::any_text(const Json& json) const {
  if (!json.is_text()) refuse(json, fmt::format("is {}, not a text", shown(json)));
  return json.text;
}

std::string JsonReader::text(const Json& json) const {
  auto text = any_text(json);
  if (text.empty()) refuse(json, "is empty");
  if (has_control_character(text)) refuse(json, "holds a control character");
  return text;
}

bool JsonReader::flag(const Json& json) const {
  if (json.kind != Json::Kind::flag) refuse(json, fmt::format("is {}, neither true nor false", shown(json)));
  return json.is_true();
}

std::int64_t JsonReader::whole_number(const Json& json, std::int64_t least, std::int64_t most) const {
  const auto value = json.kind == Json::Kind::number ? base::parse_int(json.text) : std::nullopt;
  if (!value) refuse(json, fmt::format("is {}, not a whole number", shown(json)));
  if (*value < least || *value > most) refuse(json, fmt::format("is {}, not {} to {}", *value, least, most));
  return *value;
}

double JsonReader::share(const Json& json) const {
  const auto value = json.kind == Json::Kind::number ? std::strtod(json.text.c_str(), nullptr) : -1.0;
  if (!(value >= 0 && value <= 1)) refuse(json, fmt::format("is {}, not a number from 0 to 1", shown(json)));
  return value;
}

std::vector<std::string> JsonReader::texts(const Json& json) const {
  std::vector<std::string> all;
  for (const auto& item : list(json).items) all.push_back(text(item));
  return all;
}

std::string JsonReader::one_of(const Json& json, const std::vector<std::string>& known) const {
  auto word = text(json);
  if (std::ranges::find(known, word) != known.end()) return word;
  const auto near = base::nearest(word, known, 1);
  refuse(json, fmt::format("is {}, none of {}{}", shown(json), base::join(known, ", "),
                           near.empty() ? "" : fmt::format("; did you mean {}?", near.front())));
}

}  // namespace ringctl::sim
