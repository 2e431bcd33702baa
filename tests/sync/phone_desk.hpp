#pragma once
// A desk of calls with its account at a simulated Twilio.

#include <fmt/format.h>

#include <stdexcept>

#include "base/cancel.hpp"
#include "calls/calls.hpp"
#include "calls/desk.hpp"
#include "calls/rooms.hpp"
#include "directory/workspaces.hpp"
#include "routing/room.hpp"
#include "sim/network.hpp"
#include "support/eventually.hpp"
#include "support/twilio_box.hpp"
#include "sync/account.hpp"
#include "twilio/rest_calls.hpp"

namespace ringctl::test {

struct PhoneDesk : Desk {
  explicit PhoneDesk(db::Engine engine, const BoxOptions& options = {})
      : Desk(engine),
        box(options),
        client(box.options(), wall),
        here(directory::Workspaces(session()).get(workspace.view())),
        account{.session = session(), .workspace = here, .client = client, .cancel = cancel} {
    account.public_url = "https://pbx.example.com";
    box.add_number(k_from);
  }

  /// For what is held against times of the box.
  void in_real_time() { clock.set(wall.now()); }

  base::Uuid user(const std::string& email, const std::string& role, const std::string& phone) {
    const auto id = agent(email);
    exec("UPDATE users SET role = $2, phone_number = $3, ring_on = 'phone' WHERE id = $1", {id, role, phone});
    return id;
  }
  calls::Call call(const std::string& sid) {
    return read([&] { return calls::get(db(), workspace, sid); });
  }
  /// A telephone of ours that calls into the room by itself, as a moved leg is in it; its SID.
  std::string seated(const std::string& phone, const std::string& room) {
    box.with([&](sim::Account&, sim::Network& network) {
      network.set_behaviour(phone, {.pickup = sim::Pickup::answer, .after = std::chrono::milliseconds(0)});
    });
    twilio::NewParticipant seat{.from = k_from, .to = phone};
    seat.end_conference_on_exit = true;
    return client.send(twilio::add_participant_ask(room, seat)).json.text("call_sid");
  }
  /// A call from a customer that Ann has taken, both in its conference already.
  struct Talk {
    std::string customer, agent, room;
  };
  Talk talk() {
    Talk talk;
    talk.room = "call-" + call_sid(1);
    talk.customer = seated("+12025550150", talk.room);
    talk.agent = seated("+12025550151", talk.room);
    wait_in_room(talk.room, 2);
    apply({inbound(1), leg(1, 1, "in-progress", 1, 5)});
    const auto id = call(call_sid(1)).id;
    write([&] {
      calls::Room room;
      room.call = id;
      room.parent_sid = call_sid(1);
      room.room = talk.room;
      room.agent_sid = talk.agent;
      room.customer_sid = talk.customer;
      calls::open_room(session(), workspace, room);
    });
    return talk;
  }
  /// How they take calls.
  void answers(const std::string& phone) {
    box.with([&](sim::Account&, sim::Network& network) {
      network.set_behaviour(phone, {.pickup = sim::Pickup::answer, .after = std::chrono::milliseconds(0)});
    });
  }
  void declines(const std::string& phone) {
    box.with([&](sim::Account&, sim::Network& network) {
      network.set_behaviour(phone, {.pickup = sim::Pickup::decline, .after = std::chrono::milliseconds(0)});
    });
  }
  std::vector<twilio::Participant> in_room(const std::string& room) {
    const auto conference = twilio::find_conference(client, room);
    return conference ? twilio::list_participants(client, conference->sid)
                      : std::vector<twilio::Participant>();
  }
  /// Until so many are in it.
  void wait_in_room(const std::string& room, std::size_t parties) {
    if (!eventually([&] { return in_room(room).size() >= parties; }))
      throw std::runtime_error("who was to come into " + room + " did not:\n" + box.story());
  }
  std::string actions() { return rows("SELECT action FROM audit_log WHERE workspace_id = $1 ORDER BY seq"); }
  std::string effects() {
    return rows("SELECT kind, state FROM twilio_effects WHERE workspace_id = $1 ORDER BY created_at, id");
  }

  base::SystemClock wall;  ///< the box lives in real time
  base::CancelToken cancel;
  TwilioBox box;
  twilio::Client client;
  directory::Workspace here;
  sync::Account account;
};

}  // namespace ringctl::test
