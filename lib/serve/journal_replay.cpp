#include "serve/journal_replay.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "serve/applier_refused.hpp"
#include "serve/journal_log.hpp"
#include "serve/journal_slot.hpp"
#include "serve/refusal.hpp"

namespace ringctl::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_batch = 1000;
constexpr std::size_t k_batch_bytes = std::size_t{4} << 20;

/// A log that cannot be read must not pass for an empty one.
void require_readable(const fs::path& root) {
  const auto check = [](const fs::path& folder) {
    if (::access(folder.c_str(), F_OK) == 0 && ::access(folder.c_str(), R_OK | X_OK) != 0)
      throw Error(Errc::config, "journal.unreadable", fmt::format("{} cannot be read", folder.string()),
                  "run this as the user that `ringctl serve` runs as");
  };
  check(root);
  for (const auto number : slots(root)) check(slot_folder(root, number));
}

class Replayer {
 public:
  Replayer(audit::Session& session, const base::Uuid& workspace, const ReplayOptions& options)
      : workspace_(workspace), options_(options), replay_(session, workspace, options.write) {}

  ReplayReport run() {
    const auto root = options_.state / "journal";
    require_readable(root);
    take_log(root);
    take_refused(root);
    flush();
    report_.differences = replay_.differences();
    return std::move(report_);
  }

 private:
  bool in_time(base::Instant at) const {
    return at >= options_.since && (!options_.until || at < *options_.until);
  }

  void take_log(const fs::path& root) {
    JournalLog log(root, options_.since);
    while (const auto entry = log.next())
      if (in_time(entry->record.at)) take(entry->record.bytes, entry->applied);
    report_.unreadable += static_cast<std::int64_t>(log.damaged());
  }

  void take_refused(const fs::path& root) {
    for (const auto& file : refused_files(root)) {
      try {
        if (const auto record = read_refused(file); in_time(record.at)) take(record.bytes, true);
      } catch (const Error&) {  // let go by a server meanwhile, or touched by somebody
        std::error_code ignored;
        if (fs::exists(file, ignored)) ++report_.unreadable;
      }
    }
  }

  void take(std::string_view bytes, bool applied) {
    std::error_code wrong;
    auto event = calls::try_from_bytes(bytes, wrong);
    if (!event) {
      ++report_.unreadable;
      return;
    }
    if (event->workspace != workspace_) return;
    if (!applied) {
      ++report_.waiting;
      return;
    }
    ++report_.webhooks;
    batch_.push_back(std::move(*event));
    batch_bytes_ += bytes.size();
    if (batch_.size() >= k_batch || batch_bytes_ >= k_batch_bytes) flush();
  }

  void flush() {
    if (options_.cancel != nullptr) options_.cancel->check("run it again: what is right is left alone");
    take_in_halves(
        std::span<const calls::Event>(batch_),
        [&](std::span<const calls::Event> events) {
          replay_.take(events);
          return true;
        },
        [&](const calls::Event&, std::string& reason) {
          report_.refused.push_back(std::move(reason));
          return true;
        });
    batch_.clear();
    batch_bytes_ = 0;
  }

  const base::Uuid workspace_;
  const ReplayOptions& options_;
  calls::Replay replay_;
  ReplayReport report_;
  std::vector<calls::Event> batch_;
  std::size_t batch_bytes_ = 0;
};

}  // namespace

ReplayReport replay_journal(audit::Session& session, const base::Uuid& workspace,
                            const ReplayOptions& options) {
  return Replayer(session, workspace, options).run();
}

}  // namespace ringctl::serve
