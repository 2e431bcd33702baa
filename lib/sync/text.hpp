#pragma once
// Text messages through Twilio: written down first (message row and effect `message.send`, one commit), asked
// for once, marked with what came of it. The SID may come by the answer, by a status callback (its path names
// the message), or by resolve_message_effect().

#include <chrono>
#include <functional>
#include <string>

#include "messages/send.hpp"
#include "sync/account.hpp"
#include "sync/effect_row.hpp"

namespace ringctl::sync {

struct SendOptions {
  messages::Draft draft;
  bool write = true;
};
struct Sent {
  base::Uuid message;  ///< also the id of the effect
  messages::Outgoing outgoing;
  std::string message_sid, status;
};
/// Refused here: what plan_send() throws, Errc::invalid [messages.bad_media] for a URL that only this machine
/// or network reaches, Errc::conflict [numbers.other_account], Errc::differs [messages.refused] with every
/// reason; nothing was sent. Refused by Twilio: what twilio::to_error() says, the message is `failed`; 21610
/// is Errc::differs [messages.refused] opted_out. No answer, or one that could not be written down:
/// Errc::unknown_outcome [messages.unknown_outcome]; nothing is sent again. `write` false: nothing is written
/// and nobody asked.
Sent send_text(Account&, const SendOptions&);

/// Prices and last states of messages since then, from Twilio's list (a UTC day wider); what nobody here
/// knows is counted, not kept. In batches; how many rows changed.
struct TextsReconciled {
  std::int64_t seen = 0, changed = 0, foreign = 0;
};
TextsReconciled reconcile_texts(Account&, base::Instant since, base::Instant until, bool write,
                                const ProgressFn& progress = {});

}  // namespace ringctl::sync
