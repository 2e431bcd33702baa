// Usage records, added up from the calls, messages, numbers and recordings of the account each time they are
// asked for.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.hpp"
#include "base/zone.hpp"
#include "sim/rest_dates.hpp"
#include "sim/rest_page.hpp"
#include "sim/rest_show.hpp"

namespace ringctl::sim {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr auto k_keys = keys::paged({keys::text("Category"), keys::text("StartDate"), keys::text("EndDate"),
                                     keys::boolean("IncludeSubaccounts")});

struct Category {
  std::string_view name, text, count_unit, usage_unit;
};
constexpr Category k_categories[] = {
    {"calls", "Voice Minutes", "calls", "minutes"},
    {"calls-inbound", "Inbound Voice Minutes", "calls", "minutes"},
    {"calls-inbound-local", "Inbound Local Calls", "calls", "minutes"},
    {"calls-inbound-mobile", "Inbound Mobile Calls", "calls", "minutes"},
    {"calls-inbound-tollfree", "Inbound Toll Free Calls", "calls", "minutes"},
    {"calls-outbound", "Outbound Voice Minutes", "calls", "minutes"},
    {"calls-client", "Client Minutes", "calls", "minutes"},
    {"calls-sip", "SIP Minutes", "calls", "minutes"},
    {"calls-recordings", "Call Recordings", "recordings", "minutes"},
    {"calls-globalconference", "Conference Minutes", "calls", "minutes"},
    {"calls-media-stream-minutes", "Media Stream Minutes", "streams", "minutes"},
    {"phonenumbers", "Phone Numbers", "numbers", "numbers"},
    {"phonenumbers-local", "Local Phone Numbers", "numbers", "numbers"},
    {"phonenumbers-mobile", "Mobile Phone Numbers", "numbers", "numbers"},
    {"phonenumbers-tollfree", "Toll Free Phone Numbers", "numbers", "numbers"},
    {"sms", "SMS", "messages", "segments"},
    {"sms-inbound", "Inbound SMS", "messages", "segments"},
    {"sms-outbound", "Outbound SMS", "messages", "segments"},
    {"mms", "MMS", "messages", "messages"},
    {"recordings", "Recordings", "recordings", "minutes"},
    {"recordingstorage", "Recording Storage", "recordings", "minutes"},
    {"transcriptions", "Transcriptions", "transcriptions", "minutes"},
    {"trunking-origination", "Trunking Origination", "calls", "minutes"},
    {"trunking-termination", "Trunking Termination", "calls", "minutes"},
    {"totalprice", "Total Price", "", "usd"}};

struct Sum {
  std::int64_t count = 0, usage = 0, micros = 0;
};
/// By category, in the order of the table.
using Sums = std::array<Sum, std::size(k_categories)>;

/// Whole UTC days, both included.
struct Period {
  sys_days first, last;
};

void count(Sums& sums, std::string_view category, const Sum& more) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (k_categories[i].name != category) continue;
    sums.at(i).count += more.count;
    sums.at(i).usage += more.usage;
    sums.at(i).micros += more.micros;
  }
}

/// What falls into each of some periods that follow each other, the newest first.
struct Table {
  explicit Table(std::vector<Period> all) : periods(std::move(all)), sums(periods.size()) {}
  std::vector<Period> periods;
  std::vector<Sums> sums;

  /// Null: into none of them.
  Sums* find(Instant at) {
    const auto day = std::chrono::floor<days>(at);
    const auto found =
        std::ranges::partition_point(periods, [&](const Period& period) { return period.first > day; });
    if (found == periods.end() || day > found->last) return nullptr;
    return &sums[static_cast<std::size_t>(found - periods.begin())];
  }
};

void count_calls(const Desk& desk, Table& table) {
  desk.account.calls.each([&](const Call& call) {
    auto* const sums = call.is_over() ? table.find(call.created_at) : nullptr;
    if (sums == nullptr) return;
    const auto category = usage_category(desk, call);
    const Sum one{1, billed_minutes(call, desk.now()), price_of(call, desk.now())};
    count(*sums, "calls", one);
    count(*sums, category, one);
    if (category.starts_with("calls-inbound-")) count(*sums, "calls-inbound", one);
    count(*sums, "totalprice", one);
  });
}

void count_messages(const Desk& desk, Table& table) {
  desk.account.messages.each([&](const Message& message) {
    auto* const sums = table.find(message.created_at);
    if (sums == nullptr) return;
    const Sum one{1, message.segments, price_of(message)};
    count(*sums, message.media.empty() ? "sms" : "mms", one);
    if (message.media.empty())
      count(*sums, message.direction == "inbound" ? "sms-inbound" : "sms-outbound", one);
    count(*sums, "totalprice", one);
  });
}

void count_recordings(const Desk& desk, Table& table) {
  desk.account.recordings.each([&](const Recording& recording) {
    auto* const sums = table.find(recording.created_at);
    if (sums == nullptr) return;
    const Sum one{1, std::chrono::ceil<std::chrono::minutes>(recording.length).count(), 0};
    count(*sums, "recordings", one);
    count(*sums, "recordingstorage", one);
    if (!recording.call_sid.empty()) count(*sums, "calls-recordings", one);
  });
}

/// A number counts in every period from the one it came in: it is put into that one, and carried on to the
/// newer ones afterwards.
void count_numbers(const Desk& desk, Table& table) {
  std::vector<Sums> added(table.periods.size());
  desk.account.numbers.each([&](const Number& number) {
    const auto day = std::chrono::floor<days>(number.created_at);
    const auto end =
        std::ranges::partition_point(table.periods, [&](const Period& period) { return period.last >= day; });
    if (end == table.periods.begin()) return;
    auto& sums = added[static_cast<std::size_t>(end - table.periods.begin()) - 1];
    count(sums, "phonenumbers", {1, 1, 0});
    count(sums, "phonenumbers-" + number.type, {1, 1, 0});
  });
  Sums carried{};
  for (auto i = added.size(); i-- > 0;)
    for (std::size_t j = 0; j < carried.size(); ++j) {
      carried.at(j).count += added[i].at(j).count;
      carried.at(j).usage += added[i].at(j).usage;
      table.sums[i].at(j).count += carried.at(j).count;
      table.sums[i].at(j).usage += carried.at(j).usage;
    }
}

/// Each resource is looked at once, however many periods there are.
Table table_of(const Desk& desk, std::vector<Period> periods) {
  Table table(std::move(periods));
  count_calls(desk, table);
  count_messages(desk, table);
  count_recordings(desk, table);
  count_numbers(desk, table);
  return table;
}

// --- periods ---

enum class Cut { none, daily, monthly, yearly };

sys_days day_of(Instant at) { return std::chrono::floor<days>(at); }

sys_days first_of_month(sys_days day) {
  const year_month_day date(day);
  return sys_days(date.year() / date.month() / 1);
}

/// "2026-01-31" or "-30days".
std::optional<sys_days> parse_day(const std::string& text, sys_days today) {
  if (text.starts_with('-') || text.starts_with('+')) {
    auto number = std::string_view(text).substr(1);
    if (!number.ends_with("days")) return std::nullopt;
    number.remove_suffix(4);
    const auto count_of = base::parse_int(number);
    if (!count_of || *count_of < 0 || *count_of > 100'000) return std::nullopt;
    return today + days((text.front() == '-' ? -1 : 1) * *count_of);
  }
  const auto day = parse_rest_time(text);
  return day ? std::optional(day_of(day->begin)) : std::nullopt;
}

/// What is asked for, else `usual`; nullopt with a date that is none.
std::optional<Period> asked_period(const Fields& fields, Period usual, sys_days today) {
  if (const auto text = fields.text("StartDate"); !text.empty()) {
    const auto day = parse_day(text, today);
    if (!day) return std::nullopt;
    usual.first = *day;
  }
  if (const auto text = fields.text("EndDate"); !text.empty()) {
    const auto day = parse_day(text, today);
    if (!day) return std::nullopt;
    usual.last = *day;
  }
  // Nothing is known of the days to come, which would crowd out those that were.
  if (usual.first <= today) usual.last = std::min(usual.last, today);
  return usual;
}

sys_days begin_of(sys_days day, Cut cut) {
  if (cut == Cut::monthly) return first_of_month(day);
  return cut == Cut::yearly ? sys_days(year_month_day(day).year() / 1 / 1) : day;
}

/// The newest first, as Twilio lists them.
std::vector<Period> cut_up(const Period& whole, Cut cut) {
  constexpr std::size_t k_most = 4000;
  std::vector<Period> all;
  if (cut == Cut::none) return {whole};
  for (auto last = whole.last; last >= whole.first && all.size() < k_most;) {
    const auto first = std::max(begin_of(last, cut), whole.first);
    all.push_back({first, last});
    last = first - days(1);
  }
  return all;
}

// --- answers ---

struct Record {
  Period period;
  const Category* category;
  Sum sum;
};

void write(const Desk& desk, JsonText& json, const Record& record) {
  static constexpr std::pair<std::string_view, std::string_view> k_parts[] = {
      {"all_time", "AllTime"}, {"daily", "Daily"},          {"last_month", "LastMonth"},
      {"monthly", "Monthly"},  {"this_month", "ThisMonth"}, {"today", "Today"},
      {"yearly", "Yearly"},    {"yesterday", "Yesterday"}};
  const auto& [period, category, sum] = record;
  const auto first = base::format_day(year_month_day(period.first)),
             last = base::format_day(year_month_day(period.last));
  const auto base = uri_of(desk, "/Usage/Records");
  json.text("category", category->name);
  json.text("description", category->text);
  json.text("account_sid", desk.account.sid);
  json.text("start_date", first);
  json.text("end_date", last);
  auto as_of = iso8601(desk.now());
  as_of.replace(as_of.size() - 1, 1, "+00:00");
  json.text("as_of", as_of);
  json.text("count", std::to_string(sum.count));
  json.text("count_unit", category->count_unit);
  json.text("usage", std::to_string(sum.usage));
  json.text("usage_unit", category->usage_unit);
  json.raw("price", fmt::format("{}.{:05}", sum.micros / 1'000'000, sum.micros % 1'000'000 / 10));
  json.text("price_unit", "usd");
  json.text("api_version", "2010-04-01");
  json.text("uri",
            fmt::format("{}.json?Category={}&StartDate={}&EndDate={}", base, category->name, first, last));
  json.open("subresource_uris");
  for (const auto& [name, part] : k_parts)
    json.text(name, fmt::format("{}/{}.json?Category={}", base, part, category->name));
  json.close();
}

RestAnswer answer(Desk& desk, const Ask& ask, const Period& usual, Cut cut) {
  const auto wanted = ask.fields.text("Category");
  const auto is_wanted = [&](const Category& category) { return wanted.empty() || category.name == wanted; };
  if (std::none_of(std::begin(k_categories), std::end(k_categories), is_wanted))
    return refuse(400, 20422, fmt::format("Unknown Category {}", base::in_quotes(wanted)));
  const auto whole = asked_period(ask.fields, usual, day_of(desk.now()));
  if (!whole) return refuse(400, 20422, "StartDate and EndDate take a day as 2026-01-31 or as -30days");
  std::vector<Record> records;
  const auto table = table_of(desk, cut_up(*whole, cut));
  for (std::size_t p = 0; p < table.periods.size(); ++p)
    for (std::size_t i = 0; i < std::size(k_categories); ++i)
      if (is_wanted(k_categories[i]))
        records.push_back({table.periods[p], &k_categories[i], table.sums[p].at(i)});
  return page_of_list(ask, "usage_records", records,
                      [&](JsonText& json, const Record& record) { write(desk, json, record); });
}

/// Since the account was made, or for as long as anybody may want to look back at one made without a date.
Period all_time(const Desk& desk) {
  const auto today = day_of(desk.now());
  return {std::max(day_of(desk.account.created_at), sys_days(today - days(365))), today};
}

RestAnswer records(Desk& desk, const Ask& ask) { return answer(desk, ask, all_time(desk), Cut::none); }
RestAnswer daily(Desk& desk, const Ask& ask) { return answer(desk, ask, all_time(desk), Cut::daily); }
RestAnswer monthly(Desk& desk, const Ask& ask) { return answer(desk, ask, all_time(desk), Cut::monthly); }
RestAnswer yearly(Desk& desk, const Ask& ask) { return answer(desk, ask, all_time(desk), Cut::yearly); }
RestAnswer today(Desk& desk, const Ask& ask) {
  const auto day = day_of(desk.now());
  return answer(desk, ask, {day, day}, Cut::none);
}
RestAnswer yesterday(Desk& desk, const Ask& ask) {
  const auto day = day_of(desk.now()) - days(1);
  return answer(desk, ask, {day, day}, Cut::none);
}
RestAnswer this_month(Desk& desk, const Ask& ask) {
  const auto day = day_of(desk.now());
  return answer(desk, ask, {first_of_month(day), day}, Cut::none);
}
RestAnswer last_month(Desk& desk, const Ask& ask) {
  const auto last = first_of_month(day_of(desk.now())) - days(1);
  return answer(desk, ask, {first_of_month(last), last}, Cut::none);
}

}  // namespace

std::span<const Route> usage_routes() {
  static constexpr Route k_routes[] = {{"Usage/Records", {records, k_keys}},
                                       {"Usage/Records/AllTime", {records, k_keys}},
                                       {"Usage/Records/Daily", {daily, k_keys}},
                                       {"Usage/Records/Monthly", {monthly, k_keys}},
                                       {"Usage/Records/Yearly", {yearly, k_keys}},
                                       {"Usage/Records/Today", {today, k_keys}},
                                       {"Usage/Records/Yesterday", {yesterday, k_keys}},
                                       {"Usage/Records/ThisMonth", {this_month, k_keys}},
                                       {"Usage/Records/LastMonth", {last_month, k_keys}}};
  return k_routes;
}

}  // namespace ringctl::sim
