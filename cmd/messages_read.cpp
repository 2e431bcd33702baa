// messages list, show

#include <array>
#include <nlohmann/json.hpp>

#include "cmd/messages.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

struct ListVerbOptions : MessageFilterOptions {};

void run_list(const ListVerbOptions& opts, Context& ctx) {
  const auto filter = message_filter(opts, ctx);
  const auto list = ctx.list_options();
  const auto order = list.sort.value_or(Sort{.column = "created_at", .descending = true});
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  auto rows = ctx.io().rows(message_columns());
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  std::string media;
  messages::for_each(db, workspace.id, filter, order.column, order.descending, list.limit,
                     [&](const messages::Message& message) { rows.row(message_cells(message, media)); });
  const bool maybe_cut = list.limit > 0 && rows.count() == static_cast<std::uint64_t>(list.limit);
  const auto total =
      maybe_cut ? static_cast<std::uint64_t>(messages::count(db, workspace.id, filter)) : rows.count();
  transaction.commit();
  rows.finish(total);
}

// --- show ---

/// A message with all that hangs on it.
struct Details {
  messages::Message message;
  std::vector<messages::KeptEvent> events;
  std::vector<messages::Notification> told;
};

Details read_details(const std::string& what, Context& ctx) {
  const auto& workspace = ctx.workspace();
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  Details details{.message = messages::get(db, workspace.id, what), .events = {}, .told = {}};
  details.events = messages::events_of(db, workspace.id, details.message);
  messages::for_each_notification(db, workspace.id, {.message = details.message.id}, 0,
                                  [&](const messages::Notification& one) { details.told.push_back(one); });
  transaction.commit();
  return details;
}

nlohmann::json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}
Cell text_cell(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::string time_of(base::Instant at, TimeText& times) {
  std::string text;
  times.append(text, at);
  return text;
}

std::string json_text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string events_json(const Details& details, TimeText& times) {
  auto all = nlohmann::json::array();
  for (const auto& event : details.events)
    all.push_back({{"received_at", time_of(event.received_at, times)},
                   {"status", event.status},
                   {"error_code", event.error_code ? nlohmann::json(*event.error_code) : nlohmann::json()},
                   {"form", nlohmann::json::parse(event.form, nullptr, false)}});
  return json_text(all);
}

std::string notifications_json(const Details& details, TimeText& times) {
  auto all = nlohmann::json::array();
  for (const auto& one : details.told)
    all.push_back({{"created_at", time_of(one.created_at, times)},
                   {"user", one.user_email},
                   {"kind", one.kind},
                   {"reason", one.reason},
                   {"delivery", text_or_null(one.delivery)}});
  return json_text(all);
}

std::span<const Column> show_columns() {
  static const auto k_all = [] {
    std::vector<Column> columns(message_columns().begin(), message_columns().end());
    columns.insert(columns.end(), {Column{"events", ColumnType::json, false},
                                   Column{"notifications", ColumnType::json, false}});
    return columns;
  }();
  return k_all;
}

constexpr std::array k_told_columns = {
    Column{"user", ColumnType::text},
    Column{"reason", ColumnType::word},
    Column{"created_at", ColumnType::time},
    Column{"delivery", ColumnType::word},
};
constexpr std::array k_event_columns = {
    Column{"received_at", ColumnType::time},
    Column{"status", ColumnType::word},
    Column{"error_code", ColumnType::integer},
};

/// The message, then who was told of it and what Twilio told as lines.
void show_to_people(const Details& details, Io& io) {
  std::string media;
  io.record(message_columns(), message_cells(details.message, media));
  if (!details.told.empty()) {
    io.text("\nnotifications\n");
    auto rows = io.rows(k_told_columns);
    for (const auto& one : details.told)
      rows.row({one.user_email, one.reason, one.created_at, text_cell(one.delivery)});
    rows.finish();
  }
  if (details.events.empty()) return;
  io.text("\nevents\n");
  auto rows = io.rows(k_event_columns);
  for (const auto& event : details.events) rows.row({event.received_at, event.status, event.error_code});
  rows.finish();
}

struct ShowOptions {
  std::string message;
};

void run_show(const ShowOptions& opts, Context& ctx) {
  const auto details = read_details(opts.message, ctx);
  auto& io = ctx.io();
  if (io.format() == Format::table && io.wanted_columns().empty()) return show_to_people(details, io);
  const auto events = events_json(details, io.times()), told = notifications_json(details, io.times());
  std::string media;
  auto cells = message_cells(details.message, media);
  cells.insert(cells.end(), {RawJson{events}, RawJson{told}});
  io.record(show_columns(), cells);
}

}  // namespace

void add_messages_read(Noun& messages) {
  auto list = messages.verb<ListVerbOptions>("list", "List messages, newest first", run_list);
  add_message_filters(list);
  list.columns(message_columns())
      .lists()
      .details(
          "One row for each message that came in or was sent. user_email is who sent it; assigned_to is whose the "
          "conversation was when it came in. What a message looks like now says `messages show`; whose a conversation is "
          "now, `messages threads`.")
      .example("ringctl messages list --since -7d")
      .example("ringctl messages list --with +16265550101 --sort created_at -o json",
               "all that was said with somebody")
      .example("ringctl messages list --status undelivered --columns created_at,to_number,error_code -o csv")
      .exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});

  messages.verb<ShowOptions>("show", "Show one message with everything known about it", run_show)
      .argument("message", &ShowOptions::message, k_which_message)
      .kind(ValueKind::message)
      .columns(show_columns())
      .details(
          "With who was told of it and why, and what Twilio told of it since. The webhooks themselves are in machine "
          "formats, and where --columns asks for them. Media are at Twilio: their URLs are shown.")
      .example("ringctl messages show SM5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5")
      .example("ringctl messages show SM5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
