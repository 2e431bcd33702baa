#include "directory/workspace_settings.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "directory/workspaces.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using directory::VoiceSettings;
using directory::Workspaces;

namespace {

const std::string k_account = "AC0123456789abcdef0123456789abcdef";
const std::string k_app = "AP0123456789abcdef0123456789abcdef";

/// A workspace whose settings are changed one at a time.
struct Office : test::Estate {
  explicit Office(db::Engine engine) : Estate(engine), workspaces(session()) {}

  void decide(std::string_view name, const std::string& text) {
    workspaces.update("main", {.settings = {{name, text}}});
  }
  std::string value(std::string_view name) { return workspaces.get("main").setting(name); }
  VoiceSettings voice() {
    return read([&] { return directory::read_voice_settings(db(), workspace); });
  }
  Workspaces workspaces;
};

/// The canonical text, or "refused".
std::string canonical(std::string_view name, std::string_view typed, std::string_view country = "") {
  const auto& setting = directory::workspace_settings()[directory::setting_place(name)];
  std::string text;
  const auto error = test::error_of([&] { text = directory::canonical_setting(setting, typed, country); });
  if (!error) return text;
  CHECK(error->errc() == Errc::invalid);
  CHECK(error->slug() == "workspaces.bad_value");
  // The message says what it may be.
  CHECK(std::string(error->what()).find(directory::may_be(setting)) != std::string::npos);
  return "refused";
}

}  // namespace

TEST_CASE("a new workspace decides what the description says, in the database and in memory", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  CHECK(f.workspaces.get("main").settings == directory::initial_settings());
  const auto added = f.workspaces.add("other", "UTC", std::nullopt);
  CHECK(f.workspaces.get("other").settings == added.settings);
  const auto read = f.voice();
  const VoiceSettings fresh;
  CHECK(read.ring_timeout == fresh.ring_timeout);
  CHECK(read.wave_size == fresh.wave_size);
  CHECK(read.wave_timeout == fresh.wave_timeout);
  CHECK(read.waves_total == fresh.waves_total);
  CHECK(read.queue_over == fresh.queue_over);
  CHECK(read.queue_wait == fresh.queue_wait);
  CHECK(read.hold_music_url == fresh.hold_music_url);
  CHECK(read.ring_owner == fresh.ring_owner);
  CHECK(read.ring_unavailable == fresh.ring_unavailable);
  CHECK(read.on_call == fresh.on_call);
  CHECK(read.accept_prompt == fresh.accept_prompt);
  CHECK(read.extension_prompt == fresh.extension_prompt);
  CHECK(read.after_ring == fresh.after_ring);
  CHECK(read.after_ring_message == fresh.after_ring_message);
  CHECK(read.support_number == fresh.support_number);
  CHECK(read.recording_policy == fresh.recording_policy);
  CHECK(read.consent_policy == fresh.consent_policy);
  CHECK(read.consent_countries == fresh.consent_countries);
  CHECK(read.consent_message == fresh.consent_message);
  CHECK(read.outcomes == fresh.outcomes);
  CHECK(read.twilio_accounts == fresh.twilio_accounts);
  CHECK(read.twiml_app_sid == fresh.twiml_app_sid);
}

TEST_CASE("what is decided about calls is read back", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  CHECK(
      f.workspaces.update("main", {.settings = {{"ring_timeout_s", "20s"},
                                                {"wave_size", "4"},
                                                {"wave_timeout_s", "10s"},
                                                {"waves_total_s", "1m30s"},
                                                {"queue_over", "20"},
                                                {"queue_wait_s", "5m"},
                                                {"hold_music_url", "https://music.example.com/a.mp3"},
                                                {"ring_owner", "no"},
                                                {"ring_unavailable", "yes"},
                                                {"on_call_hours", "2"},
                                                {"accept_prompt", "no"},
                                                {"extension_prompt", "Dial an extension."},
                                                {"after_ring", "support"},
                                                {"after_ring_message", "We are closed.\nGood-bye."},
                                                {"support_number", "+442079460123"},
                                                {"recording_policy", "inbound"},
                                                {"consent_policy", "countries"},
                                                {"consent_countries", "us| UK"},
                                                {"consent_message", "This call is recorded — for training."},
                                                {"outcomes", "sold|call back|sold"},
                                                {"twilio_accounts", k_account},
                                                {"twiml_app_sid", k_app}}}));
  const auto v = f.voice();
  CHECK(v.ring_timeout == std::chrono::seconds(20));
  CHECK(v.wave_size == 4);
  CHECK(v.wave_timeout == std::chrono::seconds(10));
  CHECK(v.waves_total == std::chrono::seconds(90));
  CHECK(v.queue_over == 20);
  CHECK(v.queue_wait == std::chrono::minutes(5));
  CHECK(v.hold_music_url == "https://music.example.com/a.mp3");
  CHECK_FALSE(v.ring_owner);
  CHECK(v.ring_unavailable);
  CHECK(v.on_call == std::chrono::hours(2));
  CHECK_FALSE(v.accept_prompt);
  CHECK(v.extension_prompt == "Dial an extension.");
  CHECK(v.after_ring == "support");
  CHECK(v.after_ring_message == "We are closed.\nGood-bye.");
  CHECK(v.support_number == "+442079460123");
  CHECK(v.recording_policy == "inbound");
  CHECK(v.consent_policy == "countries");
  CHECK(v.consent_countries == std::vector<std::string>{"US", "GB"});
  CHECK(v.consent_message == "This call is recorded — for training.");
  CHECK(v.outcomes == std::vector<std::string>{"sold", "call back"});
  CHECK(v.twilio_accounts == std::vector<std::string>{k_account});
  CHECK(v.twiml_app_sid == k_app);
}

TEST_CASE("every setting goes back to what it is at first", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  f.decide("outcomes", "sold");
  f.decide("ring_timeout_s", "20s");
  f.decide("ring_owner", "no");
  std::vector<directory::SettingChange> back;
  for (const auto& setting : directory::workspace_settings()) back.push_back({setting.name, "-"});
  CHECK(f.workspaces.update("main", {.settings = back}));
  CHECK(f.workspaces.get("main").settings == directory::initial_settings());
  CHECK_FALSE(f.workspaces.update("main", {.settings = back}));
}

TEST_CASE("the audit log has a setting before and after", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  f.decide("ring_timeout_s", "20s");
  f.decide("ring_timeout_s", "25s");
  std::string before, after;
  f.read([&] {
    audit::for_each(f.db(), f.workspace, {}, false, 0, [&](const audit::Entry& entry) {
      before = entry.before_image;
      after = entry.after_image;
    });
    return 0;
  });
  CHECK(nlohmann::json::parse(before)["ring_timeout_s"] == "20");
  CHECK(nlohmann::json::parse(after)["ring_timeout_s"] == "25");
  CHECK_FALSE(nlohmann::json::parse(after).contains("outcomes"));
}

TEST_CASE("bounds are those of the columns, and the ends are inside", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  for (const auto& setting : directory::workspace_settings()) {
    INFO(setting.name);
    const bool seconds = setting.kind == directory::SettingKind::duration;
    if (!seconds && setting.kind != directory::SettingKind::count) continue;
    const auto typed = [&](std::int64_t n) { return std::to_string(n) + (seconds ? "s" : ""); };
    for (const auto end : {setting.least, setting.most}) {
      f.decide(setting.name, typed(end));
      CHECK(f.value(setting.name) == std::to_string(end));
    }
    CHECK(canonical(setting.name, typed(setting.least - 1)) == "refused");
    CHECK(canonical(setting.name, typed(setting.most + 1)) == "refused");
  }
}

TEST_CASE("every word of an enumeration is one that its column takes", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  f.decide("support_number", "+12025550143");
  for (const auto& setting : directory::workspace_settings()) {
    if (setting.kind != directory::SettingKind::choice) continue;
    INFO(setting.name);
    for (const auto word : base::split(setting.choices, '|')) {
      f.decide(setting.name, std::string(word));
      CHECK(f.value(setting.name) == word);
    }
    CHECK(canonical(setting.name, "something") == "refused");
  }
}

TEST_CASE("durations are whole seconds, with a unit or without", "[directory]") {
  CHECK(canonical("ring_timeout_s", "1m") == "60");
  CHECK(canonical("ring_timeout_s", "30") == "30");
  for (const auto* text : {"500ms", "5500ms", "3", "soon", "-30s", "1e3s"})
    CHECK(canonical("ring_timeout_s", text) == "refused");
}

TEST_CASE("texts that callers hear are bounded by characters, and hold none that cannot be spoken",
          "[directory]") {
  std::string most;
  for (int i = 0; i < 4096; ++i) most += "é";
  CHECK(canonical("after_ring_message", most) == most);
  CHECK(canonical("after_ring_message", most + "e") == "refused");
  CHECK(canonical("extension_prompt", "a\x01z") == "refused");
  CHECK(canonical("consent_message", "a\xff") == "refused");
  CHECK(canonical("consent_message", "<Hangup/> & \"quotes\"") == "<Hangup/> & \"quotes\"");
}

TEST_CASE("hold music comes from the web", "[directory]") {
  CHECK(canonical("hold_music_url", "http://music.example.com") == "http://music.example.com");
  for (const auto* text : {"music.mp3", "ftp://music.example.com/", "https://", "http:///a.mp3",
                           "file:///etc/passwd", "https://a b", "https://a\"b", "javascript:alert(1)"})
    CHECK(canonical("hold_music_url", text) == "refused");
  CHECK(canonical("hold_music_url", "https://a/" + std::string(2048, 'x')) == "refused");
}

TEST_CASE("the support number is stored as E.164, and national forms need a country", "[directory]") {
  CHECK(canonical("support_number", "(202) 555-0143", "US") == "+12025550143");
  CHECK(canonical("support_number", "(202) 555-0143") == "refused");
  CHECK(canonical("support_number", "911", "US") == "refused");
  Office f(GENERATE(from_range(test::engines())));
  f.workspaces.update("main", {.default_country = "GB", .settings = {{"support_number", "020 7946 0123"}}});
  CHECK(f.voice().support_number == "+442079460123");
}

TEST_CASE("accounts and applications are SIDs of their kind", "[directory]") {
  const auto other = "AC" + std::string(32, 'f');
  CHECK(canonical("twilio_accounts", k_account + " | " + other) == k_account + "|" + other);
  CHECK(canonical("twilio_accounts", k_app) == "refused");
  CHECK(canonical("twilio_accounts", k_account + "|x") == "refused");
  CHECK(canonical("twiml_app_sid", k_account) == "refused");
  CHECK(canonical("twiml_app_sid", "AP" + std::string(32, 'F')) == "refused");
  CHECK(canonical("consent_countries", "US|*") == "refused");
}

TEST_CASE("callers are sent to support only where there is a number", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto slug = [&](std::vector<directory::SettingChange> settings) {
    return test::slug_of([&] { f.workspaces.update("main", {.settings = std::move(settings)}); });
  };
  CHECK(slug({{"after_ring", "support"}}) == "workspaces.bad_value");
  CHECK(slug({{"after_ring", "support"}, {"support_number", "+12025550143"}}).empty());
  CHECK(slug({{"support_number", "-"}}) == "workspaces.bad_value");
  CHECK(slug({{"support_number", "-"}, {"after_ring", "-"}}).empty());
}

TEST_CASE("what a workspace that is not there decides is not known", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto nobody = *base::Uuid::try_parse("01900000-0000-7000-8000-000000000000");
  CHECK(test::slug_of([&] { f.read([&] { return directory::read_voice_settings(f.db(), nobody); }); }) ==
        "workspaces.unknown");
}
