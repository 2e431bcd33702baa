// messages export

#include <fmt/format.h>

#include "cmd/cursor_file.hpp"
#include "cmd/messages.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "messages/cursor.hpp"

namespace ringctl::cmd {
namespace {

struct ExportOptions : MessageFilterOptions {
  std::optional<std::string> since_cursor, changes;
};

bool chooses(const ExportOptions& o) {
  return o.since || o.until || o.direction || o.status || o.with || o.number || o.user || o.contact ||
         o.keyword || o.search;
}

using messages::Cursor;

/// Gives `each` its messages past the cursor, and moves the file on when they are out. `place_of`: that of a
/// message in this order.
template <class Each, class PlaceOf>
void export_past(CursorFile& file, Cursor::Of of, Context& ctx, Each&& each, PlaceOf&& place_of) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(message_columns());
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  Cursor cursor{.workspace = workspace.id, .of = of};
  if (!file.text().empty())
    cursor = file.read([&] { return messages::parse_cursor(file.text(), of); });
  else if (of == Cursor::Of::changed)
    // One that is made now knows of nothing that changed before.
    cursor = messages::changes_to_come(db, workspace.id);
  file.read([&] { messages::require_own(db, workspace.id, cursor); });
  std::string media;
  each(db, workspace.id, cursor.place, 0, [&](const messages::Message& message) {
    rows.row(message_cells(message, media));
    cursor.place = place_of(message);
    cursor.message = message.id.text();
  });
  transaction.commit();
  rows.finish();
  file.move_on(messages::cursor_text(cursor));
}

void export_since(const std::string& name, Context& ctx) {
  CursorFile file(ctx, "--since-cursor", name);
  export_past(file, Cursor::Of::kept, ctx, messages::for_each_after,
              [](const messages::Message& message) { return message.message_seq; });
}

void export_changes(const std::string& name, Context& ctx) {
  CursorFile file(ctx, "--changes", name);
  export_past(file, Cursor::Of::changed, ctx, messages::for_each_changed,
              [](const messages::Message& message) { return message.changed_seq.value_or(0); });
}

void run_export(const ExportOptions& opts, Context& ctx) {
  if ((opts.since_cursor || opts.changes) && chooses(opts))
    throw Error(
        Errc::usage, "usage.excluded",
        fmt::format("{} takes no other choice of messages", opts.changes ? "--changes" : "--since-cursor"),
        "filter what it writes, or leave the cursor away");
  if (opts.since_cursor) return export_since(*opts.since_cursor, ctx);
  if (opts.changes) return export_changes(*opts.changes, ctx);
  const auto filter = message_filter(opts, ctx);
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(message_columns());
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  std::string media;
  messages::for_each(db, workspace.id, filter, "created_at", false, 0,
                     [&](const messages::Message& message) { rows.row(message_cells(message, media)); });
  transaction.commit();
  rows.finish();
}

}  // namespace

void add_messages_export(Noun& messages) {
  auto verb = messages.verb<ExportOptions>("export", "Write messages for other programs", run_export);
  add_message_filters(verb);
  verb.flag("since-cursor", &ExportOptions::since_cursor, "FILE",
            "Only messages that were kept since the run that last wrote FILE; FILE is made, and moved on")
      .kind(ValueKind::file)
      .flag("changes", &ExportOptions::changes, "FILE",
            "Only messages that changed since the run that last wrote FILE; FILE is made, and moved on")
      .kind(ValueKind::file)
      .excludes("since-cursor")
      .columns(message_columns())
      .details(
          "Any number of messages in constant memory, oldest first, with all columns in every format. With --since-cursor "
          "every message comes exactly once, in the order in which they were kept, however often and from whatever "
          "machine it is run: FILE says where the last run stopped. It is good for the database and workspace it was made "
          "on, and refused by others. With --changes those come that changed after they were kept: what became of them, a "
          "price, an erasure. The run that makes its FILE gives none: make it before the first --since-cursor; then "
          "nothing is missed.")
      .example("ringctl messages export --since yesterday --until today -o csv --out messages.csv")
      .example("ringctl messages export --since-cursor messages.cursor -o jsonl >> messages.jsonl",
               "what is new since the last run")
      .example("ringctl messages export --changes message-changes.cursor -o jsonl >> message-changes.jsonl",
               "what changed of what was handed out")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema, Errc::db_down,
              Errc::db_busy});
}

}  // namespace ringctl::cmd
