// One webhook goes: ask (faults of the whole) -> depart -> attempt -> exchange -> take, and from there to the
// next hop of a redirect, the next attempt, or its end. Each step has the webhook in its hands; what comes
// back when the hooks are gone finds nobody.
#include "sim/hooks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sim/overrides.hpp"
#include "sim/pace.hpp"
#include "sim/urls.hpp"
#include "sim/webhook_answer.hpp"

namespace ringctl::sim {
namespace {

// How long what is to be overtaken waits for that: a caller hears nothing meanwhile.
constexpr milliseconds k_held_with_caller{2'000}, k_held{60'000};
constexpr milliseconds k_overtaken_by{100};

/// 8-4-4-4-12 hexadecimal digits.
std::string make_token(Sids& sids) {
  auto text = sids.next("");
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  return text;
}

const Fault* find(const std::vector<Fault>& faults, Breaking what) {
  const auto at = std::ranges::find(faults, what, &Fault::what);
  return at == faults.end() ? nullptr : &*at;
}

http::Failure timed_out(bool went_out) {
  return {http::Fault::timeout, went_out,
          went_out ? "the server did not answer in time" : "the server could not be connected to in time"};
}

http::Outcome answer_with(int status) {
  http::Response response;
  response.status = status;
  return response;
}

/// What no parser of XML takes, nor one of text.
void garble(http::Outcome& outcome, Sids& sids) {
  auto* const response = std::get_if<http::Response>(&outcome);
  if (response == nullptr) return;
  response->status = 200;
  response->fields = {{"Content-Type", "text/xml"}};
  response->body = "<Response><";
  for (int i = 0; i < 64; ++i)
    response->body += static_cast<char>(static_cast<unsigned char>(sids.draw(256)));
}

}  // namespace

struct Hooks::Impl : std::enable_shared_from_this<Impl> {
  /// One webhook, whatever becomes of it.
  struct Asking {
    WebRequest request;
    std::function<void(WebAnswer)> done;  ///< empty: nobody waits for the answer
    std::string token;
    std::string again;  ///< "double", "replay": of which this is one more
    Overrides overrides;
    Instant began_at;
    int retries_left = 0;
    int redirects = 0;
    Hop hop;                            ///< where it is now
    std::optional<http::Login> login;   ///< of the URL, for a server that asks
    std::vector<Fault> whole, attempt;  ///< that have struck
    std::shared_ptr<const bool> busy;   ///< see idle()
  };
  using Shared = std::shared_ptr<Asking>;
  struct Held {
    Shared asking;
    Agenda::Entry until;
  };

  Impl(Agenda& on, const Account& of, Timeline& into, Sids& dice, Transport& by, Faults& with_faults,
       HooksOptions chosen)
      : agenda(on),
        account(of),
        timeline(into),
        sids(dice),
        transport(by),
        faults(with_faults),
        options(std::move(chosen)) {}

  Agenda& agenda;
  const Account& account;
  Timeline& timeline;
  Sids& sids;
  Transport& transport;
  Faults& faults;
  HooksOptions options;
  std::optional<Held> held = {};  ///< waits to be overtaken
  /// Each webhook has a copy.
  std::shared_ptr<const bool> busy = std::make_shared<const bool>(true);

  /// Of a step with this webhook: does nothing once the hooks are gone.
  template <typename Step>
  auto with(Shared asking, Step step) {
    return [weak = weak_from_this(), asking = std::move(asking), step](auto&&... values) {
      if (const auto self = weak.lock()) step(*self, asking, std::forward<decltype(values)>(values)...);
    };
  }
  template <typename Step>
  Agenda::Entry later(milliseconds delay, Shared asking, Step step) {
    return agenda.in(delay, with(std::move(asking), step));
  }
  void take_later(milliseconds delay, const Shared& asking, http::Outcome outcome) {
    later(delay, asking,
          [outcome = std::move(outcome)](Impl& self, const Shared& one) { self.take(one, outcome); });
  }

  Shared make(WebRequest, std::function<void(WebAnswer)> done);
  Shared make_again(const Asking&, std::string why);
  void ask(Shared);
  void hold(const Shared&);
  void release();
  void depart(const Shared&);
  void attempt(const Shared&);
  void exchange(const Shared&);
  void send(const Shared&, http::Request);
  void take(const Shared&, http::Outcome);
  void judge(const Shared&, const http::Outcome&);
  bool follow(const Shared&, const http::Outcome&);
  bool log_in(const Shared&, const http::Outcome&);
  void fail(const Shared&, int code, std::string problem);
  void finish(const Shared&, WebAnswer);
  void tell(const Asking&, const WebAnswer&);
  milliseconds left(const Asking& asking) const {
    return asking.overrides.total - (agenda.now() - asking.began_at);
  }
};

// --- the whole webhook ---

Hooks::Impl::Shared Hooks::Impl::make(WebRequest request, std::function<void(WebAnswer)> done) {
  auto asking = std::make_shared<Asking>();
  asking->request = std::move(request);
  asking->done = std::move(done);
  asking->overrides = parse_overrides(fragment_of(asking->request.url));
  asking->retries_left = asking->overrides.retries;
  asking->busy = busy;
  return asking;
}

/// The same bytes and token.
Hooks::Impl::Shared Hooks::Impl::make_again(const Asking& first, std::string why) {
  auto asking = make(first.request, {});
  asking->token = first.token;
  asking->again = std::move(why);
  return asking;
}

void Hooks::Impl::ask(Shared asking) {
  asking->token = make_token(sids);
  asking->whole = faults.strike(Stage::whole, asking->request.kind, asking->request.call_sid);
  const auto* const delayed = find(asking->whole, Breaking::delayed);
  // Two that wait for each other would go in their old order after all.
  if (find(asking->whole, Breaking::reordered) != nullptr && !held) return hold(asking);
  if (delayed == nullptr) return depart(asking);
  later(delayed->time(), asking, [](Impl& self, const Shared& one) { self.depart(one); });
}

void Hooks::Impl::hold(const Shared& asking) {
  const auto most = asking->request.wants_twiml ? k_held_with_caller : k_held;
  const auto until = later(most, asking, [](Impl& self, const Shared&) { self.release(); });
  held = Held{asking, until};
}

void Hooks::Impl::release() {
  const auto one = std::exchange(held, std::nullopt);
  if (one) depart(one->asking);
}

void Hooks::Impl::depart(const Shared& asking) {
  asking->began_at = agenda.now();
  attempt(asking);
  const bool lost = find(asking->whole, Breaking::lost) != nullptr;
  if (!lost && find(asking->whole, Breaking::doubled) != nullptr) depart(make_again(*asking, "double"));
  if (!held) return;
  agenda.cancel(held->until);
  held->until = later(k_overtaken_by, held->asking, [](Impl& self, const Shared&) { self.release(); });
}

// --- one attempt ---

void Hooks::Impl::attempt(const Shared& asking) {
  auto split = split_url(asking->request.url);
  // Below the real base it is the same server, which knows itself by the public one.
  asking->hop = {.url = options.bases.public_form(split.url), .method = asking->request.method};
  asking->login = std::move(split.login);
  asking->redirects = 0;
  if (asking->again.empty())
    asking->attempt = faults.strike(Stage::attempt, asking->request.kind, asking->request.call_sid);
  exchange(asking);
}

void Hooks::Impl::exchange(const Shared& asking) {
  const auto remaining = left(*asking);
  if (remaining <= milliseconds(0)) return take_later(milliseconds(0), asking, timed_out(true));
  try {
    auto request =
        make_webhook(asking->request, asking->hop, options.bases, account.auth_token, asking->token);
    request.login = asking->hop.login;
    request.timeout = std::min(asking->overrides.read_timeout, remaining);
    request.connect_timeout = std::min(asking->overrides.connect_timeout, request.timeout);
    send(asking, std::move(request));
  } catch (const Error& error) {
    fail(asking, error.slug() == "http.not_secure" ? 11205 : 11100, error.message());
  }
}

void Hooks::Impl::send(const Shared& asking, http::Request request) {
  const auto struck = std::exchange(asking->attempt, {});  // the hops of a redirect are not struck again
  const auto timeout = request.timeout;
  if (find(asking->whole, Breaking::lost) != nullptr)
    return take_later(request.connect_timeout, asking, timed_out(false));
  if (const auto* const fault = find(struck, Breaking::answered))
    return take_later(milliseconds(0), asking, answer_with(fault->status));
  if (find(struck, Breaking::badly_signed) != nullptr)
    for (auto& [name, value] : request.fields)
      if (name == "X-Twilio-Signature") std::ranges::rotate(value, value.begin() + 1);

  const auto* const late = find(struck, Breaking::late);
  if (find(struck, Breaking::timed_out) != nullptr || (late != nullptr && late->time() >= timeout)) {
    transport.send(std::move(request), [busy = asking->busy](const http::Outcome&) {});
    return take_later(timeout, asking, timed_out(true));
  }
  const auto wait = late != nullptr ? late->time() : milliseconds(0);
  const bool garbled = find(struck, Breaking::garbled) != nullptr;
  transport.send(std::move(request),
                 with(asking, [wait, garbled](Impl& self, const Shared& one, http::Outcome outcome) {
                   if (garbled) garble(outcome, self.sids);
                   const auto delay = wait + self.options.latency;
                   if (delay > milliseconds(0)) return self.take_later(delay, one, std::move(outcome));
                   self.take(one, std::move(outcome));
                 }));
}

// --- what came back ---

void Hooks::Impl::take(const Shared& asking, http::Outcome outcome) {
  if (!redirect_of(outcome).empty()) {
    if (!follow(asking, outcome))
      fail(asking, 11215, fmt::format("more than {} redirects", k_most_redirects));
    return;
  }
  if (!log_in(asking, outcome)) judge(asking, outcome);
}

/// False past the most of them.
bool Hooks::Impl::follow(const Shared& asking, const http::Outcome& outcome) {
  if (++asking->redirects > k_most_redirects) return false;
  auto& hop = asking->hop;
  auto to = split_url(resolve_url(hop.url, redirect_of(outcome)));
  hop.url = options.bases.public_form(to.url);
  hop.login.reset();
  asking->login = std::move(to.login);
  if (!redirect_keeps_body(std::get<http::Response>(outcome).status)) {
    hop.with_parameters = false;
    hop.method = "GET";
  } else if (hop.method == "GET") {
    hop.with_parameters = false;  // where it goes says all of its query
  }
  exchange(asking);
  return true;
}

/// Twilio shows user and password only to a server that asks for them.
bool Hooks::Impl::log_in(const Shared& asking, const http::Outcome& outcome) {
  const auto* const response = std::get_if<http::Response>(&outcome);
  if (response == nullptr || response->status != 401 || !asking->login || asking->hop.login) return false;
  if (!base::ascii_lower(response->field("www-authenticate")).starts_with("basic")) return false;
  asking->hop.login = asking->login;
  exchange(asking);
  return true;
}

void Hooks::Impl::judge(const Shared& asking, const http::Outcome& outcome) {
  const bool again = asking->overrides.retries_on(miss_of(outcome)) && left(*asking) > milliseconds(0);
  if (again && asking->retries_left > 0) {
    --asking->retries_left;
    return attempt(asking);
  }
  finish(asking, read_answer(outcome, asking->request.wants_twiml, asking->hop.url, !agenda.is_virtual()));
}

/// Also from within ask(), which tells nobody at once.
void Hooks::Impl::fail(const Shared& asking, int code, std::string problem) {
  WebAnswer answer;
  answer.url = asking->hop.url;
  answer.error = code;
  answer.problem = std::move(problem);
  later(milliseconds(0), asking, [answer](Impl& self, const Shared& one) { self.finish(one, answer); });
}

void Hooks::Impl::finish(const Shared& asking, WebAnswer answer) {
  tell(*asking, answer);
  const auto* const fault = find(asking->whole, Breaking::replayed);
  if (fault != nullptr && find(asking->whole, Breaking::lost) == nullptr)
    later(fault->time(), make_again(*asking, "replay"),
          [](Impl& self, const Shared& one) { self.depart(one); });
  if (auto done = std::exchange(asking->done, {})) done(std::move(answer));
}

void Hooks::Impl::tell(const Asking& asking, const WebAnswer& answer) {
  const auto& request = asking.request;
  const auto url = options.bases.shown(request.url);
  const auto twiml = twiml_of(answer, request.wants_twiml);
  const auto http = answer.status == 0 ? std::string() : std::to_string(answer.status);
  Entry entry{.at = agenda.now(), .what = What::webhook, .call_sid = request.call_sid};
  entry.text =
      fmt::format("{} {} {}: {}", request.kind, request.method, url, http.empty() ? "no answer" : http);
  if (!twiml.empty()) entry.text += " " + twiml;
  if (!asking.again.empty()) entry.text += " (" + asking.again + ")";
  entry.facts = {
      {"kind", request.kind}, {"method", request.method}, {"url", url}, {"http", http}, {"twiml", twiml}};
  if (answer.error != 0) entry.facts.emplace_back("error", std::to_string(answer.error));
  if (!asking.again.empty()) entry.facts.emplace_back("again", asking.again);
  if (request.wants_twiml && base::valid_utf8(answer.body))
    entry.facts.emplace_back("body", without_passwords(answer.body));
  timeline.add(std::move(entry));
  // Whoever wants TwiML tells of it; and a double nobody waits for is no failure of the network's.
  if (answer.error == 0 || request.wants_twiml || !asking.again.empty()) return;
  timeline.add({.at = agenda.now(),
                .what = What::problem,
                .call_sid = request.call_sid,
                .text = fmt::format("{}: {} {}: {}", answer.error, request.kind, url, answer.problem),
                .facts = {{"code", std::to_string(answer.error)}, {"kind", request.kind}, {"url", url}}});
}

// --- the face ---

Hooks::Hooks(Agenda& agenda, const Account& account, Timeline& timeline, Sids& sids, Transport& transport,
             Faults& faults, HooksOptions options)
    : impl_(std::make_shared<Impl>(agenda, account, timeline, sids, transport, faults, std::move(options))) {}

Hooks::~Hooks() = default;

void Hooks::ask(WebRequest request, std::function<void(WebAnswer)> done) {
  impl_->ask(impl_->make(std::move(request), std::move(done)));
}

bool Hooks::idle() const { return impl_->busy.use_count() == 1; }

}  // namespace ringctl::sim
