#pragma once
// A desk whose Ann answers the messages of its number, with its account at a simulated Twilio.

#include "jobs/effects.hpp"
#include "sync/phone_desk.hpp"
#include "sync/text.hpp"

namespace ringctl::test {

inline BoxOptions box_that_hangs_shortly_on_texts() {
  BoxOptions options;
  options.hangs = std::chrono::milliseconds(50);
  return options;
}

struct MessageDesk : PhoneDesk {
  explicit MessageDesk(db::Engine engine) : PhoneDesk(engine, box_that_hangs_shortly_on_texts()) {
    in_real_time();
    exec(
        "INSERT INTO agent_phone_numbers (id, workspace_id, agent_id, phone_number_id, voice, is_active, "
        "sms_access_enabled, created_at, updated_at) VALUES ($1, $2, $3, $4, FALSE, TRUE, TRUE, $5, $5)",
        {alice.ids.next(), workspace, ann_id, number_id, clock.now()});
  }

  sync::Sent send(const std::string& body = "See you at noon", bool write = true) {
    sync::SendOptions options{.draft = {.as = k_ann, .to = k_to}};
    options.draft.body = body;
    options.write = write;
    return sync::send_text(account, options);
  }
  /// How often the box took one.
  int taken() {
    const auto ledger = box.ledger();
    const auto found = ledger.find("POST /Messages");
    return found == ledger.end() ? 0 : found->second;
  }
  std::vector<jobs::Effect> open() {
    return read([&] { return jobs::Effects(db(), clock, workspace).open(std::nullopt); });
  }
  sync::EffectRow resolve() { return sync::resolve_message_effect(account, open().at(0)); }
  /// SID and status, in the order they were sent.
  std::string log() {
    return rows(
        "SELECT message_sid, status FROM messages WHERE workspace_id = $1 AND direction = 'outbound' "
        "ORDER BY message_seq");
  }
};

}  // namespace ringctl::test
