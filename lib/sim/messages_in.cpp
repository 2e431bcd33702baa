// Texts to the account's numbers: what the network heeds itself, the webhook, and the TwiML it answers with.
#include <fmt/format.h>

#include <utility>
#include <variant>

#include "sim/message_webhooks.hpp"
#include "sim/messages_impl.hpp"
#include "sim/pace.hpp"
#include "sim/twiml_summary.hpp"
#include "sim/urls.hpp"
#include "twiml/limits.hpp"
#include "twiml/read.hpp"

namespace ringctl::sim {
namespace {

/// Two of the account's numbers that answer each other are stopped after so many turns.
constexpr int k_most_turns = 15;

std::string_view reply_to(OptWord word) {
  switch (word) {
    case OptWord::stop:
      return "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply "
             "START to resubscribe.";
    case OptWord::start:
      return "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to "
             "unsubscribe. Msg&Data Rates May Apply.";
    case OptWord::help:
      return "Reply STOP to unsubscribe. Msg&Data Rates May Apply.";
    case OptWord::none:
      break;
  }
  return {};
}

Parameters with_extra(Parameters own, const Parameters& extra) {
  for (const auto& [name, value] : extra)
    std::erase_if(own, [&name = name](const auto& parameter) { return parameter.first == name; });
  own.insert(own.end(), extra.begin(), extra.end());
  return own;
}

/// What the service takes it for, where it has words of its own (OptOutType), else the usual words.
OptWord word_of(const Message& message, const Parameters& extra) {
  for (const auto& [name, value] : extra)
    if (name == "OptOutType") return opt_word(value);
  return opt_word(message.body);
}

}  // namespace

std::string Messages::Impl::receive(const Message& sent, int turns, const Parameters& extra) {
  auto message = sent;
  message.sid.clear();
  message.status = "received";
  message.direction = "inbound";
  message.error_code = 0;
  message.sent_at = agenda.now();  // of one that comes in: when its webhook is asked
  const auto* const number = account.find_number(message.to);
  if (number == nullptr || !number->sms) {
    message.status = "failed";
    note(message, fmt::format("{} texts {}, which takes none", message.from, message.to));
    return {};
  }
  message.service_sid = account.services.find(number->service_sid) != nullptr ? number->service_sid : "";
  const auto hooks = find_inbound_hooks(account, *number);
  if (!hooks) {
    heed(*number, message, word_of(message, extra));
    note(message,
         fmt::format("{} texts {}, whose service drops it: {}", message.from, message.to, message.body));
    return {};
  }
  message.sid = make(message);
  note(message, fmt::format("{} texts {}: {}", message.from, message.to, message.body));
  heed(*number, message, word_of(message, extra));
  if (hooks->hook.url.empty()) return message.sid;
  Inbound inbound{message, with_extra(inbound_parameters(account, message), extra), hooks->fallback, 0,
                  turns};
  const auto parameters = inbound.parameters;
  ask(std::move(inbound), hooks->hook, "message", parameters);
  return message.sid;
}

/// What the network itself does with it, and answers: this reply is in nobody's log.
void Messages::Impl::heed(const Number& number, const Message& message, OptWord word) {
  const auto key = std::pair(message.from, opt_key(number.phone_number));
  bool answers = word == OptWord::help;
  if (word == OptWord::stop) answers = opted_out.insert(key).second;
  if (word == OptWord::start) answers = opted_out.erase(key) > 0;
  if (!answers) return;
  Message reply{.from = message.to, .to = message.from, .body = std::string(reply_to(word))};
  reply.status = "delivered";
  reply.direction = "outbound-reply";
  note(reply, fmt::format("the network answers {}: {}", reply.to, reply.body));
}

void Messages::Impl::ask(Inbound inbound, const Hook& hook, std::string kind, Parameters parameters) {
  WebRequest request;
  request.kind = std::move(kind);
  request.call_sid = inbound.message.sid;
  request.url = hook.url;
  request.method = hook.method;
  request.parameters = std::move(parameters);
  web.ask(std::move(request),
          [weak = weak_from_this(), token = busy, inbound = std::move(inbound)](const WebAnswer& answer) {
            if (const auto self = weak.lock()) self->take(inbound, answer);
          });
}

void Messages::Impl::take(Inbound inbound, const WebAnswer& answer) {
  if (answer.error != 0) {
    problem(inbound.message.sid, answer.error, answer.problem);
    const auto fallback = std::exchange(inbound.fallback, {});
    if (fallback.url.empty()) return;  // logged and dropped
    auto parameters = inbound.parameters;
    parameters.emplace_back("ErrorCode", std::to_string(answer.error));
    parameters.emplace_back("ErrorUrl", answer.url);
    return ask(std::move(inbound), fallback, "message-fallback", std::move(parameters));
  }
  if (answer.body.empty()) return;
  twiml::Problem wrong;
  const auto response = twiml::try_read(answer.body, wrong);
  const auto outside = response ? twiml::find_problem(*response) : std::optional(wrong);
  if (outside) return problem(inbound.message.sid, code_of(*outside), text_of(*outside));
  for (const auto& verb : response->verbs)
    if (!run(inbound, verb, answer.url)) return;
}

/// Somewhere else answers in the place of what would come next, ten times at most.
void Messages::Impl::go_on_at(Inbound inbound, const Hook& to, std::string kind, Parameters parameters) {
  if (++inbound.redirects > k_most_redirects)
    return problem(inbound.message.sid, 11215, fmt::format("more than {} redirects", k_most_redirects));
  ask(std::move(inbound), to, std::move(kind), std::move(parameters));
}

/// `sid`: "" where the network did not take it.
Parameters Messages::Impl::action_parameters(const Message& wanted, const std::string& sid) const {
  if (const auto* const sent = account.messages.find(sid)) return status_parameters(account, *sent, {});
  auto invalid = wanted;
  invalid.status = "invalid";
  return status_parameters(account, invalid, {});
}

/// False if nothing after it is run.
bool Messages::Impl::run(Inbound& inbound, const twiml::Verb& verb, const std::string& base_url) {
  const auto& came = inbound.message;
  if (const auto* const message = std::get_if<twiml::Message>(&verb)) {
    Message reply{.from = came.to, .to = came.from, .service_sid = came.service_sid};
    reply.direction = "outbound-reply";
    if (inbound.turns >= k_most_turns) {
      problem(came.sid, 14107, "two numbers answer each other without end");
      return true;
    }
    auto sent = *message;
    sent.action.clear();
    const auto sid = send_verb(came.sid, reply, sent, base_url, inbound.turns + 1);
    if (message->action.empty()) return true;
    // What it answers takes over: nothing behind the verb is reached.
    const Hook action{resolve_url(base_url, message->action), method_of(message->method)};
    go_on_at(inbound, action, "message-action", action_parameters(reply, sid));
    return false;
  }
  if (const auto* const redirect = std::get_if<twiml::Redirect>(&verb))
    go_on_at(inbound, {resolve_url(base_url, redirect->url), method_of(redirect->method)}, "message-redirect",
             inbound.parameters);
  else
    problem(came.sid, 12200, summary_of({{verb}}) + " means nothing in the answer to a text");
  return false;
}

}  // namespace ringctl::sim
