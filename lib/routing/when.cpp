#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "phone/e164.hpp"
#include "phone/region.hpp"
#include "routing/rule.hpp"
#include "routing/strict_json.hpp"

namespace ringctl::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 7> k_days{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr int k_midnight = 24 * 60;

void add(std::vector<std::string>& to, std::string text) {
  if (std::find(to.begin(), to.end(), text) == to.end()) to.push_back(std::move(text));
}

void read_texts(const Node& node, std::vector<std::string>& to) {
  node.each(k_most_values, [&](const Node& item) { add(to, item.text()); });
}

void read_countries(const Node& node, std::vector<std::string>& to) {
  node.each(k_most_values, [&](const Node& item) {
    const auto text = item.text();
    const auto region = phone::Region::try_parse(text);
    if (!region) item.refuse(fmt::format("{} is no country code (like US or GB)", base::in_quotes(text)));
    add(to, std::string(region->view()));
  });
}

void read_prefixes(const Node& node, std::vector<std::string>& to) {
  node.each(k_most_values, [&](const Node& item) {
    const auto text = item.text();
    const bool sound = text.size() > 1 && text.size() <= 16 && text.front() == '+' &&
                       std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!sound) item.refuse(fmt::format("{} is no beginning of numbers (like +4420)", base::in_quotes(text)));
    add(to, text);
  });
}

void read_numbers(const Node& node, std::vector<std::string>& to) {
  node.each(k_most_values, [&](const Node& item) {
    const auto text = item.text();
    std::error_code error;
    const auto number = phone::E164::try_parse(text, error);
    if (!number) item.refuse(fmt::format("{} {}", base::in_quotes(text), error.message()));
    add(to, number->text());
  });
}

/// "08:00"; "24:00" where a range ends.
int read_time(const Node& node, bool end) {
  const auto text = node.text();
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -100; };
  const int hour = text.size() == 5 ? digit(0) * 10 + digit(1) : -1;
  const int minute = text.size() == 5 && text[2] == ':' ? digit(3) * 10 + digit(4) : -1;
  const bool sound =
      hour >= 0 && minute >= 0 && minute < 60 && (hour < 24 || (end && hour == 24 && minute == 0));
  if (!sound) node.refuse(fmt::format("{} is no time of day (like 08:00 or 17:30)", base::in_quotes(text)));
  return hour * 60 + minute;
}

HourRange read_range(const Node& node) {
  std::optional<int> from, to;
  node.each_key({"from", "to"}, [&](std::string_view key, const Node& value) {
    (key == "from" ? from : to) = read_time(value, key == "to");
  });
  if (!from) node.refuse("has no \"from\"");
  if (!to) node.refuse("has no \"to\"");
  if (*from == *to) node.refuse("ends when it begins");
  return {*from, *to == 0 ? k_midnight : *to};
}

std::uint8_t read_days(const Node& node) {
  unsigned days = 0;
  node.each(k_days.size(), [&](const Node& item) {
    const auto text = item.text();
    const auto* const day = std::find(k_days.begin(), k_days.end(), base::ascii_lower(text));
    if (day == k_days.end())
      item.refuse(fmt::format("{} is no day ({})", base::in_quotes(text), fmt::join(k_days, ", ")));
    days |= 1U << static_cast<unsigned>(day - k_days.begin());
  });
  return static_cast<std::uint8_t>(days);
}

void read_dates(const Node& node, std::vector<base::Day>& to) {
  node.each(k_most_values, [&](const Node& item) {
    const auto text = item.text();
    try {
      to.push_back(base::parse_day(text));
    } catch (const Error&) {
      item.refuse(fmt::format("{} is no date (like 2026-12-25)", base::in_quotes(text)));
    }
  });
  std::sort(to.begin(), to.end());
  to.erase(std::unique(to.begin(), to.end()), to.end());
}

void require_keys(const Node& node, bool any) {
  if (!any) node.refuse("is empty");
}

When::Contact read_contact(const Node& node) {
  When::Contact contact;
  bool any = false;
  node.each_key({"lead_status", "product", "market", "state", "country", "tags", "assigned"},
                [&](std::string_view key, const Node& value) {
                  any = true;
                  if (key == "lead_status") read_texts(value, contact.lead_status);
                  if (key == "product") read_texts(value, contact.product);
                  if (key == "market") read_texts(value, contact.market);
                  if (key == "state") read_texts(value, contact.state);
                  if (key == "country") read_countries(value, contact.country);
                  if (key == "tags") read_texts(value, contact.tags);
                  if (key == "assigned") contact.assigned = value.flag();
                });
  require_keys(node, any);
  return contact;
}

void read_caller(const Node& node, When& when) {
  bool any = false;
  node.each_key({"known", "country", "prefix"}, [&](std::string_view key, const Node& value) {
    any = true;
    if (key == "known") when.known = value.flag();
    if (key == "country") read_countries(value, when.caller_country);
    if (key == "prefix") read_prefixes(value, when.caller_prefix);
  });
  require_keys(node, any);
}

When read_when(const Node& node, bool whole);

void read_parts(const Node& node, std::vector<When>& to) {
  node.require_list();
  node.each(k_most_values, [&](const Node& item) { to.push_back(read_when(item, false)); });
}

/// `whole`: the rule's own, which may be empty.
When read_when(const Node& node, bool whole) {
  When when;
  bool any = whole;
  node.each_key(
      {"contact", "caller", "called", "days", "hours", "holidays", "all", "any", "not", "after_assigned"},
      [&](std::string_view key, const Node& value) {
        any = true;
        if (key == "contact") when.contact = read_contact(value);
        if (key == "caller") read_caller(value, when);
        if (key == "called") read_numbers(value, when.called);
        if (key == "days") when.days = read_days(value);
        if (key == "hours")
          value.each(k_most_values, [&](const Node& item) { when.hours.push_back(read_range(item)); });
        if (key == "holidays") read_dates(value, when.holidays);
        if (key == "all") read_parts(value, when.all);
        if (key == "any") read_parts(value, when.any);
        if (key == "not") when.none.push_back(read_when(value, false));
        if (key == "after_assigned") {
          if (!whole) value.refuse("is said of the whole rule, not of a part of it");
          when.after_assigned = value.flag();
        }
      });
  require_keys(node, any);
  return when;
}

std::string clock_text(int minutes) { return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60); }

void put(Json& json, const char* key, const std::vector<std::string>& texts) {
  if (!texts.empty()) json[key] = texts;
}
void put(Json& json, const char* key, Json part) {
  if (!part.empty()) json[key] = std::move(part);
}

Json json_of(const When& when) {
  Json json = Json::object(), contact = Json::object(), caller = Json::object(), list = Json::array();
  put(contact, "lead_status", when.contact.lead_status);
  put(contact, "product", when.contact.product);
  put(contact, "market", when.contact.market);
  put(contact, "state", when.contact.state);
  put(contact, "country", when.contact.country);
  put(contact, "tags", when.contact.tags);
  if (when.contact.assigned) contact["assigned"] = *when.contact.assigned;
  put(json, "contact", contact);
  if (when.known) caller["known"] = *when.known;
  put(caller, "country", when.caller_country);
  put(caller, "prefix", when.caller_prefix);
  put(json, "caller", caller);
  put(json, "called", when.called);
  for (std::size_t i = 0; i < k_days.size(); ++i)
    if ((when.days >> i & 1U) != 0) list.push_back(k_days[i]);
  put(json, "days", std::exchange(list, Json::array()));
  for (const auto& range : when.hours)
    list.push_back(Json{{"from", clock_text(range.from)}, {"to", clock_text(range.to)}});
  put(json, "hours", std::exchange(list, Json::array()));
  for (const auto day : when.holidays) list.push_back(base::format_day(day));
  put(json, "holidays", std::exchange(list, Json::array()));
  for (const auto& part : when.all) list.push_back(json_of(part));
  put(json, "all", std::exchange(list, Json::array()));
  for (const auto& part : when.any) list.push_back(json_of(part));
  put(json, "any", std::exchange(list, Json::array()));
  if (!when.none.empty()) json["not"] = json_of(when.none.front());
  if (when.after_assigned) json["after_assigned"] = true;
  return json;
}

}  // namespace

std::optional<When> try_parse_when(std::string_view text, base::Finding& finding) {
  try {
    const auto value = parse_strict(text, "/when");
    return read_when(Node(value, "/when"), true);
  } catch (const Refused& refused) {
    finding = {"bad_when", fmt::format("{}: {}", refused.path, refused.why)};
    return std::nullopt;
  }
}

std::string text_of(const When& when) { return json_of(when).dump(); }

}  // namespace ringctl::routing
