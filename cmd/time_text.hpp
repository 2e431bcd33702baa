#pragma once
#include <string>
#include <string_view>

#include "base/zone.hpp"

namespace ringctl::cmd {

/// What stood behind a flag ("since"), as base::parse_instant() reads it; its errors name the flag.
base::Instant parse_time(std::string_view flag, std::string_view text, const base::Zone&, base::Instant now);

/// Instants as text in one zone. Remembers the zone's offset for the quarter hour it last looked at, because
/// asking the zone costs more than writing a whole row.
class TimeText {
 public:
  explicit TimeText(base::Zone zone) : zone_(std::move(zone)) {}
  /// RFC 3339 with offset: "2026-03-08T03:00:00.000-04:00".
  void append(std::string& out, base::Instant);
  /// For people: "2026-03-08 03:00:00".
  void append_local(std::string& out, base::Instant);
  const base::Zone& zone() const { return zone_; }

 private:
  void look_up(base::Instant);
  base::Zone zone_;
  std::int64_t quarter_ = -1;
  std::chrono::minutes offset_{};
  std::string suffix_;
};

}  // namespace ringctl::cmd
