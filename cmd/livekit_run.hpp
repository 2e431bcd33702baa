#pragma once
#include <deque>
#include <vector>

#include "cmd/context.hpp"
#include "estate/trunks.hpp"
#include "sync/trunks.hpp"

namespace ringctl::cmd {

/// The LiveKit of an assistant, asked with its login.
class LivekitRun {
 public:
  /// Throws Errc::config [seal.no_key], Errc::auth [seal.wrong_key].
  LivekitRun(Context&, const estate::Assistant&);
  sync::Livekit& get() { return livekit_; }

 private:
  http::Session session_;
  sync::Livekit livekit_;
};

/// Those of all active assistants.
class LivekitRuns {
 public:
  explicit LivekitRuns(Context&);
  const std::vector<sync::AssistantSide>& sides() const { return sides_; }

 private:
  std::deque<LivekitRun> runs_;
  std::vector<sync::AssistantSide> sides_;
};

/// "voice_url https://..., rules 3"
std::string losses_text(const std::vector<sync::Loss>&);
/// What webhooks are to be told when a number is its own again; nullopt where nothing says where serve is.
std::optional<sync::Wanted> wanted_if_known(Context&, const sync::Account&);

}  // namespace ringctl::cmd
