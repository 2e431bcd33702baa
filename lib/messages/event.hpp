#pragma once
// One webhook about a text message as it was taken. serve writes it to its journal as bytes before it answers
// (the first byte tells it from an event of a call); apply.hpp makes rows of it, at once or much later.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/uuid.hpp"
#include "messages/segments.hpp"

namespace ringctl::messages {

enum class Kind : std::uint8_t {
  inbound = 1,  ///< somebody texts us
  status,       ///< what became of a message of ours
};
std::string_view kind_name(Kind);

struct Event {
  using Parameter = std::pair<std::string, std::string>;

  Kind kind = Kind::inbound;
  /// nullopt: the database was away, and nothing in memory knew whose the number is; found when it is
  /// applied.
  std::optional<base::Uuid> workspace = {};
  bool main_account = false;  ///< AccountSid is the one serve was configured with
  std::string message_sid = {};
  std::string status = {};                 ///< of Kind::status; lower case
  std::optional<base::Uuid> message = {};  ///< that the path of a status callback names
  base::Instant received_at;
  std::vector<Parameter> parameters = {};

  /// The first parameter of that name; "" if there is none.
  std::string_view parameter(std::string_view name) const;
  friend bool operator==(const Event&, const Event&) = default;
};

/// What a form is about: MessageStatus (else SmsStatus) of anything but received or receiving is a status.
Kind kind_of(const std::vector<Event::Parameter>&);
/// MessageSid (else SmsSid, SmsMessageSid) and the status read out of it.
Event event_from(Kind, std::vector<Event::Parameter> parameters, base::Instant received_at);

/// SID and status: Twilio numbers these callbacks in no other way.
std::string event_key(const Event&);

struct Media {
  std::string url, content_type;
  friend bool operator==(const Media&, const Media&) = default;
};
/// What a form says of a message that came in. Texts as any database keeps them (base::repaired).
struct Content {
  std::string from, to, body;
  std::vector<Media> media = {};  ///< MediaUrl0 on, as far as they go without a gap; NumMedia is not believed
  std::string service_sid = {};   ///< "" = it came to the number alone
  OptWord keyword = OptWord::none;  ///< OptOutType where Twilio says it, else opt_word() of the body
  /// What the beginning of the body names: "#101 ...", "ext 101: ...", "extension 101 ..."; "" = none.
  std::string extension = {};
  std::string details = {};  ///< canonical JSON of all other parameters
};
Content content_of(const Event&);
std::string media_json(const std::vector<Media>&);  ///< "" for none
std::vector<Media> media_from(std::string_view json);
/// All parameters as canonical JSON: names in order, values as texts, several as an array.
std::string form_json(const Event&);

// --- bytes ---
/// True of what to_bytes() here wrote, and of no event of a call.
bool is_message(std::string_view bytes);
/// Throws Errc::invalid [messages.event_too_large] past 1 MiB or 2,000 parameters.
std::string to_bytes(const Event&);
/// Any bytes. Reads what every version so far wrote.
std::optional<Event> try_from_bytes(std::string_view, std::error_code&);

}  // namespace ringctl::messages
