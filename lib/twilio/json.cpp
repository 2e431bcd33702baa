// The library's events build the tree, so that what is refused is refused while it is read: a text of a
// hundred thousand brackets costs no more than its first few.
#include "twilio/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace ringctl::twilio {
namespace {

/// Names in one object, which are held against each other; Twilio's have less than a hundred.
constexpr std::size_t k_most_names = 500;

}  // namespace

/// Takes the library's events. False ends the reading.
class JsonBuilder {
 public:
  Json take() && { return std::move(root_); }
  const std::string& why() const { return why_; }

  bool null() { return add(Json::Kind::null) != nullptr; }
  bool boolean(bool value) {
    auto* const added = add(Json::Kind::flag);
    if (added != nullptr) added->flag_ = value;
    return added != nullptr;
  }
  bool number_integer(std::int64_t value) { return number(fmt::format_int(value).str()); }
  bool number_unsigned(std::uint64_t value) { return number(fmt::format_int(value).str()); }
  bool number_float(double, const std::string& text) { return number(text); }
  bool string(std::string& value) {
    if (value.find('\0') != value.npos) return refuse("a text holds a NUL");
    auto* const added = add(Json::Kind::text);
    if (added != nullptr) added->text_ = std::move(value);
    return added != nullptr;
  }
  bool binary(nlohmann::json::binary_t&) { return refuse("it holds bytes"); }
  bool start_object(std::size_t) { return open(Json::Kind::object); }
  bool start_array(std::size_t) { return open(Json::Kind::list); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    auto& [object, like] = open_.back();
    auto& names = object->names_;
    // The next name of the one before: then it is another than all so far.
    if (like != nullptr && names.size() < like->names_.size() && like->names_[names.size()] == name) {
      names.push_back(std::move(name));
      return true;
    }
    like = nullptr;
    if (names.size() == k_most_names) return refuse(fmt::format("an object has more than {} names", k_most_names));
    if (std::find(names.begin(), names.end(), name) != names.end())
      return refuse(fmt::format("{} stands twice in one object", base::in_quotes(name)));
    names.push_back(std::move(name));
    return true;
  }
  bool parse_error(std::size_t at, const std::string&, const std::exception&) {
    return refuse(fmt::format("it is no JSON at byte {}", at));
  }

 private:
  bool refuse(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return false;
  }
  bool number(std::string text) {
    auto* const added = add(Json::Kind::number);
    if (added != nullptr) added->text_ = std::move(text);
    return added != nullptr;
  }
  /// What it is in is open, and nothing is added to anything above that: pointers to those stay good.
  Json* add(Json::Kind kind) {
    if (++count_ > k_most_json) {
      refuse(fmt::format("it holds more than {} values", k_most_json));
      return nullptr;
    }
    Json* added = &root_;
    if (!open_.empty()) added = &open_.back().value->items_.emplace_back();
    added->kind_ = kind;
    return added;
  }
  bool open(Json::Kind kind) {
    if (open_.size() == static_cast<std::size_t>(k_deepest_json))
      return refuse(fmt::format("it is deeper than {} levels", k_deepest_json));
    auto* const added = add(kind);
    if (added == nullptr) return false;
    open_.push_back({added, sibling_of(kind)});
    if (const auto* const like = open_.back().like) {
      added->names_.reserve(like->names_.size());
      added->items_.reserve(like->items_.size());
    }
    return true;
  }
  /// Of an object in a list the one before it, which mostly has the same names.
  const Json* sibling_of(Json::Kind kind) const {
    if (kind != Json::Kind::object || open_.empty()) return nullptr;
    const auto& list = *open_.back().value;
    if (list.kind_ != Json::Kind::list || list.items_.size() < 2) return nullptr;
    const auto& before = list.items_[list.items_.size() - 2];
    return before.is_object() ? &before : nullptr;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  struct Open {
    Json* value;
    const Json* like;  ///< whose names it has had so far; null: it has others
  };

  Json root_;
  std::vector<Open> open_;
  std::size_t count_ = 0;
  std::string why_;
};

std::optional<Json> Json::try_parse(std::string_view text, std::string* why) {
  JsonBuilder builder;
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder).take();
  if (why != nullptr) *why = builder.why().empty() ? "it is no JSON" : builder.why();
  return std::nullopt;
}

const Json* Json::find(std::string_view name) const {
  const auto at = std::find(names_.begin(), names_.end(), name);
  return at == names_.end() ? nullptr : &items_[static_cast<std::size_t>(at - names_.begin())];
}

std::string Json::text(std::string_view name) const {
  const auto* const found = find(name);
  if (found == nullptr || (found->kind_ != Kind::text && found->kind_ != Kind::number)) return {};
  return found->text_;
}

bool Json::flag(std::string_view name, bool otherwise) const {
  const auto* const found = find(name);
  if (found == nullptr) return otherwise;
  if (found->kind_ == Kind::flag) return found->flag_;
  if (found->kind_ == Kind::text && found->text_ == "true") return true;
  if (found->kind_ == Kind::text && found->text_ == "false") return false;
  return otherwise;
}

std::optional<std::int64_t> Json::whole(std::string_view name) const { return base::parse_int(text(name)); }

std::optional<base::Instant> Json::instant(std::string_view name) const { return try_parse_time(text(name)); }

namespace {

/// The decimal digits of `text`, exactly `count` of them; -1 if there are others.
int digits(std::string_view text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<base::Instant> instant_of(int year, int month, int day, int hour, int minute, int second,
                                        std::chrono::minutes offset) {
  if (year < 0 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) - offset;
}

/// "Z", "GMT", "+0000", "+02:00"
std::optional<std::chrono::minutes> offset_of(std::string_view text) {
  if (text == "Z" || text == "GMT" || text == "UTC") return std::chrono::minutes(0);
  if (text.size() < 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int hours = digits(text.substr(1), 2);
  const auto rest = text.substr(text[3] == ':' ? 4 : 3);
  const int minutes = digits(rest, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || rest.size() != 2) return std::nullopt;
  const std::chrono::minutes offset(hours * 60 + minutes);
  return text[0] == '-' ? -offset : offset;
}

/// "30 Jul 2015 23:19:04 +0000"
std::optional<base::Instant> parse_rfc2822(std::string_view text) {
  constexpr std::array<std::string_view, 12> k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto words = base::split(text, ' ');
  if (words.size() != 5 || words[0].empty() || words[0].size() > 2 || words[3].size() != 8)
    return std::nullopt;
  const auto month = std::find(k_months.begin(), k_months.end(), words[1]);
  const auto offset = offset_of(words[4]);
  if (month == k_months.end() || words[2].size() != 4 || words[3][2] != ':' || words[3][5] != ':' || !offset)
    return std::nullopt;
  return instant_of(digits(words[2], 4), static_cast<int>(month - k_months.begin()) + 1,
                    digits(words[0], words[0].size()), digits(words[3], 2), digits(words[3].substr(3), 2),
                    digits(words[3].substr(6), 2), *offset);
}

/// "2015-07-30T20:00:00.123Z"
std::optional<base::Instant> parse_iso(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return std::nullopt;
  std::size_t end = 19;
  int ms = 0;
  if (text[end] == '.') {
    int weight = 100;
    for (++end; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end, weight /= 10)
      ms += (text[end] - '0') * weight;
  }
  const auto offset = offset_of(text.substr(end));
  if (!offset) return std::nullopt;
  const auto at =
      instant_of(digits(text, 4), digits(text.substr(5), 2), digits(text.substr(8), 2),
                 digits(text.substr(11), 2), digits(text.substr(14), 2), digits(text.substr(17), 2), *offset);
  return at ? std::optional(*at + std::chrono::milliseconds(ms)) : std::nullopt;
}

constexpr std::int64_t k_million = 1'000'000;

/// Its digits in millionths, the seventh place rounding the sixth; nullopt where they do not fit.
std::optional<std::int64_t> millionths(std::string_view whole, std::string_view places) {
  const auto units = base::parse_int(whole.empty() ? "0" : whole);
  if (!units || *units > std::numeric_limits<std::int64_t>::max() / k_million - 1) return std::nullopt;
  std::int64_t part = 0;
  for (std::size_t i = 0; i < 6; ++i) part = part * 10 + (i < places.size() ? places[i] - '0' : 0);
  if (places.size() > 6 && places[6] >= '5') ++part;
  return *units * k_million + part;
}

}  // namespace

std::optional<base::Instant> try_parse_time(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.size() > 5 && text[3] == ',' && text[4] == ' ') return parse_rfc2822(text.substr(5));
  return text[0] >= '0' && text[0] <= '9' && text.find('T') != text.npos ? parse_iso(text)
                                                                         : parse_rfc2822(text);
}

std::optional<std::int64_t> Json::micros(std::string_view name) const {
  const auto value = text(name);
  std::string_view left = value;
  const bool negative = left.starts_with('-');
  if (negative) left.remove_prefix(1);
  const auto dot = left.find('.');
  const auto whole = left.substr(0, dot);
  const auto places = dot == left.npos ? std::string_view() : left.substr(dot + 1);
  const auto is_digits = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() && places.empty()) return std::nullopt;
  if (!is_digits(whole) || !is_digits(places)) return std::nullopt;
  const auto amount = millionths(whole, places);
  return amount && negative ? std::optional(-*amount) : amount;
}

std::string money_text(std::int64_t micros) {
  const auto magnitude =
      micros < 0 ? 0 - static_cast<std::uint64_t>(micros) : static_cast<std::uint64_t>(micros);
  auto text = fmt::format("{}{}.{:06}", micros < 0 ? "-" : "", magnitude / k_million, magnitude % k_million);
  const auto least = text.size() - 4;  // two places stay
  while (text.size() > least && text.back() == '0') text.pop_back();
  return text;
}

}  // namespace ringctl::twilio
