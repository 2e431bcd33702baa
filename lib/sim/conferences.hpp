#pragma once
// Rooms that calls meet in. Each call's own script is in its leg; here is who is in which room, and who is
// told.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/network.hpp"

namespace ringctl::sim {

class Core;
class Leg;

/// As a participant comes in. What concerns the conference counts only from the first one.
struct Join {
  std::string name = {};
  Participant as = {};
  std::optional<Hook> wait = {};  ///< none: Twilio's music; no URL: silence
  std::string beep = "true";      ///< when it comes and goes: true, false, onEnter, onExit
  int max_participants = 250;
  bool record = false;
  Hook callback = {};
  std::vector<std::string> events = {};  ///< start end join leave mute hold modify speaker announcement
  Hook recording_callback = {};
  std::vector<std::string> recording_events = {"completed"};
};

class Conferences {
 public:
  explicit Conferences(Core& core) : core_(core) {}

  /// False, and the timeline says why, if it is not let in. Whoever waits for it to begin is interrupted when
  /// it does, and whoever is put out of it.
  bool join(Leg&, const Join&);
  /// Of its own will; nothing if it is in none any more.
  void leave(Leg&, const std::string& reason);
  bool has_begun(const std::string& conference_sid) const;
  bool has_company(const std::string& conference_sid) const;
  /// The SIDs of the others in it who hear this call.
  std::vector<std::string> hearers_of(const std::string& conference_sid, const std::string& call_sid) const;
  /// By SID, or by name among those that have not ended.
  Conference* find(const std::string& sid_or_name) const;
  /// By call SID or label.
  Participant* find_participant(Conference&, const std::string& call_sid_or_label) const;

  void change(Conference&, Participant&, const ParticipantChange&);
  void kick(Conference&, const std::string& call_sid);
  /// `by`: whose going ended it; null if nobody's did.
  void end(Conference&, const std::string& reason, const Participant* by);
  void announce(Conference&, const Hook&);

 private:
  struct Room {
    Hook callback = {};
    std::vector<std::string> events = {};
    int sequence = 0;
    bool record = false;
    Hook recording_callback = {};
    std::vector<std::string> recording_events = {};
    std::map<std::string, std::string> beeps = {};  ///< by call SID
  };
  Conference& open(const Join&);
  bool lets_in(const Leg&, const Conference*, const Join&) const;
  void begin_if_due(Conference&);
  /// For all who hear, when a participant of whom it is wanted comes ("onEnter") or goes ("onExit").
  void beep(const Conference&, const std::string& call_sid, const std::string& when);
  void put_out(Conference&, const std::string& call_sid, const std::string& reason);
  void tell(const Conference&, const std::string& event, const std::string& name, Parameters more = {});
  void tell_of(const Conference&, const Participant&, const std::string& event, const std::string& name,
               Parameters more = {});
  void change_mute(Conference&, Participant&, bool muted);
  void change_hold(Conference&, Participant&, bool hold, const Hook&);
  void change_coaching(Conference&, Participant&, const ParticipantChange&);
  void play(const std::string& conference_sid, std::vector<std::string> call_sids, const Hook&,
            std::function<void(bool)> done);

  Core& core_;
  std::map<std::string, Room> rooms_;
};

}  // namespace ringctl::sim
