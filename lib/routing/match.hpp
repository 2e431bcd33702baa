#pragma once
// Whether the conditions of a rule hold for a call. Private to this room.

#include <array>
#include <optional>
#include <vector>

#include "routing/facts.hpp"
#include "routing/snapshot.hpp"

namespace ringctl::routing {

/// The call in the form in which rules are tested; made once for all of them.
class Caller {
 public:
  Caller(const Snapshot&, const Facts&);
  /// The first condition that does not hold; nullptr if all hold.
  const Test* first_failing(const Group&) const;

 private:
  bool holds(const Test&) const;
  bool holds_all(const Group& group) const { return first_failing(group) == nullptr; }
  bool has(const Test&, std::uint64_t value) const;
  /// The place of a text that some rule asks for; else one that is none's.
  std::uint64_t place(std::string_view text) const;
  bool time_fits(const Test&) const;

  const Snapshot& s_;
  const Facts& f_;
  std::uint64_t called_, caller_country_, contact_country_ = 0;
  std::array<std::uint64_t, 4> attributes_{};  ///< lead_status, product, market, state
  std::vector<std::uint64_t> tags_;
  mutable std::optional<base::LocalTime> local_;  ///< looked up when first asked for
};

}  // namespace ringctl::routing
