#include "twilio/credentials.hpp"

#include <fmt/format.h>

namespace ringctl::twilio {
namespace {

/// An edge alone means the home region; a region alone has a host of its own.
std::string host(std::string_view product, std::string_view region, std::string_view edge) {
  if (edge.empty() && region.empty()) return fmt::format("https://{}.twilio.com", product);
  if (edge.empty()) return fmt::format("https://{}.{}.twilio.com", product, region);
  return fmt::format("https://{}.{}.{}.twilio.com", product, edge, region.empty() ? "us1" : region);
}

}  // namespace

std::string login_text(const Credentials& login) {
  auto text = fmt::format("{} with {}", login.account_sid,
                          login.user.empty() ? std::string("its auth token") : "the API key " + login.user);
  return login.source.empty() ? text : fmt::format("{} ({})", text, login.source);
}

Bases bases_of(std::string_view region, std::string_view edge) {
  return {.core = host("api", region, edge),
          .trunking = host("trunking", region, edge),
          .messaging = host("messaging", region, edge),
          .pricing = host("pricing", region, edge)};
}

Bases bases_at(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  const std::string base(url);
  return {.core = base, .trunking = base, .messaging = base, .pricing = base};
}

}  // namespace ringctl::twilio
