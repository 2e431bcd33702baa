#include "routing/match.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "routing/codes.hpp"

namespace ringctl::routing {
namespace {

constexpr auto k_nowhere = std::numeric_limits<std::uint64_t>::max();

bool fits_day(const TimeTest& test, base::Day day) {
  const auto& holidays = test.holidays;
  if (!holidays.empty() && !std::binary_search(holidays.begin(), holidays.end(), day)) return false;
  const auto weekday = std::chrono::weekday(std::chrono::sys_days(day)).iso_encoding() - 1;
  return test.days == 0 || (test.days >> weekday & 1U) != 0;
}

}  // namespace

bool holds(const TimeTest& test, base::LocalTime at) {
  if (test.hours.empty()) return fits_day(test, at.day);
  return std::any_of(test.hours.begin(), test.hours.end(), [&](const HourRange& range) {
    if (range.from < range.to)
      return at.minute >= range.from && at.minute < range.to && fits_day(test, at.day);
    if (at.minute >= range.from) return fits_day(test, at.day);
    const base::Day before = std::chrono::sys_days(at.day) - std::chrono::days(1);
    return at.minute < range.to && fits_day(test, before);
  });
}

Caller::Caller(const Snapshot& snapshot, const Facts& facts)
    : s_(snapshot),
      f_(facts),
      called_(number_code(facts.to)),
      caller_country_(country_code(facts.caller_country)) {
  attributes_.fill(k_nowhere);
  if (!facts.contact) return;
  const auto& contact = *facts.contact;
  attributes_ = {place(contact.lead_status), place(contact.product), place(contact.market),
                 place(contact.state)};
  contact_country_ = country_code(contact.country);
  for (const auto& tag : contact.tags) tags_.push_back(place(tag));
}

std::uint64_t Caller::place(std::string_view text) const {
  if (text.empty()) return k_nowhere;
  const auto found = s_.text_places.find(text);
  return found == s_.text_places.end() ? k_nowhere : found->second;
}

const Test* Caller::first_failing(const Group& group) const {
  const auto* test = s_.tests.data() + group.first;
  for (const auto* const end = test + group.count; test != end; ++test)
    if (!holds(*test)) return test;
  return nullptr;
}

bool Caller::has(const Test& test, std::uint64_t value) const {
  const auto* const first = s_.values.data() + test.first;
  return std::find(first, first + test.count, value) != first + test.count;
}

bool Caller::time_fits(const Test& test) const {
  if (!local_) local_ = s_.zone.local_time(f_.now);
  return routing::holds(s_.times[s_.values[test.first]], *local_);
}

bool Caller::holds(const Test& test) const {
  using Kind = Test::Kind;
  const auto first = s_.values.begin() + static_cast<std::ptrdiff_t>(test.first);
  const auto last = first + static_cast<std::ptrdiff_t>(test.count);
  const auto whole = [&](std::uint64_t group) { return holds_all(s_.groups[group]); };
  switch (test.kind) {
    case Kind::called:
      return has(test, called_);
    case Kind::known:
      return (*first == 1) == f_.contact.has_value();
    case Kind::caller_country:
      return caller_country_ != 0 && has(test, caller_country_);
    case Kind::caller_prefix:
      return std::any_of(first, last,
                         [&](std::uint64_t text) { return f_.from.starts_with(s_.texts[text]); });
    case Kind::lead_status:
      return has(test, attributes_[0]);
    case Kind::product:
      return has(test, attributes_[1]);
    case Kind::market:
      return has(test, attributes_[2]);
    case Kind::state:
      return has(test, attributes_[3]);
    case Kind::tags:
      return std::any_of(tags_.begin(), tags_.end(), [&](std::uint64_t tag) { return has(test, tag); });
    case Kind::country:
      return contact_country_ != 0 && has(test, contact_country_);
    case Kind::assigned:
      return (*first == 1) == (f_.contact && !f_.contact->agents.empty());
    case Kind::time:
      return time_fits(test);
    case Kind::all:
      return std::all_of(first, last, whole);
    case Kind::any:
      return std::any_of(first, last, whole);
    case Kind::none:
      return std::none_of(first, last, whole);
  }
  return false;
}

}  // namespace ringctl::routing
