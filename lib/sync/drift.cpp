// The account's numbers, a page at a time, each held against its row and what its webhooks should say. Only
// what is wrong is kept, and of every number its digits and a few of its SID.

#include "sync/drift.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "calls/number_use.hpp"
#include "db/transaction.hpp"
#include "estate/trunks.hpp"
#include "http/outside_url.hpp"
#include "phone/region.hpp"
#include "sync/work.hpp"
#include "twilio/rest_account.hpp"

namespace ringctl::sync {
namespace {

constexpr std::array k_table = {
    DriftInfo{Drift::voice_url, "voice_url", "calls to it are answered by somebody else, or nobody", false},
    DriftInfo{Drift::sms_url, "sms_url", "its messages go to somebody else, or nobody", false},
    DriftInfo{Drift::status_callback, "status_callback", "what becomes of its calls is not told here", false},
    DriftInfo{Drift::fallback_url, "fallback_url",
              "its fallback is not the one that is wanted, or is on the host it is to stand in for", false},
    DriftInfo{Drift::voice_application, "voice_application", "a TwiML app hides its voice URL", false},
    DriftInfo{Drift::sms_application, "sms_application", "a TwiML app hides its SMS URL", false},
    DriftInfo{Drift::trunk, "trunk", "it is on a trunk that is none of ours: webhooks are not asked", false},
    DriftInfo{Drift::messaging_service, "messaging_service",
              "a messaging service takes its messages, or drops them", false},
    DriftInfo{Drift::fax, "fax", "it receives faxes instead of calls", false},
    DriftInfo{Drift::no_voice, "no_voice", "an agent calls from it, and it cannot call", false},
    DriftInfo{Drift::no_sms, "no_sms", "people receive its messages, and it cannot text", false},
    DriftInfo{Drift::emergency_address, "emergency_address",
              "an agent calls from it in the US or CA, and no emergency address is registered", false},
    DriftInfo{Drift::country, "country", "it is of a country that account_countries leaves out", false},
    DriftInfo{Drift::account, "account", "it is recorded as another account's", false},
    DriftInfo{Drift::missing, "missing", "the account does not show it", false},
    DriftInfo{Drift::unknown, "unknown", "the account has it, the workspace does not", false},
    DriftInfo{Drift::not_active, "not_active", "Twilio says that it is not in use", false},
    DriftInfo{Drift::idle, "idle", "no call and no message for so long, and it costs", true},
    DriftInfo{Drift::duplicate_sid, "duplicate_sid", "its row has the SID of another number", false},
};

/// Which field of an update mends it.
Drift drift_of(std::string_view field) {
  if (field.starts_with("VoiceFallback") || field.starts_with("SmsFallback")) return Drift::fallback_url;
  if (field.starts_with("StatusCallback")) return Drift::status_callback;
  if (field == "VoiceApplicationSid") return Drift::voice_application;
  if (field == "SmsApplicationSid") return Drift::sms_application;
  return field.starts_with("Sms") ? Drift::sms_url : Drift::voice_url;
}

/// What of a number is sent to mend it.
std::vector<std::string> fields_that_mend(Drift drift) {
  switch (drift) {
    case Drift::voice_url:
      return {"voice_url", "voice_method"};
    case Drift::sms_url:
      return {"sms_url", "sms_method"};
    case Drift::status_callback:
      return {"status_callback", "status_callback_method"};
    case Drift::fallback_url:
      return {"voice_fallback_url", "voice_fallback_method", "sms_fallback_url", "sms_fallback_method"};
    case Drift::voice_application:
      return {"voice_application_sid"};
    case Drift::sms_application:
      return {"sms_application_sid"};
    default:
      return {};
  }
}

bool same_host(const std::string& a, const std::string& b) {
  const auto one = http::origin_of(a);
  return !one.empty() && one == http::origin_of(b);
}

/// A number whose last call or message Twilio is asked for, one list after the other.
struct Candidate {
  std::string phone_number, sid;
  std::size_t asked = 0;
  std::optional<base::Instant> last = {};
};
constexpr std::size_t k_lists = 4;

twilio::Ask ask_of(const Candidate& candidate) {
  twilio::Ask ask;
  ask.path = candidate.asked < 2 ? "/Calls.json" : "/Messages.json";
  // Newest first, so one is enough.
  ask.query = {{candidate.asked % 2 == 0 ? "To" : "From", candidate.phone_number}, {"PageSize", "1"}};
  return ask;
}

std::optional<base::Instant> newest_of(const twilio::Json& page, std::string_view list) {
  const auto* items = page.find(list);
  if (items == nullptr || !items->is_list() || items->items().empty()) return std::nullopt;
  const auto& item = items->items().front();
  for (const auto* name : {"date_created", "start_time", "date_sent"})
    if (const auto at = item.instant(name)) return at;
  return std::nullopt;
}

class Auditing {
 public:
  Auditing(Account& account, const AuditOptions& options, const ProgressFn& progress)
      : account_(account), options_(options), progress_(progress) {
    for (const auto& number : options.numbers) asked_.insert(number);
    for (const auto country : base::split(account.workspace.setting("account_countries"), '|'))
      if (!country.empty()) countries_.insert(std::string(country));
    used_before_ = account.session.clock.now() - options.idle_after;
  }

  AuditReport run() {
    read_trunks_and_services();
    read_uses();
    twilio::list_numbers(account_.client, [&](const std::vector<twilio::Number>& page) {
      account_.cancel.check();
      take(page);
      listed_ += page.size();
      if (progress_) progress_({.phase = "reading the account's numbers", .done = listed_});
    });
    std::sort(seen_.begin(), seen_.end());
    read_rows();
    find_idle();
    std::stable_sort(report_.findings.begin(), report_.findings.end(),
                     [](const DriftFinding& a, const DriftFinding& b) {
                       return std::pair(std::string_view(a.phone_number), a.drift) <
                              std::pair(std::string_view(b.phone_number), b.drift);
                     });
    if (!options_.only.empty())
      std::erase_if(report_.findings, [&](const DriftFinding& finding) {
        return std::find(options_.only.begin(), options_.only.end(), finding.drift) == options_.only.end();
      });
    return std::move(report_);
  }

 private:
  bool is_asked(std::string_view number) const { return asked_.empty() || asked_.contains(number); }

  void find(const std::string& number, const std::string& sid, Drift drift, std::string is,
            std::string wanted) {
    report_.findings.push_back({.phone_number = number,
                                .sid = sid,
                                .drift = drift,
                                .is = base::redact_url(is),
                                .wanted = base::redact_url(wanted)});
  }

  // --- what is there beside the numbers ---

  void read_trunks_and_services() {
    for (const auto& trunk : estate::Trunks(account_.session, account_.workspace.id).list())
      if (!trunk.sid.empty()) trunks_.insert(trunk.sid);
    for (const auto& service : twilio::list_services(account_.client)) {
      if (!service.captures()) continue;
      // One that brings them here does what is wanted.
      if (!service.inbound.url.empty() && same_url(service.inbound.url, options_.wanted.sms_url)) continue;
      const auto what =
          service.inbound.url.empty() ? fmt::format("{} (drops them)", service.sid) : service.sid;
      for (const auto& sid : twilio::list_service_numbers(account_.client, service.sid))
        captured_[sid] = what;
    }
  }

  void read_uses() {
    if (options_.idle_after.count() <= 0) return;
    auto& db = account_.session.db;
    db::Transaction transaction(db, db::Scope::of(account_.workspace.id), db::Access::read);
    calls::numbers_in_use(db, account_.workspace.id, used_before_,
                          [&](const base::Uuid& number) { used_.insert(number.text()); });
    transaction.commit();
  }

  // --- numbers ---

  void take(const std::vector<twilio::Number>& page) {
    hold_used_page(account_, page,
                   [&](const twilio::Number& number, const estate::UsedNumber* row, bool elsewhere) {
                     seen_.push_back(digits_of(number.phone_number));
                     sids_.emplace(number.sid, digits_of(number.phone_number));
                     if (!is_asked(number.phone_number) || elsewhere) return;
                     ++report_.numbers;
                     if (row == nullptr)
                       find(number.phone_number, number.sid, Drift::unknown, number.friendly_name, "");
                     else
                       examine(number, *row);
                   });
  }

  void examine(const twilio::Number& number, const estate::UsedNumber& row) {
    const auto& account_sid = row.facts.account_sid;
    if (!account_sid.empty() && account_sid != account_.client.account_sid())
      find(number.phone_number, number.sid, Drift::account, account_sid, account_.client.account_sid());
    // One that is about to be given back is not asked for any more.
    if (row.status == "active" && row.provider == "twilio") {
      examine_webhooks(number);
      examine_capture(number);
      examine_abilities(number, row);
    }
    examine_country(number);
    if (!number.status.empty() && number.status != "in-use")
      find(number.phone_number, number.sid, Drift::not_active, number.status, "in-use");
    const bool young = number.created_at && *number.created_at > used_before_;
    if (options_.idle_after.count() > 0 && !young && !used_.contains(row.id.text()))
      candidates_.push_back({.phone_number = number.phone_number, .sid = number.sid});
  }

  void examine_webhooks(const twilio::Number& number) {
    std::set<Drift> found;
    for (const auto& [field, value] : fields_of(update_for(number, options_.wanted)))
      found.insert(drift_of(field));
    for (const auto drift : found) {
      const auto [is, wanted] = values_of(number, drift);
      find(number.phone_number, number.sid, drift, is, wanted);
    }
    if (found.contains(Drift::fallback_url)) return;
    // None is wanted of ours; one that is there should still stand elsewhere.
    const bool useless =
        (!number.voice_fallback.url.empty() && number.trunk_sid.empty() &&
         same_host(number.voice_fallback.url, number.voice_hook.url)) ||
        (!number.sms_fallback.url.empty() && same_host(number.sms_fallback.url, number.sms_hook.url));
    if (useless)
      find(number.phone_number, number.sid, Drift::fallback_url,
           number.voice_fallback.url.empty() ? number.sms_fallback.url : number.voice_fallback.url,
           options_.wanted.voice_fallback_url);
  }

  std::pair<std::string, std::string> values_of(const twilio::Number& number, Drift drift) const {
    const auto& wanted = options_.wanted;
    // A method alone that differs is shown with its URL.
    const auto shown = [](const twilio::Hook& hook) {
      return hook.url.empty() || hook.method == "POST" ? hook.url
                                                       : fmt::format("{} {}", hook.method, hook.url);
    };
    switch (drift) {
      case Drift::sms_url:
        return {shown(number.sms_hook), wanted.sms_url};
      case Drift::status_callback:
        return {shown(number.status_callback), wanted.status_callback};
      case Drift::fallback_url: {
        const bool voice =
            number.trunk_sid.empty() && (!same_url(number.voice_fallback.url, wanted.voice_fallback_url) ||
                                         number.voice_fallback.method != "POST");
        return {shown(voice ? number.voice_fallback : number.sms_fallback), wanted.voice_fallback_url};
      }
      case Drift::voice_application:
        return {number.voice_application_sid, ""};
      case Drift::sms_application:
        return {number.sms_application_sid, ""};
      default:
        return {shown(number.voice_hook), wanted.voice_url};
    }
  }

  void examine_capture(const twilio::Number& number) {
    if (!number.trunk_sid.empty() && !trunks_.contains(number.trunk_sid))
      find(number.phone_number, number.sid, Drift::trunk, number.trunk_sid, "");
    if (const auto service = captured_.find(number.sid); service != captured_.end())
      find(number.phone_number, number.sid, Drift::messaging_service, service->second, "");
    if (number.voice_receive_mode == "fax") find(number.phone_number, number.sid, Drift::fax, "fax", "voice");
  }

  void examine_abilities(const twilio::Number& number, const estate::UsedNumber& row) {
    const auto& can = facts_of(number, {}).capabilities;
    if (row.assigned && !number.voice) find(number.phone_number, number.sid, Drift::no_voice, can, "voice");
    if (row.pooled && !number.sms) find(number.phone_number, number.sid, Drift::no_sms, can, "sms");
    const auto country = country_of(number.phone_number);
    const bool needs_address = (country == "US" || country == "CA") && number.voice && row.assigned;
    if (needs_address &&
        (number.emergency_address_sid.empty() || number.emergency_address_status == "unregistered"))
      find(
          number.phone_number, number.sid, Drift::emergency_address,
          number.emergency_address_status.empty() ? number.emergency_status : number.emergency_address_status,
          "registered");
  }

  static std::string_view country_of(const std::string& phone_number) {
    std::error_code ignored;
    const auto number = phone::E164::try_parse(phone_number, ignored);
    return number ? phone::region_code_of(*number) : std::string_view();
  }

  void examine_country(const twilio::Number& number) {
    if (countries_.empty()) return;
    const auto country = country_of(number.phone_number);
    if (country.empty() || countries_.contains(country)) return;
    find(number.phone_number, number.sid, Drift::country, std::string(country),
         account_.workspace.setting("account_countries"));
  }

  // --- rows ---

  void read_rows() {
    auto& db = account_.session.db;
    db::Transaction transaction(db, db::Scope::of(account_.workspace.id), db::Access::read);
    estate::for_each_at_twilio(db, account_.workspace.id, [&](const estate::KnownNumber& row) {
      const auto& number = row.facts.phone_number;
      if (!is_asked(number)) return;
      const auto digits = digits_of(number);
      if (const auto other = sids_.find(row.facts.sid); other != sids_.end() && other->second != digits)
        find(number, row.facts.sid, Drift::duplicate_sid, row.facts.sid,
             fmt::format("the SID of {}", number));
      if (std::binary_search(seen_.begin(), seen_.end(), digits)) return;
      ++report_.numbers;
      const auto& owner = row.facts.account_sid;
      if (!owner.empty() && owner != account_.client.account_sid())
        find(number, row.facts.sid, Drift::account, owner, account_.client.account_sid());
      else
        find(number, row.facts.sid, Drift::missing, "", number);
    });
    transaction.commit();
  }

  // --- use ---

  /// Calls to it, calls from it, messages to it, messages from it: the first that is young enough ends the
  /// questions. The log here may have begun yesterday, so Twilio is asked.
  void find_idle() {
    std::vector<std::size_t> queue;
    for (std::size_t i = 0; i < candidates_.size(); ++i) queue.push_back(i);
    std::optional<twilio::Failed> failed;
    while (!queue.empty() && !failed) {
      std::vector<std::size_t> again;
      std::size_t next = 0;
      account_.client.run(
          [&]() -> std::optional<twilio::Task> {
            if (failed || next == queue.size() || account_.cancel.cancelled()) return std::nullopt;
            const auto tag = queue[next++];
            return twilio::Task{.tag = tag, .ask = ask_of(candidates_[tag])};
          },
          {},
          [&](std::size_t tag, const twilio::Outcome& outcome) {
            auto& candidate = candidates_[tag];
            if (const auto* why = std::get_if<twilio::Failed>(&outcome)) {
              if (!failed) failed = *why;
              return;
            }
            const auto at =
                newest_of(std::get<twilio::Reply>(outcome).json, candidate.asked < 2 ? "calls" : "messages");
            if (at && (!candidate.last || *at > *candidate.last)) candidate.last = at;
            const bool used = candidate.last && *candidate.last >= used_before_;
            if (!used && ++candidate.asked < k_lists) again.push_back(tag);
          });
      queue = std::move(again);
    }
    account_.cancel.check();
    if (failed) throw to_error(*failed);
    for (const auto& candidate : candidates_)
      if (!candidate.last || *candidate.last < used_before_)
        find(candidate.phone_number, candidate.sid, Drift::idle,
             candidate.last ? fmt::format("last used {}", base::format_utc(*candidate.last).substr(0, 10))
                            : std::string("never used"),
             "");
  }

  Account& account_;
  const AuditOptions& options_;
  const ProgressFn& progress_;
  std::set<std::string, std::less<>> asked_, countries_, trunks_;
  std::unordered_map<std::string, std::string> captured_;  ///< SID of a number, its service
  std::unordered_map<std::string, std::uint64_t> sids_;    ///< at Twilio, and whose they are
  std::set<std::string, std::less<>> used_;                ///< ids of numbers with a call on record
  std::vector<std::uint64_t> seen_;
  std::vector<Candidate> candidates_;
  base::Instant used_before_{};
  std::uint64_t listed_ = 0;
  AuditReport report_;
};

}  // namespace

std::span<const DriftInfo> drift_table() { return k_table; }

std::string_view drift_code(Drift drift) {
  const auto* info =
      std::find_if(k_table.begin(), k_table.end(), [&](const DriftInfo& i) { return i.drift == drift; });
  return info == k_table.end() ? std::string_view("unknown") : info->code;
}

bool mends(const DriftFinding& finding) {
  return !fields_that_mend(finding.drift).empty() &&
         !(finding.drift == Drift::fallback_url && finding.wanted.empty());
}

std::int64_t AuditReport::to_mend() const {
  std::set<std::string_view> all;
  for (const auto& finding : findings)
    if (mends(finding)) all.insert(finding.phone_number);
  return std::ssize(all);
}

bool AuditReport::differs() const {
  return std::any_of(findings.begin(), findings.end(), [](const DriftFinding& finding) {
    const auto* info = std::find_if(k_table.begin(), k_table.end(),
                                    [&](const DriftInfo& i) { return i.drift == finding.drift; });
    return !finding.fixed && info != k_table.end() && !info->warning;
  });
}

AuditReport audit_numbers(Account& account, const AuditOptions& options, const ProgressFn& progress) {
  return Auditing(account, options, progress).run();
}

void mend_numbers(Account& account, const AuditOptions& options, AuditReport& report,
                  const ProgressFn& progress) {
  ConfigureOptions what{.wanted = options.wanted};
  what.dry_run = options.dry_run;
  for (const auto& finding : report.findings)
    if (mends(finding) && (what.numbers.empty() || what.numbers.back() != finding.phone_number))
      what.numbers.push_back(finding.phone_number);
  if (what.numbers.empty()) return;
  for (const auto drift : options.only)
    for (auto& field : fields_that_mend(drift)) what.fields.push_back(std::move(field));
  const auto done = configure(account, what, progress);
  report.job = done.job;
  std::set<std::string, std::less<>> left;
  for (const auto& row : done.rows)
    if (row.verdict != "update") left.insert(row.phone_number);
  for (auto& finding : report.findings)
    finding.fixed = mends(finding) && !left.contains(finding.phone_number);
}

}  // namespace ringctl::sync
