#include "sync/trunks.hpp"

#include "directory/accounts.hpp"
#include "support/catch.hpp"
#include "sync/trunk_desk.hpp"
#include "sync/trunk_parts.hpp"

using namespace ringctl;
using test::k_number;
using test::k_second;
using test::slug_of;
using test::TrunkDesk;

namespace {

constexpr const char* k_sip = "sip:pbx.example.com;transport=tcp";

const sync::SideRow* find_row(const sync::SideReport& report, std::string_view kind,
                              std::string_view object) {
  for (const auto& row : report.rows)
    if (row.kind == kind && row.object == object) return &row;
  return nullptr;
}

}  // namespace

TEST_CASE("the main trunk is made once, kept, and noted with the login", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  directory::NewAccount login{.account_sid = f.client.account_sid(), .secrets = {}};
  login.secrets.auth_tokens.emplace_back("token");
  directory::Accounts accounts(f.session(), f.workspace);
  accounts.set(login, f.key);
  CHECK(sync::ensure_main_trunk(*f.account, false).created);
  CHECK(f.trunks().list().empty());
  const auto made = sync::ensure_main_trunk(*f.account, true);
  CHECK(made.created);
  CHECK(made.trunk.name == "ringctl main");
  CHECK(made.trunk.is_main);
  CHECK_FALSE(sync::ensure_main_trunk(*f.account, true).changed);
  CHECK(f.times("POST /v1/Trunks") == 1);
  CHECK(accounts.get(f.client.account_sid()).trunk_sid == made.trunk.sid);
}

TEST_CASE("a trunk of the same name at Twilio is taken, and of two none", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  const auto make = [&] { return f.client.send(twilio::create_trunk_ask("backup")).json.text("sid"); };
  const auto sid = make();
  const auto report = sync::save_trunk(*f.account, TrunkDesk::named("backup"), true);
  CHECK_FALSE(report.created);
  CHECK(report.trunk.sid == sid);
  f.client.send(twilio::create_trunk_ask("double"));
  const auto second = f.client.send(twilio::create_trunk_ask("double")).json.text("sid");
  CHECK(slug_of([&] { sync::save_trunk(*f.account, TrunkDesk::named("double"), true); }) ==
        "trunks.ambiguous");
  auto one = TrunkDesk::named("double");
  one.sid = second;
  CHECK(sync::save_trunk(*f.account, one, true).trunk.sid == second);
  one.sid = "TKffffffffffffffffffffffffffffffff";
  one.name = "gone";
  CHECK(slug_of([&] { sync::save_trunk(*f.account, one, true); }) == "trunks.not_there");
}

TEST_CASE("a trunk leads where its row says, moves in place and keeps others' addresses", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  auto change = TrunkDesk::named("backup");
  change.origination_url = k_sip;
  const auto trunk = sync::save_trunk(*f.account, change, true).trunk;
  const auto urls = [&] { return twilio::list_origination_urls(f.client, trunk.sid); };
  REQUIRE(urls().size() == 1);
  CHECK(urls()[0].sip_url == k_sip);
  twilio::OriginationUrl other;
  other.friendly_name = "theirs";
  other.sip_url = "sip:other.example.com";
  f.client.send(twilio::create_origination_url_ask(trunk.sid, other));
  CHECK_FALSE(sync::save_trunk(*f.account, change, true).changed);
  const auto sid = urls()[0].sid;
  change.origination_url = "sip:new.example.com";
  CHECK(sync::save_trunk(*f.account, change, true).changed);
  REQUIRE(urls().size() == 2);
  bool moved = false, kept = false;
  for (const auto& url : urls()) {
    moved = moved || url.sip_url == "sip:new.example.com";
    kept = kept || url.sip_url == other.sip_url;
  }
  CHECK(moved);
  CHECK(kept);
  change.origination_url = "";
  sync::save_trunk(*f.account, change, true);
  CHECK(urls().size() == 1);
  CHECK(f.trunks().get("backup").origination_url.empty());
}

TEST_CASE("a number goes on a trunk and comes back, and what it loses is told", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  f.assign(k_number);
  f.tamper(k_number, [](sim::Number& number) { number.voice_hook.url = "https://pbx.example.com/voice"; });
  const auto plan = sync::attach(*f.account, k_number, "", false);
  CHECK(plan.changed);
  CHECK(f.trunks().list().empty());
  std::vector<std::string> lost;
  for (const auto& loss : plan.losses) lost.push_back(loss.what + " " + loss.value);
  CHECK(lost == std::vector<std::string>{"voice_url https://pbx.example.com/voice", "owner ann@example.com"});
  const auto attached = sync::attach(*f.account, k_number, "", true);
  CHECK(f.there(k_number).trunk_sid == attached.trunk_sid);
  CHECK(f.row(k_number).trunk_sid == attached.trunk_sid);
  CHECK(f.row(k_number).webhook_status == "captured");
  CHECK_FALSE(sync::attach(*f.account, k_number, "", true).changed);
  sync::save_trunk(*f.account, TrunkDesk::named("backup"), true);
  CHECK(slug_of([&] { sync::attach(*f.account, k_number, "backup", true); }) == "trunks.other_trunk");
  CHECK(slug_of([&] { sync::remove_trunk(*f.account, attached.trunk_sid, true); }) == "trunks.in_use");

  const auto detached = sync::detach(*f.account, k_number, f.wanted(), true);
  CHECK(detached.changed);
  CHECK(detached.configured.find("voice_url") != std::string::npos);
  CHECK(f.there(k_number).trunk_sid.empty());
  CHECK(f.there(k_number).voice_hook.url == f.wanted().voice_url);
  CHECK(f.row(k_number).trunk_sid.empty());
  CHECK_FALSE(sync::detach(*f.account, k_number, f.wanted(), true).changed);
}

TEST_CASE("a detach that was interrupted goes on with the webhooks", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  const auto attached = sync::attach(*f.account, k_number, "", true);
  f.client.send(twilio::detach_number_ask(attached.trunk_sid, f.there(k_number).sid));
  CHECK_FALSE(sync::detach(*f.account, k_number, f.wanted(), true).configured.empty());
  CHECK(f.there(k_number).voice_hook.url == f.wanted().voice_url);
  CHECK(f.row(k_number).trunk_sid.empty());
  CHECK(f.row(k_number).webhook_status == "configured");
  CHECK(sync::detach(*f.account, k_number, f.wanted(), true).configured.empty());
}

TEST_CASE("numbers at another provider, and those of another account, go on no trunk", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  f.add("+442079460123", {.provider = "telnyx"});
  CHECK(slug_of([&] { sync::attach(*f.account, "+442079460123", "", true); }) == "numbers.not_at_twilio");
  f.write([&] {
    f.db().exec("UPDATE phone_numbers SET account_sid = $1 WHERE phone_number = $2",
                {"ACffffffffffffffffffffffffffffffff", k_number});
  });
  CHECK(slug_of([&] { sync::attach(*f.account, k_number, "", true); }) == "numbers.other_account");
  CHECK(f.box.ledger().empty());
}

TEST_CASE("what is made is journaled by what came of it", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  const auto make = [&](const std::string& key, Errc errc) {
    const sync::Creation creation{"trunk.create", key};
    return slug_of([&] {
      sync::create_once(*f.account, creation,
                        [&]() -> std::string { throw Error(errc, "made.up", "no answer"); });
    });
  };
  CHECK(make("refused", Errc::twilio) == "made.up");
  CHECK(f.open_effects().empty());
  CHECK(make("unknown", Errc::unknown_outcome) == "made.up");
  REQUIRE(f.open_effects().size() == 1);
  CHECK(f.open_effects()[0].state == jobs::EffectState::unknown);
  sync::settle(*f.account, {"trunk.create", "another"}, std::nullopt);
  CHECK(f.open_effects().size() == 1);
  sync::settle(*f.account, {"trunk.create", "unknown"}, std::nullopt);
  CHECK(f.open_effects().empty());
  CHECK(sync::create_once(*f.account, {"trunk.create", "made"}, [] { return std::string("TK1"); }) == "TK1");
  CHECK(f.open_effects().empty());
}

TEST_CASE("a trunk whose making had no answer is found by its name, and made once", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  const bool made = GENERATE(true, false);
  const auto sid = made ? f.client.send(twilio::create_trunk_ask("backup")).json.text("sid") : std::string();
  jobs::Effect effect;
  effect.id = f.session().ids.next();
  effect.kind = "trunk.create";
  effect.key = "backup";
  effect.account_sid = f.client.account_sid();
  effect.actor = "os:alice";
  f.write([&] {
    jobs::Effects effects(f.db(), f.clock, f.workspace);
    effects.insert(effect);
    effects.sent(effect.id);
  });
  CHECK(sync::resolve_trunk_effect(*f.account, effect).state == (made ? "done" : "undone"));
  CHECK(f.open_effects().empty());
  CHECK(f.trunks().find("backup").has_value() == made);
  const auto report = sync::save_trunk(*f.account, TrunkDesk::named("backup"), true);
  CHECK(report.created != made);
  if (made) CHECK(report.trunk.sid == sid);
  CHECK(f.times("POST /v1/Trunks") == 1);
}

TEST_CASE("a trunk goes here and at Twilio, and one that is gone there goes here", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  const auto sid = sync::save_trunk(*f.account, TrunkDesk::named("backup"), true).trunk.sid;
  sync::remove_trunk(*f.account, "backup", false);
  CHECK(f.trunks_there().size() == 1);
  sync::remove_trunk(*f.account, "backup", true);
  CHECK(f.trunks_there().empty());
  CHECK(f.trunks().list().empty());
  sync::save_trunk(*f.account, TrunkDesk::named("second"), true);
  twilio::delete_trunk(f.client, f.trunks().get("second").sid);
  sync::remove_trunk(*f.account, "second", true);
  CHECK(f.trunks().list().empty());
}

TEST_CASE("trunks without a name, and several of one name, are taken over under names of their own",
          "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  for (const auto* name : {"", " padded", "double", "double"}) f.client.send(twilio::create_trunk_ask(name));
  CHECK(sync::apply_trunks(*f.account, {}).agree());
  const auto all = f.trunks().list();
  REQUIRE(all.size() == 4);
  int named = 0;
  for (const auto& trunk : all) {
    CHECK((trunk.name == "double" || trunk.name == "trunk " + trunk.sid));
    if (trunk.name == "double") ++named;
  }
  CHECK(named == 1);
}

TEST_CASE("what differs stands side by side, and is taken over", "[sync]") {
  TrunkDesk f(GENERATE(from_range(test::engines())));
  const auto known = sync::save_trunk(*f.account, TrunkDesk::named("known"), true).trunk;
  sync::save_trunk(*f.account, TrunkDesk::named("gone"), true);
  CHECK(sync::compare_trunks(*f.account, {}).agree());
  twilio::delete_trunk(f.client, f.trunks().get("gone").sid);
  const auto theirs = f.client.send(twilio::create_trunk_ask("theirs")).json.text("sid");
  twilio::OriginationUrl url;
  url.friendly_name = "theirs";
  url.sip_url = k_sip;
  f.client.send(twilio::create_origination_url_ask(known.sid, url));
  f.client.send(twilio::attach_number_ask(known.sid, f.there(k_second).sid));

  const auto before = sync::compare_trunks(*f.account, {});
  CHECK_FALSE(before.agree());
  CHECK(find_row(before, "trunk", "gone")->differs == "gone at Twilio");
  CHECK(find_row(before, "trunk", "theirs")->differs == "not known here");
  CHECK_FALSE(find_row(before, "origination_url", k_sip)->here);
  CHECK(find_row(before, "number", k_second)->twilio == true);
  CHECK_FALSE(find_row(before, "number", k_second)->here);

  const auto writes = f.box.ledger();
  const auto after = sync::apply_trunks(*f.account, {});
  CHECK(after.agree());
  CHECK(f.box.ledger() == writes);
  CHECK(f.trunks().get("theirs").sid == theirs);
  CHECK_FALSE(f.trunks().find("gone"));
  CHECK(f.trunks().get("known").origination_url == k_sip);
  CHECK(f.row(k_second).trunk_sid == known.sid);
  CHECK(f.row(k_second).webhook_status == "captured");
  f.client.send(twilio::detach_number_ask(known.sid, f.there(k_second).sid));
  CHECK(sync::apply_trunks(*f.account, {}).agree());
  CHECK(f.row(k_second).trunk_sid.empty());
  CHECK(f.row(k_second).webhook_status == "unknown");
}

TEST_CASE("a name of ours has 64 bytes at most, whole characters and no space at its end", "[sync]") {
  directory::Workspace workspace;
  workspace.name = "main";
  CHECK(sync::own_name(workspace) == "ringctl main");
  CHECK(sync::own_name(workspace, "desk") == "ringctl main desk");
  workspace.name = std::string(55, 'x') + " yz";
  CHECK(sync::own_name(workspace) == "ringctl " + std::string(55, 'x'));
  workspace.name.clear();
  for (int i = 0; i < 40; ++i) workspace.name += "\u3042";
  const std::string longest(48, 'd');
  const auto name = sync::own_name(workspace, longest);
  CHECK(name == "ringctl \u3042\u3042 " + longest);
  CHECK(name.size() <= 64);
}
