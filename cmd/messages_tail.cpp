// messages tail

#include <fmt/format.h>

#include "cmd/cursor_file.hpp"
#include "cmd/messages.hpp"
#include "cmd/tail.hpp"
#include "cmd/terminal.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "messages/cursor.hpp"
#include "messages/follow.hpp"

namespace ringctl::cmd {
namespace {

struct TailOptions {
  std::optional<std::string> since_cursor;
};

/// A line for people. Whoever texts chooses what stands in most of it.
std::string line_of(const messages::Message& message, TimeText& times) {
  std::string line;
  times.append_local(line, message.created_at);
  const auto shown = [](const std::string& text) { return text.empty() ? "-" : visible(text); };
  line += fmt::format("  {:<8}  {:<11}  {} -> {}", message.direction, message.status,
                      shown(message.from_number), shown(message.to_number));
  const auto& whose = message.direction == "outbound" ? message.user_email : message.assigned_to;
  for (const auto* text : {&message.contact_name, &whose})
    if (!text->empty()) line += "  " + visible(*text);
  if (!message.body.empty()) line += "  \"" + visible(message.body) + "\"";
  if (!message.media.empty()) line += fmt::format("  +{} media", message.media.size());
  return line + "\n";
}

void show(Tail& tail, const messages::Message& message, TimeText& times) {
  std::string media;
  tail.show([&] { return message_cells(message, media); }, [&] { return line_of(message, times); });
}

/// Messages that were kept since the cursor, each once, run after run.
class Past {
 public:
  Past(Context& ctx, const std::string& name)
      : ctx_(ctx),
        file_(ctx, "--since-cursor", name),
        cursor_{.workspace = ctx.workspace().id},
        most_(ctx.globals().limit ? ctx.list_options().limit : 0) {
    if (!file_.text().empty()) cursor_ = messages::parse_cursor(file_.text(), messages::Cursor::Of::kept);
  }

  void poll(const std::function<void(const messages::Message&)>& visit) {
    auto& db = ctx_.database();
    const auto& workspace = ctx_.workspace().id;
    db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
    messages::require_own(db, workspace, cursor_);
    // What is not shown any more must not count as handed out.
    messages::for_each_after(db, workspace, cursor_.place, most_ == 0 ? 0 : most_ - given_,
                             [&](const messages::Message& message) {
                               visit(message);
                               ++given_;
                               cursor_.place = message.message_seq;
                               cursor_.message = message.id.text();
                             });
    transaction.commit();
    file_.step_on(messages::cursor_text(cursor_));
  }

 private:
  Context& ctx_;
  CursorFile file_;
  messages::Cursor cursor_;
  std::int64_t most_, given_ = 0;
};

std::span<const Column> columns() {
  static const auto k_columns = tail_columns(message_columns());
  return k_columns;
}

void run_tail(const TailOptions& opts, Context& ctx) {
  Tail tail(ctx, "messages tail", message_columns());
  auto& times = ctx.io().times();
  const auto visit = [&](const messages::Message& message) { show(tail, message, times); };
  if (opts.since_cursor) {
    Past past(ctx, *opts.since_cursor);
    return tail.follow([&] { past.poll(visit); });
  }
  messages::Follower follower(ctx.database(), ctx.workspace().id);
  tail.follow([&] { follower.poll(visit); });
}

}  // namespace

void add_messages_tail(Noun& messages) {
  messages.verb<TailOptions>("tail", "Follow messages as they come and change", run_tail)
      .flag(
          "since-cursor", &TailOptions::since_cursor, "FILE",
          "Begin with what was kept since the run that last wrote FILE; each message once, FILE is moved on")
      .kind(ValueKind::file)
      .columns(columns())
      .lists()
      .details(
          "Looks once a second and writes each message that is new or changed, until Ctrl-C, --timeout, or --limit rows. "
          "Begins with what comes next; with --since-cursor with what was kept since then, and each message comes once, "
          "as `messages export --since-cursor` gives it: both go on from each other's files. FILE is moved on as rows "
          "are written. On a terminal a line for people; elsewhere the columns of `messages list`.")
      .example("ringctl messages tail --since-cursor messages.cursor --limit 1 -o jsonl")
      .example("ringctl messages tail --since-cursor messages.cursor --limit 1")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema, Errc::db_down,
              Errc::db_busy});
}

}  // namespace ringctl::cmd
