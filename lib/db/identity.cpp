#include "db/identity.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>

#include "base/secret.hpp"
#include "base/text.hpp"

namespace ringctl::db {
namespace {

constexpr std::string_view k_sqlite = "sqlite:";

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;
using Values = std::map<std::string, std::string>;

void take(const Options& options, Values& values) {
  for (const auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option)
    if (option->val != nullptr && *option->val != '\0') values[option->keyword] = option->val;
}

std::string sqlite_identity(std::string_view path) {
  if (path.starts_with("///")) path.remove_prefix(2);  // the other common spelling
  std::error_code failed;
  const auto real = std::filesystem::weakly_canonical(std::filesystem::absolute(path, failed), failed);
  return fmt::format("{}{}", k_sqlite, failed ? std::string(path) : real.string());
}

/// One host, and one port, for each of a list; a single port is every host's.
std::string hosts_of(const Values& values) {
  const auto value = [&](const char* key) {
    const auto found = values.find(key);
    return found == values.end() ? std::string() : found->second;
  };
  const auto named = value("host").empty() ? value("hostaddr") : value("host");
  const auto given = value("port");
  const auto hosts = base::split(named, ','), ports = base::split(given, ',');
  std::string all;
  for (std::size_t i = 0; i < hosts.size(); ++i)
    all += fmt::format("{}{}:{}", i == 0 ? "" : ",", base::ascii_lower(hosts[i]),
                       ports[i < ports.size() ? i : 0]);
  return all;
}

}  // namespace

std::string identity_of(const std::string& url) {
  if (url.starts_with(k_sqlite)) return sqlite_identity(std::string_view(url).substr(k_sqlite.size()));
  const Options parts(PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
  if (!parts) return base::redact_url(url);
  Values values;
  take(Options(PQconndefaults(), PQconninfoFree), values);
  take(parts, values);
  const auto& name = values["dbname"].empty() ? values["user"] : values["dbname"];
  return fmt::format("postgresql://{}/{}", hosts_of(values), name);
}

}  // namespace ringctl::db
