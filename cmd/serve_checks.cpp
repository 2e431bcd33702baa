#include "cmd/serve_checks.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "base/text.hpp"
#include "base/zone.hpp"
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

Looked look_at_tokens(const config::Settings& settings) {
  const auto count = serve_tokens(settings).size();
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

Looked look_at_address(const ServeOptions& opts, const config::Settings& settings) {
  const auto endpoint = listen_endpoint(opts, settings);
  try {
    net::require_free(endpoint);
  } catch (const Error& error) {
    if (error.slug() != "net.in_use") throw;
    // Servers of one user share a port, so it is somebody else's: perhaps the service itself.
    return {"warn", fmt::format("{} is in use, which is right if the service runs already", endpoint.text())};
  }
  return {"ok", fmt::format("{} can be listened on", endpoint.text())};
}

/// The folder itself, or the one it would be made in.
fs::path nearest_folder(fs::path folder) {
  std::error_code ignored;
  while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

Looked look_at_journal(const config::Settings& settings) {
  const auto folder = serve_state(settings) / "journal", nearest = nearest_folder(folder);
  std::error_code failed;
  if (!fs::is_directory(nearest, failed) || ::access(nearest.c_str(), W_OK | X_OK) != 0)
    throw Error(Errc::config, "serve.journal_unwritable",
                fmt::format("the journal's folder {} cannot be written: {} is not this user's to write in",
                            folder.string(), nearest.string()));
  const auto space = fs::space(nearest, failed);
  if (failed) return {"warn", fmt::format("{} is there, how much room it has is not known", folder.string())};
  const auto needed = base::parse_size(settings.get("serve.journal_size")).value_or(0);
  const auto evidence = fmt::format("{} MiB free at {}", space.available >> 20U, folder.string());
  if (space.available >= needed) return {"ok", evidence};
  return {"warn", fmt::format("{}, and the journal may take {} MiB", evidence, needed >> 20U),
          "make room, or ringctl config set serve.journal_size 256MiB"};
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
void add(Report& report, std::string id, const Look& look) {
  try {
    auto looked = look();
    report.push_back({std::move(id), looked.status, std::move(looked.evidence), std::move(looked.fix)});
  } catch (const Error& error) {
    report.push_back(failed_check(std::move(id), error));
  }
}

}  // namespace

Report check_serve(const ServeOptions& opts, const config::Settings& settings, const base::Clock& clock) {
  Report report;
  add(report, "serve.public_url", [&] { return look_at_public_url(opts, settings); });
  add(report, "serve.auth_token", [&] { return look_at_tokens(settings); });
  add(report, "serve.tls", [&] { return look_at_tls(settings, clock); });
  add(report, "serve.listen", [&] { return look_at_address(opts, settings); });
  add(report, "serve.journal", [&] { return look_at_journal(settings); });
  add(report, "serve.api_key", [&] { return look_at_api_key(settings); });
  return report;
}

}  // namespace ringctl::cmd
