// The sound of recordings: fetched to files, deleted at Twilio and then here. A deletion that stopped between
// the two finds it gone when it is tried again, which is as good.

#include "calls/recordings.hpp"

#include <fmt/format.h>

#include <deque>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "calls/purge.hpp"
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
constexpr std::string_view k_owed = "of purged calls";

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

bool is_gone(const twilio::Failed& failed) { return failed.kind == twilio::Failed::Kind::not_found; }

/// The login, or a signal: nothing about a recording.
bool ends_run(const twilio::Failed* failed) {
  return failed != nullptr &&
         (failed->kind == twilio::Failed::Kind::cancelled || failed->kind == twilio::Failed::Kind::auth);
}

/// Also one that only its owner may look into.
void make_folder(const fs::path& folder) {
  std::error_code none;
  if (folder.empty() || !fs::create_directories(folder, none)) return;  // where it is not, the file says so
  fs::permissions(folder, fs::perms::owner_all, none);
}

/// True if the account has the call and not its recording: one that does not know the call either may be
/// another account, whose word about a recording says nothing. Of one that has no call on record that cannot
/// be asked: it is never noted as deleted there.
bool was_deleted_there(Account& account, const calls::RecordingRecord& one) {
  twilio::Ask about;
  about.path = fmt::format("/Recordings/{}.json", one.recording_sid);
  const auto outcome = account.client.try_send(about);
  const auto* const failed = std::get_if<twilio::Failed>(&outcome);
  return failed != nullptr && is_gone(*failed) && !one.call_sid.empty() &&
         twilio::find_call(account.client, one.call_sid);
}

/// Where it lies, from wherever a purge is started; what is no file (/dev/stdout) keeps nothing.
calls::SoundFile noted(const fs::path& target, std::string_view sound) {
  std::error_code none;
  if (!fs::is_regular_file(target, none)) return {target.string(), {}};
  return {fs::canonical(target).string(), base::sha256_hex(sound)};
}

/// Written and on record, or neither: a file that is not would never be purged.
void keep(Account& account, const calls::RecordingRecord& one, const fs::path& target,
          std::string_view sound) {
  base::AtomicFile file(target, k_private);
  file.write(sound);
  file.commit();
  const auto written = noted(target, sound);
  try {
    writing(account, [&] { calls::note_fetched(account.session, account.workspace.id, one.id, written); });
  } catch (...) {
    std::error_code none;
    if (!written.sha256.empty()) fs::remove(written.name, none);
    throw;
  }
}

std::string sound_of(Account& account, const calls::RecordingRecord& one, std::string_view format) {
  try {
    return twilio::fetch_recording_sound(account.client, one.recording_sid, format, k_most_bytes);
  } catch (const Error& error) {
    if (error.errc() != Errc::not_found) throw;
  }
  if (!was_deleted_there(account, one))
    throw Error(Errc::not_found, "recordings.not_at_twilio",
                fmt::format("account {} has no sound of {} as {}", account.client.account_sid(),
                            one.recording_sid, format));
  writing(account, [&] {
    calls::note_deleted(account.session, account.workspace.id, one.id, one.recording_sid, "recordings.gone");
  });
  throw Error(Errc::not_found, "recordings.deleted",
              fmt::format("the sound of {} was deleted at Twilio", one.recording_sid));
}

void require_not_held(Account& account, const calls::RecordingRecord& one, bool write) {
  const auto& workspace = account.workspace.id;
  if (!reading(account, [&](db::Connection& db) { return calls::is_held(db, workspace, one.id); })) return;
  if (write) writing(account, [&] { calls::note_kept(account.session, workspace, one); });
  throw Error(Errc::conflict, "recordings.held",
              fmt::format("a legal hold is on the call of {}: its sound stays", one.recording_sid),
              "ringctl calls holds");
}

/// One to be deleted at Twilio: on record here, or left behind by its call.
struct Due {
  std::optional<base::Uuid> id;
  std::string sid;
};

/// Those that are due, a window at a time: what was held or deleted since is not among the next.
class DueList {
 public:
  DueList(Account& account, const std::optional<base::Instant>& before)
      : account_(account), before_(before) {}

  std::int64_t count(std::int64_t& held) {
    return reading(account_, [&](db::Connection& db) {
      const auto& workspace = account_.workspace.id;
      const auto old = before_ ? calls::count_due(db, workspace, *before_) : calls::DueCount();
      held = old.held;
      return old.due + calls::count_owed(db, workspace);
    });
  }

  std::optional<Due> next() {
    if (window_.empty()) fill();
    if (window_.empty()) return std::nullopt;
    auto one = std::move(window_.front());
    window_.pop_front();
    return one;
  }

 private:
  void fill() {
    reading(account_, [&](db::Connection& db) {
      const auto& workspace = account_.workspace.id;
      if (before_ && !all_old_) {
        for (auto& one : calls::due_recordings(db, workspace, *before_, last_, k_window)) {
          window_.push_back({one.id, one.recording_sid});
          last_ = std::move(one);
        }
        all_old_ = window_.empty();
      }
      if (window_.empty())
        for (auto& one : calls::owed_deletions(db, workspace, last_owed_, k_window)) {
          window_.push_back({std::nullopt, one.recording_sid});
          last_owed_ = std::move(one);
        }
      return true;
    });
  }

  static constexpr std::int64_t k_window = 100;
  Account& account_;
  std::optional<base::Instant> before_;
  std::deque<Due> window_;
  bool all_old_ = false;
  std::optional<calls::DueRecording> last_;
  std::optional<calls::OwedDeletion> last_owed_;
};

class Purge {
 public:
  Purge(Account& account, jobs::Job job, const std::optional<base::Instant>& before,
        const ProgressFn& progress)
      : account_(account),
        job_(std::move(job)),
        stood_(job_.counts),
        before_(before),
        due_(account, before),
        progress_(progress) {}

  PurgeReport run() {
    report_.job = job_.id;
    total_ = due_.count(report_.held);
    try {
      account_.client.run([&] { return next(); }, {},
                          [&](std::size_t tag, twilio::Outcome outcome) {
                            const auto one = asked_.extract(tag);
                            take(one.mapped(), std::move(outcome));
                          });
    } catch (const Error& error) {
      write(false);
      throw error.with_hint(fmt::format("ringctl jobs resume {}", job_.id.short_id())).job(job_.id.text());
    }
    job_.state = jobs::State::finished;
    job_.finished_at = account_.session.clock.now();
    write(true);
    return report_;
  }

 private:
  std::optional<twilio::Task> next() {
    auto one = due_.next();
    if (!one) return std::nullopt;
    const auto tag = ++asked_count_;
    twilio::Task task{tag, twilio::delete_recording_ask(one->sid)};
    asked_.emplace(tag, *std::move(one));
    return task;
  }

  void take(const Due& one, twilio::Outcome outcome) {
    const auto* const failed = std::get_if<twilio::Failed>(&outcome);
    if (ends_run(failed)) return;  // the next run's
    if (failed == nullptr) {
      ++report_.deleted;
      gone_.push_back(one);
    } else if (is_gone(*failed)) {
      ++report_.gone;
      gone_.push_back(one);
    } else {
      ++report_.failed;
      failures_.push_back({.line = stood_.rows + done(),
                           .key = one.sid,
                           .verdict = "invalid",
                           .code = fmt::format("{}", failed->code != 0 ? failed->code : failed->status),
                           .message = failed->message});
    }
    if (gone_.size() + failures_.size() >= k_batch) write(false);
    if (progress_)
      progress_({.phase = "recordings",
                 .done = static_cast<std::uint64_t>(done()),
                 .total = static_cast<std::uint64_t>(total_),
                 .failed = static_cast<std::uint64_t>(report_.failed)});
  }

  std::int64_t done() const { return report_.deleted + report_.gone + report_.failed; }

  void write(bool last) {
    job_.counts.rows = stood_.rows + done();
    job_.counts.updated = stood_.updated + report_.deleted;
    job_.counts.same = stood_.same + report_.gone;
    job_.counts.invalid = stood_.invalid + report_.failed;
    writing(account_, [&] {
      jobs::Journal journal(account_.session.db, account_.session.clock, account_.workspace.id);
      for (const auto& one : gone_) settle(one);
      if (!failures_.empty()) journal.add_rows(job_.id, failures_);
      journal.save(job_);
      if (last) record();
    });
    gone_.clear();
    failures_.clear();
  }

  void settle(const Due& one) {
    auto& session = account_.session;
    const auto& workspace = account_.workspace.id;
    if (one.id)
      calls::note_deleted(session, workspace, *one.id, one.sid, k_kind);
    else
      calls::settle_deletion(session.db, workspace, one.sid);
  }

  /// What it came to, also where nothing of a recording is left that could say so.
  void record() {
    nlohmann::json image{{"deleted", job_.counts.updated},
                         {"gone", job_.counts.same},
                         {"failed", job_.counts.invalid},
                         {"held", report_.held}};
    if (before_) image["before"] = base::format_utc(*before_);
    audit::record(account_.session, account_.workspace.id,
                  {.action = k_kind,
                   .object_type = "recordings",
                   .object_key = "recordings",
                   .after = image.dump(),
                   .job_id = job_.id});
  }

  Account& account_;
  jobs::Job job_;
  const jobs::Counts stood_;  ///< what runs before this one came to
  const std::optional<base::Instant> before_;
  DueList due_;
  const ProgressFn& progress_;
  PurgeReport report_;
  std::int64_t total_ = 0;
  std::size_t asked_count_ = 0;
  std::unordered_map<std::size_t, Due> asked_;
  std::vector<Due> gone_;
  std::vector<jobs::JobRow> failures_;
};

/// The one of the same time that was interrupted, else a new one.
jobs::Job job_for(Account& account, const std::optional<base::Instant>& before) {
  const auto digest = before ? base::format_utc(*before) : std::string(k_owed);
  auto unfinished = reading(account, [&](db::Connection& db) {
    return jobs::Journal(db, account.session.clock, account.workspace.id).find_unfinished(k_kind, digest);
  });
  if (unfinished) return *std::move(unfinished);
  jobs::Job job;
  job.input_digest = digest;
  job.id = account.session.ids.next();
  job.kind = k_kind;
  job.actor = account.session.actor;
  job.input_name = before ? fmt::format("before {}", digest) : digest;
  job.options = nlohmann::json{{"older_than", before ? nlohmann::json(digest) : nlohmann::json()}}.dump();
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
  const auto sound = sound_of(account, one, options.format);
  if (options.out.ends_with('/')) make_folder(target.parent_path());
  keep(account, one, target, sound);
  return target.string();
}

bool delete_recording(Account& account, std::string_view recording_sid, bool write) {
  const auto one = get(account, recording_sid);
  if (one.deleted_at) return false;
  require_not_held(account, one, write);
  if (!write) return true;
  auto outcome = account.client.try_send(twilio::delete_recording_ask(one.recording_sid));
  const auto* const failed = std::get_if<twilio::Failed>(&outcome);
  if (failed != nullptr && !is_gone(*failed)) throw twilio::to_error(*failed);
  writing(account, [&] {
    calls::note_deleted(account.session, account.workspace.id, one.id, one.recording_sid,
                        "recordings.delete");
  });
  return failed == nullptr;
}

PurgeReport purge_recordings(Account& account, const std::optional<base::Instant>& older_than, bool write,
                             const ProgressFn& progress) {
  PurgeReport report;
  const auto due = DueList(account, older_than).count(report.held);
  if (write && due > 0) return Purge(account, job_for(account, older_than), older_than, progress).run();
  report.deleted = due;
  return report;
}

PurgeReport resume_purge(Account& account, const base::Uuid& id, bool write, const ProgressFn& progress) {
  auto job = reading(account, [&](db::Connection& db) {
    return jobs::Journal(db, account.session.clock, account.workspace.id).get(id.view());
  });
  const auto options = nlohmann::json::parse(job.options, nullptr, false);
  if (job.kind != k_kind || job.state != jobs::State::running || !options.contains("older_than"))
    throw Error(Errc::conflict, "jobs.not_unfinished",
                fmt::format("job {} is no unfinished purge of recordings", job.id.short_id()));
  const auto& text = options.at("older_than");
  const auto before =
      text.is_string() ? std::optional(base::parse_utc(text.get<std::string>())) : std::nullopt;
  if (write) return Purge(account, std::move(job), before, progress).run();
  PurgeReport report;
  report.deleted = DueList(account, before).count(report.held);
  return report;
}

}  // namespace ringctl::sync
