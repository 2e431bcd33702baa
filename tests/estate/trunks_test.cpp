#include "estate/trunks.hpp"

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/interrupting_clock.hpp"
#include "support/session.hpp"

using namespace ringctl;
using estate::TrunkChange;
using test::slug_of;

namespace {

constexpr const char* k_account = "AC0123456789abcdef0123456789abcdef";
constexpr const char* k_one = "TK0123456789abcdef0123456789abcdef";
constexpr const char* k_two = "TK1123456789abcdef0123456789abcdef";
constexpr const char* k_sip = "sip:pbx.example.com;transport=tcp";

struct Site : test::Estate {
  explicit Site(db::Engine engine) : Estate(engine), trunks(session(), workspace) {}

  static TrunkChange named(const char* name, const char* sid = nullptr) {
    TrunkChange change;
    change.name = name;
    change.account_sid = k_account;
    if (sid != nullptr) change.sid = sid;
    return change;
  }
  void number_on(const std::string& trunk_sid) {
    const auto id = alice.ids.next();
    write([&] {
      db().exec(
          "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, trunk_sid, created_at, "
          "updated_at) VALUES ($1, $2, '+12025550100', 'twilio', 'active', $3, $4, $4)",
          {id, workspace, trunk_sid, clock.now()});
    });
  }

  estate::Trunks trunks;
};

}  // namespace

TEST_CASE("the first trunk is the main one, and one that becomes it takes that over", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  CHECK(t.trunks.save(Site::named("one", k_one)));
  CHECK(t.trunks.save(Site::named("two", k_two)));
  CHECK(t.trunks.find_main()->name == "one");
  auto main = Site::named("two");
  main.is_main = true;
  CHECK(t.trunks.save(main));
  CHECK(t.trunks.find_main()->name == "two");
  CHECK_FALSE(t.trunks.get("one").is_main);
  CHECK(t.trunks.list().size() == 2);
  // Of which its own history tells.
  std::vector<std::string> actions;
  t.read([&] {
    audit::for_each(t.db(), t.workspace, {}, false, 0, [&](const audit::Entry& entry) {
      actions.push_back(std::string(entry.action) + " " + std::string(entry.object_key));
    });
    return true;
  });
  CHECK(actions == std::vector<std::string>{"trunks.add one", "trunks.add two", "trunks.update one",
                                            "trunks.update two"});
  auto unset = Site::named("two");
  unset.is_main = false;
  CHECK(slug_of([&] { t.trunks.save(unset); }) == "trunks.invalid");
}

TEST_CASE("a trunk is found by name and by SID, and the same again changes nothing", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  auto change = Site::named("one", k_one);
  change.origination_url = k_sip;
  CHECK(t.trunks.save(change));
  CHECK_FALSE(t.trunks.save(change));
  CHECK(t.trunks.get(k_one).origination_url == k_sip);
  CHECK(t.trunks.get("one").version == 1);
  CHECK(slug_of([&] { t.trunks.get("two"); }) == "trunks.unknown");
  TrunkChange clear;
  clear.name = k_one;
  clear.origination_url = "";
  CHECK(t.trunks.save(clear));
  CHECK(t.trunks.get("one").origination_url.empty());
  CHECK(t.trunks.get("one").version == 2);
}

TEST_CASE("a name, a SID and an address of a trunk are checked", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  const auto slug = [&](const TrunkChange& change) { return slug_of([&] { t.trunks.save(change); }); };
  CHECK(slug(Site::named("")) == "trunks.invalid");
  CHECK(slug(Site::named(k_one)) == "trunks.invalid");
  CHECK(slug(Site::named(" one")) == "trunks.invalid");
  CHECK(slug(Site::named("one\n")) == "trunks.invalid");
  CHECK(slug(Site::named("one", "TK1")) == "trunks.invalid");
  for (const auto* url : {"https://pbx.example.com", "sip:", "sips:pbx.example.com", "sip:pbx example.com"}) {
    auto change = Site::named("one");
    change.origination_url = url;
    INFO(url);
    CHECK(slug(change) == "trunks.invalid");
  }
  TrunkChange nobodys;
  nobodys.name = "one";
  CHECK(slug(nobodys) == "trunks.invalid");
  CHECK(t.trunks.list().empty());
}

TEST_CASE("two trunks have neither one name nor one SID, in no workspace", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  t.trunks.save(Site::named("one", k_one));
  t.trunks.save(Site::named("two", k_two));
  auto renamed = Site::named("two");
  renamed.new_name = "one";
  CHECK(slug_of([&] { t.trunks.save(renamed); }) == "trunks.exists");
  CHECK(slug_of([&] { t.trunks.save(Site::named("three", k_one)); }) == "trunks.sid_taken");
  estate::Trunks elsewhere(t.session(), t.database.add_workspace("other"));
  CHECK(slug_of([&] { elsewhere.save(Site::named("one", k_one)); }) == "trunks.sid_taken");
  CHECK(elsewhere.list().empty());
}

TEST_CASE("a trunk with numbers stays, and when the main one goes the oldest is it", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  t.trunks.save(Site::named("one", k_one));
  t.clock.advance(std::chrono::seconds(1));
  t.trunks.save(Site::named("two", k_two));
  t.number_on(k_two);
  CHECK(t.trunks.get("two").numbers == 1);
  CHECK(slug_of([&] { t.trunks.remove("two"); }) == "trunks.in_use");
  t.trunks.remove("one", false);
  CHECK(t.trunks.list().size() == 2);
  t.trunks.remove(k_one);
  CHECK(t.trunks.find_main()->name == "two");
  CHECK(slug_of([&] { t.trunks.remove("one"); }) == "trunks.unknown");
}

TEST_CASE("a plan of a trunk writes nothing", "[estate]") {
  Site t(GENERATE(from_range(test::engines())));
  CHECK(t.trunks.save(Site::named("one", k_one), false));
  CHECK(t.trunks.list().empty());
}

TEST_CASE("what another process changes of a trunk meanwhile is not lost", "[estate][postgresql]") {
  Site t(db::Engine::postgresql);
  t.trunks.save(Site::named("one", k_one));
  test::InterruptingClock clock(t.clock);
  test::Actor bob(t.database.connect(), clock, "os:bob");
  clock.once([&] {
    auto leads = Site::named("one");
    leads.origination_url = k_sip;
    t.trunks.save(leads);
  });
  auto renamed = Site::named("one");
  renamed.new_name = "two";
  CHECK(slug_of([&] { estate::Trunks(bob.session, t.workspace).save(renamed); }) == "trunks.stale");
  CHECK(t.trunks.get("one").origination_url == k_sip);
}
