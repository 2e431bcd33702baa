#include "twilio/auth_tokens.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace ringctl::twilio {
namespace {

constexpr std::string_view k_account = "AC";
constexpr std::size_t k_sid = 34;

}  // namespace

AuthTokens::AuthTokens(std::string account, std::span<const base::Secret> lines)
    : account_(std::move(account)) {
  for (const auto& line : lines) add(line.reveal());
}

void AuthTokens::add(std::string_view line) {
  line = base::trim(line);
  std::string_view account = account_;
  if (line.size() > k_sid && line.starts_with(k_account) && line[k_sid] == ':') {
    account = line.substr(0, k_sid);
    line = base::trim(line.substr(k_sid + 1));
  }
  if (line.empty()) return;
  auto& own = tokens_[std::string(account)];
  if (std::none_of(own.begin(), own.end(), [&](const auto& token) { return token.reveal() == line; }))
    own.emplace_back(std::string(line));
}

std::span<const base::Secret> AuthTokens::of(std::string_view account) const {
  auto found = tokens_.find(account);
  if (found == tokens_.end()) found = tokens_.find(std::string_view());
  return found == tokens_.end() ? std::span<const base::Secret>() : std::span(found->second);
}

}  // namespace ringctl::twilio
