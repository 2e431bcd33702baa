#pragma once
// What Twilio asks, and what it is told: verified, decided, durable, answered. Every signed webhook about a call gets an
// answer that makes sense to the caller, whatever is broken; nothing else gets in.

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "net/respond.hpp"
#include "serve/bookkeeping.hpp"
#include "serve/deadlines.hpp"
#include "serve/lookups.hpp"
#include "serve/outbound.hpp"
#include "serve/plans.hpp"
#include "serve/talking.hpp"
#include "serve/webhook.hpp"

namespace ringctl::serve {

struct WebhookOptions {
  std::string public_url;            ///< what Twilio signs, before the path
  std::string account_sid;           ///< whose webhooks workspaces without accounts of their own take
  std::vector<base::Secret> tokens;  ///< any of them may have signed
  std::chrono::milliseconds deadline{2000};
};

class Webhooks {
 public:
  /// All outlive it.
  Webhooks(Office&, Estates&, Lookups&, Outbound&, Bookkeeping&, Talking&, WebhookOptions);

  /// A request to one of the webhooks' paths.
  void handle(const net::Request&, const Route&, net::Respond);

 private:
  WebhookPtr verified(const net::Request&, const Route&, net::Respond);
  void refuse(Exchange&, const net::Request&, const twilio::Form&, int status, std::string_view why);
  void dispatch(const WebhookPtr&);
  bool belongs(const Webhook&, const routing::Snapshot&) const;

  void inbound(const WebhookPtr&);
  void decide_inbound(const WebhookPtr&, Found);
  void menu(const WebhookPtr&);
  void decide_menu(const WebhookPtr&, int attempt, Found);
  void next(const WebhookPtr&);
  void go_on(const WebhookPtr&, const routing::Plan&);
  void wait(const WebhookPtr&);
  void accept(const WebhookPtr&);
  void accepted(const WebhookPtr&);
  void status(const WebhookPtr&);
  void outbound(const WebhookPtr&);
  void decide_outbound(const WebhookPtr&, const Placed&);

  /// The plan of the call, from memory, from the database, or made anew.
  void with_plan(const WebhookPtr&, std::function<void(const routing::Plan&)>);
  std::optional<routing::Plan> remembered(const Webhook&) const;
  routing::Plan plan(const Webhook&, const Estate&, routing::Facts) const;
  /// As far as it goes without the database.
  routing::Facts facts_from_memory(const Webhook&) const;
  void name_party(calls::Event&, const Webhook&, const std::optional<routing::Plan>&) const;
  void keep(const WebhookPtr&, const calls::Event&, const twiml::Response&);

  void answer_safely(const WebhookPtr&, std::string_view cause);
  twiml::Response safe_answer(const Webhook&);
  twiml::Response safe_step(const Webhook&);

  Office& office_;
  Estates& estates_;
  Lookups& lookups_;
  Outbound& outbound_;
  Bookkeeping& books_;
  Talking& talking_;
  const WebhookOptions options_;
  Plans plans_;
  std::atomic<std::uint64_t> turn_ = 0;
  Deadlines deadlines_;
};

}  // namespace ringctl::serve
