#pragma once
// What a workspace decides, each decision described once: what it is called, what it may hold, what holds at
// first. The columns that are read and written, the audit log's images, and the flags, help and columns of
// `ringctl workspaces` follow from the description.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/uuid.hpp"
#include "db/connection.hpp"
#include "directory/voice_settings.hpp"
#include "records/noun.hpp"

namespace ringctl::directory {

/// What a setting may hold; its canonical text is given beside.
enum class SettingKind {
  choice,     ///< one of Setting::choices
  flag,       ///< "yes", "no"
  count,      ///< "10", within the bounds
  duration,   ///< whole seconds within the bounds: "90", typed as "90s" or "1m30s"
  spoken,     ///< text that a caller hears
  url,        ///< http or https
  phone,      ///< E.164
  countries,  ///< "CA|US"
  lines,      ///< "sold|call back"
  accounts,   ///< Account SIDs separated by |
  app,        ///< the SID of a TwiML application
  money,      ///< "25.00"; in the currency that Twilio bills in
  user,       ///< e-mail of a user, who may not be there yet
};

struct Setting {
  /// Where it goes when calls are decided; monostate: another room reads it.
  using Member = std::variant<std::monostate, int VoiceSettings::*, bool VoiceSettings::*,
                              std::string VoiceSettings::*, std::vector<std::string> VoiceSettings::*,
                              std::chrono::seconds VoiceSettings::*, std::chrono::hours VoiceSettings::*>;
  std::string_view name;  ///< of the column, in lists and JSON; ends in _s where it is seconds
  SettingKind kind;
  std::string_view initial;  ///< canonical; "" = not set. The default of the column and of VoiceSettings
  std::string_view help;     ///< one line, no full stop
  Member member = {};
  std::string_view choices = {};     ///< "a|b|c"
  std::int64_t least = 0, most = 0;  ///< bounds of a count or of seconds, those of the column's CHECK
};

/// All of them, in the order of lists.
std::span<const Setting> workspace_settings();
/// The place of a setting there. Throws std::out_of_range for a name that is none.
std::size_t setting_place(std::string_view name);
std::vector<std::string> initial_settings();

/// As flags call it: "ring-timeout".
std::string flag_of(const Setting&);
/// "5s to 10m"; "attempts, connected".
std::string may_be(const Setting&);
/// How its canonical text is stored and shown.
records::Kind kind_of(const Setting&);

/// The canonical text of what was typed; "" and "-" mean the initial one. `default_country` reads national
/// numbers. Throws Errc::invalid [workspaces.bad_value] naming what it may be.
std::string canonical_setting(const Setting&, std::string_view typed, std::string_view default_country);

/// "25", "25.5", "0.000001": millionths, as Twilio counts. nullopt: not that, or more than a thousand million.
std::optional<std::int64_t> try_parse_money(std::string_view);

/// The columns of all settings, in their order: "limit_policy, number_rotation, ...".
const std::string& setting_columns();
/// The canonical texts in a row whose columns from `first` on are those.
std::vector<std::string> settings_of(const db::Rows&, int first);

/// What a workspace decides about calls. Inside the caller's transaction.
/// Throws Errc::not_found [workspaces.unknown].
VoiceSettings read_voice_settings(db::Connection&, const base::Uuid& workspace);

}  // namespace ringctl::directory
