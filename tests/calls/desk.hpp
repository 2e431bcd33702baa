#pragma once
// An office whose phones ring: webhooks as serve takes them, and the rows they leave.

#include <fmt/format.h>

#include "calls/apply.hpp"
#include "calls/event.hpp"
#include "limits/office.hpp"

namespace ringctl::test {

inline const std::string k_caller = "+12025550150";
inline const std::string k_plan = R"({"steps":[{"kind":"ring"},{"kind":"voicemail"}]})";

inline std::string leg_sid(int n) { return fmt::format("CA{:032x}", 0xf0000 + n); }
inline std::string recording_sid(int n) { return fmt::format("RE{:032x}", n); }

using Form = std::vector<std::pair<std::string, std::string>>;

struct Desk : Office {
  explicit Desk(db::Engine engine) : Office(engine), ann_id(agent()), number_id(number()) {}

  /// `after` the clock's start.
  base::Instant at(int seconds) const { return start + std::chrono::seconds(seconds); }

  calls::Event event(calls::Kind kind, Form form, int seconds) const {
    return calls::event_from(kind, workspace, std::move(form), at(seconds));
  }

  /// The webhook that a call begins with.
  calls::Event inbound(int n = 1, int seconds = 0) const {
    auto e = event(calls::Kind::inbound,
                   {{"CallSid", call_sid(n)},
                    {"From", k_caller},
                    {"To", k_from},
                    {"CallStatus", "ringing"},
                    {"Direction", "inbound"}},
                   seconds);
    e.decision = calls::Decision{.number = number_id,
                                 .customer_name = "Lin Park",
                                 .routed_by = "rule",
                                 .rule = "Sales",
                                 .plan = k_plan};
    return e;
  }

  calls::Event outbound(int n = 1, int seconds = 0, std::optional<base::Uuid> reservation = {}) const {
    auto e = event(calls::Kind::outbound,
                   {{"CallSid", call_sid(n)},
                    {"From", "client:agent_ann"},
                    {"To", k_to},
                    {"CallStatus", "ringing"},
                    {"Direction", "inbound"}},
                   seconds);
    e.decision = calls::Decision{.number = number_id,
                                 .user = ann_id,
                                 .reservation = reservation,
                                 .from_number = k_from,
                                 .to_number = k_to,
                                 .routed_by = "outbound",
                                 .plan = "{}"};
    return e;
  }

  static std::string timestamp(base::Instant at) {
    const auto days = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day day(days);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - days));
    return fmt::format("Sun, {:02} Mar {} {:02}:{:02}:{:02} +0000", unsigned{day.day()}, int{day.year()},
                       time.hours().count(), time.minutes().count(), time.seconds().count());
  }

  /// Status callback of the call itself.
  calls::Event status(int n, const std::string& word, int sequence, int seconds, int duration = -1) const {
    Form form{{"CallSid", call_sid(n)},
              {"CallStatus", word},
              {"From", k_caller},
              {"To", k_from},
              {"Direction", "inbound"},
              {"SequenceNumber", std::to_string(sequence)},
              {"Timestamp", timestamp(at(seconds))}};
    if (duration >= 0) form.emplace_back("CallDuration", std::to_string(duration));
    return event(calls::Kind::status, form, seconds + 1);
  }

  /// The same of a call that Ann makes.
  calls::Event own_status(int n, const std::string& word, int sequence, int seconds,
                          int duration = -1) const {
    auto e = status(n, word, sequence, seconds, duration);
    for (auto& [name, value] : e.parameters) {
      if (name == "From") value = "client:agent_ann";
      if (name == "To") value = k_to;
    }
    return e;
  }

  /// Status callback of a leg that rings Ann.
  calls::Event leg(int n, int leg, const std::string& word, int sequence, int seconds,
                   int duration = -1) const {
    Form form{{"CallSid", leg_sid(leg)},
              {"ParentCallSid", call_sid(n)},
              {"CallStatus", word},
              {"From", k_caller},
              {"To", "client:agent_ann"},
              {"Direction", "outbound-dial"},
              {"SequenceNumber", std::to_string(sequence)},
              {"Timestamp", timestamp(at(seconds))}};
    if (duration >= 0) form.emplace_back("CallDuration", std::to_string(duration));
    auto e = event(calls::Kind::status, form, seconds + 1);
    e.place = calls::Place{0, 0};
    e.party = "client:agent_ann";
    e.user = ann_id;
    return e;
  }

  /// The same for a leg that rings somebody Ann calls.
  calls::Event called(int n, int leg_n, const std::string& word, int sequence, int seconds,
                      int duration = -1) const {
    auto e = leg(n, leg_n, word, sequence, seconds, duration);
    e.user.reset();
    e.party = k_to;
    for (auto& [name, value] : e.parameters)
      if (name == "To" || name == "From") value = name == "To" ? k_to : k_from;
    return e;
  }

  /// Dial's action.
  calls::Event next(int n, int leg, const std::string& dialled, int seconds, int duration = -1) const {
    Form form{{"CallSid", call_sid(n)}, {"CallStatus", "in-progress"}, {"From", k_caller},
              {"To", k_from},           {"DialCallSid", leg_sid(leg)}, {"DialCallStatus", dialled}};
    if (duration >= 0) form.emplace_back("DialCallDuration", std::to_string(duration));
    auto e = event(calls::Kind::next, form, seconds);
    e.place = calls::Place{0, 0};
    return e;
  }

  calls::Applied apply(std::vector<calls::Event> events) {
    calls::Applied applied;
    write([&] { applied = calls::apply(session(), events); });
    return applied;
  }

  /// A query's rows, cells parted by bars. `sql` takes the workspace as $1.
  std::string rows(std::string_view sql) {
    return read([&] { return rows_here(sql); });
  }
  /// The same inside a transaction.
  std::string rows_here(std::string_view sql) {
    std::string out;
    auto rows = db().query(sql, {workspace});
    while (rows.next()) {
      for (int i = 0; i < rows.columns(); ++i) out.append(i == 0 ? "" : "|").append(rows.text(i));
      out += "\n";
    }
    return out;
  }

  base::Instant start = clock.now();
  base::Uuid ann_id, number_id;
};

}  // namespace ringctl::test
