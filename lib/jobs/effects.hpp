#pragma once
// The journal of what must not happen twice outside this database: written before it is asked for, marked as
// it goes out, and again with what came of it. What has no answer stays `unknown` until somebody looked.
//
//   intent -> sent -> done | refused | unknown;  sent, unknown -> done | undone (it had not happened)
//
// An `intent` that was never sent is free to be sent, or to be dropped (undone), by whoever goes on with its
// job. A `sent` one that is found later is as good as unknown: whoever sent it may have been killed.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::jobs {

enum class EffectState { intent, sent, done, refused, unknown, undone };
std::string_view state_name(EffectState);

/// "number.buy" and so on; a table in docs of the resolvers (sync/effect_row.hpp).
struct Effect {
  base::Uuid id;
  std::optional<base::Uuid> job = {};
  std::int64_t line = 0;
  std::string kind;  ///< number.buy number.release call.start participant.add message.send trunk.create
                     ///< url.create application.create livekit.trunk livekit.rule
  std::string key;   ///< what it is found by at the other end: an E.164 number, a name
  std::string account_sid;
  std::string request = "{}";  ///< canonical JSON, enough to ask again; no secret
  EffectState state = EffectState::intent;
  std::string sid = {}, code = {}, message = {};
  std::optional<std::int64_t> price_micros = {};
  std::string price_unit = {};
  std::string actor;
  base::Instant created_at{}, updated_at{};
};

/// On one workspace; every call inside the caller's write transaction, which is to be committed before what
/// it says happens. Throws Errc::conflict [jobs.effect_moved] where the state is not the one it leaves from.
class Effects {
 public:
  Effects(db::Connection& db, const base::Clock& clock, const base::Uuid& workspace)
      : db_(db), clock_(clock), workspace_(workspace) {}

  /// Errc::conflict [jobs.effect_under_way] if the same purchase is open already, in any workspace.
  void insert(Effect&);
  /// What it costs a month, where that was not known when it was written down.
  void priced(const base::Uuid& id, std::int64_t micros, std::string_view unit);
  void sent(const base::Uuid& id);
  void done(const base::Uuid& id, std::string_view sid);
  void refused(const base::Uuid& id, std::string_view code, std::string_view message);
  void unknown(const base::Uuid& id, std::string_view message);
  void undone(const base::Uuid& id, std::string_view message);

  /// In the order of lines; of all jobs with nullopt, then by age.
  std::vector<Effect> open(const std::optional<base::Uuid>& job);
  void for_each(const base::Uuid& job, const std::function<void(const Effect&)>&);
  std::int64_t count_open(const std::optional<base::Uuid>& job);
  /// Millionths of what purchases since then cost a month, those whose outcome is open included.
  std::int64_t spent_since(base::Instant, std::string_view unit);

 private:
  db::Connection& db_;
  const base::Clock& clock_;
  base::Uuid workspace_;
};

}  // namespace ringctl::jobs
