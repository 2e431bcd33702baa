// The account is read a page at a time, each page held against the rows of its numbers; of what was seen only
// the digits are kept, for those that were not. Then the rows are read once to find what is missing.

#include "sync/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "jobs/journal.hpp"
#include "sync/work.hpp"

namespace ringctl::sync {
namespace {

constexpr std::string_view k_names[] = {"same", "add", "adopt", "changed", "missing", "foreign", "elsewhere"};
constexpr std::size_t k_at_once = 1000;  ///< rows handed to the database together

std::size_t place(SyncVerdict verdict) { return static_cast<std::size_t>(verdict); }

class Planning {
 public:
  Planning(Account& account, const std::optional<Wanted>& wanted, const ProgressFn& progress)
      : account_(account), wanted_(wanted), progress_(progress) {}

  SyncPlan run() {
    twilio::list_numbers(account_.client, [&](const std::vector<twilio::Number>& page) {
      account_.cancel.check();
      take(page);
      if (progress_)
        progress_(
            {.phase = "reading the account's numbers", .done = static_cast<std::uint64_t>(plan_.at_twilio)});
    });
    std::sort(seen_.begin(), seen_.end());
    find_missing();
    std::sort(plan_.items.begin(), plan_.items.end(), [](const SyncItem& a, const SyncItem& b) {
      return std::pair(a.verdict, std::string_view(a.phone_number)) <
             std::pair(b.verdict, std::string_view(b.phone_number));
    });
    return std::move(plan_);
  }

 private:
  void take(const std::vector<twilio::Number>& page) {
    hold_page(
        account_, page, [&](const twilio::Number& number, const estate::KnownNumber* row, bool elsewhere) {
          ++plan_.at_twilio;
          seen_.push_back(digits_of(number.phone_number));
          if (row != nullptr)
            hold(number, *row);
          else if (elsewhere)
            add({.verdict = SyncVerdict::foreign,
                 .phone_number = number.phone_number,
                 .differs = "workspace"},
                number);
          else
            add({.verdict = SyncVerdict::add, .phone_number = number.phone_number, .label = label_of(number)},
                number);
        });
  }

  bool is_of_another(const std::string& account_sid) const {
    return !account_sid.empty() && account_sid != account_.client.account_sid();
  }

  void hold(const twilio::Number& number, const estate::KnownNumber& row) {
    SyncItem item{.phone_number = number.phone_number, .id = row.id, .version = row.version};
    const bool provider = row.provider != "twilio";
    if (provider || is_of_another(row.facts.account_sid)) {
      item.verdict = SyncVerdict::foreign;
      item.differs = provider ? "provider" : "account_sid";
      return add(std::move(item), number);
    }
    item.webhook_status = webhook_status_of(number, wanted_);
    if (item.webhook_status == "unknown") item.webhook_status = row.facts.webhook_status;
    item.differs = differing(number, item.webhook_status, row);
    if (item.differs.empty()) return count(SyncVerdict::same);
    const bool adopts = row.facts.sid.empty() || row.facts.account_sid.empty();
    item.verdict = adopts ? SyncVerdict::adopt : SyncVerdict::changed;
    add(std::move(item), number);
  }

  /// Columns.
  std::string differing(const twilio::Number& number, std::string_view webhook_status,
                        const estate::KnownNumber& row) const {
    std::vector<std::string> columns;
    const auto compare = [&](const char* column, std::string_view here, std::string_view there) {
      if (here != there) columns.emplace_back(column);
    };
    compare("sid", row.facts.sid, number.sid);
    compare("account_sid", row.facts.account_sid, account_.client.account_sid());
    compare("capabilities", row.facts.capabilities, estate::capabilities_text(capabilities_of(number)));
    compare("trunk_sid", row.facts.trunk_sid, number.trunk_sid);
    compare("webhook_status", row.facts.webhook_status, webhook_status);
    if (row.missing_since) columns.emplace_back("missing_since");
    return base::join(columns, "|");
  }

  void add(SyncItem item, const twilio::Number& number) {
    item.can = capabilities_of(number);
    item.sid = number.sid;
    item.trunk_sid = number.trunk_sid;
    if (item.webhook_status.empty()) item.webhook_status = webhook_status_of(number, wanted_);
    count(item.verdict);
    plan_.items.push_back(std::move(item));
  }

  void find_missing() {
    auto& db = account_.session.db;
    db::Transaction transaction(db, db::Scope::of(account_.workspace.id), db::Access::read);
    plan_.counts[place(SyncVerdict::elsewhere)] = estate::count_elsewhere(db, account_.workspace.id);
    estate::for_each_at_twilio(db, account_.workspace.id, [&](const estate::KnownNumber& row) {
      const bool seen = std::binary_search(seen_.begin(), seen_.end(), digits_of(row.facts.phone_number));
      // What is another account's is for a run with that account.
      if (seen || is_of_another(row.facts.account_sid)) return;
      count(SyncVerdict::missing);
      plan_.items.push_back({.verdict = SyncVerdict::missing,
                             .sid = row.facts.sid,
                             .phone_number = row.facts.phone_number,
                             .differs = row.missing_since ? "" : "missing_since",
                             .id = row.id,
                             .version = row.version});
    });
    transaction.commit();
  }

  void count(SyncVerdict verdict) { ++plan_.counts[place(verdict)]; }

  Account& account_;
  const std::optional<Wanted>& wanted_;
  const ProgressFn& progress_;
  SyncPlan plan_;
  std::vector<std::uint64_t> seen_;  ///< digits
};

Error stale() {
  return {Errc::conflict, "sync.stale_plan",
          "numbers changed since the account was read; nothing was written", "ringctl numbers sync --apply"};
}

class Applying {
 public:
  Applying(Account& account, jobs::Journal& journal, const SyncPlan& plan, const base::Uuid& job)
      : account_(account), journal_(journal), plan_(plan), job_(job) {}

  /// Inside the transaction, the job written.
  void run() {
    for (const auto& item : plan_.items) {
      if (is_written(item)) take(item);
      if (facts_.size() + updates_.size() + missing_.size() >= k_at_once) flush();
    }
    flush();
  }

  static bool is_written(const SyncItem& item) {
    return item.verdict != SyncVerdict::foreign &&
           !(item.verdict == SyncVerdict::missing && item.differs.empty());
  }

 private:
  void take(const SyncItem& item) {
    estate::AccountFacts facts{.phone_number = item.phone_number,
                               .sid = item.sid,
                               .account_sid = account_.client.account_sid(),
                               .capabilities = std::string(estate::capabilities_text(item.can)),
                               .webhook_status = item.webhook_status,
                               .trunk_sid = item.trunk_sid};
    if (item.verdict == SyncVerdict::add) {
      facts_.push_back(std::move(facts));
      labels_.push_back(item.label);
      return;
    }
    if (item.verdict == SyncVerdict::missing)
      missing_.push_back({*item.id, item.version});
    else
      updates_.push_back({.id = *item.id, .version = item.version, .facts = std::move(facts)});
    rows_.push_back({.line = ++line_,
                     .key = item.phone_number,
                     .verdict = "update",
                     .code = std::string(verdict_name(item.verdict)),
                     .message = item.differs,
                     .version_after = item.version + 1,
                     .object_id = item.id});
  }

  void flush() {
    auto& session = account_.session;
    const auto& workspace = account_.workspace.id;
    if (!updates_.empty() && estate::write_facts(session, workspace, updates_) != std::ssize(updates_))
      throw stale();
    if (!missing_.empty() && estate::mark_missing(session, workspace, missing_) != std::ssize(missing_))
      throw stale();
    if (!facts_.empty()) estate::insert_adopted(session, workspace, job_, facts_, labels_);
    if (!rows_.empty()) journal_.add_rows(job_, rows_);
    rows_.clear();
    updates_.clear();
    missing_.clear();
    facts_.clear();
    labels_.clear();
  }

  Account& account_;
  jobs::Journal& journal_;
  const SyncPlan& plan_;
  base::Uuid job_;
  std::int64_t line_ = 0;
  std::vector<estate::AccountFacts> facts_;
  std::vector<std::string> labels_;
  std::vector<estate::FactsUpdate> updates_;
  std::vector<estate::RowVersion> missing_;
  std::vector<jobs::JobRow> rows_;
};

std::string counts_json(const SyncReport& report) {
  nlohmann::json json;
  for (std::size_t i = 0; i < k_sync_verdicts; ++i) json[std::string(k_names[i])] = report.done[i];
  return json.dump();
}

jobs::Job job_of(Account& account, const SyncPlan& plan, const SyncReport& report) {
  jobs::Job job;
  job.id = *report.job;
  job.kind = "numbers.sync";
  job.state = jobs::State::finished;
  job.actor = account.session.actor;
  job.input_name = account.client.account_sid();
  job.options = "{}";
  job.counts.rows = plan.at_twilio;
  job.counts.created = report.done[place(SyncVerdict::add)];
  job.counts.updated = report.done[place(SyncVerdict::adopt)] + report.done[place(SyncVerdict::changed)] +
                       report.done[place(SyncVerdict::missing)];
  job.counts.same = plan.counts[place(SyncVerdict::same)];
  job.counts.skipped = plan.counts[place(SyncVerdict::foreign)];
  job.finished_at = account.session.clock.now();
  return job;
}

}  // namespace

std::string_view verdict_name(SyncVerdict verdict) { return k_names[place(verdict)]; }

bool SyncPlan::has_work() const { return std::any_of(items.begin(), items.end(), Applying::is_written); }

bool SyncPlan::differs() const { return has_work() || counts[place(SyncVerdict::missing)] != 0; }

SyncPlan plan_sync(Account& account, const std::optional<Wanted>& wanted, const ProgressFn& progress) {
  return Planning(account, wanted, progress).run();
}

SyncReport apply_sync(Account& account, const SyncPlan& plan) {
  SyncReport report;
  if (!plan.has_work()) return report;
  auto& session = account.session;
  auto lease = take_lease(account);
  report.job = session.ids.next();
  for (const auto& item : plan.items)
    if (Applying::is_written(item)) ++report.done[place(item.verdict)];
  try {
    db::in_transaction(session.db, db::Scope::of(account.workspace.id), [&] {
      jobs::Journal journal(session.db, session.clock, account.workspace.id);
      auto job = job_of(account, plan, report);
      journal.insert(job);
      Applying(account, journal, plan, job.id).run();
      audit::record(session, account.workspace.id,
                    {.action = job.kind,
                     .object_type = "job",
                     .object_id = job.id,
                     .object_key = job.id.short_id(),
                     .after = counts_json(report),
                     .job_id = job.id});
    });
  } catch (const Error& error) {
    // A number, or a SID, that somebody else took meanwhile.
    if (error.slug() == "db.unique") throw stale();
    throw;
  }
  lease.release();
  return report;
}

}  // namespace ringctl::sync
