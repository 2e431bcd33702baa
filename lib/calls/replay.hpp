#pragma once
// Webhooks that came before, held against the call log: what the log lacks of them (because it was restored
// to an earlier state, or they were refused) and, if wanted, put right. A call that is as its webhooks say is
// not touched.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "audit/log.hpp"
#include "calls/event.hpp"

namespace ringctl::calls {

/// A call that is not as its webhooks say.
struct Replayed {
  std::string call_sid;
  std::string from_number = {}, to_number = {};  ///< as they are to be
  std::optional<base::Instant> started_at = {};
  std::string status_before = {};           ///< "" = it is not there
  std::string status = {};                  ///< as it is to be; "" = webhooks only, of no call
  std::int64_t webhooks = 0;                ///< of them the log does not have
  std::set<std::string_view> columns = {};  ///< of calls that differ; "attempts", "recordings"
};

class Replay {
 public:
  /// The session outlives it. `write`: what differs is put right, and on record in the audit log.
  Replay(audit::Session&, const base::Uuid& workspace, bool write);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  /// Webhooks of the workspace, those that came earlier first, in a transaction of their own. Throws as
  /// apply() does, and then nothing was done. Those of a person who was erased are passed over.
  void take(std::span<const Event>);

  /// All calls that differ, or differed, in the order in which they began.
  std::vector<Replayed> differences() const;

 private:
  struct State;
  struct Step;
  std::vector<Step> take_here(std::span<const Event>);
  void merge(std::vector<Step>);
  audit::Session& session_;
  const base::Uuid workspace_;
  const bool write_;
  std::unique_ptr<State> state_;
};

}  // namespace ringctl::calls
