#include "calls/event.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace ringctl::calls {
namespace {

constexpr std::array<std::string_view, 12> k_months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Reads from the front of a text; once something is missing nothing more is found.
class Front {
 public:
  explicit Front(std::string_view text) : text_(text) {}
  bool ok() const { return ok_; }

  int number(std::size_t least, std::size_t most) {
    std::size_t size = 0;
    while (size < most && size < text_.size() && text_[size] >= '0' && text_[size] <= '9') ++size;
    int value = 0;
    ok_ = ok_ && size >= least;
    if (ok_) std::from_chars(text_.data(), text_.data() + size, value);
    text_.remove_prefix(size);
    return value;
  }
  void expect(char c) {
    ok_ = ok_ && !text_.empty() && text_.front() == c;
    if (!text_.empty()) text_.remove_prefix(1);
  }
  std::string_view take(std::size_t size) {
    ok_ = ok_ && text_.size() >= size;
    const auto taken = text_.substr(0, size);
    text_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view text_;
  bool ok_ = true;
};

std::optional<std::chrono::minutes> offset_of(std::string_view zone) {
  if (zone == "GMT" || zone == "UT" || zone == "UTC" || zone == "Z") return std::chrono::minutes(0);
  if (zone.size() != 5 || (zone[0] != '+' && zone[0] != '-')) return std::nullopt;
  Front digits(zone.substr(1));
  const int hours = digits.number(2, 2), minutes = digits.number(2, 2);
  if (!digits.ok() || hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(hours * 60 + minutes);
  return zone[0] == '-' ? -offset : offset;
}

nlohmann::json form_of(const Event& event) {
  std::map<std::string_view, std::vector<std::string_view>> form;
  for (const auto& [name, value] : event.parameters) form[name].push_back(value);
  auto json = nlohmann::json::object();
  for (const auto& [name, values] : form) {
    auto& to = json[std::string(name)];
    if (values.size() == 1)
      to = std::string(values.front());
    else
      for (const auto value : values) to.push_back(std::string(value));
  }
  return json;
}

std::string place_text(const Event& event) {
  return event.place ? fmt::format("s{}w{}", event.place->step, event.place->wave) : std::string();
}

constexpr std::size_t k_longest_part = 90;
std::string_view head(std::string_view text) { return text.substr(0, k_longest_part); }

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::inbound:
      return "inbound";
    case Kind::outbound:
      return "outbound";
    case Kind::status:
      return "status";
    case Kind::menu:
      return "menu";
    case Kind::next:
      return "next";
    case Kind::wait:
      return "wait";
    case Kind::accept:
      return "accept";
    case Kind::accepted:
      return "accepted";
    case Kind::voicemail:
      return "voicemail";
    case Kind::recording:
      return "recording";
  }
  return "";
}

std::string_view Event::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return {};
}

std::optional<base::Instant> try_parse_rfc2822(std::string_view text) {
  if (const auto comma = text.find(", "); comma != std::string_view::npos) text.remove_prefix(comma + 2);
  Front front(text);
  const int day = front.number(1, 2);
  front.expect(' ');
  const auto* const month = std::find(k_months.begin(), k_months.end(), front.take(3));
  front.expect(' ');
  const int year = front.number(4, 4);
  front.expect(' ');
  const int hour = front.number(2, 2);
  front.expect(':');
  const int minute = front.number(2, 2);
  front.expect(':');
  const int second = front.number(2, 2);
  front.expect(' ');
  if (!front.ok() || month == k_months.end() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month - k_months.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(day))};
  const auto offset = offset_of(text.substr(text.rfind(' ') + 1));
  if (!date.ok() || !offset) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) - *offset;
}

Event event_from(Kind kind, const base::Uuid& workspace,
                 std::vector<std::pair<std::string, std::string>> parameters, base::Instant received_at) {
  Event event{.kind = kind, .workspace = workspace, .received_at = received_at};
  event.parameters = std::move(parameters);
  event.call_sid = event.parameter("CallSid");
  event.parent_sid = event.parameter("ParentCallSid");
  event.status = event.parameter("CallStatus");
  if (kind == Kind::status) {
    event.sequence = base::parse_int(event.parameter("SequenceNumber"));
    if (event.sequence && *event.sequence < 0) event.sequence.reset();
    event.timestamp = try_parse_rfc2822(event.parameter("Timestamp"));
  }
  return event;
}

/// A webhook that was caught and is sent once more could come with any token; its body is what is signed.
std::string event_key(const Event& event) {
  if (event.kind == Kind::status && event.sequence && !event.status.empty())
    return fmt::format("s:{}:{}:{}", head(event.call_sid), head(event.status), *event.sequence);
  base::Digest digest;
  for (const auto& [name, value] : event.parameters)
    digest.update(fmt::format("{}:{}={}:", name.size(), name, value.size())).update(value);
  return fmt::format("f:{}:{}:{}:{}", head(event.call_sid), kind_name(event.kind), place_text(event),
                     digest.hex().substr(0, 32));
}

std::string form_json(const Event& event) {
  return form_of(event).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace ringctl::calls
