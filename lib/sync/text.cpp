// The effect has the id of its message: whoever settles it needs nothing else, also when what was asked has
// been erased.

#include "sync/text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "http/outside_url.hpp"
#include "sync/acts.hpp"
#include "twilio/rest_calls.hpp"

namespace ringctl::sync {
namespace {

constexpr int k_unsubscribed = 21610;

void require_reachable(const Account& account, const std::vector<std::string>& media) {
  for (const auto& url : media)
    if (const auto why = http::why_not_outside(url, account.local_too); !why.empty())
      throw Error(Errc::invalid, "messages.bad_media",
                  fmt::format("Twilio cannot fetch {}: {}", base::in_quotes(url), why));
}

/// Twilio would refuse it, and say that there is no such number.
void require_of_account(const Account& account, const messages::Outgoing& outgoing) {
  if (!outgoing.account_sid.empty() && outgoing.account_sid != account.client.account_sid())
    throw Error(Errc::conflict, "numbers.other_account",
                fmt::format("{} is account {}'s", outgoing.from_number, outgoing.account_sid),
                fmt::format("--account {}", outgoing.account_sid));
}

/// Where serve hears what becomes of it (serve/paths.hpp): the path says which message it is, so that a
/// callback heals an answer that was lost.
std::string status_url(const Account& account, const base::Uuid& message) {
  return fmt::format("{}/api/workspaces/{}/sms/status/{}", account.public_url, account.workspace.id.view(),
                     message.view());
}

/// What it is found by at Twilio again; not the text itself.
std::string request_of(const base::Uuid& message, const messages::Outgoing& outgoing) {
  return nlohmann::json{{"message", message.text()},
                        {"from", outgoing.from_number},
                        {"to", outgoing.to_number},
                        {"media", outgoing.media.size()},
                        {"sha256", base::sha256_hex(base::trim(outgoing.body))}}
      .dump();
}

void record(Account& account, Sent& sent) {
  const auto& workspace = account.workspace.id;
  writing(account, [&] {
    sent.message = messages::record_send(account.session, workspace, sent.outgoing);
    jobs::Effect effect;
    effect.id = sent.message;
    effect.kind = "message.send";
    effect.key = sent.outgoing.to_number;
    effect.request = request_of(sent.message, sent.outgoing);
    effect.actor = "user:" + sent.outgoing.sender.email;
    note_asked(account, effect);
    sent.outgoing.thread = messages::find_sent(account.session.db, workspace, sent.message)->thread;
  });
}

Error unknown_outcome(const Sent& sent, std::string_view why) {
  return Error(Errc::unknown_outcome, "messages.unknown_outcome",
               fmt::format("{} may get the message: {}", sent.outgoing.to_number, why),
               "ringctl jobs resolve")
      .detail("jobs resolve asks Twilio, and sends nothing");
}

/// Nobody can say yet whether they get it.
[[noreturn]] void leave_open(Account& account, const Sent& sent, std::string_view why) {
  note_unknown(account, sent.message, why);
  throw unknown_outcome(sent, why);
}

[[noreturn]] void fail(Account& account, const Sent& sent, const twilio::Failed& failed) {
  if (failed.maybe_executed) leave_open(account, sent, failed.message);
  writing(account, [&] {
    jobs::Effects(account.session.db, account.session.clock, account.workspace.id)
        .refused(sent.message, std::to_string(failed.code), failed.message);
    messages::note_refused(account.session, account.workspace.id, sent.message, failed.code, failed.message);
  });
  if (failed.code != k_unsubscribed) throw twilio::to_error(failed);
  auto told = sent.outgoing;
  told.refusals = {{messages::SendRefusal::opted_out,
                    fmt::format("Twilio says that {} sent STOP to {}", told.to_number, told.from_number)}};
  throw messages::refused(told);
}

void note_taken(Account& account, const Sent& sent, const twilio::Message& taken) {
  writing(account, [&] {
    jobs::Effects(account.session.db, account.session.clock, account.workspace.id)
        .done(sent.message, taken.sid);
    messages::note_sent(account.session, account.workspace.id, sent.message, taken.sid, taken.status,
                        taken.segments);
  });
}

void ask(Account& account, Sent& sent) {
  const auto& outgoing = sent.outgoing;
  twilio::NewMessage message{.to = outgoing.to_number, .from = outgoing.from_number};
  message.body = outgoing.body;
  message.media = outgoing.media;
  message.status_callback = status_url(account, sent.message);
  const auto outcome = account.client.try_send(twilio::send_message_ask(message));
  if (const auto* const failed = std::get_if<twilio::Failed>(&outcome)) fail(account, sent, *failed);
  const auto taken = twilio::message_from(std::get<twilio::Reply>(outcome).json);
  if (!taken) leave_open(account, sent, "Twilio's answer names no message");
  try {
    note_taken(account, sent, *taken);
  } catch (const Error& error) {
    // Said otherwise, whoever reads it would send once more.
    throw unknown_outcome(sent, fmt::format("Twilio took it as {}, which could not be written down: {}",
                                            taken->sid, error.message()));
  }
  sent.message_sid = taken->sid;
  sent.status = taken->status;
}

}  // namespace

Sent send_text(Account& account, const SendOptions& options) {
  account.links();  // where Twilio cannot reach serve, nobody would learn what became of it
  require_reachable(account, options.draft.media);
  Sent sent;
  sent.outgoing = reading(account, [&](db::Connection& db) {
    return messages::plan_send(db, account.workspace.id, options.draft, account.session.clock.now());
  });
  if (!sent.outgoing.refusals.empty()) throw messages::refused(sent.outgoing);
  require_of_account(account, sent.outgoing);
  sent.outgoing.account_sid = account.client.account_sid();
  if (!options.write) return sent;
  record(account, sent);
  ask(account, sent);
  return sent;
}

}  // namespace ringctl::sync
