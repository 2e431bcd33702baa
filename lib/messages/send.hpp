#pragma once
// A message that one of ours sends: may they, from which number, to whom; and its row, written before Twilio
// is asked. Asking is sync's (sync/text.hpp).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/log.hpp"
#include "base/error.hpp"
#include "messages/event.hpp"
#include "messages/threads.hpp"

namespace ringctl::messages {

struct Draft {
  std::string as;  ///< e-mail or id of who sends
  std::string to;  ///< as typed; national forms are of the workspace's country
  std::string from_number =
      {};  ///< ours; "" = the conversation's, else the sender's primary number, else their first
  std::string body = {};
  std::vector<std::string> media = {};  ///< https or http URLs
  bool name_extension =
      false;  ///< a line under the body says how to reach the sender: "Reply to extension 101: ..."
};

enum class SendRefusal { opted_out, country_not_allowed, number_inactive, provider_not_callable };
std::string_view refusal_code(SendRefusal);  ///< as limits calls them

struct Outgoing {
  Person sender;
  std::string from_number, to_number, body;
  std::string account_sid;  ///< the number's, "" = not known; whoever asks Twilio writes in its own
  base::Uuid number;
  std::optional<base::Uuid> thread = {};  ///< nullopt: it begins with this message
  std::optional<base::Uuid> contact = {};
  std::vector<std::string> media = {};
  std::string extension = {};  ///< that the body names
  Size size = {};
  bool claims = false;                                             ///< the reply makes it theirs
  std::vector<std::pair<SendRefusal, std::string>> refusals = {};  ///< each with a line that says why
};

/// Inside a transaction; nothing is written. Whoever wrote to a number may be answered whatever their
/// country; others have to be of the number's own, or of the workspace's sms_countries. Errc::not_found
/// [users.unknown, numbers.unknown], Errc::auth [users.inactive, messages.not_a_member], Errc::conflict
/// [messages.no_number], [messages.claimed] (by somebody else, where the number's mode lets one person
/// answer); Errc::invalid [messages.bad_destination, messages.empty, messages.bad_text, messages.too_long,
/// messages.too_many_media, messages.bad_media, messages.no_extension].
Outgoing plan_send(db::Connection&, const base::Uuid& workspace, const Draft&, base::Instant now);

/// Errc::differs [messages.refused] with the reasons.
Error refused(const Outgoing&);
/// Errc::conflict [messages.claimed]: whose the conversation is, and until when.
Error claimed(const Thread&, std::string_view holder, const std::optional<base::Instant>& until);

/// Inside a write transaction: checks again what moves (opt-out, claim), and writes message (`accepted`,
/// without a SID), conversation and claim, audited as done by the sender (messages.send, without the text).
/// Returns the message's id.
base::Uuid record_send(audit::Session&, const base::Uuid& workspace, const Outgoing&);

/// What is on record of one that was sent. Inside a transaction; nullopt: there is none.
struct SentMessage {
  base::Uuid thread;
  std::string message_sid, status;  ///< message_sid "" = Twilio has not said that it took it
};
std::optional<SentMessage> find_sent(db::Connection&, const base::Uuid& workspace, const base::Uuid& message);

/// Inside a write transaction; forward only. Twilio took it. Does nothing where a callback told so already;
/// callbacks that came before anybody knew whose the SID is count from here on. `error_code`: of that status,
/// where Twilio has one by now.
void note_sent(audit::Session&, const base::Uuid& workspace, const base::Uuid& message, std::string_view sid,
               std::string_view status, const std::optional<std::int64_t>& segments,
               const std::optional<std::int64_t>& error_code = {});
/// Twilio refused it, or was asked and never had it. 21610: the number is put on record as opted out of
/// texts, until START comes from it. Does nothing to a message that has a SID.
void note_refused(audit::Session&, const base::Uuid& workspace, const base::Uuid& message, std::int64_t code,
                  std::string_view why);

/// What Twilio says later. Inside a write transaction; how many differed.
struct Price {
  std::string message_sid, price, unit;
};
std::int64_t set_prices(audit::Session&, const base::Uuid& workspace, const std::vector<Price>&);
/// What is on record under these SIDs, by SID. Inside a transaction.
struct KnownMessage {
  std::string direction, status, price, price_unit;
};
std::unordered_map<std::string, KnownMessage> find_known(db::Connection&, const base::Uuid& workspace,
                                                         const std::vector<std::string_view>& sids);
/// Which of these SIDs are on record. Inside a transaction.
std::vector<std::string> on_record(db::Connection&, const base::Uuid& workspace,
                                   const std::vector<std::string_view>& sids);

}  // namespace ringctl::messages
