#include "serve/bookkeeping.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "calls/apply.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "messages/apply.hpp"
#include "routing/facts.hpp"
#include "serve/refusal.hpp"

namespace ringctl::serve {
namespace {

/// A record of the journal; a message that came while nobody knew whose number it was has no workspace yet.
struct Entry {
  std::optional<calls::Event> call = {};
  std::optional<messages::Event> message = {};
  std::optional<base::Uuid> workspace = {};
};

Entry entry_of(const Record& record) {
  std::error_code wrong;
  Entry entry;
  if (messages::is_message(record.bytes)) {
    entry.message = messages::try_from_bytes(record.bytes, wrong);
    if (entry.message) entry.workspace = entry.message->workspace;
  } else {
    entry.call = calls::try_from_bytes(record.bytes, wrong);
    if (entry.call) entry.workspace = entry.call->workspace;
  }
  if (!entry.call && !entry.message)
    throw Error(Errc::invalid, "journal.not_an_event",
                fmt::format("record {} of the journal is no event: {}", record.sequence, wrong.message()));
  return entry;
}

std::vector<std::string> accounts_of(db::Connection& db, const base::Uuid& workspace) {
  const db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  return directory::read_voice_settings(db, workspace).twilio_accounts;
}

bool takes(const std::vector<std::string>& accounts, const messages::Event& event) {
  if (accounts.empty()) return event.main_account;
  return std::find(accounts.begin(), accounts.end(), event.parameter("AccountSid")) != accounts.end();
}

/// The applier's side of the database.
class EventWriter {
 public:
  EventWriter(OpenDatabase open, const base::Clock& clock, std::function<void()> queued)
      : open_(std::move(open)), clock_(clock), ids_(clock), queued_(std::move(queued)) {}

  void apply(std::span<const Record> records) {
    std::vector<Entry> entries;
    entries.reserve(records.size());
    for (const auto& record : records) entries.push_back(entry_of(record));
    try {
      if (!connection_) connection_ = open_();
      for (auto& entry : entries)
        if (!entry.workspace) entry.workspace = workspace_of(*connection_, *entry.message);
      for (std::size_t from = 0; from < entries.size();) from = apply_run(entries, from);
    } catch (const Error& error) {
      // What is wrong with it may be the connection itself: a primary that is one no more, a login that
      // ended.
      if (error.errc() != Errc::db_busy && is_passing(error)) connection_.reset();
      throw;
    }
  }

 private:
  /// Events of one workspace that follow each other; returns where the next ones begin.
  std::size_t apply_run(std::vector<Entry>& entries, std::size_t from) {
    const auto workspace = *entries[from].workspace;
    std::vector<calls::Event> calls;
    std::vector<messages::Event> texts;
    auto to = from;
    for (; to < entries.size() && entries[to].workspace == workspace; ++to) {
      if (entries[to].call) calls.push_back(std::move(*entries[to].call));
      if (entries[to].message) texts.push_back(std::move(*entries[to].message));
    }
    audit::Session session{*connection_, clock_, ids_, "system"};
    messages::Applied applied;
    db::in_transaction(*connection_, db::Scope::of(workspace), [&] {
      if (!calls.empty()) calls::apply(session, calls);
      applied = texts.empty() ? messages::Applied{} : messages::apply(session, workspace, texts);
    });
    if (applied.queued > 0 && queued_) queued_();
    return to;
  }

  const OpenDatabase open_;
  const base::Clock& clock_;
  base::UuidGenerator ids_;
  const std::function<void()> queued_;
  std::unique_ptr<db::Connection> connection_;
};

/// A caller on the line is led on even so. Whoever only wants to know that it is on record must not believe
/// it, nor must Twilio of a text: it has that still, and shows that nobody took it. Past a full journal
/// nobody must.
void answer_unkept(const std::error_code& why, Exchange& exchange, Answer answer) {
  base::log(base::LogLevel::error, "journal.lost", {{"why", why.message()}, {"request_id", exchange.id()}});
  const bool full = why == JournalErrc::full || is_full(why);
  const bool leads_on = answer.status == 200 && !full && !is_about_messages(exchange.endpoint());
  exchange.answer_safely(leads_on ? std::move(answer) : problem(503, why.message()), "journal");
}

ApplierOptions applier_options(const Bookkeeping::Options& options) {
  return {.root = options.state / "journal", .abandoned = options.journal};
}

}  // namespace

base::Uuid workspace_of(db::Connection& db, const messages::Event& event) {
  const auto ours = event.parameter(event.kind == messages::Kind::inbound ? "To" : "From");
  const auto holder = routing::find_workspaces_of(db, {ours}).front();
  std::vector<base::Uuid> taking;
  for (const auto& workspace : holder ? std::vector{*holder} : directory::active_workspaces(db))
    if (takes(accounts_of(db, workspace), event)) taking.push_back(workspace);
  if (taking.size() == 1) return taking.front();
  throw Error(
      Errc::invalid, "messages.nobodys",
      fmt::format("message {} is about a number of no workspace that takes its account", event.message_sid));
}

Apply apply_events(OpenDatabase open, const base::Clock& clock, std::function<void()> queued) {
  auto writer = std::make_shared<EventWriter>(std::move(open), clock, std::move(queued));
  return [writer](std::span<const Record> records) { writer->apply(records); };
}

Bookkeeping::Bookkeeping(OpenDatabase open, const base::Clock& clock, Options options)
    : options_(std::move(options)) {
  auto apply = apply_events(std::move(open), clock, options_.queued);
  if (options_.durability == Durability::none) {
    held_ = std::make_unique<HeldEvents>(std::move(apply), clock);
    return;
  }
  journal_ = Journal::open(options_.state / "journal", options_.journal, clock, *options_.disk);
  applier_ = std::make_unique<Applier>(*journal_, clock, std::move(apply), applier_options(options_));
}

/// The journal's last answers may still ask the applier, which goes first.
Bookkeeping::~Bookkeeping() {
  if (journal_) journal_->stop();
}

Applier::Stats Bookkeeping::applier_stats() const {
  if (!held_) return applier_->stats();
  Applier::Stats stats;
  stats.refused = held_->refused();
  return stats;
}

void Bookkeeping::keep(const calls::Event& event, const ExchangePtr& exchange, Answer answer) {
  keep_bytes(calls::to_bytes(event), exchange, std::move(answer));
}

void Bookkeeping::keep_bytes(std::string bytes, const ExchangePtr& exchange, Answer answer) {
  append(std::move(bytes), exchange, std::move(answer),
         [this, exchange](Answer durable, std::uint64_t sequence) {
           if (options_.durability == Durability::database)
             answer_when_applied(sequence, exchange, std::move(durable));
           else
             exchange->answer(std::move(durable));
         });
}

void Bookkeeping::keep_safely(const calls::Event& event, const ExchangePtr& exchange, Answer answer,
                              std::string_view cause) {
  keep_bytes_safely(calls::to_bytes(event), exchange, std::move(answer), cause);
}

void Bookkeeping::keep_bytes_safely(std::string bytes, const ExchangePtr& exchange, Answer answer,
                                    std::string_view cause) {
  append(std::move(bytes), exchange, std::move(answer),
         [exchange, cause = std::string(cause)](Answer durable, std::uint64_t) {
           exchange->answer_safely(std::move(durable), cause);
         });
}

void Bookkeeping::keep(const messages::Event& event, const ExchangePtr& exchange, Answer answer) {
  keep_bytes(messages::to_bytes(event), exchange, std::move(answer));
}

void Bookkeeping::keep_safely(const messages::Event& event, const ExchangePtr& exchange, Answer answer,
                              std::string_view cause) {
  keep_bytes_safely(messages::to_bytes(event), exchange, std::move(answer), cause);
}

void Bookkeeping::append(std::string bytes, const ExchangePtr& exchange, Answer answer, Send send) {
  if (held_) {
    held_->add(bytes);
    return send(std::move(answer), 0);
  }
  auto waiting = std::make_shared<Answer>(std::move(answer));
  const auto refused =
      journal_->append(bytes, [exchange, waiting, send = std::move(send)](const Appended& appended) {
        if (appended.error)
          answer_unkept(appended.error, *exchange, std::move(*waiting));
        else
          send(std::move(*waiting), appended.sequence);
      });
  if (refused) answer_unkept(refused, *exchange, std::move(*waiting));
}

void Bookkeeping::answer_when_applied(std::uint64_t sequence, const ExchangePtr& exchange, Answer answer) {
  auto waiting = std::make_shared<Answer>(std::move(answer));
  applier_->when_applied(sequence, [exchange, waiting](bool applied) {
    // Past the deadline the safe answer has gone out already; at the end there is nobody left to ask.
    if (applied) exchange->answer(std::move(*waiting));
  });
}

void Bookkeeping::note(const calls::Event& event) {
  if (held_) return held_->add(calls::to_bytes(event));
  const auto refused = journal_->append(calls::to_bytes(event), [](const Appended& appended) {
    if (appended.error) base::log(base::LogLevel::error, "journal.lost", {{"why", appended.error.message()}});
  });
  if (refused) base::log(base::LogLevel::error, "journal.lost", {{"why", refused.message()}});
}

bool Bookkeeping::settle(std::chrono::milliseconds within) {
  return held_ ? held_->settle(within) : applier_->wait_until(journal_->highest(), within);
}

bool Bookkeeping::stop(std::chrono::milliseconds within) {
  // Whoever stops does not wait for a database to come back.
  if (held_) return held_->settle(std::chrono::milliseconds(0));
  journal_->stop();
  return applier_->stop(within);
}

}  // namespace ringctl::serve
