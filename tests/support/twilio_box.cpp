#include "support/twilio_box.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>
#include <utility>

#include "sim/front.hpp"
#include "sim/hooks.hpp"
#include "support/eventually.hpp"
#include "support/no_web.hpp"
#include "twilio/form.hpp"

namespace ringctl::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t k_kept = 10'000;  // of the timeline

/// "555 01xx" of every area code that North America could have.
void add_north_american(std::vector<std::string>& all) {
  for (int area = 200; area < 1000; ++area)
    if (area % 100 != 11)
      for (int i = 0; i < 100; ++i) all.push_back(fmt::format("+1{}55501{:02}", area, i));
}

/// Numbers kept for fiction: Britain's of London, Australia's of every region.
void add_others(std::vector<std::string>& all) {
  for (int i = 0; i < 1000; ++i) all.push_back(fmt::format("+442079460{:03}", i));
  for (const auto* begin :
       {"+6125550", "+6127010", "+6135550", "+6137010", "+6175550", "+6177010", "+6185550", "+6187010"})
    for (int i = 0; i < 10'000; ++i) all.push_back(fmt::format("{}{:04}", begin, i));
}

/// All there are, in the order in which a box gets them.
const std::vector<std::string>& fiction() {
  static const auto k_all = [] {
    std::vector<std::string> all;
    add_north_american(all);
    add_others(all);
    return all;
  }();
  return k_all;
}

/// "/IncomingPhoneNumbers/PN..." of "/2010-04-01/Accounts/AC.../IncomingPhoneNumbers/PN....json".
std::string short_path(const std::string& target, const std::string& account_sid) {
  auto path = target.substr(0, target.find('?'));
  const auto begin = "/2010-04-01/Accounts/" + account_sid;
  if (path.starts_with(begin + "/")) path.erase(0, begin.size());
  if (path.ends_with(".json")) path.resize(path.size() - 5);
  return path;
}

/// With {Sid} in the place of SIDs.
std::string path_without_sids(const std::string& target) {
  constexpr std::size_t k_sid = 34, k_kind = 2;
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  auto path = target.substr(0, target.find('?'));
  for (std::size_t at = 0; at + k_sid <= path.size(); ++at) {
    const auto sid = path.begin() + static_cast<std::ptrdiff_t>(at);
    if (std::all_of(sid, sid + k_kind, is_capital) && std::all_of(sid + k_kind, sid + k_sid, is_hex))
      path.replace(at, k_sid, "{Sid}");
  }
  return path;
}

}  // namespace

struct TwilioBox::Impl {
  explicit Impl(BoxOptions wanted) : options(std::move(wanted)) {
    account.sid = options.account_sid;
    account.auth_token = base::Secret(options.auth_token);
    account.created_at = account.updated_at = clock.now();
    timeline.keep(k_kept);
    if (!options.webhooks_to.empty()) {
      transport = std::make_unique<sim::ThreadTransport>(agenda);
      hooks = std::make_unique<sim::Hooks>(
          agenda, account, timeline, sids, *transport, faults,
          sim::HooksOptions{.bases = {.public_base = options.public_url, .real_base = options.webhooks_to}});
    }
    sim::Web& web = hooks ? static_cast<sim::Web&>(*hooks) : nobody;
    network = std::make_unique<sim::Network>(agenda, account, web, timeline, sids);
    rest = std::make_unique<sim::Rest>(agenda, account, *network, sids);
    rest->watch(
        [this](const sim::RestRequest& request, const sim::RestAnswer& answer) { enter(request, answer); });
    sim::Front::Options front_options;
    front_options.listen = {net::Endpoint::parse("127.0.0.1:0")};
    front_options.at_once = options.at_once;
    front_options.latency = options.latency;
    front_options.hangs = options.hangs;
    front_options.livekit = &livekit;
    front = std::make_unique<sim::Front>(agenda, account, *network, *rest, timeline, faults, front_options);
    front->start();
    url = fmt::format("http://127.0.0.1:{}", front->port());
    thread = std::thread([this] {
      while (!stopped) agenda.step(50ms);
    });
  }

  /// From here on everything is this thread's again.
  ~Impl() {
    stopped = true;
    thread.join();
    front.reset();
    rest.reset();
    network.reset();
    hooks.reset();
  }

  void enter(const sim::RestRequest& request, const sim::RestAnswer& answer) {
    enter_names(request);
    if (request.method == "GET" || answer.status >= 300) return;
    const auto path = short_path(request.target, options.account_sid);
    const bool buys = request.method == "POST" && path == "/IncomingPhoneNumbers";
    const auto what = buys ? "buy " + nlohmann::json::parse(answer.body).at("phone_number").get<std::string>()
                           : request.method + " " + path;
    ++ledger[what];
    if (moment.left == 0 || !what.starts_with(moment.begin) || --moment.left > 0) return;
    std::exchange(moment.action, {})();
  }

  void enter_names(const sim::RestRequest& request) {
    const auto what = request.method + " " + path_without_sids(request.target);
    const auto query = request.target.find('?');
    for (const auto& fields :
         {query == std::string::npos ? std::string() : request.target.substr(query + 1), request.body}) {
      if (fields.empty()) continue;
      twilio::Form form;
      if (form.parse(fields) != twilio::Parsed::ok) throw std::runtime_error("no form: " + what);
      for (std::size_t i = 0; i < form.size(); ++i) names.insert(fmt::format("{} {}", what, form[i].name));
    }
    names.insert(what);
  }

  void do_there(const std::function<void()>& work) {
    // The agenda's thread may still be about it when this one goes on.
    const auto task = std::make_shared<std::packaged_task<void()>>(work);
    auto done = task->get_future();
    agenda.post([task] { (*task)(); });
    done.get();
  }

  std::string add(const std::string& phone_number) {
    if (const auto* const there = account.find_number(phone_number); there != nullptr) return there->sid;
    sim::Number number;
    number.sid = sids.next("PN");
    number.phone_number = number.friendly_name = phone_number;
    number.created_at = number.updated_at = clock.now();
    return account.numbers.add(std::move(number)).sid;
  }

  const BoxOptions options;
  base::SystemClock clock;
  sim::Agenda agenda{clock};
  sim::Account account = {};
  sim::Timeline timeline;
  sim::Sids sids{options.seed};
  sim::Faults faults{agenda, timeline, sids};
  NoWeb nobody{agenda};
  std::unique_ptr<sim::ThreadTransport> transport = {};
  std::unique_ptr<sim::Hooks> hooks = {};
  std::unique_ptr<sim::Network> network = {};
  std::unique_ptr<sim::Rest> rest = {};
  sim::Livekit livekit{sids,
                       {.api_key = options.livekit_key,
                        .api_secret = base::Secret(options.livekit_secret),
                        .snake_case = options.livekit_in_snake_case}};
  std::unique_ptr<sim::Front> front = {};
  std::string url = {};
  std::map<std::string, int> ledger = {};
  std::set<std::string> names = {};
  struct Moment {
    std::string begin = {};
    std::size_t left = 0;
    std::function<void()> action = {};
  } moment = {};
  std::size_t next_number = 0;
  std::atomic<bool> stopped{false};
  std::thread thread;
};

TwilioBox::TwilioBox(BoxOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
TwilioBox::~TwilioBox() = default;

const std::string& TwilioBox::url() const { return impl_->url; }

twilio::Credentials TwilioBox::credentials() const {
  return {.account_sid = impl_->options.account_sid,
          .password = base::Secret(impl_->options.auth_token),
          .source = "the test"};
}

twilio::ClientOptions TwilioBox::options() const {
  twilio::ClientOptions options{.credentials = credentials()};
  options.bases = twilio::bases_at(url());
  options.timeout = k_patience;
  options.backoff.first = options.backoff.cap = 10ms;
  options.chance = [] { return 0.5; };
  return options;
}

std::map<std::string, std::string> TwilioBox::environment() const {
  return {{"RINGCTL_TWILIO_BASE_URL", url()},
          {"TWILIO_ACCOUNT_SID", impl_->options.account_sid},
          {"TWILIO_AUTH_TOKEN", impl_->options.auth_token}};
}

void TwilioBox::with(const std::function<void(sim::Account&, sim::Network&)>& work) {
  impl_->do_there([&] { work(impl_->account, *impl_->network); });
}

std::string TwilioBox::add_number(const std::string& phone_number) {
  std::string sid;
  impl_->do_there([&] { sid = impl_->add(phone_number); });
  return sid;
}

std::vector<std::string> TwilioBox::add_numbers(std::size_t count) {
  std::vector<std::string> added;
  impl_->do_there([&] {
    for (auto& next = impl_->next_number; added.size() < count; ++next) {
      const auto& number = fiction().at(next);
      if (impl_->account.has_number(number)) continue;
      impl_->add(number);
      added.push_back(number);
    }
  });
  return added;
}

std::string TwilioBox::add_service(const std::string& name, const std::vector<std::string>& phone_numbers) {
  std::string sid;
  impl_->do_there([&] {
    sim::Service service;
    service.sid = sid = impl_->sids.next("MG");
    service.friendly_name = name;
    service.created_at = service.updated_at = impl_->clock.now();
    impl_->account.services.add(std::move(service));
    for (const auto& number : phone_numbers) {
      impl_->add(number);
      impl_->account.find_number(number)->service_sid = sid;
    }
  });
  return sid;
}

std::string TwilioBox::livekit_key() const { return impl_->options.livekit_key; }
base::Secret TwilioBox::livekit_secret() const { return base::Secret(impl_->options.livekit_secret); }

std::vector<sim::Livekit::Trunk> TwilioBox::livekit_trunks() {
  std::vector<sim::Livekit::Trunk> all;
  impl_->do_there([&] { all = impl_->livekit.trunks(); });
  return all;
}

std::vector<sim::Livekit::Rule> TwilioBox::livekit_rules() {
  std::vector<sim::Livekit::Rule> all;
  impl_->do_there([&] { all = impl_->livekit.rules(); });
  return all;
}

void TwilioBox::fault(std::string_view word, int times, double share,
                      std::optional<std::chrono::milliseconds> by) {
  auto fault = sim::try_make_fault("rest", word);
  if (!fault) throw std::invalid_argument("no such fault: " + std::string(word));
  if (times > 0) fault->times = times;
  fault->share = share;
  fault->by = by;
  impl_->do_there([&] { impl_->faults.add(*fault); });
}

void TwilioBox::clear_faults() {
  impl_->do_there([&] { impl_->faults.clear(); });
}

std::string TwilioBox::story() {
  std::string all;
  impl_->do_there([&] {
    for (const auto& entry : impl_->timeline.entries())
      all += fmt::format("{} {} {}\n", sim::name_of(entry.what), entry.call_sid, entry.text);
  });
  return all;
}

std::map<std::string, int> TwilioBox::ledger() {
  std::map<std::string, int> all;
  impl_->do_there([&] { all = impl_->ledger; });
  return all;
}

void TwilioBox::meanwhile(std::string begin, std::size_t count, std::function<void()> action) {
  impl_->do_there([&] { impl_->moment = {std::move(begin), count, std::move(action)}; });
}

std::set<std::string> TwilioBox::names_asked() {
  std::set<std::string> all;
  impl_->do_there([&] { all = impl_->names; });
  return all;
}

TwilioBox::Seen TwilioBox::seen() {
  const auto load = impl_->front->load();
  return {load.requests, load.most_at_once};
}

}  // namespace ringctl::test
