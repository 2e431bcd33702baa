#pragma once
// Reading messages, and who was told of them. Inside the caller's read transaction on the workspace; streams.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"
#include "messages/event.hpp"

namespace ringctl::messages {

struct Message {
  base::Uuid id, thread;
  std::string message_sid;  ///< "" = Twilio has not said that it took it
  std::string account_sid, direction, status, from_number, to_number, body, keyword, extension, encoding;
  std::vector<Media> media = {};
  std::string details;                                             ///< canonical JSON; "" = none
  std::string number, contact_id, contact_name;                    ///< number: ours; "" = gone
  std::string user_id, user_email, assigned_user_id, assigned_to;  ///< who sent it; whose it was when it came
  std::int64_t segments = 1;
  std::optional<std::int64_t> error_code = {};
  std::string price, price_unit;
  std::int64_t message_seq = 0;
  std::optional<std::int64_t> changed_seq = {};
  std::optional<base::Instant> sent_at = {}, delivered_at = {};
  base::Instant created_at, updated_at;
  std::int64_t version = 1;
};

struct MessageFilter {
  std::optional<base::Instant> since = {}, until = {};  ///< created in [since, until)
  std::string direction = {}, status = {}, keyword = {};
  std::string party = {};   ///< E.164 of whoever it is with
  std::string search = {};  ///< part of the body, case-folded; looked for in what the rest leaves
  std::optional<base::Uuid> thread = {}, user = {}, number = {};
  std::optional<base::Uuid> contact = {};  ///< its messages, and those of nobody under one of its phones
};

/// Columns it can be ordered by: created_at, from_number, to_number, status, segments. At most `limit` (0 =
/// all). The message is valid during the visit only. Errc::usage [messages.bad_sort].
void for_each(db::Connection&, const base::Uuid& workspace, const MessageFilter&, std::string_view sort,
              bool descending, std::int64_t limit, const std::function<void(const Message&)>&);
std::int64_t count(db::Connection&, const base::Uuid& workspace, const MessageFilter&);
/// Past this place, each once, in the order they were kept in.
void for_each_after(db::Connection&, const base::Uuid& workspace, std::int64_t message_seq,
                    std::int64_t limit, const std::function<void(const Message&)>&);
/// That changed past this place, in the order of their last changes.
void for_each_changed(db::Connection&, const base::Uuid& workspace, std::int64_t changed_seq,
                      std::int64_t limit, const std::function<void(const Message&)>&);
/// The places given last: (message_seq, changed_seq).
std::pair<std::int64_t, std::int64_t> last_places(db::Connection&, const base::Uuid& workspace);
/// By SID, id or the last eight digits of the id. Errc::not_found [messages.unknown], Errc::conflict
/// [messages.ambiguous].
Message get(db::Connection&, const base::Uuid& workspace, std::string_view what);

struct KeptEvent {
  std::string status, form;
  std::optional<std::int64_t> error_code = {};
  base::Instant received_at;
};
struct Notification {
  base::Uuid id, message;
  std::string user_email, kind, reason, from_number, our_number, assigned_to;
  std::string
      delivery;  ///< of the message, to the workspace's own webhook: waiting, done, given_up; "" = none
  base::Instant created_at;
};
std::vector<KeptEvent> events_of(db::Connection&, const base::Uuid& workspace, const Message&);
struct NotificationFilter {
  std::optional<base::Instant> since = {}, until = {};
  std::optional<base::Uuid> user = {}, message = {};
};
/// Newest first.
void for_each_notification(db::Connection&, const base::Uuid& workspace, const NotificationFilter&,
                           std::int64_t limit, const std::function<void(const Notification&)>&);
std::int64_t count_notifications(db::Connection&, const base::Uuid& workspace, const NotificationFilter&);

/// Messages of a contact, and of nobody under one of these phones, in the order they came.
void for_each_of_person(db::Connection&, const base::Uuid& workspace, const base::Uuid& contact,
                        const std::vector<std::string_view>& phones,
                        const std::function<void(const Message&)>&);

}  // namespace ringctl::messages
