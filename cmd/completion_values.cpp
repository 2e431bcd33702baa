#include "cmd/completion_values.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "cmd/context.hpp"
#include "cmd/help.hpp"
#include "cmd/root.hpp"

namespace ringctl::cmd {

std::vector<Candidate> values_of(ValueKind kind, Context& context, const std::string& prefix) {
  for (const auto& provider : value_providers())
    if (provider.kind == kind) return provider.values(context, prefix);
  return {};
}

std::vector<Candidate> complete_zones(Context&, const std::string&) {
  std::vector<Candidate> zones = {{"UTC", ""}};
  // "CC\tcoordinates\tZone[\tcomments]"
  const auto table = base::read_file("/usr/share/zoneinfo/zone1970.tab");
  for (const auto line : base::split(table, '\n')) {
    const auto fields = base::split(line, '\t');
    if (!line.starts_with('#') && fields.size() >= 3)
      zones.push_back({std::string(fields[2]), fields.size() > 3 ? std::string(fields[3]) : ""});
  }
  return zones;
}

std::vector<Candidate> complete_profiles(Context& context, const std::string&) {
  std::vector<Candidate> names;
  for (auto& name : context.settings().profiles()) names.push_back({std::move(name), ""});
  return names;
}

std::vector<Candidate> complete_config_keys(Context&, const std::string&) {
  std::vector<Candidate> keys;
  for (const auto& key : config::keys()) keys.push_back({std::string(key.name), std::string(key.summary)});
  return keys;
}

std::vector<Candidate> complete_topics(Context&, const std::string&) {
  std::vector<Candidate> names;
  for (const auto& topic : topics()) names.push_back({std::string(topic.name), std::string(topic.summary)});
  return names;
}

}  // namespace ringctl::cmd
