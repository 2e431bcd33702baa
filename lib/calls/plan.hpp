#pragma once
// The ring plan that a call was decided with, for whoever goes on with the call.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "db/keys.hpp"

namespace ringctl::calls {

/// Asks for the plans of some calls of a workspace. Workspace and texts must outlive it.
class PlanRead {
 public:
  /// A SID that is "" is not asked about.
  PlanRead(const db::Connection&, const base::Uuid& workspace, std::vector<std::string_view> call_sids);
  const std::vector<db::Read>& reads() const { return read_.reads(); }
  /// `rows`: those of reads(). In the order of the calls: JSON, as the decision gave it; "" for a call that
  /// is not known (yet) or has none.
  std::vector<std::string> take(std::span<db::Rows> rows) const;

 private:
  const base::Uuid& workspace_;
  std::vector<std::string_view> call_sids_;
  db::KeyedRead read_;
};

}  // namespace ringctl::calls
