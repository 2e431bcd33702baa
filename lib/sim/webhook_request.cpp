#include "sim/webhook_request.hpp"

#include <algorithm>

#include "http/url.hpp"
#include "sim/urls.hpp"
#include "twilio/signature.hpp"
#include "twiml/limits.hpp"

namespace ringctl::sim {
namespace {

/// What follows `base`; nullopt where the URL is that of somebody else, such as pbx.example.com.evil.org.
std::optional<std::string_view> below(std::string_view url, std::string_view base) {
  if (base.empty() || !url.starts_with(base)) return std::nullopt;
  url.remove_prefix(base.size());
  if (!url.empty() && url.find_first_of("/?#") != 0) return std::nullopt;
  return url;
}

std::string moved(std::string_view url, std::string_view from, std::string_view to) {
  const auto rest = to.empty() ? std::nullopt : below(url, from);
  return rest ? std::string(to).append(*rest) : std::string(url);
}

std::size_t authority_end(std::string_view url, std::size_t begin) {
  return std::min(url.find_first_of("/?#", begin), url.size());
}

twilio::Form form_of(const Parameters& parameters) {
  twilio::Form form;
  for (const auto& [name, value] : parameters) form.add(name, value);
  return form;
}

/// Twilio leaves an explicit port out of what it signs for calls, over https only.
std::string signed_url(const std::string& url, std::string_view kind) {
  constexpr std::string_view k_secure = "https://";
  if (!url.starts_with(k_secure) || kind.starts_with("message")) return url;
  const auto end = authority_end(url, k_secure.size());
  const auto colon = url.rfind(':', end);
  // A colon behind the last ']' of an IPv6 address, or the only one.
  if (colon == std::string::npos || colon < k_secure.size() || url.find(']', colon) < end) return url;
  return url.substr(0, colon) + url.substr(end);
}

}  // namespace

std::string Bases::real_form(std::string_view url) const { return moved(url, public_base, real_base); }
std::string Bases::public_form(std::string_view url) const { return moved(url, real_base, public_base); }

std::string Bases::shown(std::string_view text) const {
  const auto split = split_url(text);
  for (const auto* const base : {&public_base, &real_base})
    if (const auto rest = below(split.url, *base)) {
      const auto shown = std::string(*rest) + (split.fragment.empty() ? "" : "#" + split.fragment);
      return shown.starts_with('/') ? shown : "/" + shown;
    }
  return split.url;
}

SplitUrl split_url(std::string_view text) {
  SplitUrl split;
  split.fragment = fragment_of(text);
  split.url = without_fragment(text);
  const auto begin = split.url.find("://");
  if (begin == std::string::npos) return split;
  const auto host = begin + 3, end = authority_end(split.url, host);
  const auto at = split.url.rfind('@', end);
  if (at == std::string::npos || at < host) return split;
  const auto user = split.url.substr(host, at - host);
  const auto colon = user.find(':');
  split.login =
      http::Login{percent_decoded(user.substr(0, colon)),
                  base::Secret(colon == std::string::npos ? "" : percent_decoded(user.substr(colon + 1)))};
  split.url.erase(host, at + 1 - host);
  return split;
}

std::string with_query(const std::string& url, const Parameters& parameters) {
  if (parameters.empty()) return url;
  const auto begin = url.find('?') == std::string::npos         ? "?"
                     : url.ends_with('?') || url.ends_with('&') ? ""
                                                                : "&";
  return url + begin + form_of(parameters).encoded();
}

http::Request make_webhook(const WebRequest& asked, const Hop& hop, const Bases& bases,
                           const base::Secret& auth_token, const std::string& idempotency_token) {
  const bool posts = hop.method != "GET";
  const auto url = !posts && hop.with_parameters ? with_query(hop.url, asked.parameters) : hop.url;
  const auto form = posts && hop.with_parameters ? form_of(asked.parameters) : twilio::Form();
  http::Request request;
  request.method = posts ? "POST" : "GET";
  request.url = bases.real_form(url);
  http::parse_url(request.url);
  request.fields = {
      {"User-Agent", "TwilioProxy/1.1"},
      {"I-Twilio-Idempotency-Token", idempotency_token},
      {"X-Twilio-Signature", twilio::sign(auth_token.reveal(), signed_url(url, asked.kind), form)},
      // A server that restarts, or whose clock jumps, has ended what was kept.
      {"Connection", "close"}};
  if (posts) request.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8");
  request.body = form.encoded();
  request.max_body = twiml::k_max_document;
  return request;
}

}  // namespace ringctl::sim
