// All that is kept of a person is in the document: what erasing scrubs says what that is.

#include "report/person.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "base/file.hpp"
#include "calls/callbacks.hpp"
#include "calls/calls.hpp"
#include "calls/holds.hpp"
#include "messages/shelf.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using test::call_sid;

namespace {

/// Lin, who called twice, was called once, and is everywhere.
struct Lin : test::Shelf {
  explicit Lin(db::Engine engine) : Shelf(engine) {
    apply({known(1), leg(1, 1, "completed", 3, 65, 60), status(1, "completed", 0, 66, 66),
           event(calls::Kind::recording,
                 {{"CallSid", call_sid(1)},
                  {"RecordingSid", test::recording_sid(1)},
                  {"RecordingUrl", "https://api.example.com/Recordings/1"}},
                 70)});
    // Before anybody knew whose the phone is.
    apply({inbound(2, 100), status(2, "completed", 0, 150, 50)});
    auto call = outbound(3, 200);
    call.decision->contact = contact;
    call.decision->to_number = test::k_caller;
    auto dialled = called(3, 3, "busy", 1, 205);
    dialled.party = test::k_caller;
    apply({call, dialled, own_status(3, "completed", 1, 210, 10)});
    // Somebody else's.
    auto other = inbound(4, 300);
    for (auto& [name, value] : other.parameters)
      if (name == "From") value = test::k_to;
    other.decision->customer_name = "Moe Reyes";
    apply({other});
    tell(put({.n = 1, .body = "about the roof", .contact = contact, .assigned = ann_id}));
    put({.n = 2, .direction = "outbound", .status = "sent", .user = ann_id, .seconds = 60});
    hear(2, "sent");
    put({.n = 3, .party = "whatsapp:" + test::k_caller, .body = "on WhatsApp", .seconds = 120});
    put({.n = 4, .party = test::k_stranger, .body = "somebody else's"});
    note_in_log("messages.claim", "message_thread", thread_of(test::k_caller), "claimed");
    calls::note(session(), workspace, call_sid(1), "wants solar", false);
    calls::hold(session(), workspace, {.contact = contact}, "Case 2026-17");
    remember();
  }
  void remember() {
    const auto now = clock.now();
    exec(
        "INSERT INTO contact_assignments (contact_id, user_id, workspace_id, status, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'active', $4, $4)",
        {contact, ann_id, workspace, now});
    exec(
        "INSERT INTO opt_outs (id, workspace_id, phone_number, channel, source, created_at, updated_at) "
        "VALUES ($1, $2, $3, 'sms', 'by letter', $4, $4)",
        {alice.ids.next(), workspace, test::k_caller, now});
    exec(
        "INSERT INTO message_stops (workspace_id, phone_number, ours, message_sid, stopped_at) VALUES ($1, $2, "
        "'+12025550188', '', $3)",
        {workspace, test::k_caller, now});
    exec(
        "INSERT INTO reservations (id, workspace_id, assignment_id, day, to_number, state, reserved_at) "
        "VALUES ($1, $2, $3, '2026-03-08', $4, 'counted', $5)",
        {alice.ids.next(), workspace, assign(ann_id, number_id), test::k_caller, now});
    const auto job = alice.ids.next();
    exec(
        "INSERT INTO jobs (id, workspace_id, kind, state, actor, input_name, options, counts, created_at, updated_at) "
        "VALUES ($1, $2, 'contacts.import', 'finished', 'os:alice', 'contacts.csv', '{}', '{}', $3, $3)",
        {job, workspace, now});
    exec(
        "INSERT INTO job_rows (job_id, workspace_id, line, row_key, verdict, object_id) VALUES ($1, $2, 7, $3, 'update', $4)",
        {job, workspace, test::k_caller, contact});
    exec("UPDATE contacts SET job_id = $2 WHERE id = $1", {contact, job});
    exec(
        "INSERT INTO call_rooms (id, workspace_id, call_id, parent_sid, room, consult_to, recorded, created_at, updated_at) "
        "SELECT $1, workspace_id, id, call_sid, 'room-4', $3, FALSE, $4, $4 FROM calls WHERE call_sid = $2",
        {alice.ids.next(), call_sid(4), test::k_caller, now});
    exec(
        "INSERT INTO twilio_effects (id, workspace_id, line, kind, effect_key, account_sid, request, state, actor, created_at, "
        "updated_at) VALUES ($1, $2, 1, 'call.start', $3, 'AC0123456789abcdef0123456789abcdef', '{}', 'done', "
        "'os:alice', $4, $4)",
        {alice.ids.next(), workspace, test::k_caller, now});
  }
  std::string text() {
    return read([&] {
      std::string all;
      counts = report::write_person(db(), workspace, contact, [&](std::string_view part) { all += part; });
      return all;
    });
  }
  nlohmann::json document() { return nlohmann::json::parse(text()); }
  report::PersonCounts counts;
};

/// Tables that lib/directory/contact_erasure.cpp changes or empties.
std::set<std::string> erased_tables() {
  const auto source = base::read_file(RINGCTL_SOURCE_DIR "/lib/directory/contact_erasure.cpp");
  const std::regex statement("(?:UPDATE (\\w+) SET|DELETE FROM (\\w+) WHERE)");
  std::set<std::string> tables;
  for (std::sregex_iterator at(source.begin(), source.end(), statement), end; at != end; ++at)
    tables.insert((*at)[1].matched ? (*at)[1].str() : (*at)[2].str());
  return tables;
}

/// Where each of them is in the document, and what the fixture put there.
const std::map<std::string, std::pair<std::string, std::string>>& places() {
  static const std::map<std::string, std::pair<std::string, std::string>> k_places{
      {"contacts", {"/contact", "Lin Park"}},
      {"contact_phones", {"/contact/phones_ever", test::k_caller}},
      {"contact_assignments", {"/assignments", test::k_ann}},
      {"calls", {"/calls", "wants solar"}},
      {"call_attempts", {"/calls/2/attempts", test::k_caller}},
      {"call_events", {"/calls/0/events", test::k_caller}},
      {"recordings", {"/calls/0/recordings", "https://api.example.com/Recordings/1"}},
      {"messages", {"/messages", "about the roof"}},
      {"message_threads", {"/messages/0/from_number", test::k_caller}},
      {"message_events", {"/messages/1/events", test::k_caller}},
      {"message_deliveries", {"/messages/0/notifications", "waiting"}},
      {"callbacks", {"/callbacks", test::k_caller}},
      {"reservations", {"/reservations", test::k_caller}},
      {"call_rooms", {"/consultations", test::k_caller}},
      {"twilio_effects", {"/requests", test::k_caller}},
      {"legal_holds", {"/holds", "Case 2026-17"}},
      {"job_rows", {"/imports", test::k_caller}},
      {"audit_images", {"/audit", "wants solar"}},
  };
  return k_places;
}

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

}  // namespace

TEST_CASE("every table that erasing scrubs is in the document, with what it holds of the person",
          "[report]") {
  Lin f(any_engine());
  const auto document = f.document();
  INFO(document.dump(1));
  const auto tables = erased_tables();
  CHECK(tables.size() >= 18);
  for (const auto& table : tables) {
    INFO(table);
    REQUIRE(places().contains(table));
    const auto& [where, what] = places().at(table);
    CHECK(test::holds(document.at(nlohmann::json::json_pointer(where)).dump(), what));
  }
  CHECK(document.at("schema") == 1);
  CHECK(test::holds(document.at("opt_outs").dump(), "by letter"));
  REQUIRE(document.at("stops").size() == 1);
  CHECK(document.at("stops").at(0).at("said_to") == "+12025550188");
}

TEST_CASE("a person's document says which import they came with, and when", "[report]") {
  Lin f(any_engine());
  const auto document = f.document();
  const auto& maker = document.at("contact").at("made_by");
  CHECK(maker.at("job") == "contacts.import");
  CHECK(maker.at("file") == "contacts.csv");
  CHECK(maker.at("actor") == "os:alice");
  CHECK(maker.at("at").get<std::string>().starts_with("20"));
  CHECK(document.at("imports").at(0).at("file") == "contacts.csv");
  f.exec("UPDATE contacts SET job_id = NULL WHERE id = $1", {f.contact});
  CHECK(f.document().at("contact").at("made_by").is_null());
}

TEST_CASE(
    "a person's calls come in the order they began, those under the phone alone included, and nobody else's",
    "[report]") {
  Lin f(any_engine());
  const auto document = f.document();
  std::string sids;
  for (const auto& call : document.at("calls")) sids += call.at("call_sid").get<std::string>().back();
  CHECK(sids == "123");
  CHECK_FALSE(test::holds(document.dump(), "Moe Reyes"));
  const auto& first = document.at("calls").at(0);
  CHECK(first.at("user") == test::k_ann);
  CHECK(first.at("started_at") == base::format_utc(f.at(0)));
  CHECK(first.at("plan").is_object());
  CHECK(first.at("events").at(0).at("form").at("From") == test::k_caller);
  CHECK(f.counts.calls == 3);
  CHECK(f.counts.attempts == 2);
  CHECK(f.counts.recordings == 1);
  CHECK(f.counts.callbacks == std::ssize(document.at("callbacks")));
  CHECK(f.counts.audit_rows == std::ssize(document.at("audit")));
  CHECK(f.counts.opt_outs == 1);
}

TEST_CASE("a person's messages come in the order they came, those under the phone alone included",
          "[report]") {
  Lin f(any_engine());
  const auto document = f.document();
  std::string sids;
  for (const auto& message : document.at("messages"))
    sids += message.at("message_sid").get<std::string>().back();
  CHECK(sids == "123");
  CHECK_FALSE(test::holds(document.dump(), "somebody else's"));
  const auto& first = document.at("messages").at(0);
  CHECK(first.at("assigned_to") == test::k_ann);
  CHECK(first.at("media").at(0).at("content_type") == "image/png");
  CHECK(first.at("details").at("FromCity") == "PASADENA");
  CHECK(first.at("notifications").at(0).at("user") == test::k_ann);
  CHECK(first.at("notifications").at(0).at("reason") == "pool");
  CHECK(document.at("messages").at(1).at("user") == test::k_ann);
  CHECK(document.at("messages").at(1).at("events").at(0).at("form").at("To") == test::k_caller);
  CHECK(test::holds(document.at("audit").dump(), "claimed"));
  CHECK(f.counts.messages == 3);
}

TEST_CASE("of somebody who was erased nothing is left to tell", "[report]") {
  Lin f(any_engine());
  calls::unhold(f.session(), f.workspace, {.contact = f.contact});
  f.erase();
  const auto text = f.text();
  for (const auto* gone : {"Lin Park", "wants solar", "api.example.com", "Case 2026-17", "by letter",
                           "about the roof", "on WhatsApp"})
    CHECK_FALSE(test::holds(text, gone));
  CHECK_FALSE(test::holds(text, test::k_caller));
  CHECK(nlohmann::json::parse(text).at("calls").size() == 3);
  CHECK(nlohmann::json::parse(text).at("messages").size() == 3);
}

TEST_CASE("text that is no UTF-8 does not break the document", "[report]") {
  Lin f(db::Engine::sqlite);
  f.exec("UPDATE calls SET notes = CAST(x'ff41' AS TEXT) WHERE call_sid = $1", {call_sid(1)});
  CHECK(f.document().at("calls").at(0).at("notes") ==
        "\xef\xbf\xbd"
        "A");
}

TEST_CASE("a contact that is not there has no document", "[report]") {
  Lin f(any_engine());
  CHECK(test::slug_of([&] {
          f.read([&] {
            report::write_person(f.db(), f.workspace, f.alice.ids.next(),
                                 [](std::string_view) { FAIL("written"); });
            return 0;
          });
        }) == "contacts.unknown");
}
