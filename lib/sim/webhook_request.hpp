#pragma once
// What goes out for one exchange of a webhook: to which server, signed as which URL, with which bytes.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "http/message.hpp"
#include "sim/web.hpp"

namespace ringctl::sim {

/// A server that is known by one URL and reached by another, such as serve in this process. Both without a
/// slash at the end; both "": every URL is reached as it is written.
struct Bases {
  std::string public_base = {};  ///< "https://pbx.example.com", as whoever checks signatures knows itself
  std::string real_base = {};    ///< "http://127.0.0.1:8080"

  std::string real_form(std::string_view url) const;
  std::string public_form(std::string_view url) const;
  /// For people and timelines: from the path on where it is below a base, else the whole without its
  /// fragment. Never a user or password.
  std::string shown(std::string_view url) const;
};

/// A URL as Twilio signs and sends it, and who it says is asking.
struct Hop {
  std::string url = {};  ///< in its public form, without fragment, user and password
  std::string method = "POST";
  bool with_parameters = true;  ///< a redirect may have lost them
  std::optional<http::Login> login = {};
};

/// A URL of the network's settings: its parts that are neither signed nor sent apart.
struct SplitUrl {
  std::string url = {};
  std::string fragment = {};
  std::optional<http::Login> login = {};
};
SplitUrl split_url(std::string_view url);

/// The URL with a GET's parameters behind what its query holds already.
std::string with_query(const std::string& url, const Parameters&);

/// Throws what http::parse_url() throws. `hop.login` is not put in: only who is asked for it shows it.
http::Request make_webhook(const WebRequest&, const Hop&, const Bases&, const base::Secret& auth_token,
                           const std::string& idempotency_token);

}  // namespace ringctl::sim
