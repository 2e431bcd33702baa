// webhooks verify; replay and send have files of their own

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "cmd/auth_tokens.hpp"
#include "cmd/context.hpp"
#include "cmd/root.hpp"
#include "cmd/text_input.hpp"
#include "cmd/webhooks_configure.hpp"
#include "cmd/webhooks_replay.hpp"
#include "cmd/webhooks_send.hpp"
#include "twilio/auth_tokens.hpp"
#include "twilio/signature.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"matches", ColumnType::boolean}, Column{"reason", ColumnType::text},
    Column{"url", ColumnType::text},        Column{"token", ColumnType::word},
    Column{"parameters", ColumnType::text}, Column{"signed_text", ColumnType::text},
    Column{"tried", ColumnType::text},
};

struct VerifyOptions {
  std::string url, signature;
  std::optional<std::string> body;
};

/// Of a webhook; more is no webhook of Twilio's.
constexpr std::size_t k_most = twilio::k_max_form_bytes;

std::string body_of(const VerifyOptions& opts, Context& ctx) {
  if (!opts.body) return {};
  return text_input(ctx, *opts.body, k_most);
}

/// The URL as serve knows it: base and target.
twilio::Request request_of(const std::string& url) {
  const auto colon = url.find("://");
  if (colon == std::string::npos)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--url: {} is no URL with http:// or https://", base::in_quotes(url)));
  const auto end = std::min(url.find_first_of("/?", colon + 3), url.size());
  const std::string_view all = url;
  const auto target = all.substr(end);
  return {.base = all.substr(0, end), .target = target.substr(0, target.find('#')), .signature = {}};
}

/// The names in the order in which they are signed, each duplicate once.
std::vector<twilio::Form::Parameter> signed_order(const twilio::Form& form) {
  std::vector<twilio::Form::Parameter> all;
  for (std::size_t i = 0; i < form.size(); ++i) all.push_back(form[i]);
  const auto key = [](const twilio::Form::Parameter& parameter) {
    return std::pair(parameter.name, parameter.value);
  };
  std::ranges::sort(all, {}, key);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::string reason_of(twilio::Signed verdict, const twilio::Request& request, std::size_t tokens,
                      std::size_t urls) {
  constexpr std::size_t k_signature = 28;
  switch (verdict) {
    case twilio::Signed::ok:
      return "the signature is right";
    case twilio::Signed::body_mismatch:
      return request.target.find("bodySHA256") == std::string_view::npos
                 ? "the body is no form and the URL has no bodySHA256, so that nothing vouches for it"
                 : "the URL is signed, but bodySHA256 is not the hash of this body";
    case twilio::Signed::missing:
      return "there is no signature";
    case twilio::Signed::no_token:
      return "there is no token of the account in AccountSid to check with";
    case twilio::Signed::mismatch:
      break;
  }
  if (request.signature.size() != k_signature)
    return fmt::format("a signature has {} characters, this one {}", k_signature, request.signature.size());
  return fmt::format("none of {} {} gives this signature for any of {} spellings of the URL", tokens,
                     tokens == 1 ? "token" : "tokens", urls);
}

/// Twilio posts forms, except where the URL vouches for a body of another kind.
bool is_form(const twilio::Request& request, std::string_view body) {
  if (request.target.find("bodySHA256") != std::string_view::npos) return false;
  const auto text = base::trim(body);
  return !text.starts_with('{') && !text.starts_with('[');
}

/// Whose webhook it is; one that does not say so is taken for the configured account's.
std::string account_of(const twilio::Form& form, const config::Settings& settings) {
  const auto account = form.get("AccountSid");
  return account.empty() ? settings.get("account_sid") : std::string(account);
}

void run_verify(const VerifyOptions& opts, Context& ctx) {
  auto request = request_of(opts.url);
  const auto body = body_of(opts, ctx);
  const auto lines = auth_tokens(ctx.settings());
  if (lines.empty()) throw no_auth_token();
  twilio::Form form;
  request.signature = opts.signature;
  if (is_form(request, body)) {
    // A file made with an editor ends with a newline that was not posted.
    if (form.parse(base::trim(body)) != twilio::Parsed::ok)
      throw Error(Errc::invalid, "webhooks.too_many",
                  fmt::format("the form has more than {} parameters", twilio::k_max_form_parameters));
    request.form = &form;
  } else {
    request.body = body;
  }
  const twilio::AuthTokens by_account(ctx.settings().get("account_sid"), lines);
  const auto tokens = by_account.of(account_of(form, ctx.settings()));
  twilio::Scratch scratch;
  twilio::Match match;
  const auto verdict = twilio::verify(request, tokens, scratch, &match);
  const auto urls = twilio::candidate_urls(request);
  const bool ok = verdict == twilio::Signed::ok;
  const auto reason = reason_of(verdict, request, tokens.size(), urls.size());
  std::string names, text = match.url.empty() ? urls.front() : match.url;
  for (const auto& [name, value] : signed_order(form)) {
    names.append(names.empty() ? "" : " ").append(name);
    text.append(name).append(value.empty() ? "" : "***");
  }
  const auto tried = base::join(urls, " ");
  const auto token = match.url.empty() ? std::string() : tokens[match.token].masked();
  const Cell cells[] = {ok,
                        reason,
                        match.url.empty() ? Cell() : Cell(match.url),
                        match.url.empty() ? Cell() : Cell(token),
                        names.empty() ? Cell() : Cell(names),
                        text,
                        tried};
  ctx.io().record(k_columns, cells);
  if (!ok) throw Error(Errc::differs, "webhooks.not_signed", reason);
}

}  // namespace

void add_webhooks(Noun& webhooks) {
  webhooks.verb<VerifyOptions>("verify", "Explain why a webhook's signature is right or wrong", run_verify)
      .flag("url", &VerifyOptions::url, "URL", "The whole URL that Twilio was given, query included")
      .required()
      .flag("signature", &VerifyOptions::signature, "SIG", "What stood in X-Twilio-Signature")
      .required()
      .flag("body", &VerifyOptions::body, "FILE", "The body as received; - reads standard input")
      .default_text("none, as of a GET")
      .kind(ValueKind::file)
      .details(
          "Checks with every configured auth token and every spelling of the URL that Twilio may have signed, and says which "
          "of them it was, or what was tried. Exits 8 if the signature is wrong. Of a token only its last four characters "
          "are shown, of parameters only their names.")
      .example(
          "ringctl webhooks verify --url https://hooks.example.org/voice --signature wYqlSYDYQXX+az4vhdS/trUF4ZA=")
      .example(
          "ringctl webhooks verify --url https://hooks.example.org/sms --signature rA1X2s/8EED4SQ/y/clWbOMRc6Q= "
          "--body form.txt",
          "a form, as it was posted")
      .exits({Errc::auth, Errc::invalid, Errc::differs});
  add_webhooks_configure(webhooks);
  add_webhooks_replay(webhooks);
  add_webhooks_send(webhooks);
}

}  // namespace ringctl::cmd
