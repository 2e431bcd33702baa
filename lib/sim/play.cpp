#include "sim/play.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "sim/kept.hpp"
#include "sim/text_acts.hpp"
#include "twilio/form.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono_literals;

/// Past either of these something goes round in circles: the longest a call may last is four hours.
constexpr auto k_longest = 24h * 14;
constexpr std::uint64_t k_most_steps = 50'000'000;
constexpr std::uint64_t k_look_every = 1024;
constexpr auto k_look_real = 100ms;

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

std::string sid_in(const std::string& body) {
  try {
    const JsonFile answer("answer", body);
    const auto* const sid = answer.root().find("sid");
    return sid != nullptr && sid->is_text() ? sid->text : std::string();
  } catch (const Error&) {
    return {};
  }
}

bool brings_users(const Step& step) {
  const auto* const estate = std::get_if<EstateStep>(&step.what);
  return estate != nullptr &&
         std::ranges::find(estate->nouns, "users", &GivenRows::noun) != estate->nouns.end();
}

}  // namespace

Play::Play(const Scenario& scenario, Scene& scene, const base::CancelToken* cancel)
    : scenario_(scenario), scene_(scene), cancel_(cancel), people_(scenario.people) {}

void Play::run() {
  check_cancelled();
  played_.began = scene_.agenda().now();
  for (const auto& line : scenario_.faults) scene_.faults().add(line.fault);
  users_to_come_ = std::ranges::count_if(scenario_.steps, brings_users);
  set_people();
  require_people();
  put_on_agenda();
  if (scene_.agenda().is_virtual())
    run_virtual();
  else
    run_real();
  played_.ended = scene_.agenda().now();
}

void Play::put_on_agenda() {
  steps_left_ = scenario_.steps.size();
  for (const auto& step : scenario_.steps)
    scene_.agenda().at(played_.began + step.at, [this, &step] {
      --steps_left_;
      take_step(step);
    });
}

void Play::run_virtual() {
  auto& agenda = scene_.agenda();
  std::uint64_t taken = 0;
  while (agenda.step()) {
    if (++taken % k_look_every == 0) check_cancelled();
    const bool too_long = agenda.now() - played_.began > k_longest;
    if (!too_long && taken < k_most_steps) continue;
    played_.trouble.emplace_back("/steps", fmt::format("it does not come to an end: {} things happened in {}",
                                                       taken, span_text(agenda.now() - played_.began)));
    return;
  }
  if (!scene_.idle()) played_.trouble.emplace_back("/steps", "somebody waits for what never comes");
}

void Play::run_real() {
  while (!is_over()) {
    check_cancelled();
    scene_.agenda().step(std::chrono::duration_cast<milliseconds>(k_look_real));
  }
}

void Play::take_step(const Step& step) {
  std::visit([&](const auto& what) { act(step, what); }, step.what);
}

/// Also those who came with the estate meanwhile.
void Play::set_people() {
  for (const auto& [address, behaviour] : people_)
    scene_.network().set_behaviour(scene_.names().address_of(address), behaviour);
}

/// A server elsewhere has an estate of its own.
void Play::require_user(const std::string& address, const std::string& where) const {
  if (scene_.house() == nullptr || users_to_come_ > 0) return;
  const auto why = scene_.names().why_unknown(address);
  if (!why.empty())
    throw Error(Errc::invalid, "scenario.bad",
                fmt::format("{}: {}: {} {}", scenario_.file, where, address, why));
}

void Play::require_people() const {
  for (const auto& [address, behaviour] : people_) require_user(address, "/people");
}

void Play::act(const Step&, const CallStep& step) {
  const auto sid = scene_.network().call_in(step.from, step.to, step.then, step.with);
  if (!step.name.empty()) played_.sids[step.name] = sid;
}

void Play::act(const Step&, const ClientCallStep& step) {
  Parameters own = {{"To", scene_.names().address_of(step.to)}};
  own.insert(own.end(), step.with.begin(), step.with.end());
  const auto sid = scene_.network().call_from_client(scene_.names().address_of(step.from),
                                                     scene_.application_sid(), own, step.then);
  if (!step.name.empty()) played_.sids[step.name] = sid;
}

void Play::act(const Step&, const TextStep& step) {
  scene_.network().text_in(step.from, step.to, step.body, step.media, step.with);
}

template <class What>
void Play::let_user(const Step& step, const What& what) {
  if (scene_.clerk() == nullptr || scene_.house() == nullptr)
    throw Error(
        Errc::usage, "sim.needs_built_in",
        fmt::format("{}: {} acts for a user, which needs the built-in serve", scenario_.file, step.path));
  scene_.house()->settle();
  if (const auto refusal = do_for_user(scene_, what))
    played_.refused.push_back({step.path, what.name, refusal->code, refusal->why});
}

void Play::act(const Step& step, const SendStep& what) { let_user(step, what); }

void Play::act(const Step& step, const ThreadStep& what) { let_user(step, what); }

void Play::act(const Step&, const RestStep& step) {
  const auto brought = scene_.rest(step.method, filled(step.path), encoded(step.form));
  if (step.name.empty() || brought.back != Brought::Back::answer || brought.cut || brought.drips) return;
  played_.rest[step.name] = {brought.answer.status, brought.answer.body};
  const auto sid = sid_in(brought.answer.body);
  if (sid.empty()) return;
  answered_[step.name] = sid;
  if (played_.name_of(sid).empty()) played_.sids[step.name] = sid;  // else it is about a call that has a name
}

void Play::act(const Step& step, const DoStep& what) {
  const auto sid = played_.sids.find(what.call);
  if (sid == played_.sids.end() || !scene_.network().do_now(sid->second, what.doing))
    played_.trouble.emplace_back(step.path, fmt::format("the call {} does not go on", what.call));
}

void Play::act(const Step& at, const PersonStep& step) {
  require_user(step.address, at.path);
  people_[step.address] = step.behaviour;
  scene_.network().set_behaviour(scene_.names().address_of(step.address), step.behaviour);
}

void Play::act(const Step& step, const EstateStep& what) {
  auto* const clerk = scene_.clerk();
  if (clerk == nullptr || scene_.house() == nullptr)
    throw Error(Errc::usage, "sim.needs_built_in",
                fmt::format("{}: {} changes the estate, which only the built-in serve allows", scenario_.file,
                            step.path));
  scene_.house()->settle();  // what came before is by the estate of then
  set_workspace(clerk->session, clerk->workspace, scenario_.file, what.workspace);
  import_rows(clerk->session, clerk->workspace, scenario_.file, what.nouns, folder_.path());
  name_users(clerk->session, clerk->workspace, scenario_.file, what.workspace);
  scene_.read_directory();
  set_people();
  if (brings_users(step)) --users_to_come_;
  require_people();
  scene_.house()->settle();
}

void Play::act(const Step& step, ServeStep what) {
  auto* const house = scene_.house();
  if (house == nullptr)
    throw Error(Errc::usage, "sim.needs_built_in",
                fmt::format("{}: {} stops or starts serve, which only the built-in one can be",
                            scenario_.file, step.path));
  if (what != ServeStep::start) house->stop();
  if (what != ServeStep::stop) house->start();
}

/// {public_url}, {account}, {application}, {workspace}, {sid:NAME}, {client:EMAIL}
std::string Play::filled(std::string text) const {
  replace_all(text, "{public_url}", scene_.public_url());
  replace_all(text, "{account}", scene_.account().sid);
  replace_all(text, "{application}", scene_.application_sid());
  if (auto* const clerk = scene_.clerk()) replace_all(text, "{workspace}", clerk->workspace.view());
  for (const auto* const sids : {&played_.sids, &answered_})
    for (const auto& [name, sid] : *sids) replace_all(text, fmt::format("{{sid:{}}}", name), sid);
  for (auto at = text.find("{client:"); at != std::string::npos; at = text.find("{client:", at + 1)) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) break;
    text.replace(at, end - at + 1, scene_.names().address_of(text.substr(at + 1, end - at - 1)));
  }
  return text.starts_with("client:") ? scene_.names().address_of(text) : text;
}

std::string Play::encoded(const Parameters& form) const {
  twilio::Form all;
  for (const auto& [name, value] : form) all.add(name, filled(value));
  return all.encoded();
}

Played Play::take() {
  auto& names = scene_.names();
  auto& account = scene_.account();
  account.calls.each([&](const Call& call) { played_.calls.push_back(call); });
  if (auto* const house = scene_.house()) house->stop();
  if (auto* const clerk = scene_.clerk()) {
    played_.records = read_records(clerk->session, clerk->workspace, played_.calls, played_.began);
    for (auto* const rows :
         {&played_.records->calls, &played_.records->attempts, &played_.records->recordings,
          &played_.records->callbacks, &played_.records->texts, &played_.records->threads,
          &played_.records->notifications})
      for (auto& row : *rows)
        for (auto& [column, text] : row) text = names.named(text);
  }
  for (auto& call : played_.calls) {
    call.from = names.named(call.from);
    call.to = names.named(call.to);
  }
  account.recordings.each([&](const Recording& recording) { played_.recordings.push_back(recording); });
  account.messages.each([&](const Message& message) { played_.messages.push_back(message); });
  for (const auto& [fault, struck] : scene_.faults().counted()) played_.faults.push_back(struck);
  played_.timeline = scene_.timeline().entries();
  for (auto& entry : played_.timeline) names.name(entry);
  return std::move(played_);
}

}  // namespace ringctl::sim
