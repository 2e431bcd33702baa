#pragma once
// The text messages of the network: what phones send to the account's numbers, what the account sends, the
// replies webhooks answer with, status callbacks, and who has opted out. All of it is in the account; on the
// agenda's thread.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/segments.hpp"
#include "sim/agenda.hpp"
#include "sim/network.hpp"
#include "sim/resources.hpp"
#include "sim/sids.hpp"
#include "sim/timeline.hpp"
#include "sim/web.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::sim {

using messages::opt_word, messages::OptWord;

class Messages {
 public:
  /// All outlive it.
  Messages(Agenda&, Account&, Web&, Timeline&, Sids&);
  ~Messages();
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  // What Network's functions of the same names do.
  std::string text_in(const std::string& from, const std::string& to, const std::string& body,
                      const std::vector<std::string>& media = {}, const Parameters& extra = {});
  std::string send_message(const NewMessage&, std::optional<Refusal>&);
  void cancel_message(const std::string& message_sid, std::optional<Refusal>&);

  /// <Message> beside a call, whose script goes on at once: without `to` it goes to the caller, without
  /// `from` it comes from the number that was called. `base_url`: where the TwiML came from; the verb's URLs
  /// are relative to it. The message's SID; "" where the network refuses it, which the timeline says with its
  /// code.
  std::string send_from_call(const Call&, const twiml::Message&, const std::string& base_url);

  /// Whether a telephone can be reached: texts to one that cannot end as undelivered (30003).
  void set_reachable(const std::string& phone, bool reachable);
  /// Whether `phone` has opted out of what `ours`, a number or a service's SID, sends.
  bool is_opted_out(const std::string& phone, const std::string& ours) const;

  /// Whether no message is on its way, none is scheduled and no webhook about one is to be answered.
  bool idle() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ringctl::sim
