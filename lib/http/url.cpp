#include "http/url.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "http/handles.hpp"

namespace ringctl::http {
namespace {

Error bad_url(std::string_view why) {
  return {Errc::usage, "http.bad_url", fmt::format("the URL cannot be used: {}", why)};
}

std::string part(CURLU* url, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, flags) != CURLUE_OK) return {};
  const Text owned(text);
  return text;
}

/// `host` as libcurl normalised it: 127.1 is 127.0.0.1 by now.
bool is_loopback(const std::string& host) {
  if (base::ascii_lower(host) == "localhost") return true;  // libcurl asks no name service for it
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127;
  return host == "[::1]";
}

std::string redacted(CURLU* url) {
  const bool user = !part(url, CURLUPART_USER).empty() || !part(url, CURLUPART_PASSWORD).empty();
  curl_url_set(url, CURLUPART_PASSWORD, nullptr, 0);
  curl_url_set(url, CURLUPART_USER, user ? "***" : nullptr, 0);
  curl_url_set(url, CURLUPART_FRAGMENT, nullptr, 0);
  return part(url, CURLUPART_URL);
}

}  // namespace

Url parse_url(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) throw bad_url("it holds a NUL");
  const UrlHandle url(curl_url());
  const auto wrong = curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_PATH_AS_IS);
  if (wrong != CURLUE_OK) throw bad_url(base::ascii_lower(curl_url_strerror(wrong)));
  if (text.find(":///") != std::string_view::npos) throw bad_url("it names no server");
  const auto scheme = part(url.get(), CURLUPART_SCHEME), host = part(url.get(), CURLUPART_HOST);
  if (scheme != "https" && scheme != "http") throw bad_url("its scheme is neither https nor http");
  Url parsed;
  parsed.secure = scheme == "https";
  parsed.loopback = is_loopback(host);
  parsed.server = fmt::format("{}:{}", host, part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
  parsed.redacted = redacted(url.get());
  if (!parsed.secure && !parsed.loopback)
    throw Error(Errc::usage, "http.not_secure",
                fmt::format("{} is another machine, which is spoken to by https only", parsed.server));
  return parsed;
}

}  // namespace ringctl::http
