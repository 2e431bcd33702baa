// One list after the other, an item at a time. What a call is made of is read when its turn comes.

#include "report/person.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "audit/log.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "calls/callbacks.hpp"
#include "calls/calls.hpp"
#include "calls/holds.hpp"
#include "directory/contacts.hpp"
#include "directory/opt_outs.hpp"
#include "messages/messages.hpp"
#include "records/records.hpp"

namespace ringctl::report {
namespace {

/// In the order they are written in.
using Json = nlohmann::ordered_json;
using records::Kind;

constexpr int k_schema = 1;

Json text_or_null(std::string_view text) { return text.empty() ? Json() : Json(text); }
Json utc(base::Instant at) { return base::format_utc(at); }
Json utc(const std::optional<base::Instant>& at) { return at ? utc(*at) : Json(); }
Json number(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); }
/// Text that is JSON, as what it says; anything else as text.
Json parsed(std::string_view text) {
  if (text.empty()) return {};
  auto json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json(text) : json;
}

Json items_of(const std::string& list) {
  auto items = Json::array();
  if (!list.empty())
    for (const auto item : base::split(list, '|')) items.push_back(item);
  return items;
}

/// The fields of a row as its noun describes them.
Json json_of(const records::Noun& noun, const records::Record& record) {
  auto json = Json::object();
  for (std::size_t i = 0; i < noun.fields.size(); ++i) {
    const auto name = std::string(noun.fields[i].name);
    json[name] =
        noun.fields[i].kind == Kind::list ? items_of(record.cells[i]) : text_or_null(record.cells[i]);
  }
  for (std::size_t i = 0; i < record.extras.size(); ++i)
    json[std::string(noun.extras[i].name)] = text_or_null(record.extras[i]);
  json["created_at"] = utc(record.created_at);
  json["updated_at"] = utc(record.updated_at);
  json["id"] = record.id.view();
  return json;
}

Json json_of(const calls::Attempt& attempt) {
  return {{"leg_sid", attempt.leg_sid},
          {"party", text_or_null(attempt.party)},
          {"user", text_or_null(attempt.user_email)},
          {"status", attempt.status},
          {"started_at", utc(attempt.started_at)},
          {"ringing_at", utc(attempt.ringing_at)},
          {"answered_at", utc(attempt.answered_at)},
          {"ended_at", utc(attempt.ended_at)}};
}

Json json_of(const calls::Recording& recording) {
  return {{"recording_sid", recording.recording_sid},
          {"kind", recording.kind},
          {"status", recording.status},
          {"url", text_or_null(recording.url)},
          {"duration_s", number(recording.duration_s)},
          {"channels", number(recording.channels)}};
}

Json json_of(const calls::KeptEvent& event) {
  return {{"call_sid", event.call_sid},
          {"kind", event.kind},
          {"status", text_or_null(event.status)},
          {"received_at", utc(event.received_at)},
          {"form", parsed(event.form)}};
}

Json json_of(const messages::Media& media) {
  return {{"url", media.url}, {"content_type", text_or_null(media.content_type)}};
}

Json json_of(const messages::KeptEvent& event) {
  return {{"status", event.status},
          {"error_code", number(event.error_code)},
          {"received_at", utc(event.received_at)},
          {"form", parsed(event.form)}};
}

template <class Items>
Json list_of(const Items& items) {
  auto list = Json::array();
  for (const auto& item : items) list.push_back(json_of(item));
  return list;
}

Json json_of(const calls::Call& call) {
  return {{"call_sid", call.call_sid},
          {"direction", call.direction},
          {"status", call.status},
          {"from_number", text_or_null(call.from_number)},
          {"to_number", text_or_null(call.to_number)},
          {"number", text_or_null(call.number)},
          {"customer_name", text_or_null(call.customer_name)},
          {"user", text_or_null(call.user_email)},
          {"team", text_or_null(call.team)},
          {"started_at", utc(call.started_at)},
          {"answered_at", utc(call.answered_at)},
          {"ended_at", utc(call.ended_at)},
          {"duration_s", number(call.duration_s)},
          {"outcome", text_or_null(call.outcome)},
          {"notes", text_or_null(call.notes)},
          {"routed_by", text_or_null(call.routed_by)},
          {"rule", text_or_null(call.rule)},
          {"refusal", text_or_null(call.refusal)},
          {"plan", parsed(call.plan)},
          {"price", text_or_null(call.price)},
          {"price_unit", text_or_null(call.price_unit)},
          {"created_at", utc(call.created_at)},
          {"updated_at", utc(call.updated_at)},
          {"id", call.id.view()}};
}

Json json_of(const calls::Details& details) {
  auto json = json_of(details.call);
  json["attempts"] = list_of(details.attempts);
  json["recordings"] = list_of(details.recordings);
  json["events"] = list_of(details.events);
  return json;
}

Json json_of(const messages::Notification& one) {
  return {{"user", one.user_email},
          {"kind", one.kind},
          {"reason", one.reason},
          {"delivery", text_or_null(one.delivery)},
          {"created_at", utc(one.created_at)}};
}

Json json_of(const messages::Message& message) {
  return {{"message_sid", text_or_null(message.message_sid)},
          {"direction", message.direction},
          {"status", message.status},
          {"from_number", text_or_null(message.from_number)},
          {"to_number", text_or_null(message.to_number)},
          {"body", text_or_null(message.body)},
          {"media", list_of(message.media)},
          {"keyword", text_or_null(message.keyword)},
          {"extension", text_or_null(message.extension)},
          {"details", parsed(message.details)},
          {"user", text_or_null(message.user_email)},
          {"assigned_to", text_or_null(message.assigned_to)},
          {"segments", message.segments},
          {"error_code", number(message.error_code)},
          {"price", text_or_null(message.price)},
          {"price_unit", text_or_null(message.price_unit)},
          {"sent_at", utc(message.sent_at)},
          {"delivered_at", utc(message.delivered_at)},
          {"created_at", utc(message.created_at)},
          {"updated_at", utc(message.updated_at)},
          {"thread", message.thread.view()},
          {"id", message.id.view()}};
}

Json json_of(const calls::Callback& callback) {
  return {{"phone_number", text_or_null(callback.phone_number)},
          {"customer_name", text_or_null(callback.customer_name)},
          {"user", text_or_null(callback.user_email)},
          {"call_sid", text_or_null(callback.call_sid)},
          {"status", callback.status},
          {"due_at", utc(callback.due_at)},
          {"notes", text_or_null(callback.notes)},
          {"completed_at", utc(callback.completed_at)},
          {"created_at", utc(callback.created_at)},
          {"updated_at", utc(callback.updated_at)},
          {"id", callback.id.view()}};
}

Json json_of(const calls::Hold& hold) {
  return {{"call_sid", text_or_null(hold.call_sid)}, {"contact", text_or_null(hold.contact)},
          {"reason", text_or_null(hold.reason)},     {"held_by", hold.held_by},
          {"created_at", utc(hold.created_at)},      {"ended_by", text_or_null(hold.ended_by)},
          {"ended_at", utc(hold.ended_at)}};
}

Json json_of(const audit::Entry& entry) {
  return {{"seq", entry.seq},
          {"at", utc(entry.at)},
          {"actor", entry.actor},
          {"action", entry.action},
          {"object_type", entry.object_type},
          {"object", text_or_null(entry.object_key)},
          {"before", parsed(entry.before_image)},
          {"after", parsed(entry.after_image)}};
}

/// A document of lists, written as it grows.
class Document {
 public:
  explicit Document(const Sink& sink) : sink_(sink) { sink_(fmt::format("{{\"schema\":{}", k_schema)); }
  void value(std::string_view name, const Json& json) {
    sink_(fmt::format(",\"{}\":", name));
    write(json);
  }
  void begin(std::string_view name) {
    sink_(fmt::format(",\"{}\":[", name));
    first_ = true;
  }
  void item(const Json& json) {
    sink_(first_ ? "\n" : ",\n");
    first_ = false;
    write(json);
  }
  void end() { sink_("]"); }
  void finish() { sink_("}\n"); }

 private:
  /// What is no UTF-8 becomes U+FFFD.
  void write(const Json& json) { sink_(json.dump(-1, ' ', false, Json::error_handler_t::replace)); }
  const Sink& sink_;
  bool first_ = true;
};

/// One person's, as it is collected.
class Person {
 public:
  Person(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact, const Sink& sink)
      : db_(db),
        workspace_(workspace),
        contact_(contact),
        phones_(directory::phones_ever_of(db, workspace, contact)),
        phone_list_(phones_.begin(), phones_.end()),
        phone_array_(nlohmann::json(phones_).dump()),
        addresses_(directory::messaging_addresses(phones_)),
        document_(sink) {}

  PersonCounts write(const records::Record& contact) {
    write_contact(contact);
    write_assignments();
    write_opt_outs();
    write_stops();
    write_calls();
    write_messages();
    write_callbacks();
    write_reservations();
    write_consultations();
    write_requests();
    write_holds();
    write_imports();
    write_audit();
    document_.finish();
    return counts_;
  }

 private:
  void write_contact(const records::Record& contact) {
    auto json = json_of(directory::contacts_noun(), contact);
    json["phones_ever"] = phones_;
    json["made_by"] = maker_of(contact);
    document_.value("contact", json);
  }
  /// The import the contact came with; null for one that was added by hand, or whose job is gone.
  Json maker_of(const records::Record& contact) {
    if (contact.job_id.empty()) return {};
    auto rows = db_.query(
        "SELECT kind, input_name, actor, created_at, id FROM jobs WHERE workspace_id = $1 AND id = $2",
        {workspace_, base::Uuid::parse(contact.job_id)});
    if (!rows.next()) return {};
    return {{"job", rows.text(0)},
            {"file", text_or_null(rows.text(1))},
            {"actor", rows.text(2)},
            {"at", utc(rows.instant(3))},
            {"id", rows.text(4)}};
  }

  void write_assignments() {
    document_.begin("assignments");
    auto rows = db_.query(
        "SELECT u.email, a.status, a.created_at, a.updated_at FROM contact_assignments a JOIN users u ON u.id = a.user_id "
        "WHERE a.workspace_id = $1 AND a.contact_id = $2 ORDER BY a.created_at, u.email",
        {workspace_, contact_});
    while (rows.next())
      document_.item({{"user", rows.text(0)},
                      {"status", rows.text(1)},
                      {"created_at", utc(rows.instant(2))},
                      {"updated_at", utc(rows.instant(3))}});
    document_.end();
  }

  void write_opt_outs() {
    document_.begin("opt_outs");
    const auto& noun = directory::opt_outs_noun();
    for (const auto& phone : phones_) {
      const auto found = records::read_by_key(db_, workspace_, noun, {&phone, 1}, false);
      if (!found) continue;
      ++counts_.opt_outs;
      document_.item(json_of(noun, *found));
    }
    document_.end();
  }

  /// To which of ours they said STOP, and no START since; also where nothing is on the list.
  void write_stops() {
    document_.begin("stops");
    auto rows =
        db_.query(fmt::format("SELECT phone_number, ours, message_sid, stopped_at FROM message_stops "
                              "WHERE workspace_id = $1 AND {} ORDER BY stopped_at, phone_number, ours",
                              db_.among("phone_number", "$2")),
                  {workspace_, phone_array_});
    while (rows.next())
      document_.item({{"phone_number", rows.text(0)},
                      {"said_to", rows.text(1)},
                      {"message_sid", text_or_null(rows.text(2))},
                      {"stopped_at", utc(rows.instant(3))}});
    document_.end();
  }

  void write_calls() {
    document_.begin("calls");
    calls::for_each_of_person(db_, workspace_, contact_, phone_list_,
                              [&](const base::Uuid& id, std::string_view call_sid) {
                                objects_.push_back(id.text());
                                sids_.emplace(call_sid);
                                write_call(calls::get_details(db_, workspace_, id.view()));
                              });
    document_.end();
  }
  void write_call(const calls::Details& details) {
    ++counts_.calls;
    counts_.attempts += std::ssize(details.attempts);
    counts_.events += std::ssize(details.events);
    counts_.recordings += std::ssize(details.recordings);
    document_.item(json_of(details));
  }

  void write_messages() {
    document_.begin("messages");
    std::set<std::string, std::less<>> threads;
    messages::for_each_of_person(db_, workspace_, contact_, {addresses_.begin(), addresses_.end()},
                                 [&](const messages::Message& message) {
                                   threads.emplace(message.thread.view());
                                   write_message(message);
                                 });
    objects_.insert(objects_.end(), threads.begin(), threads.end());
    document_.end();
  }
  void write_message(const messages::Message& message) {
    auto json = json_of(message);
    auto told = Json::array();
    messages::for_each_notification(db_, workspace_, {.message = message.id}, 0,
                                    [&](const messages::Notification& one) { told.push_back(json_of(one)); });
    json["notifications"] = std::move(told);
    json["events"] = list_of(messages::events_of(db_, workspace_, message));
    ++counts_.messages;
    objects_.push_back(message.id.text());
    document_.item(json);
  }

  void write_callbacks() {
    document_.begin("callbacks");
    calls::for_each_callback_of_person(db_, workspace_, contact_, phone_list_,
                                       [&](const calls::Callback& one) {
                                         ++counts_.callbacks;
                                         objects_.push_back(one.id.text());
                                         document_.item(json_of(one));
                                       });
    document_.end();
  }

  /// What a limit was asked for.
  void write_reservations() {
    document_.begin("reservations");
    auto rows = db_.query(
        fmt::format("SELECT u.email, r.to_number, r.call_sid, r.state, r.reserved_at FROM reservations r "
                    "JOIN agent_phone_numbers a ON a.id = r.assignment_id JOIN users u "
                    "ON u.id = a.agent_id WHERE r.workspace_id = $1 AND {} ORDER BY r.reserved_at, r.id",
                    db_.among("r.to_number", "$2")),
        {workspace_, phone_array_});
    while (rows.next())
      document_.item({{"user", rows.text(0)},
                      {"to_number", rows.text(1)},
                      {"call_sid", text_or_null(rows.text(2))},
                      {"state", rows.text(3)},
                      {"reserved_at", utc(rows.instant(4))}});
    document_.end();
  }

  /// Calls in which one of ours asked the person about somebody else's.
  void write_consultations() {
    document_.begin("consultations");
    auto rows = db_.query(
        fmt::format(
            "SELECT c.call_sid, r.consult_to, r.created_at, r.ended_at FROM call_rooms r "
            "JOIN calls c ON c.id = r.call_id WHERE r.workspace_id = $1 AND {} ORDER BY r.created_at, r.id",
            db_.among("r.consult_to", "$2")),
        {workspace_, phone_array_});
    while (rows.next())
      document_.item({{"call_sid", rows.text(0)},
                      {"consult_to", rows.text(1)},
                      {"created_at", utc(rows.instant(2))},
                      {"ended_at", utc(rows.maybe_instant(3))}});
    document_.end();
  }

  /// What Twilio was asked to do.
  void write_requests() {
    document_.begin("requests");
    for (const auto& id : directory::effects_about(db_, workspace_, phones_)) {
      auto rows = db_.query(
          "SELECT kind, effect_key, request, state, sid, code, message, actor, created_at FROM twilio_effects "
          "WHERE workspace_id = $1 AND id = $2",
          {workspace_, id});
      if (!rows.next()) continue;
      document_.item({{"kind", rows.text(0)},
                      {"key", rows.text(1)},
                      {"request", parsed(rows.text(2))},
                      {"state", rows.text(3)},
                      {"sid", text_or_null(rows.text(4))},
                      {"code", text_or_null(rows.text(5))},
                      {"message", text_or_null(rows.text(6))},
                      {"actor", rows.text(7)},
                      {"created_at", utc(rows.instant(8))}});
    }
    document_.end();
  }

  void write_holds() {
    document_.begin("holds");
    calls::for_each_hold(db_, workspace_, true, [&](const calls::Hold& hold) {
      if (hold.contact_id == contact_.view() || sids_.contains(hold.call_sid)) document_.item(json_of(hold));
    });
    document_.end();
  }

  /// What imports and handovers remember, refused rows included.
  void write_imports() {
    document_.begin("imports");
    auto rows = db_.query(
        fmt::format(
            "SELECT j.kind, j.created_at, r.line, r.row_key, r.verdict, r.message, r.before_image, j.input_name "
            "FROM job_rows r "
            "JOIN jobs j ON j.id = r.job_id WHERE r.workspace_id = $1 AND "
            "j.kind IN ('contacts.import', 'contacts.handover') AND (r.object_id = $2 OR {}) "
            "ORDER BY j.created_at, r.line, r.row_key",
            db_.among("r.row_key", "$3")),
        {workspace_, contact_, phone_array_});
    while (rows.next())
      document_.item({{"job", rows.text(0)},
                      {"file", text_or_null(rows.text(7))},
                      {"at", utc(rows.instant(1))},
                      {"line", rows.integer(2)},
                      {"key", rows.text(3)},
                      {"verdict", rows.text(4)},
                      {"message", text_or_null(rows.text(5))},
                      {"before", parsed(rows.text(6))}});
    document_.end();
  }

  void write_audit() {
    document_.begin("audit");
    objects_.push_back(contact_.text());
    audit::for_each_about(db_, workspace_, R"(["call","callback","contact","message","message_thread"])",
                          nlohmann::json(objects_).dump(), [&](const audit::Entry& entry) {
                            ++counts_.audit_rows;
                            document_.item(json_of(entry));
                          });
    document_.end();
  }

  db::Connection& db_;
  const base::Uuid& workspace_;
  const base::Uuid& contact_;
  const std::set<std::string> phones_;
  const std::vector<std::string_view> phone_list_;
  const std::string phone_array_;
  const std::vector<std::string> addresses_;  ///< what its messages stand under
  /// Ids of its calls, callbacks, messages and conversations, for what was done to them.
  std::vector<std::string> objects_;
  std::set<std::string, std::less<>> sids_;  ///< of its calls
  Document document_;
  PersonCounts counts_;
};

}  // namespace

PersonCounts write_person(db::Connection& db, const base::Uuid& workspace, const base::Uuid& contact,
                          const Sink& sink) {
  const auto record = records::read_by_id(db, workspace, directory::contacts_noun(), contact, false);
  if (!record)
    throw Error(Errc::not_found, "contacts.unknown", fmt::format("there is no contact {}", contact.view()),
                "ringctl contacts list");
  return Person(db, workspace, contact, sink).write(*record);
}

}  // namespace ringctl::report
