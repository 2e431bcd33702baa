#include "directory/workspace_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>

#include "base/error.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"
#include "records/values.hpp"

namespace ringctl::directory {
namespace {

using K = SettingKind;
using V = VoiceSettings;

constexpr std::int64_t k_hour_s = 3600;
constexpr std::int64_t k_year_s = 365 * 24 * k_hour_s;
constexpr std::int64_t k_many = 1'000'000'000;
constexpr std::ptrdiff_t k_spoken = 4096;  // what <Say> takes
constexpr std::size_t k_url = 2048;
constexpr std::int64_t k_micros = 1'000'000;

constexpr std::array k_settings = {
    Setting{
        "limit_policy", K::choice, "attempts", "Which calls count against limits", {}, "attempts|connected"},
    Setting{"number_rotation",
            K::choice,
            "agent_default",
            "Which of an agent's numbers calls",
            {},
            "agent_default|least_used|round_robin"},
    Setting{"limits_unavailable",
            K::choice,
            "refuse",
            "What a call meets while the database is away",
            {},
            "refuse|allow"},
    Setting{"ring_timeout_s", K::duration, "30", "How long a step rings", &V::ring_timeout, {}, 5, 600},
    Setting{"wave_size", K::count, "10", "How many are rung together", &V::wave_size, {}, 1, 10},
    Setting{"wave_timeout_s",
            K::duration,
            "15",
            "How long each wave of a step rings",
            &V::wave_timeout,
            {},
            5,
            600},
    Setting{"waves_total_s",
            K::duration,
            "60",
            "How long all waves of a step ring",
            &V::waves_total,
            {},
            5,
            k_hour_s},
    Setting{"queue_over",
            K::count,
            "50",
            "A step for more than N puts the caller into a queue",
            &V::queue_over,
            {},
            1,
            k_many},
    Setting{"queue_wait_s",
            K::duration,
            "600",
            "The longest wait in a queue",
            &V::queue_wait,
            {},
            30,
            4 * k_hour_s},
    Setting{"hold_music_url", K::url, "", "What is played in a queue", &V::hold_music_url},
    Setting{"ring_owner", K::flag, "yes", "Whether a number's own agent is rung before everybody",
            &V::ring_owner},
    Setting{"ring_unavailable", K::flag, "no", "Whether to ring who is busy, offline or on a call",
            &V::ring_unavailable},
    Setting{"on_call_hours",
            K::count,
            "4",
            "Hours after which nobody is taken to be on a call any more",
            &V::on_call,
            {},
            1,
            24},
    Setting{"accept_prompt", K::flag, "yes", "Whether who answers a phone presses a key to take the call",
            &V::accept_prompt},
    Setting{"extension_prompt", K::spoken, "", "What asks callers for an extension", &V::extension_prompt},
    Setting{"after_ring", K::choice, "voicemail", "What comes when nobody answers", &V::after_ring,
            "voicemail|callback|message|support"},
    Setting{"after_ring_message", K::spoken, "", "What callers hear then", &V::after_ring_message},
    Setting{"support_number", K::phone, "", "Where callers are sent for support", &V::support_number},
    Setting{"recording_policy", K::choice, "never", "Which calls are recorded", &V::recording_policy,
            "never|always|inbound|outbound"},
    Setting{"consent_policy", K::choice, "recorded", "Who hears that calls are recorded", &V::consent_policy,
            "recorded|countries|always|never"},
    Setting{"consent_countries", K::countries, "", "Whose people hear it, where the policy is `countries`",
            &V::consent_countries},
    Setting{"consent_message", K::spoken, "", "What they hear", &V::consent_message},
    Setting{"outcomes", K::lines, "", "What agents can say came of a call", &V::outcomes},
    Setting{"twilio_accounts", K::accounts, "", "Twilio accounts whose webhooks are taken",
            &V::twilio_accounts},
    Setting{"twiml_app_sid", K::app, "", "The TwiML application that access tokens name", &V::twiml_app_sid},
    Setting{"conference_calls", K::flag, "no",
            "Whether calls that are started here are put into a conference", &V::conference_calls},
    Setting{"release_wait_s",
            K::duration,
            "86400",
            "How long a number that is released is kept at Twilio",
            {},
            {},
            0,
            k_year_s},
    Setting{"buy_budget", K::money, "", "What the numbers bought in one day may cost a month"},
    Setting{"account_countries", K::countries, "", "Countries that numbers may be of"},
    Setting{"fallback_url", K::url, "", "What Twilio asks when the server does not answer"},
    Setting{"sms_lease_s",
            K::duration,
            "86400",
            "How long a conversation stays with who claimed or answered it last; 0 = until released",
            {},
            {},
            0,
            k_year_s},
    Setting{"sms_offline",
            K::choice,
            "skip",
            "Whether round_robin deals conversations to who is offline",
            {},
            "skip|include"},
    Setting{"sms_countries", K::countries, "", "Countries beside a number's own that may be texted first"},
    Setting{"stop_means", K::choice, "all", "What a number that says STOP wants no more of", {}, "all|sms"},
    Setting{"default_user", K::user, "", "Who is told of messages to a number whose pool is empty"},
};

bool is_account(std::string_view text, const records::Reading&, std::string& out, base::Finding&) {
  out = text;
  return base::is_sid(text, "AC");
}

bool is_web_url(std::string_view text) {
  if (text.size() > k_url) return false;
  const auto scheme = std::string_view(text.starts_with("https://") ? "https://" : "http://");
  if (!text.starts_with(scheme) || text.size() == scheme.size() || text[scheme.size()] == '/') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '<' && c != '>' && c != '\\';
  });
}

std::optional<std::string> canonical_duration(const Setting& setting, std::string_view typed) {
  const auto seconds = records::try_parse_seconds(typed);
  if (!seconds || *seconds < setting.least || *seconds > setting.most) return std::nullopt;
  return std::to_string(*seconds);
}

std::optional<std::string> canonical_count(const Setting& setting, std::string_view typed) {
  const auto number = base::parse_int(typed);
  if (!number || *number < setting.least || *number > setting.most) return std::nullopt;
  return std::to_string(*number);
}

std::optional<std::string> canonical_choice(const Setting& setting, std::string_view typed) {
  const auto allowed = base::split(setting.choices, '|');
  const auto lower = base::ascii_lower(typed);
  if (std::find(allowed.begin(), allowed.end(), lower) == allowed.end()) return std::nullopt;
  return lower;
}

/// At least two places: "25.00", "0.125".
std::optional<std::string> canonical_money(std::string_view typed) {
  const auto micros = try_parse_money(typed);
  if (!micros) return std::nullopt;
  auto text = fmt::format("{}.{:06}", *micros / k_micros, *micros % k_micros);
  const auto least = text.size() - 4;
  while (text.size() > least && text.back() == '0') text.pop_back();
  return text;
}

/// nullopt: refused.
std::optional<std::string> try_canonical(const Setting& setting, std::string_view typed,
                                         const records::Reading& reading) {
  std::string out;
  base::Finding finding;
  const auto if_fits = [&](bool fits) { return fits ? std::optional(out) : std::nullopt; };
  switch (setting.kind) {
    case K::choice:
      return canonical_choice(setting, typed);
    case K::count:
      return canonical_count(setting, typed);
    case K::duration:
      return canonical_duration(setting, typed);
    case K::flag:
      return if_fits(records::canonical_flag(typed, reading, out, finding));
    case K::phone:
      return if_fits(records::canonical_phone(typed, reading, out, finding));
    case K::lines:
      return if_fits(records::canonical_lines(typed, reading, out, finding));
    case K::countries:
      return if_fits(records::canonical_items(typed, reading, records::canonical_country, out, finding));
    case K::accounts:
      return if_fits(records::canonical_items(typed, reading, is_account, out, finding));
    case K::spoken:
      out = typed;
      return if_fits(records::sound_text(typed, k_spoken, true, finding));
    case K::url:
      out = typed;
      return if_fits(is_web_url(typed));
    case K::app:
      out = typed;
      return if_fits(base::is_sid(typed, "AP"));
    case K::money:
      return canonical_money(typed);
    case K::user:
      return if_fits(records::canonical_email(typed, reading, out, finding));
  }
  return std::nullopt;
}

/// As messages call it: "ring timeout", "list of twilio accounts".
std::string spoken_name(const Setting& setting) {
  auto name = flag_of(setting);
  std::replace(name.begin(), name.end(), '-', ' ');
  const bool list = setting.kind == K::accounts || setting.kind == K::countries;
  return list ? "list of " + name : name;
}

/// Puts a canonical text where calls are decided.
struct Fill {
  VoiceSettings& to;
  std::string_view text;

  std::int64_t number() const { return base::parse_int(text).value_or(0); }
  void operator()(std::monostate) const {}
  void operator()(int V::*member) const { to.*member = static_cast<int>(number()); }
  void operator()(bool V::*member) const { to.*member = text == "yes"; }
  void operator()(std::string V::*member) const { to.*member = text; }
  void operator()(std::chrono::seconds V::*member) const { to.*member = std::chrono::seconds(number()); }
  void operator()(std::chrono::hours V::*member) const { to.*member = std::chrono::hours(number()); }
  void operator()(std::vector<std::string> V::*member) const {
    (to.*member).clear();
    for (const auto part : base::split(text, '|')) (to.*member).emplace_back(part);
  }
};

}  // namespace

std::span<const Setting> workspace_settings() { return k_settings; }

std::size_t setting_place(std::string_view name) {
  const auto* const found = std::find_if(k_settings.begin(), k_settings.end(),
                                         [&](const Setting& setting) { return setting.name == name; });
  if (found == k_settings.end()) throw std::out_of_range(fmt::format("no setting is called {}", name));
  return static_cast<std::size_t>(found - k_settings.begin());
}

std::vector<std::string> initial_settings() {
  std::vector<std::string> texts;
  for (const auto& setting : k_settings) texts.emplace_back(setting.initial);
  return texts;
}

std::string flag_of(const Setting& setting) {
  auto name = std::string(setting.name);
  if (setting.kind == K::duration) name.resize(name.size() - 2);  // _s
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string may_be(const Setting& setting) {
  switch (setting.kind) {
    case K::choice: {
      const auto words = base::split(setting.choices, '|');
      return fmt::format("{}", fmt::join(words, ", "));
    }
    case K::flag:
      return "yes, no";
    case K::count:
      return fmt::format("{} to {}", setting.least,
                         base::group_digits(static_cast<std::uint64_t>(setting.most)));
    case K::duration:
      return fmt::format("{} to {}", base::format_duration(std::chrono::seconds(setting.least)),
                         base::format_duration(std::chrono::seconds(setting.most)));
    case K::spoken:
      return fmt::format("at most {} characters, no control characters",
                         base::group_digits(static_cast<std::uint64_t>(k_spoken)));
    case K::url:
      return "a URL with https:// or http://";
    case K::phone:
      return "a number like +12025550143";
    case K::countries:
      return "country codes like US|CA";
    case K::lines:
      return "up to 50 lines of up to 200 characters, separated by |";
    case K::accounts:
      return "Account SIDs, AC and 32 lower-case hex digits, separated by |";
    case K::app:
      return "AP and 32 lower-case hex digits";
    case K::money:
      return "an amount like 25.00, up to six decimal places";
    case K::user:
      return "an e-mail address";
  }
  return {};
}

records::Kind kind_of(const Setting& setting) {
  switch (setting.kind) {
    case K::flag:
      return records::Kind::flag;
    case K::count:
    case K::duration:
      return records::Kind::integer;
    case K::countries:
    case K::lines:
    case K::accounts:
      return records::Kind::list;
    case K::choice:
    case K::spoken:
    case K::url:
    case K::phone:
    case K::app:
    case K::money:
    case K::user:
      break;
  }
  return records::Kind::text;
}

std::optional<std::int64_t> try_parse_money(std::string_view text) {
  constexpr std::size_t k_places = 6;
  const auto dot = text.find('.');
  const auto whole = text.substr(0, dot);
  const auto part = dot == std::string_view::npos ? std::string_view("0") : text.substr(dot + 1);
  const auto digits = [](std::string_view all) {
    return !all.empty() && all.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!digits(whole) || !digits(part) || part.size() > k_places) return std::nullopt;
  const auto units = base::parse_int(whole);
  if (!units || *units > k_many) return std::nullopt;
  auto places = std::string(part);
  places.resize(k_places, '0');
  return *units * k_micros + base::parse_int(places).value_or(0);
}

std::string canonical_setting(const Setting& setting, std::string_view typed,
                              std::string_view default_country) {
  const auto text = base::trim(typed);
  if (text.empty() || text == "-") return std::string(setting.initial);
  if (auto canonical = try_canonical(setting, text, {.default_country = std::string(default_country)}))
    return *std::move(canonical);
  throw Error(Errc::invalid, "workspaces.bad_value",
              fmt::format("{} is no {} ({})", base::in_quotes(text), spoken_name(setting), may_be(setting)));
}

const std::string& setting_columns() {
  static const auto k_columns = [] {
    std::string list;
    for (const auto& setting : k_settings) list.append(list.empty() ? "" : ", ").append(setting.name);
    return list;
  }();
  return k_columns;
}

std::vector<std::string> settings_of(const db::Rows& row, int first) {
  std::vector<std::string> texts;
  for (const auto& setting : k_settings) texts.push_back(records::read_value(row, first++, kind_of(setting)));
  return texts;
}

VoiceSettings read_voice_settings(db::Connection& db, const base::Uuid& workspace) {
  static const auto k_sql = fmt::format("SELECT {} FROM workspaces WHERE id = $1", setting_columns());
  auto rows = db.query(k_sql, {workspace});
  if (!rows.next())
    throw Error(Errc::not_found, "workspaces.unknown", "the workspace is not there",
                "ringctl workspaces list");
  const auto texts = settings_of(rows, 0);
  VoiceSettings settings;
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (!texts[i].empty()) std::visit(Fill{settings, texts[i]}, k_settings[i].member);
  return settings;
}

}  // namespace ringctl::directory
