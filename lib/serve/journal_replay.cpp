#include "serve/journal_replay.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "db/transaction.hpp"
#include "messages/apply.hpp"
#include "serve/applier_refused.hpp"
#include "serve/bookkeeping.hpp"
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
      : session_(session),
        workspace_(workspace),
        options_(options),
        replay_(session, workspace, options.write) {}

  ReplayReport run() {
    const auto root = options_.state / "journal";
    require_readable(root);
    take_log(root);
    take_refused(root);
    flush();
    flush_messages();
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
    if (messages::is_message(bytes)) return take_message(bytes, applied);
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

  void take_message(std::string_view bytes, bool applied) {
    std::error_code wrong;
    auto event = messages::try_from_bytes(bytes, wrong);
    if (!event) {
      ++report_.unreadable;
      return;
    }
    if (!is_ours(*event)) return;
    if (!applied) {
      ++report_.waiting;
      return;
    }
    ++report_.webhooks;
    ++report_.messages;
    messages_.push_back(std::move(*event));
    message_bytes_ += bytes.size();
    if (messages_.size() >= k_batch || message_bytes_ >= k_batch_bytes) flush_messages();
  }

  /// One that came while nobody knew whose number it was is that of whoever has it now.
  bool is_ours(messages::Event& event) {
    if (event.workspace) return event.workspace == workspace_;
    try {
      event.workspace = workspace_of(session_.db, event);
    } catch (const Error& error) {
      if (is_passing(error)) throw;
      return false;
    }
    return event.workspace == workspace_;
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

  void flush_messages() {
    if (options_.cancel != nullptr) options_.cancel->check("run it again: what is right is left alone");
    take_in_halves(
        std::span<const messages::Event>(messages_),
        [&](std::span<const messages::Event> events) {
          put_right(events);
          return true;
        },
        [&](const messages::Event&, std::string& reason) {
          report_.refused.push_back(std::move(reason));
          return true;
        });
    messages_.clear();
    message_bytes_ = 0;
  }

  /// What is missing is applied as serve would have: its people are told of it now.
  void put_right(std::span<const messages::Event> events) {
    std::size_t missing = 0;
    const auto scope = db::Scope::of(workspace_);
    if (options_.write) {
      db::in_transaction(session_.db, scope, [&] {
        const auto all = messages::missing(session_.db, workspace_, events);
        missing = all.size();
        if (all.empty()) return;
        std::vector<messages::Event> wanted;
        wanted.reserve(all.size());
        for (const auto* event : all) wanted.push_back(*event);
        messages::apply(session_, workspace_, wanted);
        audit::record(session_, workspace_,
                      {.action = "webhooks.replay",
                       .object_type = "messages",
                       .object_key = "webhooks",
                       .after = fmt::format(R"({{"webhooks":{}}})", missing)});
      });
    } else {
      const db::Transaction transaction(session_.db, scope, db::Access::read);
      missing = messages::missing(session_.db, workspace_, events).size();
    }
    report_.messages_missing += static_cast<std::int64_t>(missing);
  }

  audit::Session& session_;
  const base::Uuid workspace_;
  const ReplayOptions& options_;
  calls::Replay replay_;
  ReplayReport report_;
  std::vector<calls::Event> batch_;
  std::vector<messages::Event> messages_;
  std::size_t batch_bytes_ = 0, message_bytes_ = 0;
};

}  // namespace

ReplayReport replay_journal(audit::Session& session, const base::Uuid& workspace,
                            const ReplayOptions& options) {
  return Replayer(session, workspace, options).run();
}

}  // namespace ringctl::serve
