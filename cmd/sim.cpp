// sim: what the files of the noun share

#include "cmd/sim.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cmd/auth_tokens.hpp"
#include "cmd/context_database.hpp"
#include "cmd/root.hpp"
#include "http/url.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::size_t k_longest_token = 4096;
constexpr std::size_t k_pipe_width = 100;

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

base::Secret auth_token(const AgainstOptions& opts, Context& ctx) {
  if (opts.auth_token_file) return token_in(*opts.auth_token_file);
  const auto tokens = auth_tokens(ctx.settings());
  if (tokens.empty()) throw no_auth_token();
  return tokens.front();
}

/// The database behind the server, where one is named or configured; it is only read.
std::function<std::unique_ptr<db::Connection>()> opener(Context& ctx) {
  const auto configured = ctx.settings().find("database");
  if (!configured || configured->origin == "built-in") return {};
  auto options = open_options(ctx.settings());
  options.read_only = true;
  return [url = ctx.settings().database_url(), options] { return db::Connection::open(url, options); };
}

/// LC_ALL, LC_CTYPE, LANG: the first that says anything says it for all.
bool shows_utf8(const Environment& environment) {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = environment(name);
    if (!value || value->empty()) continue;
    const auto lower = base::ascii_lower(*value);
    return lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

base::Secret token_in(const std::string& file) {
  base::require_private(file);
  auto text = base::read_file(file, k_longest_token);
  base::Secret token{std::string(base::trim(text))};
  std::fill(text.begin(), text.end(), '\0');
  if (token.empty() || token.reveal().find('\n') != std::string::npos)
    throw Error(Errc::config, "sim.no_token", fmt::format("{} does not hold one auth token", file));
  return token;
}

std::optional<sim::Outside> outside_of(const AgainstOptions& opts, Context& ctx) {
  if (!opts.against) {
    if (opts.public_url || opts.auth_token_file)
      throw Error(Errc::usage, "usage.bad_value",
                  "--public-url and --auth-token-file are for a server that runs already",
                  "--against http://127.0.0.1:8080");
    return std::nullopt;
  }
  auto outside = server_at(*opts.against, opts.public_url, ctx);
  outside.account_sid = ctx.settings().get("account_sid");
  if (outside.account_sid.empty())
    throw Error(Errc::auth, "webhooks.no_account",
                "account_sid is not configured, which every webhook of Twilio's names",
                "ringctl config set account_sid AC...");
  outside.auth_token = auth_token(opts, ctx);
  return outside;
}

sim::Outside server_at(const std::string& url, const std::optional<std::string>& public_url, Context& ctx) {
  const auto parsed = http::parse_url(url);
  sim::Outside outside;
  outside.url = without_slash(url);
  const auto configured = without_slash(ctx.settings().get("serve.public_url"));
  outside.public_url =
      without_slash(public_url.value_or(parsed.loopback && !configured.empty() ? configured : outside.url));
  outside.open = opener(ctx);
  outside.workspace = ctx.settings().get("workspace");
  return outside;
}

sim::LadderOptions ladder_options(Context& ctx) {
  sim::LadderOptions options;
  options.width = ctx.io().out_is_terminal()
                      ? static_cast<std::size_t>(std::max(ctx.io().screen().columns, 40))
                      : k_pipe_width;
  options.utf8 = shows_utf8(ctx.environment());
  return options;
}

void hush_log(Context& ctx) {
  ctx.io();  // sets the log up as for every command
  if (ctx.globals().verbose > 0 || ctx.globals().trace) return;
  base::configure_log(base::LogLevel::error, base::LogFormat::text);
}

void add_sim(Noun& sim) {
  add_sim_run(sim);
  add_sim_serve(sim);
  add_sim_call(sim);
}

}  // namespace ringctl::cmd
