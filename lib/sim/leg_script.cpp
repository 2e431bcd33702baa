// The scripts of a leg: how it is rung, where its TwiML comes from, and what becomes of it without any.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/callbacks.hpp"
#include "sim/core.hpp"
#include "sim/leg.hpp"
#include "sim/pace.hpp"
#include "sim/placing.hpp"
#include "sim/twiml_summary.hpp"
#include "sim/urls.hpp"
#include "sim/verbs.hpp"
#include "twiml/read.hpp"

namespace ringctl::sim {
namespace {

constexpr int k_failed_fetch = 11200;
constexpr int k_no_url = 11100;
constexpr int k_redirect_loop = 11215;
constexpr int k_call_loop = 13224;
/// Of one call to the same number of ours, before it is taken for a loop.
constexpr auto k_most_visits = 2;

Page fallback_page(const Hook& hook, int error, const std::string& failed_url) {
  Page page;
  page.kind = "fallback";
  page.hook = hook;
  page.parameters = {{"ErrorCode", std::to_string(error)}, {"ErrorUrl", failed_url}};
  return page;
}

}  // namespace

Task<void> Leg::run(Page page) {
  while (!over()) {
    clear_interrupt();
    if (redirect_) page = *std::exchange(redirect_, std::nullopt);
    auto document = co_await load(page);
    if (stopping()) continue;
    if (!document) {
      co_await apologize();
      if (redirect_) continue;
      co_return;
    }
    auto flow = co_await perform(*document, Place::call);
    if (stopping()) continue;
    if (flow.kind != Flow::Kind::turn) {
      finish();
      co_return;
    }
    page = std::move(flow.page);
  }
}

Task<bool> Leg::ring_holder(std::optional<Instant> until) {
  set_status("initiated");
  // Unless somebody was told of who takes the calls of one of our own numbers.
  if (!core.people.knows(holder()) && core.account.has_number(holder())) {
    const bool answered = co_await ring_number(until);
    co_return answered;
  }
  auto person = core.people.of(holder());
  if (!person.registered) end("no-answer");
  if (person.pickup == Pickup::unreachable) end("failed");
  const bool engaged = person.one_call_at_a_time && core.is_on_call(holder());
  if (person.pickup == Pickup::busy || engaged) end("busy");
  if (over()) co_return false;
  set_status("ringing");
  const auto comes_at = core.now() + person.after;
  const bool nobody_comes = person.pickup == Pickup::ring_out || (until && *until <= comes_at);
  if (!nobody_comes) until = comes_at;
  while (!leaving() && (!until || core.now() < *until)) co_await next(until);
  if (nobody_comes) end("no-answer");
  if (leaving()) co_return false;
  if (person.pickup == Pickup::decline) {
    note_deed("declines");
    end("busy");
  } else if (person.one_call_at_a_time && core.is_on_call(holder())) {
    end("busy");  // they took another call meanwhile
  }
  if (over()) co_return false;
  note_deed(person.pickup == Pickup::voicemail ? "a machine answers" : "answers");
  pick_up();
  if (person.pickup != Pickup::voicemail) start_person(std::move(person.then));
  co_return !over();
}

Task<bool> Leg::ring_number(std::optional<Instant> until) {
  set_status("ringing");
  if (std::count(trail.begin(), trail.end(), holder()) >= k_most_visits) {
    core.problem(sid(), k_call_loop, "a call that comes round again and again: to " + holder());
    end("failed");
    co_return false;
  }
  call_number(*this);
  while (!leaving() && !is_up() && (!until || core.now() < *until)) co_await next(until);
  if (!is_up()) end("no-answer");
  co_return !over();
}

WebRequest Leg::request_of(const Page& page) {
  WebRequest request;
  request.kind = page.kind;
  request.call_sid = sid();
  request.url = page.hook.url;
  request.method = page.hook.method;
  request.parameters = call_parameters(core, *this);
  const auto set = [&request](const Parameters& more) {
    for (const auto& [name, value] : more) set_parameter(request.parameters, name, value);
  };
  set(core.queues.parameters(queue_sid, sid()));
  set(own_parameters);
  set(first_parameters);
  set(page.parameters);
  first_parameters.clear();
  return request;
}

Task<WebAnswer> Leg::ask(const Page& page) {
  const auto ticket = ++ticket_;
  core.ask(request_of(page), [&the_core = core, own = sid(), ticket](WebAnswer answer) {
    auto* const leg = the_core.find_leg(own);
    if (leg == nullptr) return;
    Event event;
    event.kind = Event::Kind::answer;
    event.ticket = ticket;
    event.answer = std::move(answer);
    leg->put(std::move(event));
  });
  WebAnswer answer;
  while (!stopping()) {
    auto event = co_await next();
    if (event.kind != Event::Kind::answer || event.ticket != ticket) continue;
    answer = std::move(event.answer);
    break;
  }
  co_return answer;
}

std::optional<Document> Leg::read(const std::string& xml, const std::string& url, int& error) {
  twiml::Problem problem;
  auto response = twiml::try_read(xml, problem);
  if (!response) {
    error = code_of(problem);
    core.problem(sid(), error, text_of(problem));
    return std::nullopt;
  }
  Document document;
  document.response = std::move(*response);
  document.url = url;
  return document;
}

Task<std::optional<Document>> Leg::load(const Page& page) {
  std::optional<Document> document;
  int error = 0;
  if (page.hook.url.empty() && !page.twiml.empty()) {
    document = read(page.twiml, {}, error);
    co_return document;
  }
  if (!has_scheme(page.hook.url)) {
    core.problem(sid(), k_no_url, "there is no URL to ask: " + page.kind);
    co_return document;
  }
  redirects_ = page.by_redirect ? redirects_ + 1 : 0;
  if (++fetches_ > k_most_fetches || redirects_ > k_most_redirects) {
    core.problem(sid(), k_redirect_loop, "documents follow each other without end: " + page.hook.url);
    co_return document;
  }
  auto answer = co_await ask(page);
  if (stopping()) co_return document;
  error = answer.error;
  if (error == 0 && (answer.status < 200 || answer.status > 299)) error = k_failed_fetch;
  if (error == 0) {
    document = read(answer.body, answer.url.empty() ? page.hook.url : answer.url, error);
    if (document) co_return document;
  } else {
    core.problem(
        sid(), error,
        answer.problem.empty() ? fmt::format("HTTP {} of {}", answer.status, page.hook.url) : answer.problem);
  }
  if (fallback.url.empty() || page.kind == "fallback") co_return document;
  auto second = fallback_page(fallback, error, page.hook.url);
  document = co_await load(second);
  co_return document;
}

Task<Flow> Leg::perform(const Document& document, Place place) {
  const Scene scene{*this, document, place};
  const auto began = core.now();
  Flow flow;
  for (const auto& verb : document.response.verbs) {
    if (!stands_in(verb, place)) {
      core.problem(sid(), 12200, "a verb that does not stand in such a document is passed over");
      continue;
    }
    flow = co_await std::visit([&scene](const auto& which) { return run_verb(scene, which); }, verb);
    if (stopping() || flow.kind != Flow::Kind::go_on) break;
  }
  if (core.now() - began >= k_tone) fetches_ = redirects_ = 0;
  co_return flow;
}

Task<void> Leg::apologize() {
  const std::string words = "We are sorry, an application error has occurred. Goodbye.";
  pick_up();
  hear("Say", words);
  const bool said = co_await pass(k_character * static_cast<int>(words.size()));
  if (said) end("completed");
}

Task<bool> Leg::entertain(Page page, Place place) {
  while (!stopping()) {
    const auto began = core.now();
    auto document = co_await load(page);
    if (stopping()) co_return true;
    if (!document) co_return false;
    auto flow = co_await perform(*document, place);
    if (stopping()) co_return true;
    if (flow.kind == Flow::Kind::hang_up) finish();
    if (flow.kind == Flow::Kind::hang_up || flow.kind == Flow::Kind::leave) co_return true;
    if (flow.kind == Flow::Kind::turn)
      page = std::move(flow.page);
    else if (core.now() - began < k_shortest_wait)
      co_await pass(k_shortest_wait);
    if (core.now() - began >= k_shortest_wait) fetches_ = redirects_ = 0;
  }
  co_return true;
}

void Leg::tell(const Page& page) {
  if (!has_scheme(page.hook.url)) return;
  core.ask(request_of(page), [&the_core = core, own = sid()](const WebAnswer& answer) {
    if (answer.error != 0) the_core.problem(own, answer.error, answer.problem);
  });
}

}  // namespace ringctl::sim
