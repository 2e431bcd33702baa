#include "cmd/registry.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "base/zone.hpp"

namespace ringctl::cmd {

std::string_view type_name(ColumnType type) {
  static constexpr std::array k_names = {"e164", "text", "word",     "integer", "real", "boolean",
                                         "time", "date", "duration", "money",   "json", "uuid",
                                         "uuid", "word", "real",     "text"};
  return k_names.at(static_cast<std::size_t>(type));
}

std::string_view kind_name(ValueKind kind) {
  static constexpr std::array k_names = {
      "text",      "number",   "workspace", "profile", "user",       "party",     "team", "contact", "thread",
      "call",      "message",  "recording", "outcome", "callback",   "extension", "rule", "opt_out", "trunk",
      "assistant", "account",  "caller_id", "job",     "column",     "sort_key",  "zone", "country", "file",
      "folder",    "duration", "count",     "choice",  "config_key", "topic",     "other"};
  return k_names.at(static_cast<std::size_t>(kind));
}

std::string Command::name() const {
  std::string text(noun);
  if (!verb.empty()) text.append(" ").append(verb);
  return text;
}

std::string_view read_value(std::string& to, const std::string& text) {
  to = text;
  return {};
}

std::string_view read_value(std::int64_t& to, const std::string& text) {
  const auto value = base::parse_int(text);
  if (!value) return "a whole number";
  to = *value;
  return {};
}

std::string_view read_value(std::chrono::milliseconds& to, const std::string& text) {
  try {
    to = base::parse_duration(text);
    return {};
  } catch (const Error&) {
    return "a duration like 90s, 10m or 1h30m";
  }
}

const Command* Noun::find(std::string_view verb) const {
  const auto it =
      std::find_if(commands_.begin(), commands_.end(), [&](const Command& c) { return c.verb == verb; });
  return it == commands_.end() ? nullptr : &*it;
}

const Noun* Registry::find(std::string_view name) const {
  const auto matches = [&](const NounEntry& entry) {
    if (entry.name == name) return true;
    return entry.name.size() == name.size() + 1 && entry.name.ends_with('s') && entry.name.starts_with(name);
  };
  const auto it = std::find_if(table_.begin(), table_.end(), matches);
  return it == table_.end() ? nullptr : &load(*it);
}

const Alias* Registry::find_alias(std::string_view name) const {
  const auto it =
      std::find_if(aliases_.begin(), aliases_.end(), [&](const Alias& a) { return a.name == name; });
  return it == aliases_.end() ? nullptr : &*it;
}

const Noun& Registry::load(const NounEntry& entry) const {
  for (const auto& noun : loaded_)
    if (noun.name() == entry.name) return noun;
  auto& noun = loaded_.emplace_back(entry.name, entry.summary);
  entry.add(noun);
  return noun;
}

std::vector<const Command*> Registry::all() const {
  std::vector<const Command*> commands;
  for (const auto& entry : table_)
    for (const auto& command : load(entry).commands()) commands.push_back(&command);
  return commands;
}

}  // namespace ringctl::cmd
