#pragma once
#include <string>
#include <string_view>

#include "base/zone.hpp"

namespace ringctl::cmd {

/// What stood behind a flag ("since"), as base::parse_instant() reads it; its errors name the flag.
base::Instant parse_time(std::string_view flag, std::string_view text, const base::Zone&, base::Instant now);

/// Instants as text, for programs and for people. Remembers a zone's offset for the quarter hour it last
/// looked at, because asking the zone costs more than writing a whole row.
class TimeText {
 public:
  explicit TimeText(const base::Zone& zone) : machine_{zone}, people_{zone} {}
  /// From now on people see times in another zone. Texts with their offset say the same in any, and stay.
  void show_people(base::Zone zone) { people_ = {std::move(zone)}; }
  /// RFC 3339 with offset: "2026-03-08T03:00:00.000-04:00".
  void append(std::string& out, base::Instant);
  /// For people: "2026-03-08 03:00:00".
  void append_local(std::string& out, base::Instant);
  /// That of append_local().
  const base::Zone& people_zone() const { return people_.zone; }

 private:
  struct Offset {
    base::Zone zone;
    std::int64_t quarter = -1;
    std::chrono::minutes offset = {};
    std::string suffix = {};
    void look_up(base::Instant);
  };
  Offset machine_, people_;
};

}  // namespace ringctl::cmd
