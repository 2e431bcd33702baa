#pragma once
// What an API answered, as values. Strict where it matters: bounded depth, names once in an object, UTF-8,
// and all of the body; lenient where Twilio is: numbers come as numbers or as texts, "" and null are both
// nothing.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace ringctl::twilio {

inline constexpr int k_deepest_json = 32;
/// Values in one answer: a thousand items have less than a tenth of that.
inline constexpr std::size_t k_most_json = 1'000'000;

class Json {
 public:
  enum class Kind : std::uint8_t { null, flag, number, text, list, object };

  /// nullopt: no JSON, deeper than k_deepest_json, more than k_most_json values, a name twice in an object, a
  /// NUL in a text, NaN, or something after it. `why`: one line.
  static std::optional<Json> try_parse(std::string_view text, std::string* why = nullptr);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_object() const { return kind_ == Kind::object; }
  bool is_list() const { return kind_ == Kind::list; }
  const std::vector<Json>& items() const { return items_; }  ///< of a list, or under names()
  const std::vector<std::string>& names() const;             ///< in their order
  const Json* find(std::string_view name) const;  ///< null: there is none

  // Members of an object. A value of another kind counts as none.
  std::string text(std::string_view name) const;  ///< "" = none; of a number as it was written
  bool flag(std::string_view name, bool otherwise = false) const;
  std::optional<std::int64_t> whole(std::string_view name) const;  ///< also "42"
  /// RFC 2822 (2010-04-01) or ISO 8601 (v1).
  std::optional<base::Instant> instant(std::string_view name) const;
  /// A decimal ("-0.00750") in millionths, rounded half away from zero.
  std::optional<std::int64_t> micros(std::string_view name) const;

 private:
  friend class JsonBuilder;
  Kind kind_ = Kind::null;
  bool flag_ = false;
  std::string text_ = {};  ///< of a text; of a number as it was written
  /// Null: there are none. Objects that are alike share theirs.
  std::shared_ptr<const std::vector<std::string>> names_ = {};
  std::vector<Json> items_ = {};
};

/// RFC 2822 ("Thu, 30 Jul 2015 23:19:04 +0000", GMT too) or ISO 8601 ("2015-07-30T20:00:00Z", "...+02:00").
std::optional<base::Instant> try_parse_time(std::string_view text);

/// "12.34" of millionths, at least two and at most six places.
std::string money_text(std::int64_t micros);

}  // namespace ringctl::twilio
