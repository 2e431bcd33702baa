// sim: what the files of the noun share

#include "cmd/sim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cmd/auth_tokens.hpp"
#include "cmd/context_database.hpp"
#include "cmd/root.hpp"
#include "db/maintenance.hpp"
#include "http/session.hpp"
#include "http/url.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::size_t k_longest_token = 4096;
constexpr std::size_t k_pipe_width = 100;
constexpr std::chrono::seconds k_until_reached{5};

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

/// The database behind the server, which is only read: one that is named, or for a server on this machine the
/// embedded one, where there is one.
std::function<std::unique_ptr<db::Connection>()> opener(bool on_this_machine, Context& ctx) {
  const auto& settings = ctx.settings();
  const auto named = settings.find("database");
  if (!named || named->origin == "built-in") {
    std::error_code wrong;
    if (!on_this_machine || !std::filesystem::exists(db::database_file(settings.database_url()), wrong))
      return {};
  }
  auto options = open_options(settings);
  options.read_only = true;
  return [url = settings.database_url(), options] { return db::Connection::open(url, options); };
}

/// Any answer will do.
void require_reachable(const std::string& url) {
  http::Session session({.bound = 1});
  http::Request request;
  request.url = url + "/";
  request.timeout = request.connect_timeout = k_until_reached;
  const auto outcome = session.perform(std::move(request));
  const auto* const failure = std::get_if<http::Failure>(&outcome);
  if (failure == nullptr || failure->maybe_executed) return;
  throw Error(Errc::twilio_down, "sim.unreachable",
              fmt::format("{} cannot be reached", base::redact_url(url)),
              "start the server, or leave --against out for the built-in one")
      .detail(failure->message);
}

http::Url parse_against(const std::string& url) {
  try {
    return http::parse_url(url);
  } catch (const Error& error) {
    throw Error(error.errc(), error.slug(),
                fmt::format("--against {}: {}", base::in_quotes(base::redact_url(url)), error.message()),
                "--against http://127.0.0.1:8080");
  }
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
  if (!ctx.dry_run()) require_reachable(outside.url);
  return outside;
}

sim::Outside server_at(const std::string& url, const std::optional<std::string>& public_url, Context& ctx) {
  const auto parsed = parse_against(url);
  sim::Outside outside;
  outside.url = without_slash(url);
  const auto configured = without_slash(ctx.settings().get("serve.public_url"));
  outside.public_url =
      without_slash(public_url.value_or(parsed.loopback && !configured.empty() ? configured : outside.url));
  outside.open = opener(parsed.loopback, ctx);
  outside.workspace = ctx.settings().get("workspace");
  return outside;
}

std::uint64_t seed_of(std::int64_t typed) {
  if (typed < 0)
    throw Error(Errc::usage, "usage.bad_value", fmt::format("--seed: {} is below 0", typed), "--seed 7");
  return static_cast<std::uint64_t>(typed);
}

std::uint64_t fresh_seed(Context& ctx) {
  constexpr std::size_t k_digits = 12;
  constexpr int k_hexadecimal = 16;
  return std::stoull(base::sha256_hex(ctx.ids().next().text()).substr(0, k_digits), nullptr, k_hexadecimal);
}

sim::LadderOptions ladder_options(Context& ctx) {
  sim::LadderOptions options;
  options.width = ctx.io().out_is_terminal()
                      ? static_cast<std::size_t>(std::max(ctx.io().screen().columns, 40))
                      : k_pipe_width;
  options.utf8 = shows_utf8(ctx.environment());
  return options;
}

void show_people(const std::string& lines, Context& ctx) {
  if (ctx.io().format() == Format::table) return ctx.io().text(lines + "\n");
  std::string_view left = lines;
  while (left.ends_with('\n')) left.remove_suffix(1);
  for (const auto line : base::split(left, '\n')) ctx.io().note(line);
}

void hush_log(Context& ctx) {
  ctx.settings();  // which set the log up as for every command
  if (ctx.globals().verbose > 0 || ctx.globals().trace) return;
  base::configure_log(base::LogLevel::error, base::LogFormat::text);
}

void add_sim(Noun& sim) {
  add_sim_run(sim);
  add_sim_serve(sim);
  add_sim_call(sim);
}

}  // namespace ringctl::cmd
