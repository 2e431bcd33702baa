#include "limits/reserved.hpp"

#include "limits/office.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using test::Office;

TEST_CASE("a reservation tells who calls whom from which number, and what came of it", "[limits]") {
  Office f(GENERATE(from_range(test::engines())));
  f.ann();
  const auto id = f.reserve().reservation.value();
  const auto find = [&] { return f.read([&] { return limits::find_reserved(f.db(), f.workspace, id); }); };
  auto reserved = find();
  REQUIRE(reserved);
  CHECK(reserved->id == id);
  CHECK(reserved->email == test::k_ann);
  CHECK(reserved->from_number == test::k_from);
  CHECK(reserved->to_number == test::k_to);
  CHECK(reserved->call_sid.empty());
  CHECK(reserved->state == limits::State::open);
  limits::attach(f.session(), f.workspace, id, test::call_sid(1));
  limits::settle(f.session(), f.workspace, test::call_sid(1), limits::CallStatus::completed);
  reserved = find();
  REQUIRE(reserved);
  CHECK(reserved->call_sid == test::call_sid(1));
  CHECK(reserved->state == limits::State::counted);
}

TEST_CASE("a reservation of another workspace is none", "[limits]") {
  Office f(GENERATE(from_range(test::engines())));
  f.ann();
  const auto id = f.reserve().reservation.value();
  const auto other = f.database.add_workspace("other");
  db::Transaction transaction(f.db(), db::Scope::of(other), db::Access::read);
  CHECK_FALSE(limits::find_reserved(f.db(), other, id));
  CHECK_FALSE(limits::find_reserved(f.db(), other, f.alice.ids.next()));
}
