#pragma once
// What Twilio asks, and what it is told: verified, decided, durable, answered. Every signed webhook about a
// call gets an answer that makes sense to the caller, whatever is broken; nothing else gets in.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "messages/event.hpp"
#include "net/respond.hpp"
#include "routing/room.hpp"
#include "serve/bookkeeping.hpp"
#include "serve/deadlines.hpp"
#include "serve/lookups.hpp"
#include "serve/memory.hpp"
#include "serve/outbound.hpp"
#include "serve/talking.hpp"
#include "serve/turns.hpp"
#include "serve/webhook.hpp"
#include "twilio/auth_tokens.hpp"

namespace ringctl::serve {

struct WebhookOptions {
  std::string public_url;   ///< what Twilio signs, before the path
  std::string account_sid;  ///< whose webhooks workspaces without accounts of their own take
  /// Any of them may have signed: TOKEN for the account's, ACCOUNT_SID:TOKEN for another one's.
  std::vector<base::Secret> tokens;
  /// Until whoever is on the line is answered, with whatever is known by then.
  std::chrono::milliseconds deadline{2000};
  /// Until what only tells of something is refused because it is not on record yet. Twilio waits 15 s.
  std::chrono::milliseconds record_deadline{12'000};
  /// What the first order of strategy `random` is drawn from, and on from there. The same one gives the same
  /// orders.
  std::uint64_t first_draw = 0;
};

class Webhooks {
 public:
  /// All outlive it.
  Webhooks(Office&, Estates&, Lookups&, Outbound&, Bookkeeping&, Talking&, WebhookOptions);

  /// In the place of WebhookOptions::tokens, from the next request on. Any thread.
  void use_tokens(std::span<const base::Secret> lines);

  /// A request to one of the webhooks' paths.
  void handle(const net::Request&, const Route&, net::Respond);

 private:
  // webhooks.cpp: who gets in, and where to.
  std::shared_ptr<const twilio::AuthTokens> tokens() const;
  void dispatch(const WebhookPtr&);
  void guarded(const WebhookPtr&, const std::function<void()>& work);
  bool accepts(const WebhookPtr&, const routing::Snapshot&);
  bool is_main(std::string_view account) const { return account == options_.account_sid; }
  bool knows(std::string_view account, const routing::Snapshot&) const;
  std::optional<Estate> estate_for(const WebhookPtr&);
  void keep(const WebhookPtr&, const calls::Event&, const twiml::Response&);
  bool repeat(const WebhookPtr&, const calls::Event&);
  routing::Plan decide(const WebhookPtr&, const Estate&, routing::Facts,
                       const std::optional<routing::Plan>& before = {});
  void answer_safely(const WebhookPtr&, std::string_view cause);

  // inbound.cpp: a call comes in, and goes on.
  void inbound(const WebhookPtr&);
  void decide_inbound(const WebhookPtr&, Found);
  void take_in(const WebhookPtr&);
  void menu(const WebhookPtr&);
  void decide_menu(const WebhookPtr&, int attempt, Found);
  void next(const WebhookPtr&);
  void led_on(const WebhookPtr&, calls::Event);
  void seat(const WebhookPtr&, calls::Event, const calls::RoomOfLeg&);
  void go_on(const WebhookPtr&, const routing::Plan&, bool known);
  void wait(const WebhookPtr&);
  /// `known`: it is the call's plan; else one made now, for want of it.
  using GoOn = std::function<void(const routing::Plan&, bool known)>;
  void with_plan(const WebhookPtr&, GoOn go_on);
  std::optional<routing::Plan> remembered(const Webhook&) const;
  std::vector<base::Uuid> talking_now(const Webhook&) const;
  Question question(const Webhook&) const;
  void look_up(const WebhookPtr&, Question, std::function<void(Found)> go_on);

  // legs.cpp: of those who are rung.
  void accept(const WebhookPtr&);
  void accepted(const WebhookPtr&);
  void status(const WebhookPtr&);
  void recording(const WebhookPtr&, calls::Kind);
  void added_leg(const WebhookPtr&);
  calls::Event added_leg_event(const Webhook&) const;
  void name_party(calls::Event&, const Webhook&) const;
  static void name_dialled(calls::Event&, const routing::Plan&, const routing::Place&, bool known);
  void note_leg(const calls::Event&, const calls::Report&);
  void note_talking(const calls::Event&);

  // calling.cpp: an agent calls somebody.
  void calling(const WebhookPtr&);
  bool find_workspace_of(const WebhookPtr&, const std::optional<base::Uuid>& user);
  void decide_calling(const WebhookPtr&, const base::Uuid& user, const Placed&);
  void connect(const WebhookPtr&, calls::Event, const limits::Verdict&, const Found&);
  void consent(const WebhookPtr&);

  // started.cpp: a call that was counted and begins with an agent's leg.
  void started(const WebhookPtr&);
  void decide_started(const WebhookPtr&, const routing::StartPath&, const Found&);
  void refuse(const WebhookPtr&, calls::Event, std::string code, std::string_view spoken);

  // texts.cpp: text messages. Nobody waits for what is decided of them: the answer is empty, and all else
  // follows when they are applied.
  void message(const WebhookPtr&);
  void place_message(const WebhookPtr&, const Found&);
  void message_status(const WebhookPtr&);
  void keep_message(const WebhookPtr&);
  void keep_message_safely(const WebhookPtr&, std::string_view cause);
  messages::Event message_event(const Webhook&) const;
  std::optional<base::Uuid> place_in_memory(const Webhook&) const;

  // emergency.cpp: one of ours calls for help.
  bool is_for_help(const Webhook&) const;
  std::optional<Estate> estate_in_memory(const Webhook&) const;
  std::string own_number(const Webhook&, const Estate&) const;
  void call_help(const WebhookPtr&, std::string_view cause);

  // safe_answers.cpp
  void lead_on(const WebhookPtr&, const twiml::Response& says, calls::Event, std::string_view cause);
  void acknowledge(const WebhookPtr&, const std::optional<calls::Event>&, std::string_view cause);
  void assume_workspace(Webhook&);
  struct SafeAnswer {
    std::optional<twiml::Response> says = {};  ///< nullopt: nothing, nobody is on the line
    std::optional<calls::Event> event = {};    ///< for the record
  };
  SafeAnswer safe_answer(const WebhookPtr&);
  std::optional<calls::Event> safe_event(const WebhookPtr&, calls::Kind) const;
  SafeAnswer safe_start(const WebhookPtr&);
  routing::Plan plan_of_anybody(const WebhookPtr&, const Estate&);
  SafeAnswer safe_step(const WebhookPtr&, calls::Kind);

  Office& office_;
  Estates& estates_;
  Lookups& lookups_;
  Outbound& outbound_;
  Bookkeeping& books_;
  Talking& talking_;
  const WebhookOptions options_;
  const std::string logged_url_;  ///< public_url without a password
  mutable std::mutex tokens_mutex_;
  std::shared_ptr<const twilio::AuthTokens> tokens_;  ///< by tokens_mutex_
  Memory plans_{16'384, 4 << 20};                     ///< by CallSid: JSON
  Memory answers_{2'048, 2 << 20};                    ///< by event key: TwiML
  std::atomic<std::uint64_t> draws_;
  Turns turns_;
  Deadlines deadlines_, record_deadlines_;
};

/// True where nobody on the line waits for the answer.
bool only_tells(Endpoint);
/// True of a call that one of ours places from a browser or desk client.
bool from_client(const Webhook&);
/// The call that a follow-up's path names; "" = none.
std::string_view call_in_path(const Webhook&);
/// Which one of ours; nullopt for an identity that is nobody's.
std::optional<base::Uuid> client_of(const Webhook&);
/// Of a number that could not be looked up: as it was last read, and never where it was not.
std::string record_policy(const Estate&, std::string_view number);
/// What Dial reports of the leg of such a call.
twiml::Set<twiml::CallEvent> calling_events();

}  // namespace ringctl::serve
