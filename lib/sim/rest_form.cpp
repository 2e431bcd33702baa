#include "sim/rest_form.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "net/hex.hpp"
#include "sim/messages.hpp"
#include "sim/rest_dates.hpp"

namespace ringctl::sim {
namespace {

const FormKey* find_key(std::span<const FormKey> table, std::string_view name) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const FormKey& key) { return key.name == name; });
  return found == table.end() ? nullptr : &*found;
}

/// What the caller may have meant.
std::string unknown_key(std::span<const FormKey> table, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& key : table) names.emplace_back(key.name);
  const auto near = base::nearest(name, names, 1);
  const auto meant = near.empty() ? std::string() : fmt::format("; did you mean '{}'?", near.front());
  return fmt::format("Unknown parameter '{}'{}", name, meant);
}

bool is_choice(std::string_view values, std::string_view value) {
  const auto all = base::split(values, '|');
  return std::find(all.begin(), all.end(), value) != all.end();
}

bool is_whole(const FormKey& key, std::string_view value) {
  const auto number = base::parse_int(value);
  if (!number) return false;
  return (key.least == 0 && key.most == 0) || (*number >= key.least && *number <= key.most);
}

bool fits(const FormKey& key, std::string_view value) {
  switch (key.kind) {
    case KeyKind::text:
      return key.most == 0 || base::count_characters(value) <= static_cast<std::size_t>(key.most);
    case KeyKind::url:
      return is_web_url(value);
    case KeyKind::method:
      return is_choice(key.detail, base::ascii_upper(value));
    case KeyKind::boolean:
      return is_choice("true|false", base::ascii_lower(value));
    case KeyKind::whole:
      return is_whole(key, value);
    case KeyKind::sid:
      return is_any_case_sid(value, key.detail);
    case KeyKind::choice:
      return is_choice(key.detail, value);
    case KeyKind::date:
      return parse_rest_time(value).has_value();
  }
  return false;
}

std::string wants(const FormKey& key) {
  switch (key.kind) {
    case KeyKind::text:
      return fmt::format("it takes at most {} characters", key.most);
    case KeyKind::url:
      return "it takes an absolute http or https URL";
    case KeyKind::method:
      return "it takes GET or POST";
    case KeyKind::boolean:
      return "it takes true or false";
    case KeyKind::whole:
      return key.most == 0 ? std::string("it takes a whole number")
                           : fmt::format("it takes a whole number from {} to {}", key.least, key.most);
    case KeyKind::sid:
      return fmt::format("it takes a SID that begins with {}", key.detail);
    case KeyKind::choice:
      return fmt::format("it takes one of {}", key.detail);
    case KeyKind::date:
      return "it takes a date as 2026-01-31 or a time as 2026-01-31T15:00:00Z";
  }
  return {};
}

std::optional<RestAnswer> first_wrong(const twilio::Form& form, std::span<const FormKey> table) {
  for (std::size_t i = 0; i < form.size(); ++i) {
    const auto given = form[i];
    const FormKey* const key = find_key(table, given.name);
    if (key == nullptr) return refuse(400, 20001, unknown_key(table, given.name));
    if (!key->many) {
      for (std::size_t j = 0; j < i; ++j)
        if (form[j].name == given.name)
          return refuse(400, 20001, fmt::format("Parameter '{}' is given more than once", given.name));
    }
    if (!given.value.empty() && !fits(*key, given.value))
      return refuse(400, key->wrong,
                    fmt::format("Invalid value {} for parameter '{}': {}", base::in_quotes(given.value),
                                key->name, wants(*key)));
  }
  return std::nullopt;
}

}  // namespace

bool is_web_url(std::string_view text) {
  const auto scheme = base::ascii_lower(text.substr(0, text.find("://")));
  if (scheme != "http" && scheme != "https") return false;
  const auto host = text.substr(std::min(text.size(), scheme.size() + 3));
  if (host.empty() || host.find_first_of("/?#:") == 0) return false;
  const auto authority = host.substr(0, host.find_first_of("/?#"));
  if (authority.find('_', authority.rfind('@') + 1) != std::string_view::npos) return false;  // npos + 1 is 0
  return std::none_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == '"' || c == '<'; });
}

bool is_any_case_sid(std::string_view text, std::string_view kind) {
  constexpr std::size_t k_size = 34;
  return text.size() == k_size && text.starts_with(kind) &&
         std::all_of(text.begin() + 2, text.end(), [](char c) { return net::hex_value(c) >= 0; });
}

std::optional<RestAnswer> Fields::read(std::string_view encoded, std::span<const FormKey> table) {
  if (form_.parse(encoded) != twilio::Parsed::ok)
    return refuse(400, 20001, "The request has too many parameters, or they are too long");
  if (auto wrong = first_wrong(form_, table)) return wrong;
  for (const auto& key : table)
    if (key.required && form_.get(key.name).empty())
      return refuse(400, key.missing,
                    fmt::format("Missing required parameter {} in the post body", key.name));
  return std::nullopt;
}

bool Fields::flag(std::string_view name, bool otherwise) const {
  const auto value = form_.get(name);
  return value.empty() ? otherwise : base::ascii_lower(value) == "true";
}

std::int64_t Fields::whole(std::string_view name, std::int64_t otherwise) const {
  return base::parse_int(form_.get(name)).value_or(otherwise);
}

std::vector<std::string> Fields::all(std::string_view name) const {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < form_.size(); ++i)
    if (form_[i].name == name && !form_[i].value.empty()) values.emplace_back(form_[i].value);
  return values;
}

void Fields::set(std::string_view name, std::string& to) const {
  if (const auto value = form_.find(name)) to = *value;
}

void Fields::choose(std::string_view name, std::string& to) const {
  if (const auto value = form_.get(name); !value.empty()) to = value;
}

void Fields::set(std::string_view name, bool& to) const {
  if (has(name)) to = flag(name);
}

void Fields::set(std::string_view name, int& to) const {
  if (has(name)) to = static_cast<int>(whole(name, to));
}

void Fields::set(std::string_view url, std::string_view method, Hook& to, std::string_view otherwise) const {
  set(url, to.url);
  if (!has(method)) return;
  to.method = base::ascii_upper(form_.get(method));
  if (to.method.empty()) to.method = otherwise;
}

Hook Fields::hook(std::string_view url, std::string_view method, std::string_view otherwise) const {
  Hook made{.method = std::string(otherwise)};
  set(url, method, made, otherwise);
  return made;
}

}  // namespace ringctl::sim
