// The sound of recordings: fetched to files, deleted at Twilio and then here. A deletion that stopped between
// the two finds it gone when it is tried again, which is as good.

#include "calls/recordings.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/file.hpp"
#include "jobs/journal.hpp"
#include "sync/acts.hpp"
#include "sync/reconcile.hpp"
#include "twilio/rest_account.hpp"

namespace ringctl::sync {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_most_bytes = 1024UL * 1024 * 1024;
constexpr unsigned k_private = 0600;  // what people said is nobody else's on this machine
constexpr std::size_t k_batch = 50;
constexpr std::string_view k_kind = "recordings.purge";

calls::RecordingRecord get(Account& account, std::string_view sid) {
  return reading(account,
                 [&](db::Connection& db) { return calls::get_recording(db, account.workspace.id, sid); });
}

/// A name that a folder is given ends in a slash, or is one.
fs::path target_of(const calls::RecordingRecord& one, const FetchOptions& options) {
  const fs::path out(options.out.empty() ? "." : options.out);
  const bool folder = options.out.empty() || options.out.ends_with('/') || fs::is_directory(out);
  return folder ? out / fmt::format("{}.{}", one.recording_sid, options.format) : out;
}

/// Here, once it is gone there.
void settle(Account& account, const base::Uuid& id, std::string_view why) {
  calls::note_deleted(account.session, account.workspace.id, id, why);
}

bool is_gone(const twilio::Failed& failed) { return failed.kind == twilio::Failed::Kind::not_found; }

struct Due {
  base::Uuid id;
  std::string sid;
};

std::vector<Due> due_before(Account& account, base::Instant older_than) {
  return reading(account, [&](db::Connection& db) {
    std::vector<Due> due;
    calls::RecordingFilter filter;
    filter.until = older_than;
    calls::for_each(db, account.workspace.id, filter, 0, [&](const calls::RecordingRecord& one) {
      due.push_back({one.id, one.recording_sid});
    });
    return due;
  });
}

class Purge {
 public:
  Purge(Account& account, jobs::Job job, const ProgressFn& progress)
      : account_(account), job_(std::move(job)), progress_(progress) {}

  PurgeReport run(std::vector<Due> due) {
    due_ = std::move(due);
    report_.job = job_.id;
    std::size_t at = 0;
    try {
      account_.client.run(
          [&]() -> std::optional<twilio::Task> {
            if (at == due_.size()) return std::nullopt;
            const auto tag = at++;
            return twilio::Task{tag, twilio::delete_recording_ask(due_[tag].sid)};
          },
          {}, [&](std::size_t tag, twilio::Outcome outcome) { take(due_[tag], std::move(outcome)); });
    } catch (const Error& error) {
      write();
      Error told(error.errc(), error.slug(), error.message(),
                 fmt::format("ringctl jobs resume {}", job_.id.short_id()));
      throw std::move(told).job(job_.id.text());
    }
    job_.state = jobs::State::finished;
    job_.finished_at = account_.session.clock.now();
    write();
    return report_;
  }

 private:
  void take(const Due& one, twilio::Outcome outcome) {
    const auto* const failed = std::get_if<twilio::Failed>(&outcome);
    if (failed == nullptr) {
      ++report_.deleted;
      gone_.push_back(one.id);
    } else if (is_gone(*failed)) {
      ++report_.gone;
      gone_.push_back(one.id);
    } else {
      ++report_.failed;
      failures_.push_back({.line = report_.failed,
                           .key = one.sid,
                           .verdict = "invalid",
                           .code = fmt::format("{}", failed->code != 0 ? failed->code : failed->status),
                           .message = failed->message});
    }
    if (gone_.size() + failures_.size() >= k_batch) write();
    if (progress_)
      progress_({.phase = "recordings",
                 .done = static_cast<std::uint64_t>(report_.deleted + report_.gone + report_.failed),
                 .total = due_.size(),
                 .failed = static_cast<std::uint64_t>(report_.failed)});
  }

  void write() {
    job_.counts.rows = std::ssize(due_);
    job_.counts.updated = report_.deleted;
    job_.counts.same = report_.gone;
    job_.counts.invalid = report_.failed;
    writing(account_, [&] {
      jobs::Journal journal(account_.session.db, account_.session.clock, account_.workspace.id);
      for (const auto& id : gone_) settle(account_, id, k_kind);
      if (!failures_.empty()) journal.add_rows(job_.id, failures_);
      journal.save(job_);
    });
    gone_.clear();
    failures_.clear();
  }

  Account& account_;
  jobs::Job job_;
  const ProgressFn& progress_;
  PurgeReport report_;
  std::vector<Due> due_;
  std::vector<base::Uuid> gone_;
  std::vector<jobs::JobRow> failures_;
};

/// The one of the same time that was interrupted, else a new one.
jobs::Job job_for(Account& account, base::Instant older_than) {
  const auto digest = base::format_utc(older_than);
  auto unfinished = reading(account, [&](db::Connection& db) {
    return jobs::Journal(db, account.session.clock, account.workspace.id).find_unfinished(k_kind, digest);
  });
  if (unfinished) return *std::move(unfinished);
  jobs::Job job;
  job.input_digest = digest;
  job.id = account.session.ids.next();
  job.kind = k_kind;
  job.actor = account.session.actor;
  job.input_name = fmt::format("before {}", base::format_utc(older_than));
  job.options = nlohmann::json{{"older_than", base::format_utc(older_than)}}.dump();
  writing(account, [&] {
    jobs::Journal(account.session.db, account.session.clock, account.workspace.id).insert(job);
  });
  return job;
}

}  // namespace

std::string fetch_recording(Account& account, std::string_view recording_sid, const FetchOptions& options) {
  const auto one = get(account, recording_sid);
  if (one.deleted_at)
    throw Error(Errc::not_found, "recordings.deleted",
                fmt::format("the sound of {} was deleted", one.recording_sid));
  const auto target = target_of(one, options);
  if (one.fetched_at && !options.again && fs::exists(target)) return target.string();
  const auto sound =
      twilio::fetch_recording_sound(account.client, one.recording_sid, options.format, k_most_bytes);
  base::AtomicFile file(target, k_private);
  file.write(sound);
  file.commit();
  writing(account,
          [&] { calls::note_fetched(account.session, account.workspace.id, one.id, target.string()); });
  return target.string();
}

bool delete_recording(Account& account, std::string_view recording_sid, bool write) {
  const auto one = get(account, recording_sid);
  if (one.deleted_at) return false;
  if (!write) return true;
  auto outcome = account.client.try_send(twilio::delete_recording_ask(one.recording_sid));
  const auto* const failed = std::get_if<twilio::Failed>(&outcome);
  if (failed != nullptr && !is_gone(*failed)) throw twilio::to_error(*failed);
  writing(account, [&] { settle(account, one.id, "recordings.delete"); });
  return failed == nullptr;
}

PurgeReport purge_recordings(Account& account, base::Instant older_than, bool write,
                             const ProgressFn& progress) {
  auto due = due_before(account, older_than);
  if (!write || due.empty()) return {.job = {}, .deleted = std::ssize(due)};
  return Purge(account, job_for(account, older_than), progress).run(std::move(due));
}

PurgeReport resume_purge(Account& account, const base::Uuid& id, const ProgressFn& progress) {
  auto job = reading(account, [&](db::Connection& db) {
    return jobs::Journal(db, account.session.clock, account.workspace.id).get(id.view());
  });
  const auto options = nlohmann::json::parse(job.options, nullptr, false);
  const auto before = options.is_object() ? options.value("older_than", std::string()) : std::string();
  if (job.kind != k_kind || job.state != jobs::State::running || before.empty())
    throw Error(Errc::conflict, "jobs.not_unfinished",
                fmt::format("job {} is no unfinished purge of recordings", job.id.short_id()));
  return Purge(account, std::move(job), progress).run(due_before(account, base::parse_utc(before)));
}

}  // namespace ringctl::sync
