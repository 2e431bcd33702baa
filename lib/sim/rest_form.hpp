#pragma once
// What a request may say: each operation has a table of the keys it takes, and a key that is not in it is
// refused, since Twilio's own schema lets misspelt ones pass and nobody would notice.

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/rest_answer.hpp"
#include "twilio/form.hpp"

namespace ringctl::sim {

enum class KeyKind { text, url, method, boolean, whole, sid, choice, date };

struct FormKey {
  std::string_view name;
  KeyKind kind = KeyKind::text;
  std::string_view detail = {};      ///< choice: "a|b"; sid: its two letters
  std::int64_t least = 0, most = 0;  ///< whole: bounds; text: most characters; 0 and 0 = none
  bool required = false;
  bool many = false;  ///< may stand there more than once
  int missing = 20001, wrong = 20422;
};

namespace keys {
constexpr FormKey text(std::string_view name, std::int64_t most = 0) {
  return {name, KeyKind::text, {}, 0, most};
}
constexpr FormKey url(std::string_view name) { return {.name = name, .kind = KeyKind::url, .wrong = 21402}; }
constexpr FormKey method(std::string_view name) {
  return {.name = name, .kind = KeyKind::method, .detail = "GET|POST", .wrong = 21403};
}
constexpr FormKey boolean(std::string_view name) { return {name, KeyKind::boolean}; }
constexpr FormKey whole(std::string_view name, std::int64_t least, std::int64_t most) {
  return {name, KeyKind::whole, {}, least, most};
}
constexpr FormKey sid(std::string_view name, std::string_view kind) { return {name, KeyKind::sid, kind}; }
constexpr FormKey choice(std::string_view name, std::string_view values) {
  return {name, KeyKind::choice, values};
}
constexpr FormKey date(std::string_view name) { return {name, KeyKind::date}; }

constexpr FormKey many(FormKey key) {
  key.many = true;
  return key;
}
/// Refused with `code` where it is missing or empty.
constexpr FormKey needed(FormKey key, int code = 20001) {
  key.required = true;
  key.missing = code;
  return key;
}
/// Refused with `code` where its value is wrong.
constexpr FormKey wrong(FormKey key, int code) {
  key.wrong = code;
  return key;
}

template <std::size_t A, std::size_t B>
constexpr std::array<FormKey, A + B> together(const std::array<FormKey, A>& a, const FormKey (&b)[B]) {
  std::array<FormKey, A + B> all{};
  std::copy(a.begin(), a.end(), all.begin());
  std::copy(std::begin(b), std::end(b), all.begin() + A);
  return all;
}
/// What every list takes.
inline constexpr std::array<FormKey, 3> k_page{wrong(whole("PageSize", 1, 1000), 20007),
                                               whole("Page", 0, 1'000'000'000), text("PageToken", 100)};
template <std::size_t N>
constexpr std::array<FormKey, N + 3> paged(const FormKey (&own)[N]) {
  return together(k_page, own);
}
}  // namespace keys

/// The parameters of one request, held against the table of its operation. Its memory is used again.
class Fields {
 public:
  /// What is wrong with them; nullopt where they can be worked with. An empty value clears, so it fits every
  /// kind.
  std::optional<RestAnswer> read(std::string_view encoded, std::span<const FormKey>);

  bool has(std::string_view name) const { return form_.find(name).has_value(); }
  /// "" where it is empty or not there.
  std::string text(std::string_view name) const { return std::string(form_.get(name)); }
  bool flag(std::string_view name, bool otherwise = false) const;
  std::int64_t whole(std::string_view name, std::int64_t otherwise) const;
  std::vector<std::string> all(std::string_view name) const;
  const twilio::Form& form() const { return form_; }

  // Sets `to` where the request says it, "" included.
  void set(std::string_view name, std::string& to) const;
  /// One of a few words: an empty value, which is none of them, changes nothing.
  void choose(std::string_view name, std::string& to) const;
  void set(std::string_view name, bool& to) const;
  void set(std::string_view name, int& to) const;
  /// A URL and its method; an empty method is the default.
  void set(std::string_view url, std::string_view method, Hook& to,
           std::string_view otherwise = "POST") const;
  /// The same of a hook that was not there before.
  Hook hook(std::string_view url, std::string_view method, std::string_view otherwise = "POST") const;

 private:
  twilio::Form form_;
};

/// http or https, with a host that has no underscore, which Twilio takes for none.
bool is_web_url(std::string_view text);
/// A SID of that kind. The case of the digits does not matter: the published patterns allow either.
bool is_any_case_sid(std::string_view text, std::string_view kind);

}  // namespace ringctl::sim
