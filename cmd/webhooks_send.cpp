// webhooks send

#include "cmd/webhooks_send.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/shell.hpp"
#include "base/sid.hpp"
#include "base/text.hpp"
#include "cmd/auth_tokens.hpp"
#include "cmd/secret_lines.hpp"
#include "cmd/xml_lines.hpp"
#include "http/session.hpp"
#include "http/url.hpp"
#include "twilio/auth_tokens.hpp"
#include "twilio/sample_webhook.hpp"
#include "twilio/signature.hpp"
#include "twiml/read.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_request_columns = {
    Column{"event", ColumnType::word},     Column{"sid", ColumnType::word},
    Column{"url", ColumnType::text},       Column{"signed_url", ColumnType::text},
    Column{"signature", ColumnType::text}, Column{"body", ColumnType::text},
};
constexpr std::array k_answer_columns = {
    Column{"event", ColumnType::word},        Column{"sid", ColumnType::word},
    Column{"url", ColumnType::text},          Column{"signed_url", ColumnType::text},
    Column{"ok", ColumnType::boolean},        Column{"problem", ColumnType::text},
    Column{"status", ColumnType::integer},    Column{"dur_ms", ColumnType::real},
    Column{"content_type", ColumnType::word}, Column{"verbs", ColumnType::integer},
    Column{"body", ColumnType::text},
};

// Twilio's own bounds: 5 s to connect, 15 s in all, 64 kB of TwiML.
constexpr std::chrono::milliseconds k_connect_timeout{5'000}, k_timeout{15'000};
constexpr std::size_t k_most_twiml = 64 * 1024;

struct SendOptions {
  std::string to;
  std::string event = "inbound-call", from = "+12025550143", to_number = "+12025550123";
  std::optional<std::string> call_sid, status, url_signed_as, unix_socket;
  std::vector<std::string> params;
};

/// Everything that is decided before anything goes out.
struct Prepared {
  const twilio::WebhookKind* kind;
  std::string sid, signed_url, signature;
  http::Url url;
  http::Request request;
};

/// "inbound-call|digits|..."
std::string_view event_names() {
  static const std::string k_names = [] {
    std::vector<std::string> names;
    for (const auto& kind : twilio::webhook_kinds()) names.emplace_back(kind.name);
    return base::join(names, "|");
  }();
  return k_names;
}

Error bad_value(std::string message, std::string hint = {}) {
  return {Errc::usage, "usage.bad_value", std::move(message), std::move(hint)};
}

std::pair<std::string, std::string> parameter_of(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw bad_value(fmt::format("--param: {} is no NAME=VALUE", base::in_quotes(text)), "--param Digits=101");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::string new_sid(std::string_view prefix, Context& ctx) {
  auto digits = ctx.ids().next().text();
  std::erase(digits, '-');
  return std::string(prefix) + digits;
}

/// Without its fragment, which is never signed.
std::string signed_form(std::string_view url) { return std::string(url.substr(0, url.find('#'))); }

/// From the path on, as it stands.
std::string_view target_of(std::string_view url) {
  const auto at = url.find_first_of("/?", url.find("://") + 3);
  return at == std::string_view::npos ? std::string_view() : url.substr(at);
}

/// A server on this machine stands for the public one, by whose URL it checks signatures.
std::string signed_url_of(const SendOptions& opts, const http::Url& url, const config::Settings& settings) {
  if (opts.url_signed_as) {
    if (opts.url_signed_as->find("://") == std::string::npos)
      throw bad_value(fmt::format("--url-signed-as: {} is no URL", base::in_quotes(*opts.url_signed_as)),
                      "--url-signed-as https://pbx.example.com/api/twilio/voice/inbound");
    return signed_form(*opts.url_signed_as);
  }
  auto public_url = settings.get("serve.public_url");
  while (public_url.ends_with('/')) public_url.pop_back();
  const auto to = signed_form(opts.to);
  return url.loopback && !public_url.empty() ? public_url + std::string(target_of(to)) : to;
}

const twilio::WebhookKind& kind_of(const SendOptions& opts) {
  const auto& kind = *twilio::find_webhook_kind(opts.event);  // the parser lets no other through
  if (opts.status && kind.status_parameter.empty())
    throw bad_value(fmt::format("--status: an event {} has none", kind.name));
  const auto prefix = twilio::sid_prefix(kind);
  // A message with pictures has another prefix.
  const bool pictures = prefix == "SM" && base::is_sid(opts.call_sid.value_or(""), "MM");
  if (opts.call_sid && !pictures && !base::is_sid(*opts.call_sid, prefix))
    throw bad_value(fmt::format("--call-sid: {} is no SID of a {} ({} and 32 hex digits)",
                                base::in_quotes(*opts.call_sid), prefix == "CA" ? "call" : "message",
                                prefix));
  return kind;
}

twilio::WebhookFacts facts_of(const SendOptions& opts, const twilio::WebhookKind& kind, Context& ctx) {
  twilio::WebhookFacts facts;
  facts.account_sid = ctx.settings().get("account_sid");
  facts.sid = opts.call_sid.value_or(new_sid(twilio::sid_prefix(kind), ctx));
  facts.leg_sid = new_sid("CA", ctx);
  facts.from = opts.from;
  facts.to = opts.to_number;
  facts.status = opts.status.value_or("");
  facts.at = ctx.clock().now();
  for (const auto& text : opts.params) facts.changes.push_back(parameter_of(text));
  const bool account_given =
      std::ranges::any_of(facts.changes, [](const auto& change) { return change.first == "AccountSid"; });
  if (facts.account_sid.empty() && !account_given)
    throw Error(Errc::auth, "webhooks.no_account",
                "account_sid is not configured, which every webhook of Twilio's names",
                "ringctl config set account_sid AC...");
  return facts;
}

http::Request request_of(const SendOptions& opts, const twilio::Form& form, const std::string& signature,
                         Context& ctx) {
  http::Request request{.method = "POST", .url = opts.to};
  request.unix_socket = opts.unix_socket.value_or("");
  request.fields = {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                    {"User-Agent", "TwilioProxy/1.1"},
                    {"I-Twilio-Idempotency-Token", ctx.ids().next().text()},
                    {"X-Twilio-Signature", signature}};
  request.body = form.encoded();
  request.timeout = k_timeout;
  request.connect_timeout = k_connect_timeout;
  request.max_body = k_most_twiml;
  return request;
}

Prepared prepare(const SendOptions& opts, Context& ctx) {
  const auto& kind = kind_of(opts);
  require_no_login("to", opts.to);
  if (opts.to.starts_with("unix:"))
    throw bad_value(fmt::format("--to: {} is a socket, not a URL", base::in_quotes(opts.to)),
                    fmt::format("--to http://localhost/api/twilio/voice/inbound --unix-socket {}",
                                base::for_shell(opts.to.substr(opts.to.find(':') + 1))));
  if (opts.to.find("://") == std::string::npos)
    throw bad_value(
        fmt::format("--to: {} begins with neither http:// nor https://", base::in_quotes(opts.to)),
        fmt::format("--to http://{}", base::for_shell(opts.to)));
  require_no_login("url-signed-as", opts.url_signed_as.value_or(""));
  const auto url = http::parse_url(opts.to);
  const auto facts = facts_of(opts, kind, ctx);
  const auto lines = auth_tokens(ctx.settings());
  const twilio::AuthTokens by_account(facts.account_sid, lines);
  const auto form = twilio::sample_webhook(kind, facts);
  const auto tokens = by_account.of(form.get("AccountSid"));
  if (tokens.empty()) throw no_auth_token(lines.empty() ? std::string_view() : form.get("AccountSid"));
  const auto signed_url = signed_url_of(opts, url, ctx.settings());
  const auto signature = twilio::sign(tokens.front().reveal(), signed_url, form);
  return {&kind, facts.sid, signed_url, signature, url, request_of(opts, form, signature, ctx)};
}

// --- what would go out ---

void print_request(const Prepared& prepared, Context& ctx) {
  const auto& request = prepared.request;
  if (ctx.io().format() == Format::table) {
    auto text = fmt::format("POST {}\n", prepared.url.redacted);
    for (const auto& [name, value] : request.fields) text += fmt::format("{}: {}\n", name, value);
    return ctx.io().text(text + "\n" + request.body + "\n");
  }
  const Cell cells[] = {prepared.kind->name, prepared.sid,       prepared.url.redacted,
                        prepared.signed_url, prepared.signature, request.body};
  ctx.io().record(k_request_columns, cells);
}

// --- what came back ---

struct Judged {
  std::string problem;  ///< "" = Twilio would take it
  std::optional<twiml::Response> twiml;
};

/// Those that Twilio reads as TwiML.
bool is_xml_type(std::string_view type) {
  static constexpr auto k_types =
      std::to_array<std::string_view>({"text/xml", "application/xml", "text/html"});
  const auto word = base::ascii_lower(base::trim(type.substr(0, type.find(';'))));
  return std::ranges::find(k_types, word) != k_types.end();
}

Judged judge(const twilio::WebhookKind& kind, const http::Response& response) {
  if (response.status < 200 || response.status > 299)
    return {fmt::format("the server answered {}, which to Twilio is a failure", response.status), {}};
  if (!kind.wants_twiml) return {};
  const auto type = response.field("content-type");
  if (!is_xml_type(type))
    return {fmt::format("the content type {} is not one that Twilio reads as TwiML", base::in_quotes(type)),
            {}};
  twiml::Problem problem;
  auto read = twiml::try_read(response.body, problem);
  if (!read)
    return {fmt::format("the answer is not TwiML: line {}{}: {}", problem.line,
                        problem.element.empty() ? "" : ", " + problem.element, problem.message),
            {}};
  return {{}, std::move(read)};
}

/// Line by line, so that nothing in it drives a terminal.
std::string shown(std::string_view body) {
  std::string text;
  while (body.ends_with('\n')) body.remove_suffix(1);
  if (body.empty()) return text;
  for (auto line : base::split(body, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    text += "\n" + visible(line);
  }
  return text + "\n";
}

void print_answer(const Prepared& prepared, const http::Response& response, const Judged& judged,
                  Context& ctx) {
  const auto ms = std::chrono::duration<double, std::milli>(response.elapsed).count();
  const auto type = response.field("content-type");
  if (ctx.io().format() == Format::table) {
    const auto head =
        fmt::format("{} in {:.1f} ms{}{}\n", response.status, ms, type.empty() ? "" : ", ", visible(type));
    return ctx.io().text(head + shown(judged.twiml ? xml_lines(response.body) : response.body));
  }
  const Cell cells[] = {prepared.kind->name,
                        prepared.sid,
                        prepared.url.redacted,
                        prepared.signed_url,
                        judged.problem.empty(),
                        judged.problem.empty() ? Cell() : Cell(judged.problem),
                        response.status,
                        ms,
                        type.empty() ? Cell() : Cell(type),
                        judged.twiml ? Cell(std::int64_t{std::ssize(judged.twiml->verbs)}) : Cell(),
                        response.body.empty() ? Cell() : Cell(response.body)};
  ctx.io().record(k_answer_columns, cells);
}

std::string hint_of(const Prepared& prepared, const http::Response& response) {
  if (response.status != 403) return {};
  if (response.body.find("account is none of the workspace's") != std::string::npos)
    return "ringctl workspaces update NAME --twilio-accounts AC...";
  return fmt::format(
      "the server may know itself by another URL than {} (--url-signed-as URL), or have another auth token",
      prepared.signed_url);
}

void run_send(const SendOptions& opts, Context& ctx) {
  const auto prepared = prepare(opts, ctx);
  if (ctx.dry_run()) return print_request(prepared, ctx);
  const auto roots = ctx.environment()("SSL_CERT_FILE");
  http::Session session({.ca_file = roots.value_or("")});
  const auto outcome = session.perform(prepared.request);
  if (const auto* const failure = std::get_if<http::Failure>(&outcome)) throw http::to_error(*failure);
  const auto& response = std::get<http::Response>(outcome);
  const auto judged = judge(*prepared.kind, response);
  print_answer(prepared, response, judged, ctx);
  if (!judged.problem.empty())
    throw Error(Errc::differs, "webhooks.bad_answer", judged.problem, hint_of(prepared, response));
}

}  // namespace

void add_webhooks_send(Noun& webhooks) {
  webhooks.verb<SendOptions>("send", "Post to a server what Twilio would, and say what it answers", run_send)
      .flag("to", &SendOptions::to, "URL", "The server's URL: https, or http on this machine")
      .required()
      .flag("event", &SendOptions::event, "EVENT", "What has happened")
      .choices(event_names())
      .default_text("inbound-call")
      .flag("from", &SendOptions::from, "NUMBER", "Who calls or writes; client:NAME for one of our own")
      .default_text("+12025550143")
      .flag("to-number", &SendOptions::to_number, "NUMBER", "Who is called or written to")
      .default_text("+12025550123")
      .kind(ValueKind::number)
      .flag("call-sid", &SendOptions::call_sid, "SID", "Of the call or message")
      .default_text("a new one")
      .flag("status", &SendOptions::status, "STATUS",
            "CallStatus of status, DialCallStatus of dial-ended, RecordingStatus, MessageStatus")
      .default_text("the last one of a good end; no-answer for dial-ended")
      .flag("param", &SendOptions::params, "NAME=VALUE", "A further parameter, or another value for one")
      .flag("url-signed-as", &SendOptions::url_signed_as, "URL", "The URL that the server knows itself by")
      .default_text("serve.public_url with the path of --to if that is on this machine, else --to")
      .flag("unix-socket", &SendOptions::unix_socket, "PATH",
            "The server's socket; --to is then http://localhost/...")
      .kind(ValueKind::file)
      .columns(k_answer_columns)
      .details(
          "Makes the form that Twilio posts when EVENT happens, signs it with the account's auth token, posts it, and "
          "prints status, time and answer. The server does with it what it does with any webhook: a call or message that is "
          "sent to `ringctl serve` is on record, and whoever receives the message is told of it. Nobody is rung by it.\n\n"
          "Exits 8 if Twilio would not take the answer: another status than 2xx or, where it waits for TwiML, another "
          "content type than XML or a document that is not TwiML. Exits 22 if the server cannot be reached, breaks off or "
          "takes longer than 15 s. With --dry-run the request is printed and not sent.")
      .example("ringctl webhooks send --to http://127.0.0.1:8080/api/twilio/voice/inbound -n",
               "what a call that comes in looks like")
      .example(
          "ringctl webhooks send --event status --status busy --call-sid CA0123456789abcdef0123456789abcdef "
          "--to https://pbx.example.com/api/twilio/voice/inbound --dry-run -o json")
      .example(
          "ringctl webhooks send --event message --param Body=STOP --to http://127.0.0.1:8080/api/twilio/webhook -n",
          "a message that comes in")
      .example(
          "ringctl webhooks send --event digits --param Digits=101 --url-signed-as https://pbx.example.com/menu "
          "--to http://localhost:8080/menu -n",
          "to a server behind a proxy, passing the proxy by")
      .exits({Errc::auth, Errc::differs, Errc::twilio_down, Errc::twilio_garbage});
}

}  // namespace ringctl::cmd
