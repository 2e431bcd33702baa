#pragma once
// What is broken on purpose: webhooks on their way to a server, and REST requests on their way to the
// network. Chance comes from the one seed, so that the same scenario breaks the same way each time; every
// time one strikes it is counted and stands in the timeline. One thread: the agenda's.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/agenda.hpp"
#include "sim/sids.hpp"
#include "sim/timeline.hpp"

namespace ringctl::sim {

enum class Breaking {
  // of a webhook as a whole, whatever its attempts
  doubled,    ///< "double": sent twice, with one idempotency token
  delayed,    ///< "delay": sent that much later
  reordered,  ///< "reorder": sent after the one that comes after it
  replayed,   ///< "replay": sent once more later, byte for byte, as by somebody who wrote it down
  lost,       ///< "lose": none of its attempts arrives; to the network nobody could be connected to
  // of one attempt
  badly_signed,  ///< "bad_signature": the signature of another token
  timed_out,     ///< "timeout": the server gets it, and its answer comes too late
  late,          ///< "late": the answer comes that much later
  answered,      ///< "answer_503", "answer_5xx": something before the server answers with this status
  garbled,       ///< "garbage": the server gets it, and what comes back makes no sense
  // of a REST request
  refused,        ///< "429", "503": not executed, answered with this status
  hung,           ///< "hang": not executed, never answered
  garbage,        ///< "garbage": executed, and the answer makes no sense
  reset,          ///< "reset": not executed, the connection ends
  executed_lost,  ///< "executed_lost": executed, and the connection ends before the answer
  slowed,         ///< "slow": executed, and answered that much later
  // executed, and of the answer
  dripped,    ///< "drip": comes a byte at a time, which takes longer than anybody waits
  truncated,  ///< "truncated": the first half comes, then the connection ends
  huge,       ///< "huge": hundreds of times as large as any answer is
  deep,       ///< "deep": lists in lists, a hundred thousand of them
};

enum class Stage { whole, attempt, rest };
Stage stage_of(Breaking);

struct Fault {
  std::string of = "*";  ///< kind of webhook ("voice", "status"), "*" for all of them, or "rest"
  Breaking what = Breaking::doubled;
  std::string word = "double";  ///< as in scenarios and on the timeline
  int status = 0;               ///< of answered and refused
  /// Of delayed, replayed, late and slowed, else what is usual; of refused: what Retry-After says.
  std::optional<std::chrono::milliseconds> by = {};
  double share = 1;               ///< of those it could strike, 0 to 1
  std::optional<int> times = {};  ///< at most so often

  /// `by`, or what is usual: 2 s late, a replay after a minute.
  std::chrono::milliseconds time() const;
};

/// A fault by its words; nullopt if there is none of this word for this `of`.
std::optional<Fault> try_make_fault(std::string_view of, std::string_view word);
/// Every word that try_make_fault() takes, for messages: webhooks' or REST's. Of statuses one each.
std::vector<std::string> fault_words(bool rest);
/// Every kind of webhook that the network makes, as faults, expectations and the timeline name it.
const std::vector<std::string>& webhook_kinds();

class Faults {
 public:
  struct Counted {
    Fault fault = {};
    int struck = 0;
  };

  /// All outlive it.
  Faults(Agenda& agenda, Timeline& timeline, Sids& sids)
      : agenda_(agenda), timeline_(timeline), sids_(sids) {}

  void add(Fault fault) { all_.push_back({std::move(fault)}); }
  void clear() { all_.clear(); }

  /// Those that strike now, in the order in which they were added, one of each sort at most. `of`: a
  /// webhook's kind, or "rest". `about`: the call's SID, for the timeline.
  std::vector<Fault> strike(Stage, std::string_view of, const std::string& about = {});

  /// All of them, and how often each has struck.
  const std::vector<Counted>& counted() const { return all_; }

 private:
  bool strikes(Counted&, Stage, std::string_view of);

  Agenda& agenda_;
  Timeline& timeline_;
  Sids& sids_;
  std::vector<Counted> all_ = {};
};

}  // namespace ringctl::sim
