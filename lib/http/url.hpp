#pragma once
#include <string>
#include <string_view>

namespace ringctl::http {

/// What of a URL decides how it may be asked.
struct Url {
  bool secure = false;    ///< https
  bool loopback = false;  ///< this machine itself: 127.0.0.0/8, ::1 or localhost
  std::string server;     ///< "pbx.example.com:443", "[::1]:8080"
  std::string redacted;   ///< the whole URL, *** for its user and password, without its fragment
};

/// An absolute https URL, or an http one of this machine: what is secret does not cross a network in the
/// clear. Throws Errc::usage [http.bad_url], [http.not_secure]; no message holds a user or password.
Url parse_url(std::string_view url);

}  // namespace ringctl::http
