#include <algorithm>

#include "support/catch.hpp"
#include "sync/trunk_desk.hpp"

using namespace ringctl;
using test::k_number;
using test::k_second;
using test::slug_of;
using test::TrunkDesk;

namespace {

using Words = std::vector<std::string>;
const std::string k_sip = "sip:example.sip.livekit.cloud;transport=tcp";

struct Site : TrunkDesk {
  explicit Site(db::Engine engine) : TrunkDesk(engine) { add_assistant("desk"); }

  sync::Handed hand(const std::string& number = k_number, const std::string& name = "desk",
                    bool write = true) {
    return sync::attach_assistant(*account, livekit, number, name, write);
  }
  sync::Handed take_back(const std::string& number = k_number, bool write = true) {
    return sync::detach_assistant(*account, livekit, number, wanted(), write);
  }
};

}  // namespace

TEST_CASE("a number is handed to an assistant with all that it takes, once", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  const Words all = {"trunk", "origination_url", "inbound_trunk", "dispatch_rule", "number", "assistant"};
  CHECK(f.hand(k_number, "desk", false).steps == all);
  CHECK(f.box.ledger().empty());
  CHECK(f.box.livekit_trunks().empty());
  CHECK(f.trunks().list().empty());

  const auto handed = f.hand();
  CHECK(handed.steps == all);
  REQUIRE(f.trunks_there().size() == 1);
  CHECK(f.trunks_there()[0].origination_urls.at(0).sip_url == k_sip);
  CHECK(f.there(k_number).trunk_sid == handed.trunk_sid);
  const auto inbound = f.box.livekit_trunks();
  REQUIRE(inbound.size() == 1);
  CHECK(inbound[0].name == "ringctl main desk");
  CHECK(inbound[0].numbers == Words{k_number});
  const auto rules = f.box.livekit_rules();
  REQUIRE(rules.size() == 1);
  CHECK(rules[0].trunk_ids == Words{inbound[0].id});
  CHECK(rules[0].room_prefix == "call-");
  const auto assistant = f.assistants().get("desk");
  CHECK(assistant.inbound_trunk_id == inbound[0].id);
  CHECK(assistant.dispatch_rule_id == rules[0].id);
  CHECK(f.row(k_number).assistant_id == assistant.id.view());
  CHECK(f.row(k_number).trunk_sid == handed.trunk_sid);
  CHECK(f.hand().steps.empty());
  CHECK(f.open_effects().empty());
  CHECK(sync::compare_trunks(*f.account, f.sides()).agree());
}

TEST_CASE("a second number joins what the first one made", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  f.hand();
  CHECK(f.hand(k_second).steps == Words{"inbound_trunk", "number", "assistant"});
  REQUIRE(f.box.livekit_trunks().size() == 1);
  CHECK(f.box.livekit_trunks()[0].numbers == Words{k_number, k_second});
  CHECK(f.box.livekit_rules().size() == 1);
  CHECK(f.trunks_there().size() == 1);
}

TEST_CASE("a number comes back with its webhooks, and the last one takes all at LiveKit along", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  f.hand();
  f.hand(k_second);
  CHECK(slug_of([&] { sync::detach(*f.account, k_number, std::nullopt, true); }) == "assistants.has_number");
  CHECK(f.take_back(k_number, false).steps == Words{"number", "webhooks", "inbound_trunk", "assistant"});
  CHECK(f.row(k_number).assistant_id == f.assistants().get("desk").id.view());
  f.take_back();
  CHECK(f.there(k_number).trunk_sid.empty());
  CHECK(f.there(k_number).voice_hook.url == f.wanted().voice_url);
  CHECK(f.row(k_number).assistant_id.empty());
  CHECK(f.box.livekit_trunks().at(0).numbers == Words{k_second});
  f.take_back(k_second);
  CHECK(f.box.livekit_trunks().empty());
  CHECK(f.box.livekit_rules().empty());
  CHECK(f.assistants().get("desk").inbound_trunk_id.empty());
  CHECK(slug_of([&] { f.take_back(); }) == "assistants.not_handed");
}

TEST_CASE("a number that one assistant has, or that LiveKit has elsewhere, is not handed over", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  f.add_assistant("night");
  f.hand();
  CHECK(slug_of([&] { f.hand(k_number, "night"); }) == "assistants.has_number");
  sync::InboundTrunk theirs;
  theirs.name = "theirs";
  theirs.numbers = {k_second};
  f.livekit.create_trunk(theirs);
  CHECK(slug_of([&] { f.hand(k_second, "night"); }) == "livekit.number_taken");
  CHECK(f.there(k_second).trunk_sid.empty());
  estate::AssistantChange change;
  change.name = "night";
  change.is_active = false;
  f.assistants().save(change, nullptr);
  CHECK(slug_of([&] { f.hand(k_second, "night"); }) == "assistants.inactive");
}

TEST_CASE("an assistant elsewhere needs a trunk that leads there", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  f.hand();
  f.add_assistant("far", "far.sip.livekit.cloud");
  CHECK(slug_of([&] { f.hand(k_second, "far"); }) == "trunks.leads_elsewhere");
  auto change = TrunkDesk::named("far");
  change.origination_url = estate::sip_url_of(f.assistants().get("far"));
  const auto far = sync::save_trunk(*f.account, change, true).trunk;
  CHECK(f.hand(k_second, "far").trunk_sid == far.sid);
  CHECK(f.there(k_second).trunk_sid == far.sid);
}

TEST_CASE("a main trunk that is not active, or another account's, takes no number of an assistant",
          "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  auto change = TrunkDesk::named("main line");
  change.origination_url = k_sip;
  change.is_active = false;
  sync::save_trunk(*f.account, change, true);
  CHECK(slug_of([&] { f.hand(); }) == "trunks.inactive");
  estate::TrunkChange theirs;
  theirs.name = "main line";
  theirs.account_sid = "ACffffffffffffffffffffffffffffffff";
  f.trunks().save(theirs);
  CHECK(slug_of([&] { f.hand(); }) == "trunks.other_account");
  CHECK(f.there(k_number).trunk_sid.empty());
  CHECK(f.box.livekit_trunks().empty());
}

TEST_CASE("what was asked of LiveKit for an assistant that is gone is settled", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  jobs::Effect effect;
  effect.id = f.session().ids.next();
  effect.kind = "livekit.rule";
  effect.key = "ringctl main desk";
  effect.account_sid = f.client.account_sid();
  effect.request = "{\"assistant\":\"" + f.assistants().get("desk").id.text() + "\"}";
  effect.actor = "os:alice";
  f.write([&] {
    jobs::Effects effects(f.db(), f.clock, f.workspace);
    effects.insert(effect);
    effects.sent(effect.id);
  });
  CHECK(sync::resolve_trunk_effect(*f.account, effect).state == "unknown");
  f.assistants().remove("desk");
  CHECK(sync::resolve_trunk_effect(*f.account, effect).state == "undone");
  CHECK(f.open_effects().empty());
}

TEST_CASE("what was made before it broke is found again by its name", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  sync::InboundTrunk half;
  half.name = "ringctl main desk";
  half.numbers = {k_number};
  const auto id = f.livekit.create_trunk(half).id;
  jobs::Effect effect;
  effect.id = f.session().ids.next();
  effect.kind = "livekit.trunk";
  effect.key = half.name;
  effect.account_sid = f.client.account_sid();
  effect.request = "{\"assistant\":\"" + f.assistants().get("desk").id.text() + "\"}";
  effect.actor = "os:alice";
  f.write([&] {
    jobs::Effects effects(f.db(), f.clock, f.workspace);
    effects.insert(effect);
    effects.sent(effect.id);
  });
  CHECK(sync::resolve_trunk_effect(*f.account, effect).state == "unknown");
  CHECK(f.hand().inbound_trunk_id == id);
  CHECK(f.box.livekit_trunks().size() == 1);
  CHECK(f.open_effects().empty());
}

TEST_CASE("taking a number back goes on where it was interrupted", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  const auto handed = f.hand();
  // Off its trunk already, and nothing else done.
  f.client.send(twilio::detach_number_ask(handed.trunk_sid, f.there(k_number).sid));
  CHECK(f.take_back().steps == Words{"webhooks", "inbound_trunk", "dispatch_rule", "assistant"});
  CHECK(f.there(k_number).voice_hook.url == f.wanted().voice_url);
  CHECK(f.row(k_number).webhook_status == "configured");
  CHECK(f.row(k_number).trunk_sid.empty());
  // What was made at LiveKit is gone, and the rest is still to be done.
  f.hand();
  f.livekit.delete_rule(f.assistants().get("desk").dispatch_rule_id);
  f.livekit.delete_trunk(f.assistants().get("desk").inbound_trunk_id);
  f.take_back();
  CHECK(f.assistants().get("desk").inbound_trunk_id.empty());
  CHECK(f.assistants().get("desk").dispatch_rule_id.empty());
}

TEST_CASE("a dispatch rule that others' calls go by is neither changed nor removed", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  f.hand();
  f.livekit.delete_rule(f.assistants().get("desk").dispatch_rule_id);
  sync::DispatchRule shared;
  shared.name = "theirs";
  shared.room_prefix = "theirs-";
  shared.trunk_ids = {f.assistants().get("desk").inbound_trunk_id, "ST_theirs"};
  const auto id = f.livekit.create_rule(shared).id;
  CHECK(slug_of([&] { f.hand(); }) == "livekit.rule_taken");
  CHECK(f.take_back().dispatch_rule_id.empty());
  REQUIRE(f.box.livekit_rules().size() == 1);
  CHECK(f.box.livekit_rules()[0].id == id);
  CHECK(f.box.livekit_trunks().empty());
}

TEST_CASE("what another agent is to answer is made anew with the next number", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  const auto before = f.hand().dispatch_rule_id;
  estate::AssistantChange change;
  change.name = "desk";
  change.agent_name = "reception";
  f.assistants().save(change, nullptr);
  const auto after = f.hand();
  CHECK(after.steps == Words{"dispatch_rule"});
  CHECK(after.dispatch_rule_id != before);
  REQUIRE(f.livekit.list_rules().size() == 1);
  CHECK(f.livekit.list_rules()[0].agent_name == "reception");
}

TEST_CASE("what is gone at LiveKit differs, and is forgotten", "[sync]") {
  Site f(GENERATE(from_range(test::engines())));
  const auto handed = f.hand();
  f.livekit.delete_rule(handed.dispatch_rule_id);
  f.livekit.delete_trunk(handed.inbound_trunk_id);
  const auto report = sync::compare_trunks(*f.account, f.sides());
  const auto gone = std::count_if(report.rows.begin(), report.rows.end(),
                                  [](const auto& row) { return row.differs == "gone at LiveKit"; });
  CHECK(gone == 2);
  const auto left = sync::apply_trunks(*f.account, f.sides());
  CHECK(f.assistants().get("desk").inbound_trunk_id.empty());
  const auto number = std::find_if(left.rows.begin(), left.rows.end(), [](const auto& row) {
    return row.kind == "number" && row.object == k_number;
  });
  REQUIRE(number != left.rows.end());
  CHECK(number->differs == "not in LiveKit's inbound trunk");
  CHECK(f.hand().steps == Words{"inbound_trunk", "dispatch_rule"});
  CHECK(sync::compare_trunks(*f.account, f.sides()).agree());
}
