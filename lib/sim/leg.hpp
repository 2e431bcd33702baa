#pragma once
// One leg: its record, whoever holds its other end, and the script that runs its TwiML. What happens to it
// comes to the script as events, one after the other.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/behaviour.hpp"
#include "sim/bell.hpp"
#include "sim/network.hpp"
#include "sim/task.hpp"
#include "sim/web.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::sim {

class Core;

/// Where TwiML is got from: a URL with parameters of its own, or the text itself.
struct Page {
  std::string kind = "voice";
  Hook hook = {};
  std::string twiml = {};
  Parameters parameters = {};
  bool by_redirect = false;  ///< the verb sent us there
};

struct Document {
  twiml::Response response = {};
  std::string url = {};  ///< "" = it came with a REST request, and knows no relative URLs
};

/// Which verbs a document may hold.
enum class Place { call, whisper, queue_wait, conference_wait };

/// How a verb, or a whole document, ended.
struct Flow {
  enum class Kind { go_on, turn, hang_up, leave };
  Kind kind = Kind::go_on;
  Page page = {};  ///< of a turn
};

struct Event {
  enum class Kind {
    time_up,
    stop,    ///< the leg is over, was redirected, or what it waits for has come
    key,     ///< text
    speech,  ///< text, takes
    answer,  ///< of a URL: ticket, answer
    other,   ///< of the leg `sid`: "ready", "moved", or the status it ended with; "" = look again
  };
  Kind kind = Kind::time_up;
  std::string text = {}, sid = {};
  milliseconds takes{};
  std::uint64_t ticket = 0;
  WebAnswer answer = {};
};

/// Who is told of a leg's statuses.
struct Subscription {
  Hook hook = {};
  std::vector<std::string> events = {"completed"};
};

/// What the person on a leg has heard and not yet waited for.
class Hearing {
 public:
  void add(Instant at, std::string text) { heard_.push_back({at, std::move(text)}); }
  /// When its last word is said, if `text` is in something heard; all before is forgotten.
  std::optional<Instant> take(std::string_view text);

 private:
  struct Heard {
    Instant at = {};
    std::string text = {};
  };
  std::deque<Heard> heard_;
};

class Leg {
 public:
  Leg(Core&, Call);
  Leg(const Leg&) = delete;
  Leg& operator=(const Leg&) = delete;
  ~Leg();

  Core& core;
  /// Whatever becomes of the account's copy. Changed through the functions below.
  Call call;
  const std::string& sid() const { return call.sid; }
  /// The address of whoever holds the other end.
  const std::string& holder() const { return call.direction == "inbound" ? call.from : call.to; }

  // --- set once, before it starts ---
  Hook fallback = {};
  std::vector<Subscription> subscriptions = {};
  Parameters own_parameters = {};    ///< with every request for TwiML; in place of Twilio's of that name
  Parameters first_parameters = {};  ///< with the first one
  std::string dialler_sid = {};      ///< the leg whose Dial or queue this one belongs to now; "" = none
  bool runs_script = true;
  seconds time_limit{14'400};
  /// The other leg of a line whose both ends are ours: what is heard here is said there.
  std::string twin_sid = {};
  /// Our own numbers that the call has come through.
  std::vector<std::string> trail = {};

  // --- status ---
  bool over() const { return call.is_over(); }
  bool is_up() const { return call.answered_at.has_value() && !over(); }
  void set_status(const std::string& status);
  /// Ends it after `time_limit` from now, as no leg lasts for ever: not even one that is never answered.
  void limit_time();
  /// In progress from here on, if it is not yet.
  void pick_up();
  /// Nothing if it is over. May be called from within its own script, which is told to stop.
  void end(const std::string& status);
  /// By whoever holds the other end.
  void hang_up();
  void save();  ///< to the account's copy, if there still is one

  // --- what the script waits for ---
  Task<Event> next(std::optional<Instant> until = {});
  void put(Event event);
  void put_other(const std::string& sid, const std::string& text);
  /// Its document is to be left: it is over, it was redirected, or it is wanted elsewhere.
  bool stopping() const { return leaving() || interrupted_; }
  bool leaving() const { return over() || redirect_.has_value(); }
  void interrupt();
  void clear_interrupt() { interrupted_ = false; }
  void redirect(Page page);
  bool is_redirected() const { return redirect_.has_value(); }
  /// Lets time pass. False if the script is to stop.
  Task<bool> pass(milliseconds time);

  // --- scripts ---
  /// One that throws is a problem of the timeline, and the end of the leg.
  void start(Task<void> script);
  void start_person(std::vector<Doing> then);
  /// Runs documents until the leg is over.
  Task<void> run(Page page);
  /// Rings its holder until answered (true) or ended; without a time, whoever dialled it gives up.
  Task<bool> ring_holder(std::optional<Instant> until = {});
  /// Nothing where it cannot be had (the timeline says why), or the leg is to stop.
  Task<std::optional<Document>> load(const Page& page);
  Task<Flow> perform(const Document& document, Place place);
  /// What the network says where there is no TwiML, and the end of the leg.
  Task<void> apologize();
  /// Documents for as long as something is waited for; false if there was none to be had.
  Task<bool> entertain(Page page, Place place);
  void finish();
  /// Asks and runs nothing: for a leg that is over.
  void tell(const Page& page);
  WebRequest request_of(const Page& page);

  // --- the person's side ---
  void hear(std::string_view verb, const std::string& text);
  void press(char key);
  /// The network does, as soon as the leg is up, for whoever dialled.
  void dial_digits(const std::string& digits);
  /// Tones that sound on the leg are keys pressed at its other end, if that is ours. `w` is half a second,
  /// `W` a whole one.
  void sound_tones(const std::string& digits);
  void speak(const std::string& text, milliseconds takes);
  void note_deed(const std::string& deed);
  Hearing& hearing() { return hearing_; }
  Bell& ear() { return ear_; }
  bool has_somebody() const;
  void set_peer(const std::string& sid);
  const std::string& peer() const { return peer_; }

  /// Callbacks so far.
  int sequence = 0;
  std::string rest_recording = {};  ///< of POST Calls with Record
  std::string conference_sid = {};  ///< that it is in
  std::string queue_sid = {};       ///< that it waits in
  /// Taken out of its queue by `dialler_sid`, and hears this before.
  std::optional<Page> handed_over = {};

 private:
  Task<void> guard(Task<void> script);
  /// The same where the holder is one of our numbers, which is called and runs TwiML of its own.
  Task<bool> ring_number(std::optional<Instant> until);
  void end_twin(const std::string& status);
  /// For whoever else is on the line, as `verb`.
  void utter(std::string_view verb, const std::string& text, milliseconds takes);
  Task<WebAnswer> ask(const Page& page);
  /// Nothing, and its code in `error`, if it is no TwiML.
  std::optional<Document> read(const std::string& xml, const std::string& url, int& error);

  std::deque<Event> events_;
  Bell bell_;
  Bell ear_;
  Hearing hearing_;
  std::string peer_;
  std::optional<Page> redirect_ = {};
  bool interrupted_ = false;
  bool passes_on_ = false;
  /// Said from a twin at this instant, in which the line is connected step by step.
  struct Unheard {
    Instant at = {};
    std::string verb = {}, text = {};
  };
  std::vector<Unheard> unheard_ = {};
  std::uint64_t ticket_ = 0;
  int fetches_ = 0, redirects_ = 0;  ///< since time went by; by Redirect, and nothing else between them
  std::optional<Agenda::Entry> limit_ = {};
  // Last, so that they go first: they hold on to what is above.
  Script person_ = {};
  Script script_ = {};
};

}  // namespace ringctl::sim
