#include "serve/webhooks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "routing/decide.hpp"
#include "twilio/signature.hpp"
#include "twiml/write.hpp"

namespace ringctl::serve {
namespace {

constexpr std::string_view k_form = "application/x-www-form-urlencoded";

bool is_form(const net::Request& request) {
  const auto type = request.header("Content-Type").value_or(std::string_view());
  return base::ascii_lower(base::trim(type.substr(0, type.find(';')))) == k_form;
}

/// Enough to see what Twilio sent beside what it always does. Nobody knows yet who sent it.
constexpr std::size_t k_most_names = 30, k_longest_name = 40, k_longest_target = 1000;

std::string names_of(const twilio::Form& form) {
  std::string names;
  const auto shown = std::min(form.size(), k_most_names);
  for (std::size_t i = 0; i < shown; ++i)
    names.append(names.empty() ? "" : " ").append(form[i].name.substr(0, k_longest_name));
  if (form.size() > shown) names += fmt::format(" +{} more", form.size() - shown);
  return names;
}

std::string_view why(twilio::Signed verdict, const twilio::Request& request, std::string_view account) {
  switch (verdict) {
    case twilio::Signed::missing:
      return "there is no X-Twilio-Signature";
    case twilio::Signed::no_token:
      if (request.signature.empty()) return "there is no X-Twilio-Signature";
      if (account.empty()) return "there is no AccountSid, which says whose auth token signed it";
      return "there is no auth token of this account to check with";
    case twilio::Signed::body_mismatch:
      return "the body is not the one that was signed";
    case twilio::Signed::ok:
    case twilio::Signed::mismatch:
      break;
  }
  return "the signature is not of this URL, these parameters and any of the tokens";
}

/// Each thread's own, so that checking a signature allocates nothing.
struct Desk {
  twilio::Form form;
  twilio::Scratch scratch;
};

}  // namespace

bool only_tells(Endpoint endpoint) {
  return endpoint == Endpoint::status || endpoint == Endpoint::leg || endpoint == Endpoint::recording ||
         is_about_messages(endpoint);
}

bool from_client(const Webhook& webhook) { return webhook.parameter("From").starts_with("client:"); }

Webhooks::Webhooks(Office& office, Estates& estates, Lookups& lookups, Outbound& outbound, Bookkeeping& books,
                   Talking& talking, WebhookOptions options)
    : office_(office),
      estates_(estates),
      lookups_(lookups),
      outbound_(outbound),
      books_(books),
      talking_(talking),
      options_(std::move(options)),
      logged_url_(base::redact_url(options_.public_url)),
      draws_(options_.first_draw),
      deadlines_(options_.deadline,
                 [this](const ExchangePtr& late) {
                   answer_safely(std::static_pointer_cast<Webhook>(late), "deadline");
                 }),
      record_deadlines_(options_.record_deadline, [](const ExchangePtr& late) {
        late->answer_safely(problem(503, "it is not on record yet"), "deadline");
      }) {
  use_tokens(options_.tokens);
}

void Webhooks::use_tokens(std::span<const base::Secret> lines) {
  auto tokens = std::make_shared<const twilio::AuthTokens>(options_.account_sid, lines);
  const std::lock_guard lock(tokens_mutex_);
  tokens_ = std::move(tokens);
}

std::shared_ptr<const twilio::AuthTokens> Webhooks::tokens() const {
  const std::lock_guard lock(tokens_mutex_);
  return tokens_;
}

void Webhooks::handle(const net::Request& request, const Route& route, net::Respond respond) {
  thread_local Desk desk;
  auto& form = desk.form;
  const auto parsed = is_form(request) ? form.parse(request.body) : twilio::Parsed::ok;
  if (!is_form(request)) form.clear();
  const auto webhook = std::make_shared<Webhook>(office_, request, route, std::move(respond), form);
  if (request.method != "POST") {
    auto answer = problem(405, "webhooks are posted");
    answer.headers.emplace_back("Allow", "POST");
    webhook->answer(std::move(answer));
    return;
  }
  if (parsed != twilio::Parsed::ok) {
    webhook->answer(
        problem(parsed == twilio::Parsed::too_long ? 413 : 400, "the form has too many parameters"));
    return;
  }
  const twilio::Request signed_request{
      .base = options_.public_url,
      .target = request.target,
      .signature = request.header("X-Twilio-Signature").value_or(std::string_view()),
      .form = is_form(request) ? &form : nullptr,
      .body = request.body};
  // The account is among what is signed: its own tokens must say so.
  const auto tokens = this->tokens();
  const std::string_view account = form.get("AccountSid");
  if (const auto verdict = twilio::verify(signed_request, tokens->of(account), desk.scratch);
      verdict != twilio::Signed::ok) {
    office_.metrics.signature_failed();
    base::log(base::LogLevel::warn, "signature.refused",
              {{"why", why(verdict, signed_request, account)},
               {"account", account.substr(0, k_longest_name)},
               {"url", fmt::format("{}{}", logged_url_, request.target.substr(0, k_longest_target))},
               {"parameters", names_of(form)},
               {"request_id", request.id},
               {"remote", std::string_view(webhook->remote())}});
    webhook->answer(problem(403, "not signed by Twilio for this URL"));
    return;
  }
  // Of a conference's recording the form names no call.
  const bool text = is_about_messages(webhook->endpoint());
  if (text ? webhook->message_sid().empty() : webhook->call_sid().empty() && call_in_path(*webhook).empty()) {
    webhook->answer(problem(400, text ? "there is no MessageSid" : "there is no CallSid"));
    return;
  }
  if (!text) deadlines_.watch(webhook);
  if (only_tells(webhook->endpoint())) record_deadlines_.watch(webhook);
  guarded(webhook, [&] { dispatch(webhook); });
}

/// The last word for whatever goes wrong on the way to an answer.
void Webhooks::guarded(const WebhookPtr& webhook, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    base::log(base::LogLevel::error, "webhook.fault",
              {{"why", error.what()},
               {"request_id", webhook->id()},
               {"call_sid", webhook->call_sid()},
               {"message_sid", webhook->message_sid()}});
    answer_safely(webhook, "fault");
  }
}

void Webhooks::dispatch(const WebhookPtr& webhook) {
  if (webhook->workspace()) {
    const auto estate = estate_for(webhook);
    if (!estate || !accepts(webhook, *estate->snapshot)) return;
  }
  switch (webhook->endpoint()) {
    case Endpoint::voice:
    case Endpoint::voice_by_number:
      if (webhook->overloaded()) return answer_safely(webhook, "overload");
      return from_client(*webhook) ? calling(webhook) : inbound(webhook);
    case Endpoint::menu:
      return menu(webhook);
    case Endpoint::next:
      return next(webhook);
    case Endpoint::wait:
      return wait(webhook);
    case Endpoint::accept:
      return accept(webhook);
    case Endpoint::accepted:
      return accepted(webhook);
    case Endpoint::consent:
      return consent(webhook);
    case Endpoint::started:
    case Endpoint::pressed:
      return started(webhook);
    case Endpoint::leg:
      return added_leg(webhook);
    case Endpoint::status:
      return status(webhook);
    case Endpoint::voicemail:
      return recording(webhook, calls::Kind::voicemail);
    case Endpoint::recording:
      return recording(webhook, calls::Kind::recording);
    case Endpoint::message:
    case Endpoint::message_by_number:
      return message(webhook);
    case Endpoint::message_status:
      return message_status(webhook);
    case Endpoint::token:
    case Endpoint::own_token:
    case Endpoint::health:
    case Endpoint::ready:
    case Endpoint::unknown:
      break;
  }
  webhook->answer(problem(404, "there is nothing here"));
}

/// nullopt once it was answered: the workspace is not there, or nothing is known of it yet.
std::optional<Estate> Webhooks::estate_for(const WebhookPtr& webhook) {
  webhook->about_workspace(*webhook->workspace());
  auto estate = estates_.find(*webhook->workspace());
  if (estate) return estate;
  base::log(base::LogLevel::warn, "workspace.unknown",
            {{"tenant", webhook->workspace()->view()},
             {"call_sid", webhook->call_sid()},
             {"message_sid", webhook->message_sid()}});
  answer_safely(webhook, estates_.ready() ? "workspace" : "database");
  return std::nullopt;
}

/// False once it was answered: the account is none of the workspace's.
bool Webhooks::accepts(const WebhookPtr& webhook, const routing::Snapshot& snapshot) {
  const auto account = webhook->parameter("AccountSid");
  if (knows(account, snapshot)) return true;
  base::log(base::LogLevel::warn, "account.refused",
            {{"account", account},
             {"tenant", snapshot.workspace.view()},
             {"call_sid", webhook->call_sid()},
             {"message_sid", webhook->message_sid()}});
  webhook->answer(problem(403, "the account is none of the workspace's"));
  return false;
}

bool Webhooks::knows(std::string_view account, const routing::Snapshot& snapshot) const {
  const auto& own = snapshot.settings.twilio_accounts;
  return own.empty() ? is_main(account) : std::find(own.begin(), own.end(), account) != own.end();
}

/// `before`: the plan of a call that is decided once more. It keeps its turn.
routing::Plan Webhooks::decide(const WebhookPtr& webhook, const Estate& estate, routing::Facts facts,
                               const std::optional<routing::Plan>& before) {
  facts.presence = talking_.corrected(estate, facts.now);
  facts.turn = draws_.fetch_add(1, std::memory_order_relaxed);
  auto plan = routing::decide(*estate.snapshot, facts);
  if (!routing::takes_turns(plan)) return plan;
  // Only now it is known whose: a rule's turns are its own.
  const bool same = before && before->rule == plan.rule && routing::takes_turns(*before);
  facts.turn = same ? static_cast<std::uint64_t>(before->turn)
                    : turns_.next(*webhook->workspace(), plan.rule, facts.now);
  return routing::decide(*estate.snapshot, facts);
}

/// The same webhook again gets the same answer. It is kept again too, for its first answer may not be durable
/// yet.
bool Webhooks::repeat(const WebhookPtr& webhook, const calls::Event& event) {
  auto before = answers_.find(webhook->key(event));
  if (before.empty()) return false;
  office_.metrics.replayed();
  books_.keep(event, webhook, twiml_answer(std::move(before)));
  return true;
}

void Webhooks::keep(const WebhookPtr& webhook, const calls::Event& event, const twiml::Response& response) {
  twiml::Problem problem;
  auto text = twiml::write_or(response, routing::apology({}), problem);
  if (!problem.message.empty()) {
    office_.metrics.safe_answer("twiml");
    base::log(base::LogLevel::error, "twiml.unfit",
              {{"why", problem.message}, {"call_sid", webhook->call_sid()}});
  }
  text = answers_.put(webhook->key(event), text);
  books_.keep(event, webhook, twiml_answer(std::move(text)));
}

}  // namespace ringctl::serve
