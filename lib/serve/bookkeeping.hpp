#pragma once
// What happened, on its way to the database: an event is durable in the journal before its webhook is
// answered, and the applier makes rows of it. A simulation keeps it in memory in between.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "calls/event.hpp"
#include "messages/event.hpp"
#include "serve/applier.hpp"
#include "serve/estates.hpp"
#include "serve/exchange.hpp"
#include "serve/held_events.hpp"
#include "serve/journal.hpp"

namespace ringctl::serve {

/// What must be durable before a webhook is answered: the journal's record, the database's commit, or, where
/// nothing outlives the run, nothing: then events are applied by settle() and stop() alone.
enum class Durability { journal, database, none };

class Bookkeeping {
 public:
  struct Options {
    std::filesystem::path state;  ///< the journal lies in it
    JournalOptions journal;
    Durability durability = Durability::journal;
    Disk* disk = &system_disk();  ///< the journal's; outlives the books
    std::function<void()> queued =
        {};  ///< something is to be told to a workspace's own webhook; the applier's thread
  };
  /// Takes a journal slot, if there is to be one, and begins to apply what is left in it. Throws as
  /// Journal::open does.
  Bookkeeping(OpenDatabase, const base::Clock&, Options);
  ~Bookkeeping();
  Bookkeeping(const Bookkeeping&) = delete;
  Bookkeeping& operator=(const Bookkeeping&) = delete;

  /// The answer goes out once the event is durable. If it cannot be, an answer that leads a caller on goes
  /// out all the same, unless the journal is full; else it is 503, for nobody may believe that it was kept.
  void keep(const calls::Event&, const ExchangePtr&, Answer);
  /// The same for a safe answer, which never waits for the database.
  void keep_safely(const calls::Event&, const ExchangePtr&, Answer, std::string_view cause);
  /// Without anybody waiting for it.
  void note(const calls::Event&);
  // The same for messages.
  void keep(const messages::Event&, const ExchangePtr&, Answer);
  void keep_safely(const messages::Event&, const ExchangePtr&, Answer, std::string_view cause);
  /// Whether keep() waits for more than the journal.
  bool waits_for_database() const { return options_.durability == Durability::database; }

  /// True once all that was kept until now is in the database; false after the time.
  bool settle(std::chrono::milliseconds within);
  /// Applies what there is within the time; true if nothing is left. Nothing may be kept any more.
  bool stop(std::chrono::milliseconds within);

  Journal::Stats journal_stats() const { return held_ ? Journal::Stats{} : journal_->stats(); }
  Applier::Stats applier_stats() const;

 private:
  using Send = std::function<void(Answer, std::uint64_t sequence)>;
  void keep_bytes(std::string bytes, const ExchangePtr&, Answer);
  void keep_bytes_safely(std::string bytes, const ExchangePtr&, Answer, std::string_view cause);
  void append(std::string bytes, const ExchangePtr&, Answer, Send);
  void answer_when_applied(std::uint64_t sequence, const ExchangePtr&, Answer);
  const Options options_;
  std::unique_ptr<HeldEvents> held_;  ///< in place of the two that follow
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Applier> applier_;
};

/// Applies journaled events, of calls and of messages: one transaction for those of a workspace that follow
/// each other. A message without a workspace gets that of its number, else the only one that takes its
/// account; where there is none it is refused [messages.nobodys]. What the applier is given.
Apply apply_events(OpenDatabase, const base::Clock&, std::function<void()> queued = {});
/// That of a message without one. In transactions of its own. Throws Errc::invalid [messages.nobodys].
base::Uuid workspace_of(db::Connection&, const messages::Event&);

}  // namespace ringctl::serve
