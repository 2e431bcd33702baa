#include "routing/decide.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "routing/match.hpp"
#include "routing/parties.hpp"

namespace ringctl::routing {
namespace {

/// One decision, from the number called to the last step.
class Decision {
 public:
  Decision(const Snapshot& snapshot, const Facts& facts, Trace* trace)
      : s_(snapshot), f_(facts), trace_(trace), parties_(snapshot, facts, trace) {}

  Plan run() {
    plan_.caller_id = caller_id();
    plan_.accept_prompt = s_.settings.accept_prompt;
    plan_.after_menu = f_.menu.has_value();
    if (!number_answers()) return std::move(plan_);
    note_broken_rules();
    bool ended = false;
    if (!add_direct_line() && !add_extension()) {
      add_menu();
      ended = add_main_line();
    }
    if (!ended) add_last_step();
    plan_.routed_by = reason_of_plan();
    if (takes_turns(plan_)) plan_.turn = static_cast<int>(f_.turn % k_most_turns);
    decide_recording();
    return std::move(plan_);
  }

 private:
  /// `why`: text, or what makes it; only made where somebody reads it.
  template <class Why = std::string_view>
  void say(std::string_view stage, std::string_view subject, std::string_view verdict, const Why& why = {}) {
    if (trace_ == nullptr) return;
    auto& line =
        trace_->emplace_back(TraceLine{std::string(stage), std::string(subject), std::string(verdict), {}});
    if constexpr (std::is_invocable_v<Why>)
      line.why = why();
    else
      line.why = why;
  }

  /// Twilio shows the caller's own number by itself; a caller without one is shown as the number called,
  /// because phones are only rung with a number we may show (R156).
  std::string caller_id() const { return is_number(f_.from) ? f_.from : f_.to; }

  bool number_answers() {
    if (f_.number && f_.number->active) {
      say("number", f_.to, "active");
      return true;
    }
    const auto reason = f_.number ? Reason::inactive_number : Reason::unknown_number;
    say("number", f_.to, f_.number ? "not active" : "not a number of this workspace");
    plan_.routed_by = reason;
    plan_.steps.push_back({.kind = StepKind::message, .reason = reason});
    return false;
  }

  void note_broken_rules() {
    for (const auto& rule : s_.broken) say("rule", rule.name, "cannot be read", rule.why);
  }

  /// Adds the step if it rings somebody; tells how.
  bool add(const Wanted& wanted) {
    auto step = parties_.step_for(wanted);
    const auto stage = name_of(wanted.reason);
    if (step.parties.empty()) {
      say(stage, "", "rings nobody",
          std::string_view(wanted.parties.empty() ? "" : "all of them are skipped"));
      skipped_.insert(skipped_.end(), step.skipped.begin(), step.skipped.end());
      return false;
    }
    if (trace_ != nullptr) note_parties(step);
    plan_.steps.push_back(std::move(step));
    return true;
  }

  void note_parties(const Step& step) {
    std::size_t next = 0;
    for (std::size_t wave = 0; wave < step.waves.size(); ++wave)
      for (int i = 0; i < step.waves[wave]; ++i, ++next) {
        const auto& party = step.parties[next];
        const auto agent = party.user ? s_.find_agent(*party.user) : std::nullopt;
        std::string why = party.address.empty() ? "client" : party.address;
        if (step.waves.size() > 1) why += fmt::format(", wave {} of {}", wave + 1, step.waves.size());
        say(name_of(step.reason), agent ? s_.agents[*agent].email : party.address,
            step.kind == StepKind::queue ? "rings from the queue" : "rings", why);
      }
  }

  static RuleParty party_of(AgentIndex agent) { return {.kind = RuleParty::Kind::agent, .agent = agent}; }

  /// R170: a number that is a user's own. Unanswered it ends in the last step, as an extension does.
  bool add_direct_line() {
    if (f_.menu || s_.direct_lines.empty()) return false;
    const auto line = s_.direct_lines.find(f_.to);
    if (line == s_.direct_lines.end()) return false;
    Wanted wanted{.reason = Reason::direct_line, .parties = {party_of(line->second)}};
    say("direct_line", s_.agents[line->second].email, "used", "the number called is their own");
    add(wanted);
    return true;
  }

  bool in_scope(const Extension& extension) const {
    return !extension.number || *extension.number == f_.number->id;
  }

  bool add_extension() {
    if (!f_.menu || f_.menu->digits.empty()) return false;
    const auto& digits = f_.menu->digits;
    for (const auto& extension : s_.extensions) {
      if (extension.digits != digits || !in_scope(extension)) continue;
      say("extension", digits, "used", s_.agents[extension.agent].email);
      add({.reason = Reason::extension, .both_devices = true, .parties = {party_of(extension.agent)}});
      return true;
    }
    say("extension", digits, "unknown",
        f_.menu->attempt == 0 ? "the caller may try once more" : "on to the main line");
    return false;
  }

  /// How many digits all extensions in scope have; 0 where they differ; nullopt where there are none.
  std::optional<int> common_length() const {
    std::optional<int> length;
    for (const auto& extension : s_.extensions) {
      if (!in_scope(extension)) continue;
      const auto own = static_cast<int>(extension.digits.size());
      length = !length || *length == own ? own : 0;
      if (*length == 0) break;
    }
    return length;
  }

  /// Asked at the beginning, and again after the first wrong digits.
  void add_menu() {
    const bool again = f_.menu && !f_.menu->digits.empty() && f_.menu->attempt == 0;
    if (f_.menu && !again) return;
    const auto digits = common_length();
    if (!digits) return;
    say("menu", "", again ? "asked again" : "asked",
        *digits == 0 ? "extensions of several lengths, # ends one"
                     : fmt::format("extensions of {} digits", *digits));
    plan_.steps.push_back({.kind = StepKind::menu,
                           .reason = Reason::menu,
                           .text = s_.settings.extension_prompt,
                           .digits = *digits,
                           .attempt = again ? 1 : 0});
  }

  /// True if the call ends with it.
  bool add_main_line() {
    const bool assigned = add_assigned();
    if (add_rule(assigned)) return true;
    add_owner();
    add_everyone();
    return false;
  }

  /// True if agents look after the contact, whether or not they can be rung.
  bool add_assigned() {
    if (!f_.contact) {
      say("contact", f_.from, "unknown");
      return false;
    }
    say("contact", f_.contact->name.empty() ? f_.from : f_.contact->name, "known");
    Wanted wanted{.reason = Reason::assigned};
    for (const auto& user : f_.contact->agents)
      if (const auto agent = s_.find_agent(user); agent && s_.agents[*agent].is_active)
        wanted.parties.push_back(party_of(*agent));
    if (wanted.parties.empty()) {
      say("assigned", "", "nobody looks after the contact");
      return false;
    }
    add(wanted);
    return true;
  }

  const Rule* find_rule(bool assigned) {
    const Caller caller(s_, f_);
    for (const auto& rule : s_.rules) {
      if (assigned && !rule.after_assigned) {
        say("rule", rule.name, "not asked", "agents look after the contact");
        continue;
      }
      const auto* failing = caller.first_failing(rule.when);
      if (failing == nullptr) return &rule;
      say("rule", rule.name, "does not hold", name_of(failing->kind));
    }
    return nullptr;
  }

  /// True if the call ends there.
  bool add_rule(bool assigned) {
    const auto* const rule = find_rule(assigned);
    if (rule == nullptr) return false;
    say("rule", rule->name, "holds");
    for (const auto& gone : rule->gone)
      say("rule", rule->name, "rings nobody", gone + " is gone, or has nobody");
    for (const auto& number : rule->returning)
      say("rule", rule->name, "rings nobody", number + " is a number of ours: the call would come back");
    plan_.rule = rule->name;
    recorded_ = rule->recorded;
    const auto skipped_before = static_cast<std::ptrdiff_t>(skipped_.size());
    for (const auto& step : rule->steps) add_rule_step(*rule, step);
    const auto last = rule->steps.back().kind;
    const bool ended = last == StepKind::voicemail || last == StepKind::reject || last == StepKind::hangup ||
                       last == StepKind::message;
    if (ended) plan_.steps.back().skipped.assign(skipped_.begin() + skipped_before, skipped_.end());
    return ended;
  }

  void add_rule_step(const Rule& rule, const RuleStep& step) {
    if (step.kind != StepKind::ring && step.kind != StepKind::queue) {
      say("rule", rule.name, name_of(step.kind));
      plan_.steps.push_back({.kind = step.kind, .reason = Reason::rule, .text = step.text});
      return;
    }
    Wanted wanted{.reason = Reason::rule,
                  .kind = step.kind,
                  .strategy = rule.strategy,
                  .ring_timeout_s = rule.ring_timeout_s,
                  .parties = step.parties};
    for (auto& party : wanted.parties)
      if (party.kind == RuleParty::Kind::owner) put_owner(party);
    std::erase_if(wanted.parties,
                  [](const RuleParty& party) { return party.kind == RuleParty::Kind::owner; });
    add(wanted);
  }

  void put_owner(RuleParty& party) {
    const auto owner = f_.number->owner ? s_.find_agent(*f_.number->owner) : std::nullopt;
    if (owner)
      party = party_of(*owner);
    else
      say("rule", f_.to, "rings nobody", "the number has no owner");
  }

  void add_owner() {
    if (!s_.settings.ring_owner) return say("owner", "", "switched off");
    const auto owner = f_.number->owner ? s_.find_agent(*f_.number->owner) : std::nullopt;
    if (!owner) return say("owner", "", "the number has none");
    const bool rung = std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const Step& step) {
      return std::any_of(step.parties.begin(), step.parties.end(),
                         [&](const Party& party) { return party.user == s_.agents[*owner].id; });
    });
    if (rung) return say("owner", s_.agents[*owner].email, "rung before");
    add({.reason = Reason::owner, .parties = {party_of(*owner)}});
  }

  void add_everyone() {
    Wanted wanted{.reason = Reason::everyone};
    wanted.parties.reserve(s_.everyone.size());
    for (const auto agent : s_.everyone) wanted.parties.push_back(party_of(agent));
    if (wanted.parties.empty()) return say("everyone", "", "rings nobody", "no active agent or admin");
    add(wanted);
  }

  void add_last_step() {
    const auto& how = s_.settings.after_ring;
    Step last{.kind = StepKind::voicemail, .text = s_.settings.after_ring_message};
    if (how == "callback") last.kind = StepKind::callback;
    if (how == "message") last.kind = StepKind::message;
    const bool support = how == "support" && !s_.settings.support_number.empty() &&
                         s_.settings.support_number != f_.from && s_.settings.support_number != f_.to;
    if (support) {
      say("last", s_.settings.support_number, "support");
      plan_.steps.push_back({.kind = StepKind::support,
                             .timeout_s = static_cast<int>(s_.settings.ring_timeout.count()),
                             .text = s_.settings.support_number});
    }
    say("last", "", name_of(last.kind));
    last.skipped = std::move(skipped_);
    plan_.steps.push_back(std::move(last));
  }

  Reason reason_of_plan() const {
    const auto rings = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                                    [](const Step& step) { return !step.parties.empty(); });
    if (rings != plan_.steps.end()) return rings->reason;
    const auto decided = std::find_if(plan_.steps.begin(), plan_.steps.end(),
                                      [](const Step& step) { return step.kind != StepKind::menu; });
    return decided->reason;
  }

  void decide_recording() {
    const auto& own = f_.number->record_policy;
    const auto& policy = own.empty() ? s_.settings.recording_policy : own;
    plan_.recorded = recorded_.value_or(is_recorded(s_.settings, own, "inbound"));
    say("recording", "", plan_.recorded ? "recorded" : "not recorded", [&] {
      return recorded_ ? std::string("the rule says so")
                       : fmt::format("policy of the {}: {}", own.empty() ? "workspace" : "number", policy);
    });
    plan_.told = f_.menu && f_.menu->announced;
    plan_.announced = !connects_nobody() && hears_consent(s_.settings, plan_.recorded, f_.caller_country) &&
                      !plan_.told;  // once a call
    if (plan_.announced) plan_.consent = s_.settings.consent_message;
    say("consent", f_.caller_country, plan_.announced ? "announced" : "not announced",
        [&] { return fmt::format("policy {}", s_.settings.consent_policy); });
  }

  bool connects_nobody() const {
    return std::none_of(plan_.steps.begin(), plan_.steps.end(), [](const Step& step) {
      return !step.parties.empty() || step.kind == StepKind::support || step.kind == StepKind::menu;
    });
  }

  const Snapshot& s_;
  const Facts& f_;
  Trace* trace_;
  Parties parties_;
  Plan plan_;
  std::vector<Skip> skipped_;  ///< of steps that ring nobody and so are none
  std::optional<bool> recorded_;
};

}  // namespace

bool is_recorded(const directory::VoiceSettings& settings, const std::string& of_number,
                 std::string_view direction) {
  const auto& policy = of_number.empty() ? settings.recording_policy : of_number;
  return policy == "always" || policy == direction;
}

bool hears_consent(const directory::VoiceSettings& settings, bool recorded, std::string_view country) {
  const auto& policy = settings.consent_policy;
  if (policy == "always") return true;
  if (policy == "never" || !recorded) return false;
  if (policy != "countries") return true;
  // Whose law holds for a number of no known country is not known either.
  const auto& countries = settings.consent_countries;
  return country.empty() || std::find(countries.begin(), countries.end(), country) != countries.end();
}

Plan decide(const Snapshot& snapshot, const Facts& facts, Trace* trace) {
  return Decision(snapshot, facts, trace).run();
}

}  // namespace ringctl::routing
