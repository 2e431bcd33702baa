// Pages of calls, each made into the webhooks that should have come, in one transaction. A leg may stand on
// another page than its call, so prices are summed over all of them and written at the end, and legs of calls
// that are not on record wait until their call comes up.

#include "sync/reconcile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include "base/error.hpp"
#include "calls/apply.hpp"
#include "calls/price.hpp"
#include "calls/purge.hpp"
#include "routing/facts.hpp"
#include "sync/acts.hpp"
#include "twilio/rest_account.hpp"

namespace ringctl::sync {
namespace {

constexpr std::size_t k_batch = 500;
/// A leg may begin so long after its call.
constexpr std::chrono::hours k_longest_call{24};
/// Twilio forgets no call of that age; one that it does not know never was.
constexpr std::chrono::hours k_lost_after{24};
constexpr std::string_view k_source = "reconcile", k_client = "client:";

constexpr std::array<std::string_view, 7> k_days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> k_months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// "Mon, 08 Mar 2026 12:00:00 +0000", as Twilio's own callbacks have it.
std::string rfc2822(base::Instant at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
                     k_days[std::chrono::weekday(day).c_encoding()], unsigned{date.day()},
                     k_months[unsigned{date.month()} - 1], int{date.year()}, time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

/// What a call and its legs cost, as far as Twilio has told.
struct Cost {
  std::int64_t micros = 0;
  std::string unit = {};
  bool complete = true, seen = false;  ///< every leg is priced; the call itself is in the time asked about
};

class Reconciliation {
 public:
  Reconciliation(Account& account, const ReconcileOptions& options, const ProgressFn& progress)
      : account_(account), options_(options), progress_(progress) {}

  ReconcileReport run() {
    purged_before_ = reading(
        account_, [&](db::Connection& db) { return calls::purged_before(db, account_.workspace.id); });
    const twilio::CallQuery query{.since = options_.since, .until = options_.until + k_longest_call};
    twilio::list_calls(account_.client, query, [&](const twilio::Call& call) {
      account_.cancel.check("ringctl calls reconcile --since TIME goes over it again");
      batch_.push_back(call);
      if (batch_.size() >= k_batch) take_calls();
      return true;
    });
    take_calls();
    close_lost();
    price();
    take_recordings();
    if (options_.write)
      writing(account_, [&] { calls::close_rooms(account_.session, account_.workspace.id); });
    return std::move(report_);
  }

 private:
  using Known = std::unordered_map<std::string, calls::KnownCall>;

  static base::Instant began(const twilio::Call& call) {
    if (call.created_at) return *call.created_at;
    return call.started_at.value_or(base::Instant());
  }
  bool in_time(const twilio::Call& call) const {
    return began(call) >= options_.since && began(call) < options_.until;
  }
  void row(std::string call, std::string what, std::string is, std::string was = {}) {
    report_.rows.push_back({std::move(call), std::move(what), std::move(is), std::move(was)});
  }

  // --- calls ---
  void take_calls() {
    if (batch_.empty()) return;
    std::vector<std::string_view> sids, numbers;
    for (const auto& call : batch_) {
      sids.emplace_back(call.sid);
      if (!call.parent_sid.empty()) sids.emplace_back(call.parent_sid);
      if (call.direction == "inbound") numbers.emplace_back(call.to);
    }
    Known known;
    std::set<std::string> own;
    reading(account_, [&](db::Connection& db) {
      known = calls::find_known(db, account_.workspace.id, sids);
      for (auto& number : calls::own_among(db, account_.workspace.id, numbers)) own.insert(std::move(number));
      return true;
    });
    const auto is_leg = [&](const twilio::Call& call) {
      const auto leg = known.find(call.sid);
      return !call.parent_sid.empty() || (leg != known.end() && leg->second.is_leg);
    };
    std::vector<calls::Event> events;
    for (const auto& call : batch_)
      if (is_leg(call)) take_leg_or_wait(call, known, events);
    for (const auto& call : batch_)
      if (!is_leg(call)) take_parent(call, known, own, events);
    report_.looked_at += std::ssize(batch_);
    batch_.clear();
    apply(events);
    if (progress_) progress_({.phase = "calls", .done = static_cast<std::uint64_t>(report_.looked_at)});
  }

  /// Newest first, Twilio says: the call that a leg belongs to is still to come.
  void take_leg_or_wait(const twilio::Call& call, const Known& known, std::vector<calls::Event>& events) {
    const auto own = known.find(call.sid);
    const auto of = own != known.end() ? own : known.find(call.parent_sid);
    if (of != known.end())
      take_leg(call, of->second, own != known.end() && own->second.is_over, events);
    else
      orphans_[call.parent_sid].push_back(call);
  }

  void take_parent(const twilio::Call& call, const Known& known, const std::set<std::string>& own,
                   std::vector<calls::Event>& events) {
    const auto found = known.find(call.sid);
    const auto legs = orphans_.extract(call.sid);
    if (!in_time(call)) return;
    if (found == known.end()) {
      // What is nobody's call here: a supervisor's leg, a verification, another program's, one that was
      // purged.
      const bool purged = purged_before_ && began(call) < *purged_before_;
      if (call.direction != "inbound" || !own.contains(call.to) || purged) return;
      add_missing(call, events);
      const calls::KnownCall added{.call_sid = call.sid, .direction = call.direction};
      if (!legs.empty())
        for (const auto& leg : legs.mapped()) take_leg(leg, added, false, events);
      return;
    }
    seen_.insert(call.sid);
    note_price(call.sid, call, true);
    if (!call.is_over()) {
      if (found->second.is_over) row(call.sid, "differs", call.status, "over");
      if (!found->second.is_over) ++report_.live;
      return;
    }
    if (found->second.is_over) return;
    ++report_.closed;
    row(call.sid, "closed", call.status, "live");
    events.push_back(status_of(call, {}));
  }

  void add_missing(const twilio::Call& call, std::vector<calls::Event>& events) {
    seen_.insert(call.sid);
    added_.insert(call.sid);
    ++report_.added;
    row(call.sid, "added", call.status);
    auto event = calls::event_from(calls::Kind::inbound, account_.workspace.id, form_of(call, {}, "ringing"),
                                   began(call));
    const auto facts = routing::read_facts(account_.session.db, account_.workspace.id, call.from, call.to,
                                           account_.session.clock.now());
    auto& decision = event.decision.emplace();
    if (facts.number) decision.number = facts.number->id;
    if (facts.contact) {
      decision.contact = facts.contact->id;
      decision.customer_name = facts.contact->name;
    }
    events.push_back(std::move(event));
    if (call.is_over()) events.push_back(status_of(call, {}));
    note_price(call.sid, call, true);
  }

  /// Also one that has no parent at Twilio and was added to a call here: a participant. `over`: so it is
  /// here.
  void take_leg(const twilio::Call& call, const calls::KnownCall& of, bool over,
                std::vector<calls::Event>& events) {
    note_price(of.call_sid, call, false);
    if (!call.is_over() || over) return;
    ++report_.legs;
    row(of.call_sid, "leg", call.status);
    auto event = status_of(call, of.call_sid);
    event.party = call.to;
    if (call.to.starts_with(k_client)) event.user = calls::user_of_identity(call.to.substr(k_client.size()));
    // A phone that was picked up may have been a machine: its plan says whether that was an answer.
    const bool certain = call.to.starts_with(k_client) || of.direction == "outbound";
    event.answers = certain ? calls::Answers::picked_up : calls::Answers::by_plan;
    events.push_back(std::move(event));
  }

  std::vector<calls::Event::Parameter> form_of(const twilio::Call& call, const std::string& parent,
                                               const std::string& status) const {
    std::vector<calls::Event::Parameter> form{{"AccountSid", account_.client.account_sid()},
                                              {"CallSid", call.sid},
                                              {"CallStatus", status},
                                              {"From", call.from},
                                              {"To", call.to},
                                              {"Direction", call.direction},
                                              {"CallbackSource", std::string(k_source)}};
    if (!parent.empty()) form.emplace_back("ParentCallSid", parent);
    return form;
  }

  calls::Event status_of(const twilio::Call& call, const std::string& parent) const {
    auto form = form_of(call, parent, call.status);
    const auto ended = call.ended_at ? *call.ended_at : began(call);
    form.emplace_back("Timestamp", rfc2822(ended));
    if (call.duration_s) form.emplace_back("CallDuration", std::to_string(*call.duration_s));
    return calls::event_from(calls::Kind::status, account_.workspace.id, std::move(form),
                             account_.session.clock.now());
  }

  void apply(const std::vector<calls::Event>& events) {
    if (!options_.write || events.empty()) return;
    writing(account_, [&] { calls::apply(account_.session, events); });
  }

  /// Live here, and not among what Twilio listed: it may have begun before, or never have been.
  void close_lost() {
    const auto until = std::min(options_.until, account_.session.clock.now() - k_lost_after);
    std::vector<calls::Call> live;
    std::set<std::string, std::less<>> elsewhere;
    reading(account_, [&](db::Connection& db) {
      const auto& workspace = account_.workspace.id;
      calls::for_each_live(db, workspace, options_.since, [&](const calls::Call& call) {
        if (call.started_at < until && !seen_.contains(call.call_sid)) live.push_back(call);
      });
      std::vector<std::string_view> numbers;
      for (const auto& call : live) numbers.emplace_back(own_number(call));
      for (auto& number : calls::of_other_accounts(db, workspace, account_.client.account_sid(), numbers))
        elsewhere.insert(std::move(number));
      return true;
    });
    std::vector<calls::Event> events;
    for (const auto& call : live) {
      account_.cancel.check("ringctl calls reconcile --since TIME goes over it again");
      if (elsewhere.contains(own_number(call))) continue;  // this account cannot say
      auto found = twilio::find_call(account_.client, call.call_sid);
      if (found && !found->is_over()) {
        ++report_.live;
        continue;
      }
      twilio::Call lost;
      if (!found) {
        lost.sid = call.call_sid;
        lost.from = call.from_number;
        lost.to = call.to_number;
        lost.direction = call.direction;
        lost.status = "failed";
        lost.created_at = call.started_at;
        found = lost;
      }
      ++report_.closed;
      row(call.call_sid, "closed", found->status, call.status);
      events.push_back(status_of(*found, {}));
    }
    apply(events);
  }

  // --- prices ---
  void note_price(const std::string& root, const twilio::Call& call, bool itself) {
    auto& cost = costs_[root];
    cost.seen = cost.seen || itself;
    if (call.price_micros) {
      cost.micros += *call.price_micros;
      cost.complete = cost.complete && (cost.unit.empty() || cost.unit == call.price_unit);
      cost.unit = call.price_unit;
    } else if (!call.is_over() || (call.status == "completed" && call.duration_s.value_or(0) > 0)) {
      cost.complete = false;  // not priced yet; a leg that nobody answered never is
    }
  }

  void price() {
    std::vector<calls::Price> prices;
    for (const auto& [sid, cost] : costs_)
      if (cost.seen && cost.complete && !cost.unit.empty())
        prices.push_back({sid, twilio::money_text(-cost.micros), cost.unit});
    for (std::size_t from = 0; from < prices.size(); from += k_batch) {
      const auto some = std::span(prices).subspan(from, std::min(k_batch, prices.size() - from));
      std::vector<std::string> changed;
      reading(account_, [&](db::Connection& db) {
        changed = calls::unpriced(db, account_.workspace.id, some);
        return true;
      });
      // One that would have been added is on record nowhere.
      if (!options_.write)
        for (const auto& price : some)
          if (added_.contains(price.call_sid)) changed.push_back(price.call_sid);
      if (options_.write && !changed.empty())
        writing(account_, [&] { calls::set_prices(account_.session, account_.workspace.id, some); });
      note_priced(some, changed);
    }
  }

  void note_priced(std::span<const calls::Price> prices, const std::vector<std::string>& changed) {
    const std::set<std::string_view> sids(changed.begin(), changed.end());
    for (const auto& price : prices)
      if (sids.contains(price.call_sid))
        row(price.call_sid, "priced", fmt::format("{} {}", price.price, price.unit));
    report_.priced += std::ssize(changed);
  }

  // --- recordings ---
  void take_recordings() {
    const twilio::RecordingQuery query{.since = options_.since, .until = options_.until + k_longest_call};
    std::vector<twilio::Recording> batch;
    const auto take = [&] {
      take_some(batch);
      batch.clear();
    };
    twilio::list_recordings(account_.client, query, [&](const twilio::Recording& recording) {
      batch.push_back(recording);
      if (batch.size() >= k_batch) take();
      return true;
    });
    take();
  }

  void take_some(const std::vector<twilio::Recording>& batch) {
    if (batch.empty()) return;
    std::vector<calls::Event> events;
    reading(account_, [&](db::Connection& db) {
      const auto& workspace = account_.workspace.id;
      std::vector<std::string_view> sids, owners;
      for (const auto& one : batch) {
        sids.emplace_back(one.sid);
        if (!one.call_sid.empty()) owners.emplace_back(one.call_sid);
      }
      const auto kept = calls::find_known_recordings(db, workspace, sids);
      const auto known = calls::find_known(db, workspace, owners);
      for (const auto& one : batch) {
        const auto before = kept.find(one.sid);
        if (one.status != "completed" || (before != kept.end() && before->second == "completed")) continue;
        const auto call = call_of(db, one, known);
        if (!call.empty()) events.push_back(recording_of(one, call));
      }
      return true;
    });
    for (const auto& event : events) {
      ++report_.recordings;
      row(event.call_sid, "recording", std::string(event.parameter("RecordingSid")));
    }
    apply(events);
  }

  std::string call_of(db::Connection& db, const twilio::Recording& one, const Known& known) const {
    if (const auto found = known.find(one.call_sid); found != known.end()) return found->second.call_sid;
    if (one.conference_sid.empty()) return {};
    return calls::find_call_of_conference(db, account_.workspace.id, one.conference_sid).value_or("");
  }

  calls::Event recording_of(const twilio::Recording& one, const std::string& call) const {
    const auto path =
        fmt::format("/2010-04-01/Accounts/{}/Recordings/{}", account_.client.account_sid(), one.sid);
    std::vector<calls::Event::Parameter> form{
        {"AccountSid", account_.client.account_sid()},
        {"CallSid", call},
        {"RecordingSid", one.sid},
        {"RecordingUrl", account_.client.url_of(twilio::Api::core, path)},
        {"RecordingStatus", one.status},
        {"RecordingSource", one.source},
        {"CallbackSource", std::string(k_source)}};
    if (one.duration_s) form.emplace_back("RecordingDuration", std::to_string(*one.duration_s));
    if (one.channels) form.emplace_back("RecordingChannels", std::to_string(*one.channels));
    return calls::event_from(calls::Kind::recording, account_.workspace.id, std::move(form),
                             one.created_at.value_or(account_.session.clock.now()));
  }

  Account& account_;
  const ReconcileOptions& options_;
  const ProgressFn& progress_;
  ReconcileReport report_;
  std::optional<base::Instant> purged_before_;
  std::vector<twilio::Call> batch_;
  std::unordered_map<std::string, std::vector<twilio::Call>> orphans_;  ///< legs, by the call they wait for
  std::set<std::string> seen_;
  std::set<std::string, std::less<>> added_;  ///< or would be, in a dry run
  std::map<std::string, Cost> costs_;
};

}  // namespace

ReconcileReport reconcile(Account& account, const ReconcileOptions& options, const ProgressFn& progress) {
  return Reconciliation(account, options, progress).run();
}

}  // namespace ringctl::sync
