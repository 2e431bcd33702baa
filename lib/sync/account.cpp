#include "sync/account.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace ringctl::sync {

routing::Links Account::links() const {
  if (public_url.empty())
    throw Error(Errc::config, "serve.no_public_url",
                "the URL that Twilio reaches the server by is not configured",
                "ringctl config set serve.public_url https://pbx.example.com");
  routing::Links links;
  links.voice = fmt::format("{}/api/workspaces/{}/voice", public_url, workspace.id.view());
  links.queue = routing::queue_of(workspace.id);
  return links;
}

}  // namespace ringctl::sync
