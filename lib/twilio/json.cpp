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
    if (added != nullptr) added->text_ = value;  // the library reads the next one into the same room
    return added != nullptr;
  }
  bool binary(nlohmann::json::binary_t&) { return refuse("it holds bytes"); }
  bool start_object(std::size_t) { return open(Json::Kind::object); }
  bool start_array(std::size_t) { return open(Json::Kind::list); }
  bool end_object() {
    open_.back().close();
    open_.pop_back();
    return true;
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  bool key(std::string& name) {
    auto& open = open_.back();
    const auto count = open.value->items_.size();
    // The next name of the one that it is like: then it is another than all so far.
    if (open.like != nullptr && count < open.like->names().size() && open.like->names()[count] == name)
      return true;
    open.differ();
    auto& names = open.names;
    if (count == k_most_names) return refuse(fmt::format("an object has more than {} names", k_most_names));
    if (std::find(names.begin(), names.end(), name) != names.end())
      return refuse(fmt::format("{} stands twice in one object", base::in_quotes(name)));
    names.push_back(name);
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
    const auto* const like = kind == Json::Kind::object ? like_of(added) : nullptr;
    if (like != nullptr) added->items_.reserve(like->items_.size());
    open_.push_back({.value = added, .like = like});
    return true;
  }
  /// The object before it in a list, or its place in the object that the one it is in is like: those mostly
  /// have the same names. Null: there is none.
  const Json* like_of(const Json* added) const {
    if (open_.empty()) return nullptr;
    const auto& in = open_.back();
    const auto at = static_cast<std::size_t>(added - in.value->items_.data());
    const Json* like = nullptr;
    if (in.value->is_list())
      like = at == 0 ? nullptr : &in.value->items_[at - 1];
    else if (in.like != nullptr)
      like = &in.like->items_[at];
    return like != nullptr && like->is_object() ? like : nullptr;
  }

  struct Open {
    Json* value;
    const Json* like;                     ///< an object whose names it has had so far; null: it has others
    std::vector<std::string> names = {};  ///< its own, where it is like none

    /// From now on.
    void differ() {
      if (like == nullptr) return;
      const auto& theirs = like->names();
      names.assign(theirs.begin(), theirs.begin() + std::ssize(value->items_));
      like = nullptr;
    }
    void close() {
      if (like != nullptr && like->names().size() == value->items_.size()) {
        value->names_ = like->names_;
        return;
      }
      differ();
      if (!names.empty()) value->names_ = std::make_shared<const std::vector<std::string>>(std::move(names));
    }
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

const std::vector<std::string>& Json::names() const {
  static const std::vector<std::string> none;
  return names_ == nullptr ? none : *names_;
}

const Json* Json::find(std::string_view name) const {
  const auto& all = names();
  const auto at = std::find(all.begin(), all.end(), name);
  return at == all.end() ? nullptr : &items_[static_cast<std::size_t>(at - all.begin())];
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
