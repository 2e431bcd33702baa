#include "calls/holds.hpp"

#include <algorithm>

#include "audit/log.hpp"
#include "calls/calls.hpp"
#include "calls/person.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using test::call_sid;
using test::holds;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

struct Court : test::Person {
  explicit Court(db::Engine engine) : Person(engine) {
    apply({known(1), status(1, "completed", 0, 30, 30)});
    call.call = read([&] { return calls::get(db(), workspace, call_sid(1)).id; });
    lin.contact = contact;
  }
  calls::HoldEdit hold(const calls::HoldTarget& target, const std::string& reason = "Case 2026-17",
                       bool write = true) {
    return calls::hold(session(), workspace, target, reason, write);
  }
  calls::HoldEdit unhold(const calls::HoldTarget& target) {
    return calls::unhold(session(), workspace, target);
  }
  /// "SID or contact: reason [ended by]" a line, newest first.
  std::string list(bool ended_too = false) {
    return read([&] {
      std::string all;
      calls::for_each_hold(db(), workspace, ended_too, [&](const calls::Hold& one) {
        all += (one.call_sid.empty() ? one.contact : one.call_sid) + ": " + one.reason;
        all += (one.ended_at ? " [" + one.ended_by + "]" : "") + "\n";
      });
      return all;
    });
  }
  calls::HoldTarget call, lin;
};

}  // namespace

TEST_CASE("a hold is made once, ended once, and stays on record", "[calls]") {
  Court f(any_engine());
  const auto made = f.hold(f.call);
  CHECK(made.changed);
  CHECK(made.hold.call_sid == call_sid(1));
  CHECK(made.hold.held_by == "os:alice");
  CHECK_FALSE(f.hold(f.call).changed);
  CHECK(f.list() == call_sid(1) + ": Case 2026-17\n");
  f.clock.advance(std::chrono::seconds(1));
  CHECK(f.hold(f.lin, "Case 2026-18").changed);
  CHECK(f.list() == test::k_caller + ": Case 2026-18\n" + call_sid(1) + ": Case 2026-17\n");
  const auto ended = f.unhold(f.call);
  CHECK(ended.changed);
  CHECK(ended.hold.ended_at == f.clock.now());
  CHECK_FALSE(f.unhold(f.call).changed);
  CHECK(f.list() == test::k_caller + ": Case 2026-18\n");
  f.clock.advance(std::chrono::seconds(1));
  CHECK(f.hold(f.call, "again").changed);
  CHECK(f.list(true) == call_sid(1) + ": again\n" + test::k_caller + ": Case 2026-18\n" + call_sid(1) +
                            ": Case 2026-17 [os:alice]\n");
  CHECK(f.rows("SELECT action, object_type FROM audit_log WHERE workspace_id = $1 AND action IN "
               "('calls.hold', 'calls.unhold') ORDER BY seq") ==
        "calls.hold|call\ncalls.hold|contact\ncalls.unhold|call\ncalls.hold|call\n");
}

TEST_CASE("what is held for one reason is not held for another that is stored nowhere", "[calls]") {
  Court f(any_engine());
  const bool of_contact = GENERATE(false, true);
  const auto target = of_contact ? f.lin : f.call;
  const auto key = of_contact ? test::k_caller : call_sid(1);
  const auto words = (of_contact ? "--contact " : "") + key;
  f.hold(target, "Case A");
  for (const bool write : {false, true}) {
    try {
      f.hold(target, "Ann's case", write);
      FAIL("held for two reasons");
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::conflict);
      CHECK(error.slug() == "holds.other_reason");
      CHECK(error.message() == key + " is held already, for another reason: \"Case A\"");
      CHECK(error.details() == std::vector<std::string>{"end that hold: ringctl calls unhold " + words});
      CHECK(error.hint() ==
            "then hold it for both: ringctl calls hold " + words + R"( --reason 'Case A; Ann'\''s case')");
    }
  }
  CHECK(f.list(true) == key + ": Case A\n");
}

TEST_CASE("a dry run holds nothing", "[calls]") {
  Court f(any_engine());
  CHECK(f.hold(f.call, "Case 2026-17", false).changed);
  CHECK(f.list(true).empty());
}

TEST_CASE("a hold has a reason that can be read", "[calls]") {
  Court f(any_engine());
  for (const auto& reason : {std::string(), std::string(" \t"), std::string("\xff"), std::string("a\0b", 3),
                             std::string(1001, 'x')})
    CHECK(test::slug_of([&] { f.hold(f.call, reason); }) == "holds.bad_reason");
  CHECK(f.hold(f.call, std::string(1000, 'x')).changed);
}

TEST_CASE("what a hold keeps is found, with what keeps it", "[calls]") {
  Court f(any_engine());
  auto strange = f.inbound(3);
  strange.parameters[1].second = "+12025550177";
  f.apply({f.inbound(2), f.status(2, "completed", 0, 30, 30), strange});
  const auto held = [&] {
    return f.read([&] {
      std::string all;
      calls::for_each(f.db(), f.workspace, {.held = true}, {.descending = false}, 0,
                      [&](const calls::Call& call) {
                        all += call.call_sid.back();
                        for (const auto& hold : calls::holds_on(f.db(), f.workspace, call.id))
                          all += " " + hold.reason + (hold.contact.empty() ? "" : " " + hold.contact);
                        all += "\n";
                      });
      CHECK(calls::count(f.db(), f.workspace, {.held = true}) == std::count(all.begin(), all.end(), '\n'));
      return all;
    });
  };
  CHECK(held().empty());
  f.hold(f.call, "A");
  CHECK(held() == "1 A\n");
  f.clock.advance(std::chrono::seconds(1));
  f.hold(f.lin, "B");
  const auto lin = " B " + test::k_caller + "\n";
  CHECK(held() == "1 A" + lin + "2" + lin);
  f.unhold(f.call);
  CHECK(held() == "1" + lin + "2" + lin);
  f.unhold(f.lin);
  CHECK(held().empty());
}

TEST_CASE("what is not there, or was never held, has no hold to end", "[calls]") {
  Court f(any_engine());
  CHECK(test::slug_of([&] { f.unhold(f.call); }) == "holds.unknown");
  CHECK(test::slug_of([&] { f.hold({.call = f.alice.ids.next()}); }) == "calls.unknown");
  CHECK(test::slug_of([&] { f.hold({.contact = f.alice.ids.next()}); }) == "contacts.unknown");
  f.erase();
  CHECK(test::slug_of([&] { f.hold(f.lin); }) == "contacts.unknown");
}

TEST_CASE("nobody is erased while a hold is on the contact or on a call", "[calls]") {
  Court f(any_engine());
  const auto target = GENERATE(0, 1) == 0 ? f.call : f.lin;
  f.hold(target, "about Lin Park");
  CHECK(test::slug_of([&] { f.erase(); }) == "contacts.held");
  CHECK(test::slug_of([&] { directory::erase_contact(f.session(), f.workspace, f.contact, false); }) ==
        "contacts.held");
  CHECK(holds(f.log(), "Lin Park"));
  f.unhold(target);
  f.erase();
  CHECK_FALSE(holds(f.log(), "Lin Park"));
  CHECK_FALSE(holds(f.list(true), "Lin Park"));
}

TEST_CASE("a hold on a call of which nobody knew whose it is keeps the caller from being erased", "[calls]") {
  Court f(any_engine());
  f.apply({f.inbound(2, 100), f.status(2, "completed", 0, 150, 50)});
  f.hold({.call = f.read([&] { return calls::get(f.db(), f.workspace, call_sid(2)).id; })});
  CHECK(test::slug_of([&] { f.erase(); }) == "contacts.held");
  CHECK(f.rows("SELECT contact_id FROM calls WHERE workspace_id = $1 AND contact_id IS NULL") == "\n");
}
