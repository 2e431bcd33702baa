// Pages of messages, each batch read against what is on record in one statement and written in one
// transaction. States go the way callbacks go (messages/apply.hpp), so that they only move forward.

#include "messages/apply.hpp"
#include "messages/status.hpp"
#include "sync/acts.hpp"
#include "sync/text.hpp"
#include "twilio/rest_calls.hpp"

namespace ringctl::sync {
namespace {

constexpr std::size_t k_batch = 500;
constexpr std::string_view k_source = "reconcile";

class Reconciliation {
 public:
  Reconciliation(Account& account, bool write, const ProgressFn& progress)
      : account_(account), write_(write), progress_(progress) {}

  TextsReconciled run(base::Instant since, base::Instant until) {
    const twilio::MessageQuery query{.to = {}, .from = {}, .since = since, .until = until};
    twilio::list_messages(account_.client, query, [&](const twilio::Message& message) {
      account_.cancel.check("ringctl messages reconcile --since TIME goes over it again");
      batch_.push_back(message);
      if (batch_.size() >= k_batch) take();
      return true;
    });
    take();
    return report_;
  }

 private:
  void take() {
    if (batch_.empty()) return;
    std::vector<std::string_view> sids;
    for (const auto& message : batch_) sids.emplace_back(message.sid);
    const auto known = reading(
        account_, [&](db::Connection& db) { return messages::find_known(db, account_.workspace.id, sids); });
    std::vector<messages::Event> events;
    std::vector<messages::Price> prices;
    for (const auto& message : batch_) {
      const auto row = known.find(message.sid);
      if (row == known.end())
        ++report_.foreign;
      else
        compare(message, row->second, events, prices);
    }
    report_.seen += std::ssize(batch_);
    batch_.clear();
    write(events, prices);
    if (progress_) progress_({.phase = "messages", .done = static_cast<std::uint64_t>(report_.seen)});
  }

  void compare(const twilio::Message& message, const messages::KnownMessage& known,
               std::vector<messages::Event>& events, std::vector<messages::Price>& prices) {
    const bool moved = known.direction == "outbound" && messages::moves_on(known.status, message.status);
    if (moved) events.push_back(status_of(message));
    bool priced = false;
    if (message.price_micros && !message.price_unit.empty()) {
      messages::Price price{.message_sid = message.sid,
                            .price = twilio::money_text(-*message.price_micros),
                            .unit = message.price_unit};
      priced = price.price != known.price || price.unit != known.price_unit;
      if (priced) prices.push_back(std::move(price));
    }
    if (moved || priced) ++report_.changed;
  }

  /// The callback that should have come. Twilio does not say when it was delivered; when it was sent it does.
  messages::Event status_of(const twilio::Message& message) const {
    std::vector<messages::Event::Parameter> form{{"AccountSid", account_.client.account_sid()},
                                                 {"MessageSid", message.sid},
                                                 {"MessageStatus", message.status},
                                                 {"From", message.from},
                                                 {"To", message.to},
                                                 {"CallbackSource", std::string(k_source)}};
    if (message.error_code) form.emplace_back("ErrorCode", std::to_string(*message.error_code));
    auto event = messages::event_from(messages::Kind::status, std::move(form),
                                      message.sent_at.value_or(account_.session.clock.now()));
    event.workspace = account_.workspace.id;
    return event;
  }

  void write(const std::vector<messages::Event>& events, const std::vector<messages::Price>& prices) {
    if (!write_ || (events.empty() && prices.empty())) return;
    writing(account_, [&] {
      if (!events.empty()) messages::apply(account_.session, account_.workspace.id, events);
      messages::set_prices(account_.session, account_.workspace.id, prices);
    });
  }

  Account& account_;
  bool write_;
  const ProgressFn& progress_;
  TextsReconciled report_;
  std::vector<twilio::Message> batch_;
};

}  // namespace

TextsReconciled reconcile_texts(Account& account, base::Instant since, base::Instant until, bool write,
                                const ProgressFn& progress) {
  return Reconciliation(account, write, progress).run(since, until);
}

}  // namespace ringctl::sync
