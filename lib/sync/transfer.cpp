// A call handed to somebody else: blind by sending the customer's leg on, attended by way of the call's
// conference, where the customer waits on hold. What was begun and fails is taken back as far as it can be.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/mask.hpp"
#include "directory/workspace_settings.hpp"
#include "limits/settle.hpp"
#include "routing/room.hpp"
#include "sync/acts.hpp"
#include "sync/talk.hpp"
#include "twiml/write.hpp"

namespace ringctl::sync {
namespace {

constexpr std::chrono::milliseconds k_patience{20'000};
constexpr std::string_view k_consult = "consult";

/// Whoever asks: the call's own agent, or somebody who supervises them. Nobody where nobody is named.
class Asker {
 public:
  Asker(Account& account, const calls::Call& call, const std::string& as) {
    if (as.empty()) return;
    bool may = false;
    const auto person = reading(account, [&](db::Connection& db) {
      const auto& workspace = account.workspace.id;
      auto found = calls::get_person(db, workspace, as);
      may = (found.is_active && found.id.view() == call.user_id) ||
            calls::may_supervise(db, workspace, found, call.user_id);
      return found;
    });
    if (!may)
      throw Error(Errc::auth, "calls.may_not_transfer",
                  fmt::format("{} may not hand over call {}", as, call.call_sid),
                  "its agent may, the supervisor of their team, and admins");
    acting_.emplace(account, person);
  }

 private:
  std::optional<ActingAs> acting_;
};

/// A number outside is a call of the agent's. nullopt where nothing is counted.
std::optional<base::Uuid> reserve(Account& account, const calls::Call& call, const Target& target,
                                  bool write) {
  if (!target.outside) return std::nullopt;
  if (call.user_email.empty())
    throw Error(Errc::conflict, "calls.nobodys", fmt::format("call {} is nobody's of ours", call.call_sid));
  // Twilio calls from the call's own number, whichever of the agent's this is counted for.
  const limits::Request request{.agent = call.user_email, .to = target.address, .pays_only = true};
  const auto& workspace = account.workspace.id;
  const auto verdict = write ? limits::reserve(account.session, workspace, request)
                             : limits::check(account.session, workspace, request);
  if (verdict.allowed) return verdict.reservation;
  Error error(Errc::differs, "limits.refused",
              fmt::format("{} may not call {}", verdict.agent, verdict.to_number));
  for (const auto& reason : verdict.refusals)
    error.detail(fmt::format("{}: {}", limits::refusal_code(reason.refusal), reason.message));
  throw error;
}

void give_back(Account& account, const std::optional<base::Uuid>& reservation) {
  if (reservation) limits::give_back(account.session, account.workspace.id, *reservation);
}

std::optional<calls::Room> room_of(Account& account, const calls::Call& call) {
  return reading(account,
                 [&](db::Connection& db) { return calls::find_room(db, account.workspace.id, call.id); });
}

void save(Account& account, calls::Room& room) {
  writing(account, [&] {
    auto saved = room;
    calls::save_room(account.session, account.workspace.id, saved);
    room = saved;
  });
}

void require_not_consulting(const calls::Call& call, const std::optional<calls::Room>& room) {
  if (!room || room->consult_sid.empty()) return;
  throw Error(Errc::conflict, "calls.consulting",
              fmt::format("call {} is being transferred already", call.call_sid),
              fmt::format("ringctl calls transfer {} --complete (or --cancel)", call.call_sid));
}

void record(Account& account, const calls::Call& call, std::string_view state, std::string_view to) {
  const auto before = nlohmann::json{{"user", call.user_email}};
  const auto after = nlohmann::json{{"state", state}, {"to", base::masked_party(to)}};
  record_act(account, call, "calls.transfer", before.dump(), after.dump());
}

std::string name_of(Account& account, const base::Uuid& user, const std::string& address) {
  const auto person = reading(
      account, [&](db::Connection& db) { return calls::find_person(db, account.workspace.id, user.text()); });
  return person ? person->email : address;
}

std::string name_of(Account& account, const Target& target) {
  return target.party.user ? name_of(account, *target.party.user, target.address) : target.address;
}

/// Of an address that was kept: a telephone does not say whose it is.
std::string name_of(Account& account, const std::string& address) {
  constexpr std::string_view k_client = "client:";
  if (!address.starts_with(k_client)) return address;
  const auto user = calls::user_of_identity(std::string_view(address).substr(k_client.size()));
  return user ? name_of(account, *user, address) : address;
}

// --- blind ---

/// `customer`: the leg that is sent on. Where it is not the call's own, what ends there is told of by the new
/// leg alone: an action's webhook would be one about a call that is not on record.
std::string handover(Account& account, const calls::Call& call, const std::string& customer,
                     const Target& target, bool recorded) {
  const auto settings = reading(
      account, [&](db::Connection& db) { return directory::read_voice_settings(db, account.workspace.id); });
  const auto links = account.links();
  routing::Handover handover;
  handover.party = target.party;
  handover.caller_id = own_number(call);
  handover.timeout_s = static_cast<int>(settings.ring_timeout.count());
  if (customer == call.call_sid) handover.after = routing::end_link(links);
  handover.accept_prompt = settings.accept_prompt;
  // The form names the leg that is sent on, which is not on record under that where the agent called.
  if (recorded)
    handover.recording_to = routing::room_recording_link(links, routing::room_name(call.call_sid));
  handover.status = routing::leg_link(links, call.call_sid, target.party.user);
  return twiml::write(routing::handover_answer(handover, links));
}

Transferred send_on(Account& account, const calls::Call& call, const Target& target, bool write) {
  std::optional<db::Lease> lease;
  if (write) lease.emplace(lock_call(account, call, k_patience));
  const auto room = room_of(account, call);
  require_not_consulting(call, room);
  const auto sides = sides_of(account, call, room);
  const bool recorded = room ? room->recorded : is_recorded(account, call);
  const auto twiml = handover(account, call, sides.customer_sid, target, recorded);
  const auto reservation = reserve(account, call, target, write);
  const Transferred done{.to = target.address, .state = "transferred"};
  if (!write) return done;
  auto outcome = account.client.try_send(twilio::redirect_call_ask(sides.customer_sid, twiml));
  if (const auto* const failed = std::get_if<twilio::Failed>(&outcome)) {
    if (!failed->maybe_executed) give_back(account, reservation);
    record(account, call, failed->maybe_executed ? "unknown" : "refused", target.address);
    throw twilio::to_error(*failed);
  }
  // Nobody will tell which leg it became: it was placed, so it counts.
  if (reservation)
    limits::settle(account.session, account.workspace.id, *reservation, limits::CallStatus::completed);
  end_leg(account, sides.agent_sid);
  if (room) {
    auto over = *room;
    over.ended_at = account.session.clock.now();
    save(account, over);
  }
  record(account, call, done.state, target.address);
  return done;
}

// --- attended ---

void hold(Account& account, const calls::Room& room, bool on) {
  twilio::ParticipantUpdate update;
  update.hold = on;
  twilio::update_participant(account.client, room.conference_sid, room.customer_sid, update);
}

std::string add_consulted(Account& account, const calls::Call& call, calls::Room& room, const Target& target,
                          const std::optional<base::Uuid>& reservation) {
  twilio::NewParticipant asked{.from = own_number(call), .to = target.address};
  asked.label = fmt::format("{}-{}", k_consult, account.session.ids.next().short_id());
  asked.status_callback = routing::leg_link(account.links(), call.call_sid, target.party.user);
  nlohmann::json request{{"call", call.call_sid}, {"as", k_consult},    {"room", room.room},
                         {"label", asked.label},  {"from", asked.from}, {"to", asked.to}};
  if (reservation) request["reservation"] = reservation->text();
  const Ringing ringing{
      .kind = "participant.add", .key = target.address, .request = request.dump(), .sid_member = "call_sid"};
  return ring(account, ringing, twilio::add_participant_ask(room.conference_sid, asked),
              [&](const std::string& sid) {
                auto saved = room;
                saved.consult_sid = sid;
                saved.consult_to = target.address;
                calls::save_room(account.session, account.workspace.id, saved);
                if (reservation) limits::attach(account.session, account.workspace.id, *reservation, sid);
              });
}

Transferred consult(Account& account, const calls::Call& call, const Target& target, bool write) {
  const auto standing = room_of(account, call);
  require_not_consulting(call, standing);
  sides_of(account, call, standing);
  if (!write) {
    reserve(account, call, target, false);
    return {.to = target.address, .state = "consulting", .room = routing::room_name(call.call_sid)};
  }
  auto room = ensure_room(account, call, k_patience);
  const auto lease = lock_call(account, call, k_patience);
  room = room_of(account, call).value_or(room);
  require_not_consulting(call, room);  // nobody else was quicker
  const auto reservation = reserve(account, call, target, true);
  try {
    hold(account, room, true);
    add_consulted(account, call, room, target, reservation);
  } catch (const Error& error) {
    // The customer is not left with music because something went wrong.
    take_back(account, [&](Account& calm) { hold(calm, room, false); });
    if (error.errc() != Errc::unknown_outcome) give_back(account, reservation);
    throw;
  }
  record(account, call, "consulting", target.address);
  return {.to = target.address, .state = "consulting", .room = room.room};
}

/// The room of a call somebody is consulted for.
calls::Room consulting_room(Account& account, const calls::Call& call) {
  auto room = room_of(account, call);
  if (!room || room->consult_sid.empty())
    throw Error(Errc::conflict, "calls.not_consulting",
                fmt::format("nobody is consulted about call {}", call.call_sid),
                fmt::format("ringctl calls transfer {} USER --attended", call.call_sid));
  return *std::move(room);
}

/// Nothing of one that is not there any more: a run that was stopped had come so far.
void ends_room(Account& account, const calls::Room& room, const std::string& sid, bool ends) {
  if (!twilio::find_participant(account.client, room.conference_sid, sid)) return;
  twilio::ParticipantUpdate update;
  update.end_conference_on_exit = ends;
  twilio::update_participant(account.client, room.conference_sid, sid, update);
}

/// What was counted for the leg, by what became of it.
void settle_leg(Account& account, const std::string& sid) {
  const auto leg = twilio::find_call(account.client, sid);
  const auto status = leg ? limits::try_parse_call_status(leg->status) : std::nullopt;
  if (status) limits::settle(account.session, account.workspace.id, sid, *status);
}

}  // namespace

Transferred transfer(Account& account, const calls::Call& call, const TransferOptions& options) {
  require_live(call);
  const Asker asker(account, call, options.as);
  const auto target = find_target(account, options.to);
  if (!target.outside && target.party.user && target.party.user->view() == call.user_id)
    throw Error(Errc::conflict, "calls.own_call",
                fmt::format("call {} is already {}'s", call.call_sid, call.user_email), "ringctl users list");
  require_other_number(target.address, own_number(call));
  auto name = name_of(account, target);
  auto done = options.attended ? consult(account, call, target, options.write)
                               : send_on(account, call, target, options.write);
  done.name = std::move(name);
  return done;
}

Transferred complete_transfer(Account& account, const calls::Call& call, const std::string& as, bool write) {
  require_live(call);
  const Asker asker(account, call, as);
  std::optional<db::Lease> lease;
  if (write) lease.emplace(lock_call(account, call, k_patience));
  auto room = consulting_room(account, call);
  const Transferred done{.to = room.consult_to,
                         .state = "completed",
                         .room = room.room,
                         .name = name_of(account, room.consult_to)};
  if (!is_in(twilio::find_participant(account.client, room.conference_sid, room.consult_sid)))
    throw Error(Errc::conflict, "calls.not_answered", fmt::format("{} has not answered", done.name),
                fmt::format("ringctl calls transfer {} --cancel", call.call_sid));
  if (!write) return done;
  // From here on whoever was consulted has the call, and the agent may go without ending it.
  ends_room(account, room, room.consult_sid, true);
  ends_room(account, room, room.agent_sid, false);
  hold(account, room, false);
  twilio::remove_participant(account.client, room.conference_sid, room.agent_sid);
  settle_leg(account, room.consult_sid);
  room.agent_sid = room.consult_sid;
  room.consult_sid = room.consult_to = {};
  save(account, room);
  record(account, call, done.state, done.to);
  return done;
}

Transferred cancel_transfer(Account& account, const calls::Call& call, const std::string& as, bool write) {
  require_live(call);
  const Asker asker(account, call, as);
  std::optional<db::Lease> lease;
  if (write) lease.emplace(lock_call(account, call, k_patience));
  auto room = consulting_room(account, call);
  const Transferred done{.to = room.consult_to,
                         .state = "cancelled",
                         .room = room.room,
                         .name = name_of(account, room.consult_to)};
  if (!write) return done;
  // The customer first: whatever becomes of the rest, they talk to somebody again.
  hold(account, room, false);
  if (!twilio::remove_participant(account.client, room.conference_sid, room.consult_sid))
    end_leg(account, room.consult_sid);
  settle_leg(account, room.consult_sid);
  room.consult_sid = room.consult_to = {};
  save(account, room);
  record(account, call, done.state, done.to);
  return done;
}

}  // namespace ringctl::sync
