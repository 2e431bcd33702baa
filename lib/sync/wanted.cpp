// What webhooks should say, and in what a number differs from it.

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "http/outside_url.hpp"
#include "sync/configure.hpp"

namespace ringctl::sync {
namespace {

/// Twilio tries again twice when it cannot connect or gets a 5xx, before it asks the fallback.
constexpr std::string_view k_overrides = "#rc=2&rp=ct,5xx";

Error bad_url(std::string_view what, std::string_view url, const std::string& why) {
  return {Errc::invalid, "webhooks.bad_url",
          fmt::format("{} {} cannot be given to Twilio: {}", what, base::redact_url(url), why),
          "ringctl help webhooks"};
}

std::string outside(const Account& account, std::string_view what, const std::string& url) {
  if (url.empty()) return {};
  if (const auto why = http::why_not_outside(url, account.local_too); !why.empty())
    throw bad_url(what, url, why);
  return url.find('#') == std::string::npos ? url + std::string(k_overrides) : url;
}

std::string_view host_of(std::string_view origin) {
  const auto begin = origin.find("://");
  if (begin == std::string_view::npos) return {};
  auto host = origin.substr(begin + 3);
  const auto end = host.starts_with('[') ? host.find(']') : host.find(':');
  return end == std::string_view::npos ? host : host.substr(0, end);
}

void require_other_host(const std::string& fallback, const std::string& url, std::string_view what) {
  if (fallback.empty() || url.empty()) return;
  const auto one = http::origin_of(fallback), other = http::origin_of(url);
  if (host_of(one) != host_of(other)) return;
  throw Error(Errc::invalid, "webhooks.same_host",
              fmt::format("the fallback URL is on {}, the host of the {} URL that it is to stand in for",
                          host_of(one), what),
              "--fallback-url on another host");
}

/// Of "#rp=ct,5xx&rc=2": its parts, and the parts of those, in order.
std::string sorted_overrides(std::string_view fragment) {
  std::vector<std::string> parts;
  for (const auto part : base::split(fragment, '&')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      parts.emplace_back(part);
      continue;
    }
    std::vector<std::string> values;
    for (const auto value : base::split(part.substr(equals + 1), ',')) values.emplace_back(value);
    std::sort(values.begin(), values.end());
    parts.push_back(fmt::format("{}={}", part.substr(0, equals), fmt::join(values, ",")));
  }
  std::sort(parts.begin(), parts.end());
  return base::join(parts, "&");
}

/// A URL taken apart. Without a scheme all of it but the fragment is its path.
struct UrlParts {
  std::string_view origin, path, fragment;  ///< path: with the query

  explicit UrlParts(std::string_view url) {
    const auto hash = url.find('#');
    if (hash != std::string_view::npos) fragment = url.substr(hash + 1);
    path = url.substr(0, hash);
    const auto scheme_end = path.find("://");
    if (scheme_end == std::string_view::npos) return;
    origin = path.substr(0, path.find_first_of("/?", scheme_end + 3));
    path.remove_prefix(origin.size());
    if (path.starts_with('/')) path.remove_prefix(1);
  }
};

/// Lower-case, without the port that the scheme has anyway.
std::string normal_origin(std::string_view origin) {
  auto text = base::ascii_lower(origin);
  if (text.starts_with("https:") && text.ends_with(":443")) text.resize(text.size() - 4);
  if (text.starts_with("http:") && text.ends_with(":80")) text.resize(text.size() - 3);
  return text;
}

/// One URL and its method: what of it has to be sent.
struct Pair {
  std::optional<std::string>& url;
  std::optional<std::string>& method;
};
void want(const twilio::Hook& is, const std::string& wanted, const Pair& send) {
  if (wanted.empty()) return;
  const bool url = !same_url(is.url, wanted), method = is.method != "POST";
  if (url) send.url = wanted;
  if (url || method) send.method = "POST";
}

}  // namespace

Wanted wanted_of(const Account& account, const WebhookUrls& urls) {
  Wanted wanted;
  // Where both are somebody else's, nothing of ours is needed.
  const bool ours = !account.public_url.empty() || urls.voice.empty() || urls.sms.empty();
  const auto voice = ours ? account.links().voice : std::string();
  wanted.voice_url = outside(account, "the voice URL", urls.voice.empty() ? voice : urls.voice);
  wanted.sms_url = outside(account, "the SMS URL",
                           urls.sms.empty() ? account.public_url + "/api/twilio/webhook" : urls.sms);
  wanted.status_callback =
      outside(account, "the status callback", voice.empty() ? std::string() : voice + "/status");
  const auto fallback = outside(account, "the fallback URL", urls.fallback);
  require_other_host(fallback, wanted.voice_url, "voice");
  require_other_host(fallback, wanted.sms_url, "SMS");
  wanted.voice_fallback_url = wanted.sms_fallback_url = fallback;
  return wanted;
}

bool same_url(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (a.empty() || b.empty()) return false;
  const UrlParts one(a), other(b);
  // What costs least first: of a hundred thousand numbers all may say something else.
  return one.path == other.path && normal_origin(one.origin) == normal_origin(other.origin) &&
         (one.fragment == other.fragment ||
          sorted_overrides(one.fragment) == sorted_overrides(other.fragment));
}

twilio::NumberUpdate update_for(const twilio::Number& number, const Wanted& wanted) {
  twilio::NumberUpdate update;
  if (wanted.voice && number.trunk_sid.empty()) {
    want(number.voice_hook, wanted.voice_url, {update.voice_url, update.voice_method});
    want(number.voice_fallback, wanted.voice_fallback_url,
         {update.voice_fallback_url, update.voice_fallback_method});
    want(number.status_callback, wanted.status_callback,
         {update.status_callback, update.status_callback_method});
    if (!wanted.voice_url.empty() && !number.voice_application_sid.empty()) update.voice_application_sid = "";
  }
  if (wanted.sms && (number.sms || number.mms)) {
    want(number.sms_hook, wanted.sms_url, {update.sms_url, update.sms_method});
    want(number.sms_fallback, wanted.sms_fallback_url,
         {update.sms_fallback_url, update.sms_fallback_method});
    if (!wanted.sms_url.empty() && !number.sms_application_sid.empty()) update.sms_application_sid = "";
  }
  return update;
}

twilio::NumberUpdate whole_update(const Wanted& wanted) {
  twilio::Number blank;
  blank.voice = blank.sms = true;
  return update_for(blank, wanted);
}

}  // namespace ringctl::sync
