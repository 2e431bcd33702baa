// sim serve

#include <fmt/format.h>

#include <filesystem>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "cmd/auth_tokens.hpp"
#include "cmd/serve_options.hpp"
#include "cmd/sim.hpp"
#include "sim/front.hpp"
#include "sim/scene.hpp"

namespace ringctl::cmd {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto k_look_at_signals = 100ms;
constexpr auto k_look_at_database = 2s;
/// Of the timeline, so that a network that runs for weeks does not fill the memory.
constexpr std::size_t k_kept = 100'000;
constexpr std::size_t k_token_letters = 32;
constexpr std::int64_t k_most_at_once = 10'000;
constexpr auto k_longest_latency = 1min;

struct ServeVerbOptions {
  std::string listen = "127.0.0.1:8081";
  std::optional<std::string> against, public_url, auth_token_file;
  std::optional<std::int64_t> seed, at_once;
  std::chrono::milliseconds latency{0};
};

struct Token {
  base::Secret token;
  std::string where;  ///< for people
  bool ours = false;  ///< nobody configured one: no server knows it unless it is told
};

std::string made_up_token(Context& ctx) {
  std::string chance;
  for (int i = 0; i < 4; ++i) chance += ctx.ids().next().text();
  return base::sha256_hex(chance).substr(0, k_token_letters);
}

/// Made at the first start, and kept for the next.
Token kept_token(Context& ctx) {
  const auto folder = ctx.settings().state_dir() / "sim";
  const auto file = folder / "auth_token";
  std::error_code wrong;
  if (!fs::exists(file, wrong)) {
    base::make_private_folder(folder);  // where it cannot be made, the file cannot either, and says so
    base::AtomicFile out(file, 0600);
    out.write(made_up_token(ctx) + "\n");
    out.commit();
  }
  return {token_in(file.string()), file.string(), true};
}

Token token_of(const ServeVerbOptions& opts, Context& ctx) {
  if (opts.auth_token_file) return {token_in(*opts.auth_token_file), *opts.auth_token_file};
  const auto configured = auth_tokens(ctx.settings());
  if (!configured.empty()) return {configured.front(), "the configuration (auth_token)"};
  return kept_token(ctx);
}

/// The configured account, so that a server with the same configuration takes its webhooks; else the same one
/// at every start.
std::string account_of(Context& ctx) {
  const auto configured = ctx.settings().get("account_sid");
  return configured.empty() ? sim::Sids(1).next("AC") : configured;
}

std::string server_url(const ServeVerbOptions& opts, Context& ctx) {
  return opts.against.value_or("http://" + listen_endpoint({}, ctx.settings()).text());
}

void tell(const sim::Entry& entry, sim::Names& names, Context& ctx) {
  auto shown = entry;
  names.name(shown);
  const auto time = base::format_utc(entry.at).substr(11, 12);
  ctx.io().note(fmt::format("{} {:<10} {}", time, name_of(entry.what), visible(shown.text)));
}

void introduce(const sim::Scene& scene, const sim::Outside& outside, const std::string& here,
               const Token& token, bool other_server, Context& ctx) {
  auto& io = ctx.io();
  io.note("Twilio in a box on " + here);
  io.note("  account     " + outside.account_sid);
  io.note("  auth token  in " + token.where);
  io.note("  webhooks    to " + base::redact_url(outside.url));
  if (token.ours) {
    const auto login = fmt::format("TWILIO_ACCOUNT_SID={} TWILIO_AUTH_TOKEN_FILE={} RINGCTL_PUBLIC_URL={}",
                                   outside.account_sid, token.where, outside.public_url);
    // A server elsewhere has to be told the same.
    const auto where = other_server ? "  # or what runs at " + base::redact_url(outside.url) : std::string();
    io.note(fmt::format("  answered by {} ringctl serve{}", login, where));
    if (here.starts_with("http"))
      io.note(fmt::format("  asked by    {} RINGCTL_TWILIO_BASE_URL={} ringctl numbers sync", login, here));
  }
  io.note(fmt::format("  numbers     {}", scene.account().numbers.size()));
}

/// Numbers and users may come and go while it runs.
void look_at_database(sim::Scene& scene, Context& ctx, bool& away) {
  try {
    scene.read_directory();
    away = false;
  } catch (const Error& error) {
    if (!away) ctx.io().warn(fmt::format("the database cannot be read: {}", error.message()));
    away = true;
  }
}

/// Of the control API: client:EMAIL of nobody is refused, and who came just now is found.
std::string address_in(sim::Scene& scene, const std::string& written) {
  auto why = scene.names().why_unknown(written);
  if (scene.clerk() == nullptr || why.empty()) return scene.names().address_of(written);
  scene.read_directory();
  why = scene.names().why_unknown(written);
  if (!why.empty()) throw Error(Errc::not_found, "users.unknown", written + " " + why);
  return scene.names().address_of(written);
}

void live(sim::Scene& scene, Context& ctx) {
  auto& cancel = ctx.cancel(false);
  auto looked_at = ctx.clock().steady();
  bool away = false;
  while (!cancel.cancelled()) {
    scene.agenda().step(k_look_at_signals);
    if (ctx.clock().steady() - looked_at < k_look_at_database) continue;
    looked_at = ctx.clock().steady();
    look_at_database(scene, ctx, away);
  }
}

void run_serve(const ServeVerbOptions& opts, Context& ctx) {
  const auto listen = net::Endpoint::parse(opts.listen);
  const auto seed = opts.seed ? seed_of(*opts.seed) : fresh_seed(ctx);
  const auto at_once = opts.at_once.value_or(0);
  if (at_once < 0 || at_once > k_most_at_once)
    throw Error(Errc::usage, "usage.bad_value",
                fmt::format("--at-once: {} is not 0 to {}", at_once, k_most_at_once));
  if (opts.latency > k_longest_latency)
    throw Error(Errc::usage, "usage.bad_value", "--latency: more than a minute", "--latency 20ms");
  auto outside = server_at(server_url(opts, ctx), opts.public_url, ctx);
  if (ctx.dry_run())
    return ctx.io().note(fmt::format("sim serve would listen on {} and ask {}", listen.text(), outside.url));
  const auto token = token_of(opts, ctx);
  outside.account_sid = account_of(ctx);
  outside.auth_token = token.token;

  sim::Scenario nothing;
  sim::Scene* made = nullptr;  // entries come only once it is there
  sim::Scene scene(nothing, seed, outside, [&](const sim::Entry& entry) {
    if (made != nullptr) tell(entry, made->names(), ctx);
  });
  made = &scene;
  scene.timeline().keep(k_kept);
  // Its login is the account's: the SID is the API key, the auth token its secret.
  sim::Sids livekit_ids(seed);
  sim::Livekit livekit(livekit_ids, {.api_key = outside.account_sid, .api_secret = token.token});
  sim::Front front(scene.agenda(), scene.account(), scene.network(), scene.rest_side(), scene.timeline(),
                   scene.faults(),
                   {.listen = {listen},
                    .at_once = static_cast<int>(at_once),
                    .latency = opts.latency,
                    .address_of = [&scene](const std::string& address) { return address_in(scene, address); },
                    .livekit = &livekit});
  front.start();
  const auto port = front.port();
  introduce(scene, outside, port == 0 ? listen.text() : fmt::format("http://{}:{}", listen.host, port), token,
            opts.against.has_value(), ctx);
  live(scene, ctx);
}

}  // namespace

void add_sim_serve(Noun& sim) {
  sim.verb<ServeVerbOptions>("serve", "Keep a telephone network running, with Twilio's API", run_serve)
      .flag("listen", &ServeVerbOptions::listen, "WHERE", "HOST:PORT or unix:PATH")
      .default_text("127.0.0.1:8081")
      .flag("against", &ServeVerbOptions::against, "URL", "The server that is asked what to do with calls")
      .default_text("http:// and serve.listen")
      .flag("public-url", &ServeVerbOptions::public_url, "URL", "What that server knows itself by")
      .default_text("serve.public_url, else --against")
      .flag("auth-token-file", &ServeVerbOptions::auth_token_file, "FILE", "The account's auth token")
      .kind(ValueKind::file)
      .default_text("the auth_token that is configured, else one that is made up and kept")
      .flag("seed", &ServeVerbOptions::seed, "N", "What SIDs and chance are drawn from")
      .kind(ValueKind::count)
      .default_text("another one at each start")
      .flag("at-once", &ServeVerbOptions::at_once, "N",
            "Requests at once past which REST answers 429; 0: never")
      .kind(ValueKind::count)
      .default_text("0")
      .flag("latency", &ServeVerbOptions::latency, "DUR", "How long every REST request takes")
      .kind(ValueKind::duration)
      .default_text("0ms")
      .details(
          "Runs a telephone network in real time until it is told to stop: Twilio's REST API (any client of it takes "
          "this one's URL as its base), the TwiML it fetches, webhooks that are signed, and LiveKit's SIP service below "
          "/twirp, whose API key is the account's SID and whose secret is its token. The numbers of the configured "
          "database are the account's, and ring `ringctl serve` at its usual place. Who calls, who answers and what "
          "breaks is said to the API below /sim/v1; both want the account and the token as login.\n\n"
          "Keep it on this machine: it is a toy for trying things out, not a telephone company.")
      .example("ringctl sim serve -n", "where it would listen, and whom it would ask; without -n it runs")
      .example("ringctl sim serve --listen 127.0.0.1:9000 --against http://127.0.0.1:3000 --seed 7 -n",
               "for a server of your own")
      .exits({Errc::auth, Errc::not_found, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
