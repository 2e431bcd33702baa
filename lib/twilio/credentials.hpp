#pragma once
// Who asks, and where.

#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace ringctl::twilio {

struct Credentials {
  std::string account_sid;     ///< AC...: in paths, whoever logs in
  std::string user = {};       ///< SK..., or "" for the account itself
  base::Secret password = {};  ///< the key's secret, or the auth token
  std::string source = {};     ///< for messages: "TWILIO_API_KEY in the environment", "workspace main"
};

/// "AC... with its auth token (workspace main)": whom a login is of, and where it is from; no secret.
std::string login_text(const Credentials&);

/// Where each API answers, without a slash at the end.
struct Bases {
  std::string core = "https://api.twilio.com";
  std::string trunking = "https://trunking.twilio.com";
  std::string messaging = "https://messaging.twilio.com";
  std::string pricing = "https://pricing.twilio.com";
};

/// Twilio's own hosts for a region and edge ("" = the usual): api.{edge}.{region}.twilio.com.
Bases bases_of(std::string_view region, std::string_view edge);
/// All APIs at one base, as a simulator has them.
Bases bases_at(std::string_view url);

}  // namespace ringctl::twilio
