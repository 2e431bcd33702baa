#pragma once
// How Messages does it: messages_in.cpp what comes in, messages_out.cpp what goes out.
//
// A message on its way is known by its SID alone and looked up at each step: whoever deletes it meanwhile
// ends it. What is under way holds a copy of `busy`, so that nothing has to be counted back.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sim/messages.hpp"

namespace ringctl::sim {

/// With Twilio's 400.
Refusal bad_message(int code, std::string message);
std::string method_of(twiml::Method);

struct Messages::Impl : std::enable_shared_from_this<Impl> {
  Impl(Agenda& on, Account& in, Web& over, Timeline& into, Sids& from)
      : agenda(on), account(in), web(over), timeline(into), sids(from) {}

  /// What a message on its way carries besides.
  struct Way {
    Hook action = {};  ///< of a <Message> beside a call, whose script has gone on: it is only told
    int turns = 0;     ///< of numbers that answered each other before it
  };
  /// A text that came in, and whom its webhook is asked for.
  struct Inbound {
    Message message = {};  ///< a copy: it may be deleted before the answer comes
    Parameters parameters = {};
    Hook fallback = {};  ///< empty once it was asked
    int redirects = 0, turns = 0;
  };

  Agenda& agenda;
  Account& account;
  Web& web;
  Timeline& timeline;
  Sids& sids;
  std::set<std::pair<std::string, std::string>> opted_out = {};  ///< phone, number or service
  std::set<std::string> unreachable = {};
  std::map<std::pair<std::string, std::string>, std::string> wrote_last = {};  ///< phone, service: our number
  std::map<std::string, std::string> begins_with = {};                         ///< service: our number
  std::map<std::string, Agenda::Entry> scheduled = {};
  std::shared_ptr<const bool> busy = std::make_shared<const bool>(true);

  template <typename Work>
  Agenda::Entry later(milliseconds delay, Work work) {
    return agenda.in(delay, [weak = weak_from_this(), token = busy, work = std::move(work)] {
      if (const auto self = weak.lock()) work(*self);
    });
  }
  void note(const Message&, std::string text);
  void problem(const std::string& sid, int code, std::string text);

  // coming in
  /// `extra`: parameters of the webhook, in the place of its own of these names.
  std::string receive(const Message&, int turns, const Parameters& extra = {});
  void heed(const Number&, const Message&, OptWord);
  void ask(Inbound, const Hook&, std::string kind, Parameters);
  void go_on_at(Inbound, const Hook&, std::string kind, Parameters);
  Parameters action_parameters(const Message& wanted, const std::string& sid) const;
  void take(Inbound, const WebAnswer&);
  bool run(Inbound&, const twiml::Verb&, const std::string& base_url);

  // going out
  std::string opt_key(const std::string& ours) const;
  bool is_opted_out(const std::string& phone, const std::string& ours) const;
  std::optional<Refusal> find_refusal(const Message&);
  std::string choose_sender(const Service&, const std::string& to);
  /// `about`: whose problem it is where it is refused.
  std::string send_verb(const std::string& about, Message, const twiml::Message&, const std::string& base_url,
                        int turns);
  std::string make(Message);
  std::string begin(Message, const Way&);
  void go(const std::string& sid, const Way&);
  void move_on(const std::string& sid, std::string status, const Way&);
  void arrive(const std::string& sid, const Way&);
  Message* find_on_its_way(const std::string& sid);
  void set_status(Message&, std::string status, std::optional<Instant> done_at = {});
  void tell(const Message&, std::optional<Instant> done_at);
  void tell_action(const Message&, const Hook& action);
};

}  // namespace ringctl::sim
