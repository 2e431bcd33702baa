#pragma once
// What the account holds and what has happened on it, as plain values. The network makes and moves what lives
// (calls, conferences, queues, recordings, messages); the REST side makes what is kept (numbers,
// applications, trunks, services, keys) and shows all of it. Texts and numbers are Twilio's.

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"

namespace ringctl::sim {

using base::Instant;
using std::chrono::seconds;

/// A URL and how it is asked; "" = not set.
struct Hook {
  std::string url = {};
  std::string method = "POST";
};

/// IncomingPhoneNumber
struct Number {
  std::string sid = {}, phone_number = {}, friendly_name = {};
  bool voice = true, sms = true, mms = true, fax = false;
  std::string type = "local";     ///< local, mobile, tollfree, national
  std::string origin = "twilio";  ///< twilio, hosted
  Hook voice_hook = {}, voice_fallback = {}, status_callback = {};
  bool caller_id_lookup = false;
  std::string voice_receive_mode = "voice";
  std::string voice_application_sid = {};
  Hook sms_hook = {}, sms_fallback = {};
  std::string sms_application_sid = {};
  std::string trunk_sid = {}, service_sid = {};
  std::string address_sid = {}, identity_sid = {}, bundle_sid = {}, emergency_address_sid = {};
  std::string emergency_status = "Inactive";
  Instant created_at = {}, updated_at = {};
};

/// TwiML app
struct Application {
  std::string sid = {}, friendly_name = {};
  Hook voice_hook = {}, voice_fallback = {}, status_callback = {};
  bool caller_id_lookup = false;
  Hook sms_hook = {}, sms_fallback = {};
  std::string message_status_callback = {};
  Instant created_at = {}, updated_at = {};
};

/// One leg.
struct Call {
  std::string sid = {}, parent_sid = {};
  std::string from = {}, to = {}, caller_name = {}, forwarded_from = {};
  /// queued initiated ringing in-progress completed busy failed no-answer canceled
  std::string status = "queued";
  std::string direction = "inbound";  ///< inbound outbound-api outbound-dial
  std::string answered_by = {};
  std::string phone_number_sid = {};
  Instant created_at = {}, updated_at = {};
  std::optional<Instant> answered_at = {},
                         ended_at = {};  ///< REST's start_time is answered_at, or created_at
  std::chrono::milliseconds queue_time{};
  bool deleted = false;

  bool is_over() const { return ended_at.has_value(); }
  /// From answer to end; 0 while there is no answer, until `now` while it lasts.
  seconds duration(Instant now) const;
};

struct Participant {
  std::string call_sid = {}, label = {};
  bool muted = false, hold = false, coaching = false;
  std::string call_sid_to_coach = {};
  bool start_conference_on_enter = true, end_conference_on_exit = false;
  Instant joined_at = {};
};

struct Conference {
  std::string sid = {}, friendly_name = {};
  std::string status = "init";  ///< init in-progress completed
  std::string reason_ended = {};
  std::string call_sid_ending = {};
  std::vector<Participant> participants = {};  ///< that are in it, in the order of joining
  Instant created_at = {}, updated_at = {};
};

struct Queue {
  std::string sid = {}, friendly_name = {};
  int max_size = 1000;
  std::vector<std::string> members = {};  ///< call SIDs, the front first
  std::map<std::string, Instant> enqueued_at = {};
  seconds waited_in_all{};  ///< by those who left, for average_wait_time
  std::int64_t left = 0;
  Instant created_at = {}, updated_at = {};
};

struct Recording {
  std::string sid = {}, call_sid = {}, conference_sid = {};
  std::string status = "in-progress";  ///< in-progress paused stopped completed absent deleted
  std::string source = {};  ///< DialVerb Conference OutboundAPI RecordVerb StartCallRecordingAPI ...
  std::string track = "both";
  int channels = 1;
  Instant created_at = {}, updated_at = {};
  std::chrono::milliseconds length{};  ///< of what was recorded so far, pauses left out
};

struct Message {
  std::string sid = {}, from = {}, to = {}, body = {}, service_sid = {};
  std::vector<std::string> media = {};
  /// accepted scheduled queued sending sent delivered undelivered failed receiving received canceled
  std::string status = "queued";
  std::string direction = "outbound-api";  ///< inbound outbound-api outbound-call outbound-reply
  int error_code = 0;                      ///< 0 = none
  int segments = 1;
  std::string status_callback = {};
  Instant created_at = {}, updated_at = {};
  std::optional<Instant> sent_at = {}, send_at = {};
  bool deleted = false;
};

/// <Start><Stream> or <Start><Transcription> beside a call.
struct Side {
  std::string sid = {}, call_sid = {}, name = {}, url = {};
  std::string status = "in-progress";  ///< in-progress stopped
  Instant created_at = {}, updated_at = {};
};

struct OriginationUrl {
  std::string sid = {}, friendly_name = {}, sip_url = {};
  int weight = 1, priority = 1;
  bool enabled = true;
  Instant created_at = {}, updated_at = {};
};

struct Trunk {
  std::string sid = {}, friendly_name = {}, domain_name = {};
  std::string disaster_recovery_url = {}, disaster_recovery_method = "POST", transfer_mode = "disable-all",
              transfer_caller_id = "from-transferee";
  bool secure = false, cnam_lookup_enabled = false;
  std::string recording_mode = "do-not-record", recording_trim = "do-not-trim";
  std::vector<OriginationUrl> origination_urls = {};
  Instant created_at = {}, updated_at = {};
};

/// Messaging service
struct Service {
  std::string sid = {}, friendly_name = {};
  Hook inbound = {}, fallback = {};
  std::string status_callback = {};
  bool use_inbound_webhook_on_number = false, sticky_sender = true;
  // Kept for whoever asks; nothing here is converted, encoded or matched.
  bool mms_converter = true, smart_encoding = true, fallback_to_long_code = true, area_code_geomatch = true,
       synchronous_validation = false;
  std::string scan_message_content = "inherit", usecase = "undeclared";
  int validity_period = 14400;
  Instant created_at = {}, updated_at = {};
};

struct Key {
  std::string sid = {}, friendly_name = {};
  base::Secret secret = {};
  Instant created_at = {}, updated_at = {};
};

struct CallerId {
  std::string sid = {}, phone_number = {}, friendly_name = {};
  Instant created_at = {}, updated_at = {};
};

/// What is found by its telephone number too.
template <typename T>
concept HasPhoneNumber = requires(const T& thing) {
  { thing.phone_number } -> std::convertible_to<std::string_view>;
};

/// By SID, and in the order in which they were made (Twilio's lists show the newest first). Each has a
/// serial, 1 and up and never given twice, so that a reader finds its place again when what it stood at is
/// gone. SIDs stay as they are, and so do the telephone numbers of what has them.
template <typename T>
class Shelf {
 public:
  using Thing = T;
  static constexpr std::uint64_t k_end = ~std::uint64_t{0};

  Shelf() = default;
  Shelf(Shelf&&) noexcept = default;
  Shelf& operator=(Shelf&&) noexcept = default;
  Shelf(const Shelf&) = delete;  // order_ points into things_
  Shelf& operator=(const Shelf&) = delete;
  ~Shelf() = default;

  T& add(T thing) {
    const auto key = thing.sid;
    remove(key);
    auto& kept = things_.emplace(key, Kept{std::move(thing), ++last_}).first->second;
    order_.push_back({kept.serial, &kept.thing});
    if constexpr (HasPhoneNumber<T>) by_phone_.emplace(kept.thing.phone_number, order_.back());
    return kept.thing;
  }
  T* find(const std::string& sid) {
    const auto at = things_.find(sid);
    return at == things_.end() ? nullptr : &at->second.thing;
  }
  const T* find(const std::string& sid) const {
    const auto at = things_.find(sid);
    return at == things_.end() ? nullptr : &at->second.thing;
  }
  bool remove(const std::string& sid) {
    const auto at = things_.find(sid);
    if (at == things_.end()) return false;
    const auto serial = at->second.serial;
    if constexpr (HasPhoneNumber<T>) {
      auto [same, end] = by_phone_.equal_range(at->second.thing.phone_number);
      while (same != end && same->second.serial != serial) ++same;
      if (same != end) by_phone_.erase(same);
    }
    order_.erase(lower_bound(serial));
    things_.erase(at);
    return true;
  }
  std::size_t size() const { return order_.size(); }
  /// The oldest with that telephone number; null if there is none.
  T* find_by_phone(std::string_view number) const requires HasPhoneNumber<T> {
    const auto at = by_phone_.lower_bound(number);
    return at == by_phone_.end() || at->first != number ? nullptr : at->second.thing;
  }
  /// `visit(serial, thing)` of those whose telephone number begins so, in the order of their numbers.
  template <typename Visit>
  void each_of_phone(std::string_view begin, Visit&& visit) const requires HasPhoneNumber<T> {
    for (auto at = by_phone_.lower_bound(begin); at != by_phone_.end() && at->first.starts_with(begin); ++at)
      visit(at->second.serial, std::as_const(*at->second.thing));
  }
  /// `visit(thing)`, the oldest first.
  template <typename Visit>
  void each(Visit&& visit) {
    for (const auto& place : order_) visit(*place.thing);
  }
  template <typename Visit>
  void each(Visit&& visit) const {
    for (const auto& place : order_) visit(std::as_const(*place.thing));
  }
  /// `visit(serial, thing)` of those made before that serial, the newest first, until it says false.
  template <typename Visit>
  void newest(std::uint64_t before, Visit&& visit) const {
    for (auto at = lower_bound(before); at != order_.begin();)
      if (--at; !visit(at->serial, std::as_const(*at->thing))) return;
  }
  /// The same of those made after it, the oldest first.
  template <typename Visit>
  void oldest(std::uint64_t after, Visit&& visit) const {
    for (auto at = lower_bound(after == k_end ? k_end : after + 1); at != order_.end(); ++at)
      if (!visit(at->serial, std::as_const(*at->thing))) return;
  }
  /// The first in the order of making that `wanted(thing)`; null if there is none.
  template <typename Wanted>
  T* first(Wanted&& wanted) {
    for (const auto& place : order_)
      if (wanted(*place.thing)) return place.thing;
    return nullptr;
  }

 private:
  struct Kept {
    T thing;
    std::uint64_t serial = 0;
  };
  struct Place {
    std::uint64_t serial = 0;
    T* thing = nullptr;
  };
  typename std::vector<Place>::const_iterator lower_bound(std::uint64_t serial) const {
    return std::lower_bound(order_.begin(), order_.end(), serial,
                            [](const Place& place, std::uint64_t wanted) { return place.serial < wanted; });
  }

  std::map<std::string, Kept> things_;  // addresses stay
  std::vector<Place> order_;
  std::multimap<std::string, Place, std::less<>> by_phone_;  // of equal ones the oldest first
  std::uint64_t last_ = 0;
};

struct Account {
  std::string sid = {}, friendly_name = "ringctl sim", status = "active";
  base::Secret auth_token = {};
  Instant created_at = {}, updated_at = {};

  Shelf<Number> numbers = {};
  Shelf<Application> applications = {};
  Shelf<Call> calls = {};
  Shelf<Conference> conferences = {};
  Shelf<Queue> queues = {};
  Shelf<Recording> recordings = {};
  Shelf<Message> messages = {};
  Shelf<Side> streams = {}, transcriptions = {};
  Shelf<Trunk> trunks = {};
  Shelf<Service> services = {};
  Shelf<Key> keys = {};
  Shelf<CallerId> caller_ids = {};

  Number* find_number(std::string_view phone_number) const { return numbers.find_by_phone(phone_number); }
  bool has_number(std::string_view phone_number) const { return find_number(phone_number) != nullptr; }
};

}  // namespace ringctl::sim
