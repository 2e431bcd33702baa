#pragma once
// Parameters as Twilio posts them (application/x-www-form-urlencoded) and as URLs carry them: in their order,
// with duplicates and empty ones, since a signature covers them all.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringctl::twilio {

inline constexpr std::size_t k_max_form_bytes = 64 * 1024;
inline constexpr std::size_t k_max_form_parameters = 1000;

enum class Parsed { ok, too_long, too_many };

/// Decoded parameters. Its memory is used again by the next parse(); the views live until then.
class Form {
 public:
  struct Parameter {
    std::string_view name, value;  ///< bytes: decoding checks no encoding
    bool operator==(const Parameter&) const = default;
  };

  /// Replaces what was there. `+` is a space, `%XX` a byte, a `%` without two hex digits itself; what stands
  /// between two `&` is a parameter unless empty, and one without `=` has an empty value. Past the limits the
  /// form is empty.
  Parsed parse(std::string_view encoded);
  void add(std::string_view name, std::string_view value);
  void clear();

  std::size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }
  Parameter operator[](std::size_t index) const;
  /// The first of this name.
  std::optional<std::string_view> find(std::string_view name) const;
  /// The same, "" where there is none.
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }

  /// What parse() reads back. Letters, digits and -_.* stand as they are.
  std::string encoded() const;

 private:
  struct Place {
    std::uint32_t name, value, end;  ///< offsets into text_
  };
  std::string text_;
  std::vector<Place> places_;
};

}  // namespace ringctl::twilio
