#include "sim/scene.hpp"

#include <fmt/format.h>

#include <set>
#include <variant>

#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "serve/paths.hpp"
#include "twilio/hmac.hpp"

namespace ringctl::sim {
namespace {

/// Of a server elsewhere that nobody can look into: what the scenario calls and texts is the account's.
std::set<std::string> numbers_in(const Scenario& scenario) {
  std::set<std::string> numbers;
  for (const auto& step : scenario.steps)
    if (const auto* const call = std::get_if<CallStep>(&step.what))
      numbers.insert(call->to);
    else if (const auto* const text = std::get_if<TextStep>(&step.what))
      numbers.insert(text->to);
  std::erase_if(numbers, [](const std::string& address) { return !address.starts_with('+'); });
  return numbers;
}

base::Uuid workspace_called(audit::Session& session, const std::string& name) {
  directory::Workspaces workspaces(session);
  if (!name.empty()) return workspaces.get(name).id;
  const auto only = workspaces.resolve(std::nullopt);
  if (!only) throw Error(Errc::not_found, "workspaces.unknown", "the database has no workspace");
  return only->id;
}

/// The first whose webhooks the workspace takes; where it names none, it takes any that serve is given.
std::string account_of(Clerk& clerk, std::string any) {
  const db::Transaction transaction(clerk.session.db, db::Scope::of(clerk.workspace), db::Access::read);
  const auto accounts = directory::read_voice_settings(clerk.session.db, clerk.workspace).twilio_accounts;
  return accounts.empty() ? std::move(any) : accounts.front();
}

}  // namespace

Scene::Scene(const Scenario& scenario, std::uint64_t seed, const ScratchDatabase& database,
             const std::string& workspace, bool on_server, const std::function<void(const Entry&)>& listener)
    : public_url_(k_public_url),
      virtual_clock_(std::make_unique<VirtualClock>(scenario.at)),
      agenda_(std::make_unique<Agenda>(*virtual_clock_)),
      sids_(seed),
      timeline_(listener),
      clerk_(std::make_unique<Clerk>(database.open(), *virtual_clock_)),
      faults_(*agenda_, timeline_, sids_) {
  clerk_->workspace = workspace_called(clerk_->session, workspace);
  auto sid = account_of(*clerk_, sids_.next("AC"));
  auto token = base::Secret(sids_.next(""));
  house_ = std::make_unique<House>(HouseOptions{.public_url = public_url_,
                                                .account_sid = sid,
                                                .auth_token = token,
                                                .open = [&database] { return database.open(); },
                                                .on_server = on_server,
                                                .seed = seed},
                                   *virtual_clock_);
  open_account(std::move(sid), std::move(token));
  transport_ = std::make_unique<PromptTransport>(*agenda_);
  to_house_ = std::make_unique<HouseTransport>(*house_, *agenda_, *transport_);
  build(*to_house_, scenario.latency, std::string(House::k_nowhere));
  read_directory();
  house_->start();
}

Scene::Scene(const Scenario& scenario, std::uint64_t seed, const Outside& outside,
             const std::function<void(const Entry&)>& listener)
    : public_url_(outside.public_url),
      agenda_(std::make_unique<Agenda>(static_cast<const base::Clock&>(system_clock_))),
      sids_(seed),
      timeline_(listener),
      faults_(*agenda_, timeline_, sids_) {
  if (outside.open) {
    clerk_ = std::make_unique<Clerk>(outside.open(), system_clock_);
    clerk_->workspace = workspace_called(clerk_->session, outside.workspace);
  }
  open_account(outside.account_sid, outside.auth_token);
  transport_ = std::make_unique<ThreadTransport>(*agenda_);
  build(*transport_, milliseconds(0), outside.url);
  if (clerk_)
    read_directory();
  else
    for (const auto& number : numbers_in(scenario)) add_number({.phone_number = number});
}

Scene::~Scene() {
  // Whatever still lives would ring its bells on the way out.
  rest_.reset();
  network_.reset();
  hooks_.reset();
}

void Scene::open_account(std::string sid, base::Secret token) {
  account_.sid = std::move(sid);
  account_.auth_token = std::move(token);
  account_.created_at = account_.updated_at = agenda_->now();
  Application application{.sid = sids_.next("AP"), .friendly_name = "ringctl"};
  application.created_at = application.updated_at = agenda_->now();
  application.voice_hook.url = path("");
  application.status_callback.url = path("/status");
  application_sid_ = application.sid;
  account_.applications.add(std::move(application));
}

void Scene::build(Transport& transport, milliseconds latency, const std::string& real_base) {
  hooks_ = std::make_unique<Hooks>(
      *agenda_, account_, timeline_, sids_, transport, faults_,
      HooksOptions{.bases = {.public_base = public_url_, .real_base = real_base}, .latency = latency});
  network_ = std::make_unique<Network>(*agenda_, account_, *hooks_, timeline_, sids_);
  rest_ = std::make_unique<Rest>(*agenda_, account_, *network_, sids_);
}

/// Of the workspace; without a database of the shared path, which finds it by the number called.
std::string Scene::path(std::string_view rest) const {
  if (clerk_) return fmt::format("{}{}{}", public_url_, serve::voice_path(clerk_->workspace), rest);
  return rest.empty() ? public_url_ + "/api/twilio/voice/inbound" : std::string();
}

/// Once it is there it is Twilio's, and changed by its REST side alone.
void Scene::add_number(const Directory::Line& line) {
  if (account_.find_number(line.phone_number) != nullptr) return;
  Number number{
      .sid = sids_.next("PN"), .phone_number = line.phone_number, .friendly_name = line.phone_number};
  number.created_at = number.updated_at = agenda_->now();
  number.voice_hook.url = path("");
  number.status_callback.url = path("/status");
  if (clerk_)
    number.sms_hook.url = fmt::format("{}/api/workspaces/{}/sms", public_url_, clerk_->workspace.view());
  number.voice = line.voice;
  number.sms = line.sms;
  number.mms = line.mms;
  account_.numbers.add(std::move(number));
}

void Scene::read_directory() {
  if (!clerk_) return;
  const auto directory = sim::read_directory(*clerk_->connection, clerk_->workspace);
  names_.add(directory.workspace.view(), "", k_workspace_name);
  for (const auto& person : directory.people) names_.add(person.id.view(), person.identity, person.email);
  // What was given back at Twilio stays so, although the database has it yet: only what is new there comes.
  std::unordered_set<std::string> read;
  for (const auto& line : directory.numbers) {
    if (!read_numbers_.contains(line.phone_number)) add_number(line);
    read.insert(line.phone_number);
  }
  read_numbers_ = std::move(read);
  // Those that are no longer in use stay Twilio's: what is called there is still asked about.
}

Brought Scene::rest(const std::string& method, const std::string& path, const std::string& body) {
  RestRequest request{.method = method};
  request.target = path.starts_with("/v1/") || path.starts_with("/2010-04-01")
                       ? path
                       : fmt::format("/2010-04-01/Accounts/{}{}", account_.sid, path);
  request.authorization =
      "Basic " + twilio::base64(fmt::format("{}:{}", account_.sid, account_.auth_token.reveal()));
  if (method == "POST" || method == "PUT") {
    request.content_type = "application/x-www-form-urlencoded";
    request.body = body;
  }
  return bring(request, *rest_, faults_, timeline_, agenda_->now());
}

}  // namespace ringctl::sim
