#pragma once
// The rows of calls, read and written a batch at a time. Private to this room; inside the caller's
// transaction.

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/log.hpp"
#include "calls/counter.hpp"
#include "calls/fold.hpp"

namespace ringctl::calls {

void write_counter(db::Connection&, const base::Uuid& workspace, std::int64_t closed_seq);

/// Keeps events that are new by their key; which of them were, in their order.
std::vector<const Event*> insert_events(audit::Session&, const base::Uuid& workspace, std::span<const Event>);

/// Which of them insert_events() would keep.
std::vector<const Event*> missing_events(db::Connection&, const base::Uuid& workspace,
                                         std::span<const Event>);

/// Calls by their SIDs, with their legs.
std::unordered_map<std::string, CallRow> read_calls(db::Connection&, const base::Uuid& workspace,
                                                    const std::vector<std::string_view>& sids);
/// Of SIDs of legs, those of their calls.
std::unordered_map<std::string, std::string> calls_of_legs(db::Connection&, const base::Uuid& workspace,
                                                           const std::vector<std::string_view>& legs);
/// The plans of calls, by SID, of those that have one.
std::unordered_map<std::string, std::string> read_plans(db::Connection&, const base::Uuid& workspace,
                                                        const std::vector<std::string_view>& sids);
/// The status callbacks of these calls and legs that were kept, as Twilio sent them.
std::vector<Event> read_status_events(db::Connection&, const base::Uuid& workspace,
                                      const std::vector<std::string_view>& sids);
/// Empties the forms of all events of these calls and legs.
void scrub_events(db::Connection&, const base::Uuid& workspace, const std::vector<std::string_view>& sids);
std::unordered_map<std::string, RecordingRow> read_recordings(db::Connection&, const base::Uuid& workspace,
                                                              const std::vector<std::string_view>& sids);

/// The changed rows. A SID that another workspace has is left alone: its row, and what belongs to it, is
/// marked unchanged.
void write_calls(audit::Session&, const base::Uuid& workspace, std::span<CallRow* const>);
/// `written`: calls that this transaction wrote. Others that are over are marked as changed where one of
/// these is theirs.
void write_recordings(audit::Session&, const base::Uuid& workspace, std::span<RecordingRow* const>,
                      std::span<CallRow* const> written);

}  // namespace ringctl::calls
