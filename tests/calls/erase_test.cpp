// What of a person leaves the call log when their contact is erased, and what stays.

#include "calls/callbacks.hpp"
#include "calls/calls.hpp"
#include "calls/person.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using test::holds;
using test::Person;

TEST_CASE("erasing a contact takes the person out of the call log", "[calls]") {
  Person f(GENERATE(from_range(test::engines())));
  f.apply({f.known(1), f.leg(1, 1, "no-answer", 1, 20), f.status(1, "completed", 0, 30, 30)});
  // One that came before anybody knew who it was.
  f.apply({f.inbound(2), f.status(2, "completed", 0, 30, 30)});
  calls::note(f.session(), f.workspace, test::call_sid(1), "Lin Park wants solar", false);
  calls::change_callback(f.session(), f.workspace, test::call_sid(1), "callbacks.update",
                         {.notes = "ask for Lin Park"});
  REQUIRE(holds(f.log(), test::k_caller));
  REQUIRE(holds(f.log(), "Lin Park"));
  f.erase();
  CHECK_FALSE(holds(f.log(), test::k_caller));
  CHECK_FALSE(holds(f.log(), "Lin Park"));
  CHECK(
      f.rows(
          "SELECT call_sid, direction, status, duration_s FROM calls WHERE workspace_id = $1 ORDER BY call_sid") ==
      test::call_sid(1) + "|inbound|missed|30\n" + test::call_sid(2) + "|inbound|missed|30\n");
  CHECK(f.integer("SELECT count(*) FROM callbacks WHERE workspace_id = $1", {f.workspace}) == 2);
}

TEST_CASE("what was on its way when a contact was erased does not bring the person back", "[calls]") {
  Person f(GENERATE(from_range(test::engines())));
  f.apply({f.known(1)});
  f.erase();
  f.apply({f.leg(1, 1, "ringing", 1, 2), f.status(1, "completed", 0, 30, 30), f.known(3, 40),
           f.status(3, "completed", 0, 60, 20)});
  CHECK_FALSE(holds(f.log(), test::k_caller));
  CHECK_FALSE(holds(f.log(), "Lin Park"));
  CHECK(f.rows("SELECT status FROM calls WHERE workspace_id = $1") == "missed\nmissed\n");
}

TEST_CASE("an event that changes nothing brings nothing of an erased person back, nor does a recording",
          "[calls]") {
  Person f(GENERATE(from_range(test::engines())));
  f.apply({f.known(1), f.leg(1, 1, "completed", 3, 20, 15), f.status(1, "completed", 0, 30, 30)});
  f.erase();
  const auto sid = test::recording_sid(1);
  const auto wait =
      f.event(calls::Kind::wait,
              {{"CallSid", test::call_sid(1)}, {"CallStatus", "ringing"}, {"From", test::k_caller}}, 3);
  f.apply({wait});
  f.apply({f.leg(1, 1, "ringing", 1, 2)});
  f.apply({f.event(calls::Kind::recording,
                   {{"CallSid", test::leg_sid(1)},
                    {"RecordingSid", sid},
                    {"RecordingUrl", "https://api.example.com/Recordings/" + sid},
                    {"Caller", test::k_caller}},
                   45)});
  CHECK_FALSE(holds(f.log(), test::k_caller));
  CHECK_FALSE(holds(f.log(), "api.example.com"));
  CHECK(f.rows("SELECT recording_sid FROM recordings WHERE workspace_id = $1") == sid + "\n");
}

TEST_CASE("the number of somebody we called leaves the log as well", "[calls]") {
  Person f(GENERATE(from_range(test::engines())));
  auto call = f.outbound(1);
  call.decision->contact = f.contact;
  call.decision->to_number = test::k_caller;
  auto leg = f.called(1, 1, "busy", 1, 5);
  leg.party = test::k_caller;
  f.apply({call, leg});
  f.erase();
  CHECK_FALSE(holds(f.log(), test::k_caller));
  CHECK(f.rows("SELECT from_number, to_number FROM calls WHERE workspace_id = $1") == test::k_from + "|\n");
}
