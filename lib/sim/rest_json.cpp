#include "sim/rest_json.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <iterator>

#include "base/json_text.hpp"

namespace ringctl::sim {
namespace {

constexpr std::array<std::string_view, 7> k_days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> k_months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Parts {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::seconds> time;
  unsigned weekday;
};

Parts parts_of(base::Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  return {std::chrono::year_month_day(day),
          std::chrono::hh_mm_ss<std::chrono::seconds>(std::chrono::floor<std::chrono::seconds>(at - day)),
          std::chrono::weekday(day).c_encoding()};
}

}  // namespace

void JsonText::separate() {
  if (!out_.empty() && out_.back() != '{' && out_.back() != '[') out_ += ',';
}

void JsonText::begin(std::string_view name) {
  separate();
  out_.append("\"").append(name).append("\":");
}

void JsonText::open() {
  separate();
  out_ += '{';
}

void JsonText::open(std::string_view name) {
  begin(name);
  out_ += '{';
}

void JsonText::close() { out_ += '}'; }

void JsonText::open_list(std::string_view name) {
  begin(name);
  out_ += '[';
}

void JsonText::close_list() { out_ += ']'; }

void JsonText::text(std::string_view name, std::string_view value) {
  begin(name);
  base::append_json(out_, value);
}

void JsonText::text_or_null(std::string_view name, std::string_view value) {
  if (value.empty())
    null(name);
  else
    text(name, value);
}

void JsonText::number(std::string_view name, std::int64_t value) {
  begin(name);
  fmt::format_to(std::back_inserter(out_), FMT_COMPILE("{}"), value);
}

void JsonText::boolean(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }

void JsonText::null(std::string_view name) { raw(name, "null"); }

void JsonText::raw(std::string_view name, std::string_view json) {
  begin(name);
  out_ += json;
}

void JsonText::item(std::string_view text) {
  separate();
  base::append_json(out_, text);
}

std::string rfc2822(base::Instant at) {
  const auto parts = parts_of(at);
  return fmt::format(FMT_COMPILE("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000"), k_days[parts.weekday],
                     static_cast<unsigned>(parts.date.day()),
                     k_months[static_cast<unsigned>(parts.date.month()) - 1],
                     static_cast<int>(parts.date.year()), parts.time.hours().count(),
                     parts.time.minutes().count(), parts.time.seconds().count());
}

std::string iso8601(base::Instant at) {
  const auto parts = parts_of(at);
  return fmt::format(FMT_COMPILE("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z"), static_cast<int>(parts.date.year()),
                     static_cast<unsigned>(parts.date.month()), static_cast<unsigned>(parts.date.day()),
                     parts.time.hours().count(), parts.time.minutes().count(), parts.time.seconds().count());
}

}  // namespace ringctl::sim
