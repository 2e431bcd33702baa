#include "cmd/serve_checks.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "base/zone.hpp"
#include "db/connection.hpp"
#include "db/migrations.hpp"
#include "net/probe.hpp"

namespace ringctl::cmd {
namespace {

namespace fs = std::filesystem;

/// Whoever renews certificates by machine does it weeks before.
constexpr auto k_soon = std::chrono::days(14);

struct Looked {
  std::string_view status;
  std::string evidence, fix = {};
};

Looked look_at_public_url(const ServeOptions& opts, const config::Settings& settings) {
  const auto url = public_url(opts, settings);
  if (url.starts_with("https://")) return {"ok", url};
  return {"warn",
          fmt::format("{} is no https: whoever is on the way hears and changes what Twilio sends", url),
          "ringctl config set serve.public_url https://..."};
}

Looked look_at_tokens(const config::Settings& settings, const std::vector<base::Secret>& sealed) {
  const auto count = serve_tokens(settings, sealed).size();
  return {"ok", fmt::format("{} auth token{} to verify signatures with", count, count == 1 ? "" : "s")};
}

Looked look_at_tls(const config::Settings& settings, const base::Clock& clock) {
  const auto files = tls_files(settings);
  if (!files) return {"ok", "none of its own: a proxy in front speaks it"};
  const auto expires = net::certificate_expires_at(*files);
  const auto left = expires - clock.now();
  const auto date = base::format_utc(expires).substr(0, 10);
  const auto file = files->certificate.string();
  if (left <= left.zero())
    throw Error(Errc::config, "tls.expired", fmt::format("the certificate {} expired on {}", file, date));
  if (left < k_soon) return {"warn", fmt::format("the certificate {} expires on {}", file, date), "renew it"};
  return {"ok", fmt::format("{} is good until {}", file, date)};
}

Looked look_at_address(const net::Endpoint& endpoint) {
  try {
    net::require_free(endpoint);
  } catch (const Error& error) {
    if (error.slug() != "net.in_use") throw;
    // Servers of one user share a port, so it is somebody else's, or a Unix socket: perhaps the service
    // itself.
    return {"warn", fmt::format("{} is in use, which is right if the service runs already", endpoint.text())};
  }
  return {"ok", fmt::format("{} can be listened on", endpoint.text())};
}

Looked look_at_metrics(const ServeOptions& opts, const config::Settings& settings) {
  const auto endpoint = metrics_endpoint(opts, settings);
  return endpoint ? look_at_address(*endpoint) : Looked{"ok", "metrics are served nowhere"};
}

/// The folder itself, or the one it would be made in.
fs::path nearest_folder(fs::path folder) {
  std::error_code ignored;
  while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

/// Permissions do not tell: root has all of them, also where nobody can write.
void require_writable(const fs::path& nearest, const fs::path& folder) {
  auto name = (nearest / ".ringctl-check.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw Error(Errc::config, "serve.journal_unwritable",
                fmt::format("the journal's folder {} cannot be written: {}: {}", folder.string(),
                            nearest.string(), std::generic_category().message(errno)));
  ::rmdir(name.c_str());
}

Looked look_at_journal(const config::Settings& settings) {
  const auto folder = serve_state(settings) / "journal", nearest = nearest_folder(folder);
  require_writable(nearest, folder);
  std::error_code failed;
  const auto space = fs::space(nearest, failed);
  if (failed) return {"warn", fmt::format("{} is there, how much room it has is not known", folder.string())};
  const auto needed = base::parse_size(settings.get("serve.journal_size")).value_or(0);
  const auto evidence = fmt::format("{} MiB free at {}", space.available >> 20U, folder.string());
  if (space.available >= needed) return {"ok", evidence};
  return {"warn", fmt::format("{}, and the journal may take {} MiB", evidence, needed >> 20U),
          "make room, or ringctl config set serve.journal_size 256MiB"};
}

Looked look_at_accounts(const config::Settings& settings, const KnownWorkspaces& workspaces) {
  if (!settings.get("account_sid").empty()) return {"ok", "the account whose webhooks are taken is known"};
  static constexpr std::string_view k_fix = "ringctl workspaces update {} --twilio-accounts AC...";
  if (!workspaces)
    return {"warn", "no account_sid: only workspaces with accounts of their own take webhooks",
            "ringctl config set account_sid AC..."};
  std::size_t active = 0;
  std::vector<std::string> without;
  for (const auto& workspace : *workspaces) {
    if (!workspace.is_active) continue;
    ++active;
    if (workspace.setting("twilio_accounts").empty()) without.push_back(workspace.name);
  }
  if (without.empty()) return {"ok", "every workspace has Twilio accounts of its own"};
  const auto fix = fmt::format(k_fix, base::for_shell(without.front()));
  if (without.size() == active)
    throw Error(Errc::config, "serve.no_account",
                "no webhook would be taken: there is no account_sid, and no workspace has a Twilio account",
                fix);
  return {"warn",
          fmt::format("no account_sid, and no Twilio account whose webhooks they take: {}",
                      fmt::join(without, ", ")),
          fix};
}

Looked look_at_api_key(const config::Settings& settings) {
  const auto known = [&](std::string_view key) {
    const auto secret = settings.secret(key);
    return secret && !secret->empty();
  };
  const bool key = known("api_key"), secret = known("api_secret");
  if (key && secret) return {"ok", "an API key to make access tokens with"};
  if (key || secret)
    return {"warn",
            fmt::format("api_key and api_secret belong together, and {} is not configured",
                        key ? "api_secret" : "api_key"),
            "ringctl config show --origin"};
  return {"ok", "no API key: access tokens for browsers and apps cannot be made"};
}

template <class Look>
Checked checked(std::string id, const Look& look) {
  try {
    auto looked = look();
    return {std::move(id), looked.status, std::move(looked.evidence), std::move(looked.fix)};
  } catch (const Error& error) {
    return failed_check(std::move(id), error);
  }
}

template <class Look>
void add(Report& report, std::string id, const Look& look) {
  report.push_back(checked(std::move(id), look));
}

}  // namespace

KnownWorkspaces workspaces_if_there(Context& ctx) {
  try {
    const auto connection = ctx.open_database_as_is();
    db::require_current_schema(*connection);
    base::UuidGenerator ids(ctx.clock());
    audit::Session session{*connection, ctx.clock(), ids, ctx.actor()};
    return directory::Workspaces(session).list();
  } catch (const Error&) {  // told by whoever needs it
    return std::nullopt;
  }
}

Checked check_accounts(const config::Settings& settings, const KnownWorkspaces& workspaces) {
  return checked("serve.account", [&] { return look_at_accounts(settings, workspaces); });
}

Report check_serve(const ServeOptions& opts, const config::Settings& settings, const base::Clock& clock,
                   const KnownWorkspaces& workspaces, const std::vector<base::Secret>& sealed) {
  Report report;
  add(report, "serve.public_url", [&] { return look_at_public_url(opts, settings); });
  add(report, "serve.auth_token", [&] { return look_at_tokens(settings, sealed); });
  report.push_back(check_accounts(settings, workspaces));
  add(report, "serve.tls", [&] { return look_at_tls(settings, clock); });
  add(report, "serve.listen", [&] { return look_at_address(listen_endpoint(opts, settings)); });
  add(report, "serve.metrics", [&] { return look_at_metrics(opts, settings); });
  add(report, "serve.journal", [&] { return look_at_journal(settings); });
  add(report, "serve.api_key", [&] { return look_at_api_key(settings); });
  return report;
}

}  // namespace ringctl::cmd
