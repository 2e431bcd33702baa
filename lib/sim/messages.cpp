#include "sim/messages.hpp"

#include <fmt/format.h>

#include <utility>

#include "sim/messages_impl.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono_literals;

constexpr seconds k_soonest = 5min, k_latest = std::chrono::hours(35 * 24);

}  // namespace

Refusal bad_message(int code, std::string message) { return {400, code, std::move(message)}; }

std::string method_of(twiml::Method method) { return method == twiml::Method::get ? "GET" : "POST"; }

void Messages::Impl::note(const Message& message, std::string text) {
  Entry entry{.at = agenda.now(), .what = What::message, .call_sid = message.sid, .text = std::move(text)};
  entry.facts = {{"sid", message.sid},       {"from", message.from},           {"to", message.to},
                 {"status", message.status}, {"direction", message.direction}, {"body", message.body}};
  if (message.error_code != 0) entry.facts.emplace_back("code", std::to_string(message.error_code));
  timeline.add(std::move(entry));
}

void Messages::Impl::problem(const std::string& sid, int code, std::string text) {
  timeline.add({.at = agenda.now(),
                .what = What::problem,
                .call_sid = sid,
                .text = fmt::format("{}: {}", code, text),
                .facts = {{"code", std::to_string(code)}}});
}

Messages::Messages(Agenda& agenda, Account& account, Web& web, Timeline& timeline, Sids& sids)
    : impl_(std::make_shared<Impl>(agenda, account, web, timeline, sids)) {}

Messages::~Messages() = default;

std::string Messages::text_in(const std::string& from, const std::string& to, const std::string& body,
                              const std::vector<std::string>& media, const Parameters& extra) {
  const Message message{.from = from, .to = to, .body = body, .media = media};
  return impl_->receive(message, 0, extra);
}

std::string Messages::send_message(const NewMessage& wanted, std::optional<Refusal>& refused) {
  auto& self = *impl_;
  Message message{
      .from = wanted.from, .to = wanted.to, .body = wanted.body, .service_sid = wanted.service_sid};
  message.media = wanted.media;
  message.status_callback = wanted.status_callback;
  message.send_at = wanted.send_at;
  const auto* const service = self.account.services.find(wanted.service_sid);
  if (service == nullptr && !wanted.service_sid.empty())
    refused = bad_message(21701, "The Messaging Service does not exist");
  else if (service == nullptr && wanted.from.empty())
    refused = bad_message(21603, "A 'From' phone number is required.");
  else if (service == nullptr && wanted.send_at)
    refused = bad_message(35118, "MessagingServiceSid is required to schedule a message");
  if (!refused && message.from.empty()) message.from = self.choose_sender(*service, wanted.to);
  if (!refused && message.from.empty())
    refused = bad_message(21703, "The Messaging Service has no phone number to send from");
  if (!refused) refused = self.find_refusal(message);
  const auto now = self.agenda.now();
  if (!refused && wanted.send_at && (*wanted.send_at < now + k_soonest || *wanted.send_at > now + k_latest))
    refused = bad_message(35114, "SendAt must be between 300 seconds and 35 days in the future");
  return refused ? std::string() : self.begin(std::move(message), {});
}

void Messages::cancel_message(const std::string& message_sid, std::optional<Refusal>& refused) {
  auto& self = *impl_;
  auto* const message = self.find_on_its_way(message_sid);
  if (message == nullptr) {
    refused = Refusal{404, 20404,
                      fmt::format("The requested resource /Messages/{}.json was not found", message_sid)};
    return;
  }
  const auto entry = self.scheduled.extract(message_sid);
  if (entry.empty()) {
    refused = bad_message(30409, "Only a scheduled message can be canceled");
    return;
  }
  self.agenda.cancel(entry.mapped());
  self.set_status(*message, "canceled");
}

std::string Messages::send_from_call(const Call& call, const twiml::Message& verb,
                                     const std::string& base_url) {
  const bool inbound = call.direction == "inbound";
  Message message{.from = inbound ? call.to : call.from, .to = inbound ? call.from : call.to};
  message.direction = "outbound-call";
  return impl_->send_verb(call.sid, std::move(message), verb, base_url, 0);
}

void Messages::set_reachable(const std::string& phone, bool reachable) {
  if (reachable)
    impl_->unreachable.erase(phone);
  else
    impl_->unreachable.insert(phone);
}

bool Messages::is_opted_out(const std::string& phone, const std::string& ours) const {
  return impl_->is_opted_out(phone, ours);
}

bool Messages::idle() const { return impl_->busy.use_count() == 1; }

}  // namespace ringctl::sim
