#pragma once
// What STOP and START do to the list of opt-outs (directory/opt_outs.hpp). Twilio blocks, and lifts, per
// number or messaging service; here one STOP counts for every number of the workspace until START came to
// each that STOP was said to. What people put on the list by hand, START does not take off.

#include <string>
#include <string_view>

#include "audit/log.hpp"

namespace ringctl::messages {

struct StopWord {
  std::string phone_number;  ///< who said it; only E.164 is ever put on the list
  std::string ours;          ///< the number, or the messaging service, that it was said to
  std::string number = {};   ///< of the service, the one that it came to
  std::string message_sid;
  base::Instant at;
};

// Inside the caller's write transaction, lock_counter() taken.
/// New on the list, or wider on it: channel by the workspace's stop_means, source "STOP". False where it was
/// blocked there before, and the list says so.
bool stop(audit::Session&, const base::Uuid& workspace, const StopWord&);
/// To a service's number it lifts what is blocked for the service and for that number, which error 21610
/// names. False where START changes nothing: it was not blocked there, or later, or is still elsewhere, or is
/// on the list by hand.
bool start(audit::Session&, const base::Uuid& workspace, const StopWord&);
/// Inside a transaction: no texts to this number?
bool is_opted_out(db::Connection&, const base::Uuid& workspace, std::string_view phone_number);

}  // namespace ringctl::messages
