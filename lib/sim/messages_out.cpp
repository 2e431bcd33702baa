// Texts of the account: what is refused, who sends them, and their way from queued to delivered.
#include <fmt/format.h>

#include <set>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "phone/e164.hpp"
#include "sim/message_webhooks.hpp"
#include "sim/messages_impl.hpp"
#include "sim/urls.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono_literals;

// How long each takes to become the next: accepted queued sending sent delivered.
constexpr milliseconds k_accepted{100}, k_queued{200}, k_sending{300}, k_sent{1'000};

bool is_phone_number(std::string_view text) {
  std::error_code why;
  return phone::E164::try_parse(text, why).has_value();
}

std::string resolved(const std::string& base, const std::string& url) {
  return url.empty() ? std::string() : resolve_url(base, url);
}

}  // namespace

/// A service's numbers are left together.
std::string Messages::Impl::opt_key(const std::string& ours) const {
  const auto* const number = account.find_number(ours);
  const bool in_service = number != nullptr && account.services.find(number->service_sid) != nullptr;
  return in_service ? number->service_sid : ours;
}

bool Messages::Impl::is_opted_out(const std::string& phone, const std::string& ours) const {
  return opted_out.contains({phone, opt_key(ours)});
}

std::optional<Refusal> Messages::Impl::find_refusal(const Message& message) {
  if (message.to.empty()) return bad_message(21604, "A 'To' phone number is required.");
  if (!is_phone_number(message.to))
    return bad_message(21211, fmt::format("Invalid 'To' Phone Number: {}", message.to));
  if (message.body.empty() && message.media.empty()) return bad_message(21602, "Message body is required.");
  if (base::count_characters(message.body) > messages::k_most_characters)
    return bad_message(21617, "The concatenated message body exceeds the 1600 character limit.");
  if (message.media.size() > messages::k_most_media)
    return bad_message(21623, "Number of media files exceeds allowed limit.");
  const auto* const number = account.find_number(message.from);
  if (number == nullptr || !number->sms)
    return bad_message(
        21606, fmt::format("The 'From' phone number {} is not a valid, message-capable phone number of this "
                           "account.",
                           message.from));
  if (message.from == message.to) return bad_message(21266, "'To' and 'From' number cannot be the same");
  if (is_opted_out(message.to, message.from))
    return bad_message(21610, "Attempt to send to unsubscribed recipient");
  return std::nullopt;
}

/// The number that wrote to them last, if there is one; else the one it began with, its oldest. Both are
/// remembered, and held against what has changed meanwhile: a service may send thousands of texts a second.
std::string Messages::Impl::choose_sender(const Service& service, const std::string& to) {
  const auto is_of = [&](const Number* number) {
    return number != nullptr && number->service_sid == service.sid && number->sms;
  };
  const auto last = wrote_last.find({to, service.sid});
  if (service.sticky_sender && last != wrote_last.end() && is_of(account.find_number(last->second)))
    return last->second;
  auto& first = begins_with[service.sid];
  if (is_of(account.find_number(first))) return first;
  const auto* const found = account.numbers.first([&](const Number& number) { return is_of(&number); });
  return first = found == nullptr ? std::string() : found->phone_number;
}

std::string Messages::Impl::send_verb(const std::string& about, Message message, const twiml::Message& verb,
                                      const std::string& base_url, int turns) {
  if (!verb.to.empty()) message.to = verb.to;
  if (!verb.from.empty()) message.from = verb.from;
  message.body = verb.body;
  for (const auto& url : verb.media) message.media.push_back(resolve_url(base_url, url));
  message.status_callback = resolved(base_url, verb.status_callback);
  if (const auto refused = find_refusal(message)) {
    problem(about, refused->code, refused->message);
    return {};
  }
  return begin(std::move(message), {{resolved(base_url, verb.action), method_of(verb.method)}, turns});
}

/// Into the account; the SID.
std::string Messages::Impl::make(Message message) {
  message.sid = sids.next(message.media.empty() ? "SM" : "MM");
  message.segments = message.media.empty() ? messages::size_of(message.body).segments : 1;
  message.created_at = message.updated_at = agenda.now();
  if (const auto* const number = account.find_number(message.from);
      number != nullptr && !number->service_sid.empty())
    wrote_last[{message.to, number->service_sid}] = message.from;
  return account.messages.add(std::move(message)).sid;
}

std::string Messages::Impl::begin(Message message, const Way& way) {
  const auto* const service = account.services.find(message.service_sid);
  if (message.status_callback.empty() && service != nullptr)
    message.status_callback = service->status_callback;
  if (!message.status_callback.empty() && !has_scheme(message.status_callback)) {
    problem(message.sid, 21609, fmt::format("the StatusCallback {} is no URL", message.status_callback));
    message.status_callback.clear();
  }
  const auto send_at = message.send_at;
  const std::string status = send_at ? "scheduled" : service != nullptr ? "accepted" : "queued";
  const auto sid = make(std::move(message));
  set_status(*account.messages.find(sid), status);
  if (!send_at) {
    go(sid, way);
    return sid;
  }
  scheduled[sid] = later(*send_at - agenda.now(), [sid, way](Impl& self) {
    self.scheduled.erase(sid);
    auto* const due = self.find_on_its_way(sid);
    if (due == nullptr) return;
    // Whoever opted out meanwhile is left alone.
    if (self.is_opted_out(due->to, due->from)) {
      due->error_code = 21610;
      return self.set_status(*due, "failed");
    }
    self.set_status(*due, "accepted");
    self.go(sid, way);
  });
  return sid;
}

/// From accepted or queued on.
void Messages::Impl::go(const std::string& sid, const Way& way) {
  auto wait = 0ms;
  const bool accepted = account.messages.find(sid)->status == "accepted";
  if (accepted) later(wait += k_accepted, [sid, way](Impl& self) { self.move_on(sid, "queued", way); });
  later(wait += k_queued, [sid, way](Impl& self) { self.move_on(sid, "sending", way); });
  later(wait += k_sending, [sid, way](Impl& self) { self.move_on(sid, "sent", way); });
  later(wait += k_sent, [sid, way](Impl& self) { self.arrive(sid, way); });
}

Message* Messages::Impl::find_on_its_way(const std::string& sid) {
  auto* const message = account.messages.find(sid);
  return message == nullptr || message->deleted ? nullptr : message;
}

void Messages::Impl::move_on(const std::string& sid, std::string status, const Way& way) {
  auto* const message = find_on_its_way(sid);
  if (message == nullptr) return;
  const bool sent = status == "sent";
  if (sent) message->sent_at = agenda.now();
  set_status(*message, std::move(status));
  if (sent) tell_action(*message, way.action);
}

void Messages::Impl::arrive(const std::string& sid, const Way& way) {
  auto* const message = find_on_its_way(sid);
  if (message == nullptr) return;
  const auto* const number = account.find_number(message->to);
  const bool takes_texts = number == nullptr || number->sms;
  if (unreachable.contains(message->to)) message->error_code = 30003;  // unreachable handset
  if (!takes_texts) message->error_code = 30006;                       // a landline
  set_status(*message, message->error_code == 0 ? "delivered" : "undelivered", agenda.now());
  if (message->error_code != 0 || number == nullptr) return;
  Message came{.from = message->from, .to = message->to, .body = message->body, .media = message->media};
  receive(came, way.turns);
}

void Messages::Impl::set_status(Message& message, std::string status, std::optional<Instant> done_at) {
  message.status = std::move(status);
  message.updated_at = agenda.now();
  note(message, message.status == "delivered"
                    ? fmt::format("{} gets from {}: {}", message.to, message.from, message.body)
                    : fmt::format("the text from {} to {} is {}", message.from, message.to, message.status));
  tell(message, done_at);
}

/// Those Twilio calls back about; the others are seen in the resource alone.
void Messages::Impl::tell(const Message& message, std::optional<Instant> done_at) {
  static const std::set<std::string_view> k_told{"queued",      "sent",   "delivered",
                                                 "undelivered", "failed", "canceled"};
  if (message.status_callback.empty() || !k_told.contains(message.status)) return;
  WebRequest request;
  request.kind = "message-status";
  request.call_sid = message.sid;
  request.url = message.status_callback;
  request.parameters = status_parameters(account, message, done_at);
  request.wants_twiml = false;
  web.ask(std::move(request), [token = busy](const WebAnswer&) {});
}

void Messages::Impl::tell_action(const Message& message, const Hook& action) {
  if (action.url.empty()) return;
  WebRequest request;
  request.kind = "message-action";
  request.call_sid = message.sid;
  request.url = action.url;
  request.method = action.method;
  request.parameters = status_parameters(account, message, {});
  request.wants_twiml = false;
  web.ask(std::move(request), [token = busy](const WebAnswer&) {});
}

}  // namespace ringctl::sim
