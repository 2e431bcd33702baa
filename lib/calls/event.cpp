#include "calls/event.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "base/digest.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"

namespace ringctl::calls {
namespace {

constexpr std::array<std::string_view, 12> k_months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr std::int64_t k_longest_s = 30LL * 24 * 3600;

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

/// By name, those of one name in the order they came.
std::vector<const Event::Parameter*> by_name(const Event& event) {
  std::vector<const Event::Parameter*> sorted;
  sorted.reserve(event.parameters.size());
  for (const auto& parameter : event.parameters) sorted.push_back(&parameter);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->first < b->first; });
  return sorted;
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

std::optional<Report> report_of(const Event& event) {
  const auto status = limits::try_parse_call_status(event.status);
  if (!status) return std::nullopt;
  const bool is_status = event.kind == Kind::status;
  return Report{*status, event.sequence, event.at(),
                is_status ? try_parse_duration(event.parameter("CallDuration")) : std::nullopt};
}

std::optional<std::int64_t> try_parse_duration(std::string_view text) {
  const auto value = base::parse_int(text);
  if (!value || *value < 0 || *value > k_longest_s) return std::nullopt;
  return value;
}

/// A webhook that was caught and is sent once more could come with any token; its body is what is signed.
std::string event_key(const Event& event) {
  if (event.kind == Kind::status && event.sequence && !event.status.empty())
    return fmt::format("s:{}:{}:{}", head(event.call_sid), head(event.status), *event.sequence);
  std::string form;
  for (const auto& [name, value] : event.parameters)
    fmt::format_to(std::back_inserter(form), FMT_COMPILE("{}:{}={}:{}"), name.size(), name, value.size(),
                   value);
  return fmt::format("f:{}:{}:{}:{}", head(event.call_sid), kind_name(event.kind), place_text(event),
                     base::sha256_hex(form).substr(0, 32));
}

std::string form_json(const Event& event) {
  const auto parameters = by_name(event);
  std::string json = "{";
  for (auto at = parameters.begin(); at != parameters.end();) {
    const auto& name = (*at)->first;
    const auto end =
        std::find_if(at, parameters.end(), [&](const auto* other) { return other->first != name; });
    const bool several = end - at > 1;
    if (json.size() > 1) json += ',';
    base::append_json(json, name);
    json += several ? ":[" : ":";
    for (auto value = at; value != end; ++value) {
      if (value != at) json += ',';
      base::append_json(json, (*value)->second);
    }
    if (several) json += ']';
    at = end;
  }
  return json + '}';
}

}  // namespace ringctl::calls
