#pragma once
// A piece of the events at a time: the rows of their calls are read, the events are folded into them in
// memory, and what changed is written. Every table costs a few statements for a whole piece. Private to this
// room; inside the caller's transaction.

#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "calls/rows.hpp"

namespace ringctl::calls {

/// Those that say something of a call, in the order they came, for what has no other order: decisions on the
/// way.
std::vector<const Event*> in_order(std::vector<const Event*>);

/// Rows that were folded before and not written, by their SIDs.
struct Drafts {
  std::unordered_map<std::string, CallRow> calls;
  std::unordered_map<std::string, RecordingRow> recordings;
};

class Piece {
 public:
  Piece(audit::Session& session, const base::Uuid& workspace) : session_(session), workspace_(workspace) {}

  /// What these events are about, as it stands, or as the drafts have it. From in_order().
  void read(const std::vector<const Event*>&, const Drafts* = nullptr);
  /// Events that were read.
  void fold(const std::vector<const Event*>&);
  /// The rows that are marked as changed. Calls that became final are given their places behind `closed_seq`;
  /// how many there were.
  std::int64_t write(std::int64_t& closed_seq);

  /// By their SIDs. One that another workspace has is new here, and marked unchanged once it was written.
  std::unordered_map<std::string, CallRow>& calls() { return calls_; }
  std::unordered_map<std::string, RecordingRow>& recordings() { return recordings_; }
  /// The SID of the call that an event belongs to.
  std::string_view sid_for(const Event&) const;
  bool erased(const CallRow& call) const { return is_erased(call, known_); }

 private:
  void find_calls_of_legs(const std::vector<const Event*>&, const Drafts*);
  void take_drafts(const Drafts&, const std::set<std::string_view>& sids,
                   const std::set<std::string_view>& recordings);
  void read_references(const std::vector<const Event*>&);
  void read_users(const std::set<std::string_view>&);
  void each_of(std::string_view table, std::string_view column, const std::set<std::string_view>& ids,
               const std::function<void(const base::Uuid&, const db::Rows&)>& visit);
  CallRow& call_for(const Event&);
  void take_event(const Event&);
  struct OwnedLeg {
    LegRow* leg;
    base::Uuid owner;
    bool answers;       ///< as soon as it is picked up
    bool heard_before;  ///< and nobody knew whose it was
  };
  void resolve_phones();
  void name_owners(const std::vector<OwnedLeg>&);
  void pick_up(const std::vector<OwnedLeg>&);
  void count_later();
  void find_changed();
  std::int64_t close(std::int64_t& closed_seq);
  bool is_ours(const RecordingRow&) const;
  void settle();
  void write_last_ended();
  void scrub_erased();

  audit::Session& session_;
  const base::Uuid& workspace_;
  std::unordered_map<std::string, std::string> call_of_leg_;
  std::unordered_map<std::string, CallRow> calls_;
  std::unordered_map<std::string, RecordingRow> recordings_;
  std::vector<CallRow*> changed_;
  std::vector<const Event*> folded_;
  References known_;
};

}  // namespace ringctl::calls
