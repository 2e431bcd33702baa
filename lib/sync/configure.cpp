// One list of the account says what differs, and only that is sent. A POST whose outcome nobody knows is not
// sent again before the number was looked at: an update that was carried out would be sent twice. So whatever
// happens on the way, the same command again only sends what still differs; the job is the record of it.

#include "sync/configure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"
#include "sync/work.hpp"

namespace ringctl::sync {
namespace {

using U = twilio::NumberUpdate;
using Kind = twilio::Failed::Kind;

/// Times that a number is looked at, or asked for again, before it is left to the next run.
constexpr int k_tries = 6;

/// What an update of ours may hold, and where a number has it: a difference is a set of places here, so that
/// a hundred thousand of them are small.
struct Sent {
  const char* column;
  std::optional<std::string> U::*value;
  std::string (*is)(const twilio::Number&);
};
constexpr Sent k_sent[] = {
    {"voice_url", &U::voice_url, [](const twilio::Number& n) { return n.voice_hook.url; }},
    {"voice_method", &U::voice_method, [](const twilio::Number& n) { return n.voice_hook.method; }},
    {"voice_fallback_url", &U::voice_fallback_url,
     [](const twilio::Number& n) { return n.voice_fallback.url; }},
    {"voice_fallback_method", &U::voice_fallback_method,
     [](const twilio::Number& n) { return n.voice_fallback.method; }},
    {"status_callback", &U::status_callback, [](const twilio::Number& n) { return n.status_callback.url; }},
    {"status_callback_method", &U::status_callback_method,
     [](const twilio::Number& n) { return n.status_callback.method; }},
    {"voice_application_sid", &U::voice_application_sid,
     [](const twilio::Number& n) { return n.voice_application_sid; }},
    {"sms_url", &U::sms_url, [](const twilio::Number& n) { return n.sms_hook.url; }},
    {"sms_method", &U::sms_method, [](const twilio::Number& n) { return n.sms_hook.method; }},
    {"sms_fallback_url", &U::sms_fallback_url, [](const twilio::Number& n) { return n.sms_fallback.url; }},
    {"sms_fallback_method", &U::sms_fallback_method,
     [](const twilio::Number& n) { return n.sms_fallback.method; }},
    {"sms_application_sid", &U::sms_application_sid,
     [](const twilio::Number& n) { return n.sms_application_sid; }},
};

using Places = std::uint32_t;
Places places_of(const U& update) {
  Places places = 0;
  for (std::size_t i = 0; i < std::size(k_sent); ++i)
    if (update.*k_sent[i].value) places |= Places{1} << i;
  return places;
}
/// Of the names of fields; none: all places.
Places places_of(const std::vector<std::string>& fields) {
  if (fields.empty()) return ~Places{0};
  Places places = 0;
  for (std::size_t i = 0; i < std::size(k_sent); ++i)
    if (std::find(fields.begin(), fields.end(), k_sent[i].column) != fields.end()) places |= Places{1} << i;
  return places;
}
U update_of(Places places, const U& whole) {
  U update;
  for (std::size_t i = 0; i < std::size(k_sent); ++i)
    if ((places >> i & 1U) != 0) update.*k_sent[i].value = (whole.*k_sent[i].value).value_or("");
  return update;
}

/// A number that has something to be sent.
struct Pending {
  std::string phone_number, sid, before;
  base::Uuid id;
  Places places = 0;
  int tries = 0;
  bool look = false;  ///< what became of it is not known: look before it is sent again
};

class Configuring {
 public:
  Configuring(Account& account, const ConfigureOptions& options, const ProgressFn& progress)
      : account_(account),
        session_(account.session),
        options_(options),
        progress_(progress),
        whole_(whole_update(options.wanted)),
        may_send_(places_of(options.fields)),
        flushed_at_(account.session.clock.steady()) {
    for (const auto& number : options.numbers) asked_.insert(number);
  }

  ConfigureReport run() {
    read_account();
    if (asked_.empty())
      skip_missing();
    else
      skip_unseen();
    if (options_.dry_run) {
      for (const auto& one : pending_) report_row(one, "update", {}, {});
      report_.updated = std::ssize(pending_);
      return std::move(report_);
    }
    if (pending_.empty() && stale_.empty() && !has_unfinished()) return std::move(report_);
    lease_.emplace(take_lease(account_));
    open_job();
    report_.job = job_.id;
    try {
      send_all();
    } catch (const Error& error) {
      flush();
      throw resumable(error);
    }
    flush();
    if (stopped_) throw resumable(to_error(*stopped_));
    if (account_.cancel.cancelled()) throw_cancelled();
    finish();
    lease_->release();
    return std::move(report_);
  }

 private:
  // --- what differs ---

  void read_account() {
    twilio::list_numbers(account_.client, [&](const std::vector<twilio::Number>& page) {
      account_.cancel.check();
      hold_page(account_, page, [&](const twilio::Number& number, const estate::KnownNumber* row, bool) {
        if (row == nullptr) return;
        if (asked_.empty()) shown_.push_back(digits_of(number.phone_number));
        hold(number, *row);
      });
      listed_ += page.size();
      if (progress_) progress_({.phase = "reading the account's numbers", .done = listed_});
    });
  }

  bool is_wanted(const estate::KnownNumber& row) const {
    if (!options_.numbers.empty()) return asked_.contains(row.facts.phone_number);
    return row.provider == "twilio" && row.status == "active";
  }

  void hold(const twilio::Number& number, const estate::KnownNumber& row) {
    if (!is_wanted(row)) return;
    if (!asked_.empty()) seen_.insert(number.phone_number);
    if (row.provider != "twilio")
      return skip(number.phone_number, "provider", "it is at another provider here");
    if (options_.wanted.voice && !options_.wanted.sms && !number.trunk_sid.empty())
      return skip(number.phone_number, "trunk", fmt::format("its calls go to trunk {}", number.trunk_sid));
    const auto places = differing(number);
    if (places == 0) {
      ++report_.same;
      if (whole_desired() && number.trunk_sid.empty() && row.facts.webhook_status != "configured")
        stale_.push_back(row.id);
      return;
    }
    Pending one{.phone_number = number.phone_number, .sid = number.sid, .before = {}, .id = row.id};
    one.places = places;
    nlohmann::json before;
    for (std::size_t i = 0; i < std::size(k_sent); ++i)
      if ((one.places >> i & 1U) != 0) before[k_sent[i].column] = base::redact_url(k_sent[i].is(number));
    one.before = before.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    pending_.push_back(std::move(one));
  }

  /// What is to be sent.
  Places differing(const twilio::Number& number) const {
    return places_of(update_for(number, options_.wanted)) & may_send_;
  }

  /// Both sides are touched, so that a number that says all of it is configured.
  bool whole_desired() const {
    return options_.wanted.voice && options_.wanted.sms && options_.fields.empty();
  }

  void skip(const std::string& number, std::string code, std::string message) {
    ++report_.skipped;
    report_.rows.push_back({.phone_number = number,
                            .sid = {},
                            .verdict = "skipped",
                            .fields = {},
                            .code = std::move(code),
                            .message = std::move(message)});
  }

  void skip_unseen() {
    for (const auto& number : asked_)
      if (!seen_.contains(number)) skip_missing(number);
  }

  /// Of all that are wanted. What is another account's is for a run with that account.
  void skip_missing() {
    std::sort(shown_.begin(), shown_.end());
    db::Transaction transaction(session_.db, db::Scope::of(account_.workspace.id), db::Access::read);
    estate::for_each_at_twilio(session_.db, account_.workspace.id, [&](const estate::KnownNumber& row) {
      const auto& number = row.facts.phone_number;
      if (!is_wanted(row) || std::binary_search(shown_.begin(), shown_.end(), digits_of(number))) return;
      if (row.facts.account_sid.empty() || row.facts.account_sid == account_.client.account_sid())
        skip_missing(number);
    });
    transaction.commit();
  }

  void skip_missing(const std::string& number) { skip(number, "missing", "the account does not have it"); }

  // --- sending ---

  void send_all() {
    while (!pending_.empty() && !stops()) {
      std::vector<Pending> under_way;
      account_.client.run(
          [&]() -> std::optional<twilio::Task> {
            if (stops() || pending_.empty()) return std::nullopt;
            under_way.push_back(std::move(pending_.front()));
            pending_.pop_front();
            const auto& one = under_way.back();
            auto ask = one.look ? twilio::Ask{.path = "/IncomingPhoneNumbers/" + one.sid + ".json"}
                                : twilio::update_number_ask(one.sid, update_of(one.places, whole_));
            if (!one.look) ask.repeat = twilio::Repeat::never;
            return twilio::Task{.tag = under_way.size() - 1, .ask = std::move(ask)};
          },
          {},
          [&](std::size_t tag, const twilio::Outcome& outcome) {
            settle(std::move(under_way[tag]), outcome);
            flush_if_due();
          });
    }
  }

  bool stops() const { return stopped_.has_value() || account_.cancel.cancelled(); }

  void settle(Pending one, const twilio::Outcome& outcome) {
    if (const auto* failed = std::get_if<twilio::Failed>(&outcome))
      return settle_failed(std::move(one), *failed);
    const auto number = twilio::number_from(std::get<twilio::Reply>(outcome).json);
    if (!one.look) {
      // A 2xx that does not show the number is looked at as well.
      if (number && number->sid == one.sid) return done(one);
      return again(std::move(one), true, "the answer did not show the number");
    }
    if (!number || number->sid != one.sid)
      return again(std::move(one), true, "the answer did not show the number");
    const auto places = differing(*number);
    if (places == 0) return done(one);
    one.places = places;
    again(std::move(one), false, "it was not carried out");
  }

  void settle_failed(Pending one, const twilio::Failed& failed) {
    if (failed.kind == Kind::unknown || failed.maybe_executed)
      return again(std::move(one), true, failed.message);
    switch (failed.kind) {
      case Kind::cancelled:
        return;
      case Kind::rate:
        if (!stopped_) stopped_ = failed;
        return;
      case Kind::auth:
        // The client ends everything; this one is not at fault.
        return;
      case Kind::down:
      case Kind::garbage: {
        const bool look = one.look;
        return again(std::move(one), look, failed.message, &failed);
      }
      default:
        return fail(one, code_of(failed), failed.message);
    }
  }

  /// `failed`: why nothing is known that way either; once too often, it ends the run.
  void again(Pending one, bool look, const std::string& why, const twilio::Failed* failed = nullptr) {
    if (++one.tries >= k_tries) {
      if (failed && failed->kind == Kind::down && !stopped_) {
        stopped_ = *failed;
        return;
      }
      return fail(one, look ? "twilio.unknown_outcome" : "twilio.down", why);
    }
    one.look = look;
    pending_.push_back(std::move(one));
  }

  void done(const Pending& one) {
    ++report_.updated;
    configured_.push_back(one.id);
    remember(one, "update", {}, {});
  }

  void fail(const Pending& one, std::string code, std::string message) {
    ++report_.failed;
    report_row(one, "failed", code, message);
    remember(one, "invalid", std::move(code), std::move(message));
  }

  void report_row(const Pending& one, std::string verdict, std::string code, std::string message) {
    report_.rows.push_back({.phone_number = one.phone_number,
                            .sid = one.sid,
                            .verdict = std::move(verdict),
                            .fields = field_names(update_of(one.places, whole_)),
                            .code = std::move(code),
                            .message = std::move(message)});
  }

  // --- the journal ---

  std::string options_json() const {
    const auto& wanted = options_.wanted;
    nlohmann::json json{
        {"voice", wanted.voice},
        {"sms", wanted.sms},
        {"fallback_url", base::redact_url(wanted.voice_fallback_url)},
        {"fallback_is_whole", base::redact_url(wanted.voice_fallback_url) == wanted.voice_fallback_url},
        {"numbers", options_.numbers}};
    if (!options_.fields.empty()) json["fields"] = options_.fields;
    return json.dump();
  }

  /// The same question again: the same numbers, URLs and account.
  std::string digest() const {
    std::string all = options_json() + account_.client.account_sid();
    for (const auto& place : k_sent) all.append("\n").append((whole_.*place.value).value_or(""));
    return base::sha256_hex(all);
  }

  /// A run that was killed behind its last row left a job that this one ends.
  bool has_unfinished() {
    if (options_.resume) return true;
    db::Transaction transaction(session_.db, db::Scope::of(account_.workspace.id), db::Access::read);
    jobs::Journal journal(session_.db, session_.clock, account_.workspace.id);
    const bool found = journal.find_unfinished(options_.kind, digest()).has_value();
    transaction.commit();
    return found;
  }

  void open_job() {
    transact([&] {
      jobs::Journal journal(session_.db, session_.clock, account_.workspace.id);
      auto found = options_.resume ? std::optional(journal.get(options_.resume->view()))
                                   : journal.find_unfinished(options_.kind, digest());
      if (found && found->state != jobs::State::running)
        throw Error(Errc::conflict, "jobs.not_unfinished",
                    fmt::format("job {} is {}; only an unfinished one goes on", found->id.short_id(),
                                jobs::state_name(found->state)));
      const bool resumed = found.has_value();
      job_ = resumed ? *std::move(found) : new_job();
      line_ = job_.counts.rows;
      if (!resumed) journal.insert(job_);
    });
  }

  jobs::Job new_job() const {
    jobs::Job job;
    job.id = session_.ids.next();
    job.kind = options_.kind;
    job.actor = session_.actor;
    job.input_name = account_.client.account_sid();
    job.input_digest = digest();
    job.options = options_json();
    return job;
  }

  void remember(const Pending& one, std::string verdict, std::string code, std::string message) {
    rows_.push_back({.line = ++line_,
                     .key = one.phone_number,
                     .verdict = std::move(verdict),
                     .code = std::move(code),
                     .message = std::move(message),
                     .before_image = one.before,
                     .object_id = one.id});
  }

  template <class Work>
  void transact(Work&& work) {
    db::in_transaction(session_.db, db::Scope::of(account_.workspace.id), work);
  }

  void flush_if_due() {
    if (progress_)
      progress_({.phase = "configuring",
                 .done = static_cast<std::uint64_t>(report_.updated + report_.failed),
                 .total = static_cast<std::uint64_t>(report_.updated + report_.failed) + pending_.size(),
                 .failed = static_cast<std::uint64_t>(report_.failed)});
    if (rows_.size() >= k_batch || session_.clock.steady() - flushed_at_ >= k_batch_time) flush();
  }

  void flush() {
    flushed_at_ = session_.clock.steady();
    if (rows_.empty()) return;
    auto job = job_;
    job.counts.rows = line_;
    for (const auto& row : rows_) ++(row.verdict == "update" ? job.counts.updated : job.counts.invalid);
    job.position = rows_.back().key;
    transact([&] {
      jobs::Journal journal(session_.db, session_.clock, account_.workspace.id);
      journal.add_rows(job.id, rows_);
      if (whole_desired()) estate::note_configured(session_, account_.workspace.id, configured_);
      journal.save(job);
      lease_->renew();
    });
    job_ = std::move(job);
    rows_.clear();
    configured_.clear();
  }

  void finish() {
    transact([&] {
      auto job = job_;
      estate::note_configured(session_, account_.workspace.id, stale_);
      job.state = jobs::State::finished;
      job.counts.same = report_.same;
      job.counts.skipped = report_.skipped;
      job.finished_at = session_.clock.now();
      jobs::Journal(session_.db, session_.clock, account_.workspace.id).save(job);
      audit::record(session_, account_.workspace.id,
                    {.action = job.kind,
                     .object_type = "job",
                     .object_id = job.id,
                     .object_key = job.id.short_id(),
                     .after = jobs::to_json(job.counts),
                     .job_id = job.id});
    });
  }

  // --- ends ---

  std::string resume_command(std::string_view more = {}) const {
    return fmt::format("ringctl jobs resume {}{}", job_.id.short_id(), more);
  }

  Error resumable(const Error& error) const {
    const bool rate = error.errc() == Errc::twilio_rate;
    auto out = error.with_hint(resume_command(rate ? " --concurrency 2" : ""));
    if (!error.hint().empty()) out.detail("hint: " + error.hint());
    out.detail(fmt::format("{} done, {} to go; job {} is saved",
                           base::group_digits(static_cast<std::uint64_t>(job_.counts.updated)),
                           base::group_digits(pending_.size()), job_.id.short_id()));
    return std::move(out).job(job_.id.text());
  }

  [[noreturn]] void throw_cancelled() const {
    try {
      account_.cancel.check(resume_command().c_str());
    } catch (const Error& error) {
      throw Error(error).job(job_.id.text());
    }
    throw Error(Errc::interrupted, "interrupted", "interrupted", resume_command());
  }

  Account& account_;
  audit::Session& session_;
  const ConfigureOptions& options_;
  const ProgressFn& progress_;
  U whole_;
  Places may_send_;
  std::set<std::string, std::less<>> asked_, seen_;
  std::vector<std::uint64_t> shown_;  ///< digits of what the account has, where none was asked for
  std::deque<Pending> pending_;
  std::vector<base::Uuid> stale_;  ///< say what is wanted, and their rows do not know it
  std::uint64_t listed_ = 0;
  std::optional<db::Lease> lease_;
  jobs::Job job_;
  std::int64_t line_ = 0;
  std::vector<jobs::JobRow> rows_;
  std::vector<base::Uuid> configured_;
  std::chrono::steady_clock::time_point flushed_at_;
  std::optional<twilio::Failed> stopped_;
  ConfigureReport report_;
};

}  // namespace

ConfigureAgain configure_again(const jobs::Job& job) {
  const auto json = nlohmann::json::parse(job.options, nullptr, false);
  ConfigureAgain again;
  if (!json.is_object())
    throw Error(Errc::db_corrupt, "jobs.bad_options", "the options of a job cannot be read");
  if (!json.value("fallback_is_whole", true))
    throw Error(
        Errc::conflict, "jobs.not_kept",
        fmt::format("the fallback URL of job {} holds a password, which is not kept", job.id.short_id()),
        "give the command again that began it");
  again.voice = json.value("voice", true);
  again.sms = json.value("sms", true);
  again.fallback_url = json.value("fallback_url", std::string());
  again.numbers = json.value("numbers", std::vector<std::string>());
  again.fields = json.value("fields", std::vector<std::string>());
  return again;
}

ConfigureReport configure(Account& account, const ConfigureOptions& options, const ProgressFn& progress) {
  return Configuring(account, options, progress).run();
}

}  // namespace ringctl::sync
