#include "sim/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace ringctl::sim {
namespace {

constexpr std::string_view k_client = "client:", k_agent = "agent_";
constexpr std::size_t k_uuid = 36, k_bare = 32;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_uuid(std::string_view text) {
  if (text.size() < k_uuid) return false;
  for (std::size_t i = 0; i < k_uuid; ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_identity(std::string_view text) {
  if (!text.starts_with(k_agent) || text.size() < k_agent.size() + k_bare) return false;
  return std::ranges::all_of(text.substr(k_agent.size(), k_bare), is_hex);
}

}  // namespace

void Names::add(std::string_view id, std::string_view identity, std::string_view name) {
  by_id_.insert_or_assign(std::string(id), std::string(name));
  if (identity.empty()) return;
  identities_.insert_or_assign(std::string(identity), std::string(name));
  by_name_.insert_or_assign(std::string(name), std::string(identity));
}

const std::string& Names::name_of_id(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found != by_id_.end()) return found->second;
  return by_id_.emplace(std::string(id), fmt::format("id{}", ++unknown_)).first->second;
}

std::string Names::named(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (is_uuid(text)) {
      out += name_of_id(text.substr(0, k_uuid));
      text.remove_prefix(k_uuid);
    } else if (const auto known = is_identity(text)
                                      ? identities_.find(text.substr(0, k_agent.size() + k_bare))
                                      : identities_.end();
               known != identities_.end()) {
      out += known->second;
      text.remove_prefix(k_agent.size() + k_bare);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

void Names::name(Entry& entry) {
  entry.text = named(entry.text);
  for (auto& [key, value] : entry.facts) value = named(value);
}

std::string Names::address_of(const std::string& written) const {
  if (!written.starts_with(k_client)) return written;
  const auto found = by_name_.find(std::string_view(written).substr(k_client.size()));
  return found == by_name_.end() ? written : std::string(k_client) + found->second;
}

std::string Names::why_unknown(const std::string& written) const {
  if (!written.starts_with(k_client) || written.find('@') == std::string::npos) return {};
  const auto email = std::string_view(written).substr(k_client.size());
  if (by_name_.find(email) != by_name_.end()) return {};
  std::vector<std::string> known;
  for (const auto& [name, identity] : by_name_) known.push_back(name);
  const auto near = base::nearest(email, known, 1);
  return fmt::format("is no user's{}",
                     near.empty() ? "" : fmt::format("; did you mean {}{}?", k_client, near.front()));
}

}  // namespace ringctl::sim
