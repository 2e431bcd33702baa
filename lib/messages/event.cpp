#include "messages/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace ringctl::messages {
namespace {

using Parameters = std::vector<Event::Parameter>;

constexpr std::size_t k_longest_party = 255;
constexpr std::size_t k_longest_key_part = 90;
constexpr std::size_t k_most_extension_digits = 20;
constexpr std::string_view k_media_url = "MediaUrl", k_media_type = "MediaContentType";
constexpr std::string_view k_digits = "0123456789";

/// What has a column of its own, or says nothing of the message.
constexpr auto k_told_elsewhere = std::to_array<std::string_view>(
    {"AccountSid", "ApiVersion", "Body", "From", "MessageSid", "MessageStatus", "NumMedia", "NumSegments",
     "SmsMessageSid", "SmsSid", "SmsStatus", "To"});

std::string_view value_of(const Parameters& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return {};
}

/// The first of these that says anything.
std::string_view first_of(const Parameters& parameters, std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (const auto value = value_of(parameters, name); !value.empty()) return value;
  return {};
}

std::string status_in(const Parameters& parameters) {
  return base::ascii_lower(first_of(parameters, {"MessageStatus", "SmsStatus"}));
}

/// As a column that is looked up by takes it.
std::string party(std::string_view text) { return base::repaired(text.substr(0, k_longest_party)); }

bool is_numbered(std::string_view name, std::string_view stem) {
  return name.starts_with(stem) && name.size() > stem.size() &&
         name.find_first_not_of(k_digits, stem.size()) == std::string_view::npos;
}

bool is_told_elsewhere(std::string_view name) {
  return std::find(k_told_elsewhere.begin(), k_told_elsewhere.end(), name) != k_told_elsewhere.end() ||
         is_numbered(name, k_media_url) || is_numbered(name, k_media_type);
}

std::vector<Media> media_in(const Parameters& parameters) {
  std::vector<Media> media;
  for (;;) {
    const auto url = value_of(parameters, fmt::format("{}{}", k_media_url, media.size()));
    if (url.empty()) return media;
    const auto type = value_of(parameters, fmt::format("{}{}", k_media_type, media.size()));
    media.push_back({base::repaired(url), base::repaired(type)});
  }
}

/// Where a messaging service has words of its own, Twilio says which one it took the text for.
OptWord keyword_of(std::string_view opt_out_type, std::string_view body) {
  const auto word = base::ascii_lower(opt_out_type);
  if (word == "stop") return OptWord::stop;
  if (word == "start") return OptWord::start;
  return word == "help" ? OptWord::help : opt_word(body);
}

/// The digits behind a mark, "" unless the text goes on after them as a new word does.
std::string_view digits_after(std::string_view text) {
  const auto digits = text.substr(0, text.find_first_not_of(k_digits));
  if (digits.empty() || digits.size() > k_most_extension_digits) return {};
  constexpr std::string_view k_ends = " \t\r\n:,";
  const bool ends =
      digits.size() == text.size() || k_ends.find(text[digits.size()]) != std::string_view::npos;
  return ends ? digits : std::string_view();
}

std::string extension_at_start(std::string_view body) {
  constexpr std::size_t k_enough = 64;
  const auto start = base::ascii_lower(base::trim(body).substr(0, k_enough));
  for (const std::string_view mark : {"#", "x", "extension", "ext.", "ext"}) {
    if (!start.starts_with(mark)) continue;
    auto rest = std::string_view(start).substr(mark.size());
    if (mark.size() > 1) rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (const auto digits = digits_after(rest); !digits.empty()) return std::string(digits);
  }
  return {};
}

/// Of the parameters that `take` takes.
nlohmann::json as_json(const Parameters& parameters, const std::function<bool(std::string_view)>& take) {
  auto json = nlohmann::json::object();  // sorts its names
  for (const auto& [name, value] : parameters) {
    if (!take(name)) continue;
    auto& at = json[base::repaired(name)];
    if (at.is_null())
      at = base::repaired(value);
    else if (at.is_array())
      at.push_back(base::repaired(value));
    else
      at = nlohmann::json::array({std::move(at), base::repaired(value)});
  }
  return json;
}

}  // namespace

std::string_view kind_name(Kind kind) { return kind == Kind::inbound ? "inbound" : "status"; }

std::string_view Event::parameter(std::string_view name) const { return value_of(parameters, name); }

Kind kind_of(const Parameters& parameters) {
  const auto status = status_in(parameters);
  return status.empty() || status == "received" || status == "receiving" ? Kind::inbound : Kind::status;
}

Event event_from(Kind kind, Parameters parameters, base::Instant received_at) {
  Event event{.kind = kind, .received_at = received_at};
  event.parameters = std::move(parameters);
  event.message_sid = first_of(event.parameters, {"MessageSid", "SmsSid", "SmsMessageSid"});
  if (kind == Kind::status) event.status = status_in(event.parameters);
  return event;
}

std::string event_key(const Event& event) {
  const std::string_view what =
      event.message_sid.empty() && event.message ? event.message->view() : event.message_sid;
  const std::string_view state = event.kind == Kind::status ? event.status : kind_name(event.kind);
  return fmt::format("{}:{}", what.substr(0, k_longest_key_part), state.substr(0, k_longest_key_part));
}

Content content_of(const Event& event) {
  Content content{.from = party(event.parameter("From")),
                  .to = party(event.parameter("To")),
                  .body = base::repaired(event.parameter("Body"))};
  content.media = media_in(event.parameters);
  content.service_sid = party(event.parameter("MessagingServiceSid"));
  content.keyword = keyword_of(event.parameter("OptOutType"), content.body);
  content.extension = extension_at_start(content.body);
  const auto details =
      as_json(event.parameters, [](std::string_view name) { return !is_told_elsewhere(name); });
  if (!details.empty()) content.details = details.dump();
  return content;
}

std::string media_json(const std::vector<Media>& media) {
  if (media.empty()) return {};
  auto array = nlohmann::json::array();
  for (const auto& one : media)
    array.push_back(nlohmann::json{{"content_type", one.content_type}, {"url", one.url}});
  return array.dump();
}

std::vector<Media> media_from(std::string_view json) {
  std::vector<Media> media;
  const auto array = json.empty() ? nlohmann::json() : nlohmann::json::parse(json, nullptr, false);
  if (!array.is_array()) return media;
  const auto text = [](const nlohmann::json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  for (const auto& one : array)
    if (one.is_object()) media.push_back({text(one, "url"), text(one, "content_type")});
  return media;
}

std::string form_json(const Event& event) {
  return as_json(event.parameters, [](std::string_view) { return true; }).dump();
}

}  // namespace ringctl::messages
