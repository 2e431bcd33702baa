#include "twilio/client_wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace ringctl::twilio {
namespace {

constexpr std::size_t k_longest_message = 300;
/// Waited for at most; a server that wants more is told about instead.
constexpr std::chrono::seconds k_longest_wait{120};

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

/// "Too Many Requests": words alone, each with a capital, more than one.
bool is_title(std::string_view text) {
  bool begins = true, blank = false;
  for (const char c : text) {
    const bool capital = c >= 'A' && c <= 'Z', small = c >= 'a' && c <= 'z';
    if (begins ? !capital : !small && c != ' ') return false;
    begins = c == ' ';
    blank = blank || begins;
  }
  return blank && !begins;
}

/// One line of what a server says, cut where it is long.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; },
      ' ');
  if (text.size() > k_longest_message) {
    text.resize(k_longest_message);
    while (!text.empty() && !base::valid_utf8(text)) text.pop_back();
    text += "...";
  }
  while (text.ends_with('.') && !text.ends_with("...")) text.pop_back();
  if (is_title(text)) return base::ascii_lower(text);
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z')
    text[0] = static_cast<char>(text[0] >= 'A' && text[0] <= 'Z' ? text[0] + ('a' - 'A') : text[0]);
  return text;
}

/// "POST /Calls.json", without what a query or a page's address holds.
std::string asked(const Ask& ask) {
  const auto path = std::string_view(ask.path);
  return fmt::format("{} {}", ask.method, path.empty() ? "the account" : path.substr(0, path.find('?')));
}

Failed failed(const Ask& ask, Failed::Kind kind, std::string why) {
  Failed made;
  made.kind = kind;
  made.message = fmt::format("{}: {}", asked(ask), why);
  return made;
}

Attempt stop(Failed why) {
  Attempt attempt;
  attempt.failed = std::move(why);
  return attempt;
}

/// Nobody knows whether it was carried out: again where that does no harm.
Attempt in_doubt(const Ask& ask, Failed why) {
  Attempt attempt;
  attempt.failed = std::move(why);
  if (ask.repeat == Repeat::freely) {
    attempt.next = Attempt::Next::again;
  } else {
    attempt.failed.kind = Failed::Kind::unknown;
    attempt.failed.maybe_executed = true;
  }
  return attempt;
}

Attempt judge_failure(const Ask& ask, const http::Failure& failure) {
  const bool never = ask.repeat == Repeat::never;
  switch (failure.fault) {
    case http::Fault::cancelled: {
      auto why = failed(ask, Failed::Kind::cancelled, failure.message);
      why.maybe_executed = never && failure.maybe_executed;
      return stop(std::move(why));
    }
    case http::Fault::garbage:
    case http::Fault::too_large: {
      auto why = failed(ask, Failed::Kind::garbage, failure.message);
      why.maybe_executed = never && failure.maybe_executed;
      return stop(std::move(why));
    }
    case http::Fault::unreachable:
    case http::Fault::tls:
    case http::Fault::timeout:
    case http::Fault::broken:
      break;
  }
  auto why = failed(ask, Failed::Kind::down, failure.message);
  if (failure.maybe_executed) return in_doubt(ask, std::move(why));
  Attempt attempt;
  attempt.next = Attempt::Next::again;
  attempt.failed = std::move(why);
  return attempt;
}

bool is_json(const http::Response& response) {
  return base::ascii_lower(response.field("content-type")).find("json") != std::string::npos;
}

/// Twilio's code and words; an HTML page of something in between is not read.
void explain(Failed& why, const Ask& ask, const http::Response& response) {
  why.status = response.status;
  why.request_id = one_line(std::string(response.field("twilio-request-id")));
  why.retry_after = response.retry_after;
  why.server_time = try_parse_time(response.field("date"));
  why.message = fmt::format("{}: HTTP {}", asked(ask), response.status);
  if (!is_json(response)) return;
  const auto body = Json::try_parse(response.body);
  if (!body || !body->is_object()) return;
  const auto code = body->whole("code").value_or(0);
  if (code > 0 && code < 1'000'000) why.code = static_cast<int>(code);
  const auto message = one_line(body->text("message"));
  if (!message.empty()) why.message = fmt::format("{}: {}", asked(ask), message);
}

Attempt refused(const Ask& ask, const http::Response& response) {
  Failed why;
  explain(why, ask, response);
  const auto kind = [&] {
    if (response.status == 401 || response.status == 403) return Failed::Kind::auth;
    return response.status == 404 ? Failed::Kind::not_found : Failed::Kind::refused;
  };
  why.kind = kind();
  return stop(std::move(why));
}

bool wants_too_long(const http::Response& response) {
  return response.retry_after && *response.retry_after > k_longest_wait;
}

Attempt too_fast(const Ask& ask, const http::Response& response) {
  Attempt attempt;
  attempt.too_fast = true;
  explain(attempt.failed, ask, response);
  attempt.failed.kind = Failed::Kind::rate;
  attempt.next = wants_too_long(response) ? Attempt::Next::stop : Attempt::Next::again;
  return attempt;
}

Attempt broken(const Ask& ask, const http::Response& response) {
  Failed why;
  explain(why, ask, response);
  why.kind = Failed::Kind::down;
  auto attempt = in_doubt(ask, std::move(why));
  attempt.too_fast = response.status == 503;
  if (wants_too_long(response)) attempt.next = Attempt::Next::stop;
  return attempt;
}

Attempt garbage(const Ask& ask, const http::Response& response, const std::string& why_not) {
  auto why = failed(ask, Failed::Kind::garbage, why_not);
  why.status = response.status;
  why.request_id = one_line(std::string(response.field("twilio-request-id")));
  why.maybe_executed = ask.repeat == Repeat::never;
  return stop(std::move(why));
}

Attempt answered(const Ask& ask, http::Response response) {
  Attempt attempt;
  attempt.next = Attempt::Next::reply;
  auto& reply = attempt.reply;
  const bool nothing = response.body.empty() && (response.status == 204 || ask.method == "DELETE");
  if (!ask.raw && !nothing) {
    std::string why;
    auto json = Json::try_parse(response.body, &why);
    if (!json) return garbage(ask, response, fmt::format("the answer is not what the API gives: {}", why));
    if (!json->is_object())
      return garbage(ask, response, "the answer is not what the API gives: it is no object");
    reply.json = *std::move(json);
  }
  reply.status = response.status;
  reply.request_id = one_line(std::string(response.field("twilio-request-id")));
  reply.server_time = try_parse_time(response.field("date"));
  if (ask.raw) reply.body = std::move(response.body);
  return attempt;
}

}  // namespace

std::string encoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_plain(c))
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string encoded(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += encoded(name);
    out += '=';
    out += encoded(value);
  }
  return out;
}

std::string path_of(const Ask& ask, std::string_view account_sid) {
  if (ask.path.starts_with("//")) return ask.path.substr(1);
  if (ask.api != Api::core) return ask.path;
  return fmt::format("/2010-04-01/Accounts/{}{}", account_sid, ask.path.empty() ? ".json" : ask.path);
}

std::string_view base_of(const Bases& bases, Api api) {
  switch (api) {
    case Api::trunking:
      return bases.trunking;
    case Api::messaging:
      return bases.messaging;
    case Api::pricing:
      return bases.pricing;
    case Api::core:
      break;
  }
  return bases.core;
}

http::Request request_of(const Ask& ask, const ClientOptions& options) {
  const auto& login = options.credentials;
  http::Request request;
  request.method = ask.method;
  request.url = std::string(base_of(options.bases, ask.api)) + path_of(ask, login.account_sid);
  if (!ask.query.empty())
    request.url += (request.url.find('?') == std::string::npos ? '?' : '&') + encoded(ask.query);
  request.fields = {{"Accept", ask.raw ? "*/*" : "application/json"}};
  if (ask.method == "POST") {
    request.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = encoded(ask.form);
  }
  request.login = http::Login{login.user.empty() ? login.account_sid : login.user, login.password};
  request.timeout = options.timeout;
  request.connect_timeout = std::min(request.connect_timeout, options.timeout);
  request.max_body = ask.max_body;
  request.awaited = ask.awaited;
  return request;
}

Attempt judge(const Ask& ask, http::Outcome outcome) {
  if (const auto* const failure = std::get_if<http::Failure>(&outcome)) return judge_failure(ask, *failure);
  auto& response = std::get<http::Response>(outcome);
  if (response.status >= 200 && response.status < 300) return answered(ask, std::move(response));
  if (response.status < 400)
    return garbage(ask, response, fmt::format("HTTP {}, where the API does not redirect", response.status));
  if (response.status == 429) return too_fast(ask, response);
  return response.status >= 500 ? broken(ask, response) : refused(ask, response);
}

}  // namespace ringctl::twilio
