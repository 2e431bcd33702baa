// messages: what the files of the noun share

#include "cmd/messages.hpp"

#include <algorithm>
#include <array>

#include "cmd/numbers.hpp"
#include "cmd/period.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "db/transaction.hpp"
#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"
#include "phone/e164.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_message_columns = {
    Column{"created_at", ColumnType::time, true, true},
    Column{"direction", ColumnType::word},
    Column{"from_number", ColumnType::e164, true, true},
    Column{"to_number", ColumnType::e164, true, true},
    Column{"body", ColumnType::text},
    Column{"status", ColumnType::word, true, true},
    Column{"user_email", ColumnType::text},
    Column{"assigned_to", ColumnType::text},
    Column{"segments", ColumnType::integer, true, true},
    Column{"message_sid", ColumnType::word, false},
    Column{"thread", ColumnType::uuid, false},
    Column{"number", ColumnType::e164, false},
    Column{"contact", ColumnType::uuid, false},
    Column{"contact_name", ColumnType::text, false},
    Column{"keyword", ColumnType::word, false},
    Column{"extension", ColumnType::word, false},
    Column{"media", ColumnType::json, false},
    Column{"encoding", ColumnType::word, false},
    Column{"error_code", ColumnType::integer, false},
    Column{"price", ColumnType::money, false},
    Column{"price_unit", ColumnType::word, false},
    Column{"sent_at", ColumnType::time, false},
    Column{"delivered_at", ColumnType::time, false},
    Column{"message_seq", ColumnType::integer, false},
    Column{"changed_seq", ColumnType::integer, false},
    Column{"account_sid", ColumnType::word, false},
    Column{"details", ColumnType::json, false},
    Column{"updated_at", ColumnType::time, false},
    Column{"version", ColumnType::integer, false},
    Column{"id", ColumnType::uuid, false},
};

constexpr std::array k_thread_columns = {
    Column{"last_message_at", ColumnType::time, true, true},
    Column{"our_number", ColumnType::e164, true, true},
    Column{"party_number", ColumnType::e164, true, true},
    Column{"contact_name", ColumnType::text},
    Column{"assigned_to", ColumnType::text, true, true},
    Column{"assigned_by", ColumnType::word},
    Column{"lease_expires_at", ColumnType::time},
    Column{"sms_mode", ColumnType::word},
    Column{"assigned_at", ColumnType::time, false},
    Column{"last_inbound_at", ColumnType::time, false},
    Column{"contact", ColumnType::uuid, false},
    Column{"created_at", ColumnType::time, false, true},
    Column{"updated_at", ColumnType::time, false},
    Column{"version", ColumnType::integer, false},
    Column{"id", ColumnType::uuid, false},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }
Cell json_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(RawJson{text}); }

/// "12345", "whatsapp:+12025550150", "ACME": texts come from these too, and no telephone has them.
bool is_no_telephone(std::string_view typed) {
  constexpr std::size_t k_longest_short_code = 6;
  const auto digits = [](char c) { return c >= '0' && c <= '9'; };
  if (!typed.empty() && typed.size() <= k_longest_short_code && std::ranges::all_of(typed, digits))
    return true;
  return std::ranges::any_of(
      typed, [](char c) { return c == ':' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

/// As messages::get_thread(), also by a number as it is dialled in the country.
messages::Thread find_thread(db::Connection& db, const directory::Workspace& workspace,
                             const std::string& what, std::string_view ours) {
  try {
    return messages::get_thread(db, workspace.id, what, ours);
  } catch (const Error& error) {
    if (error.errc() != Errc::not_found || is_no_telephone(what)) throw;
    std::error_code why;
    const auto number = phone::try_parse_typed(what, workspace.default_country.value_or(""), why);
    if (!number || number->view() == what) throw;
    return messages::get_thread(db, workspace.id, number->view(), ours);
  }
}

}  // namespace

std::span<const Column> message_columns() { return k_message_columns; }
std::span<const Column> thread_columns() { return k_thread_columns; }

std::vector<Cell> message_cells(const messages::Message& message, std::string& media) {
  media = messages::media_json(message.media);
  return {message.created_at,
          message.direction,
          text_or_null(message.from_number),
          text_or_null(message.to_number),
          text_or_null(message.body),
          message.status,
          text_or_null(message.user_email),
          text_or_null(message.assigned_to),
          message.segments,
          text_or_null(message.message_sid),
          message.thread,
          text_or_null(message.number),
          text_or_null(message.contact_id),
          text_or_null(message.contact_name),
          text_or_null(message.keyword),
          text_or_null(message.extension),
          json_or_null(media),
          message.encoding,
          message.error_code,
          text_or_null(message.price),
          text_or_null(message.price_unit),
          message.sent_at,
          message.delivered_at,
          message.message_seq,
          message.changed_seq,
          text_or_null(message.account_sid),
          json_or_null(message.details),
          message.updated_at,
          message.version,
          message.id};
}

std::vector<Cell> thread_cells(const messages::Thread& thread, base::Instant now) {
  // Who had it until the lease ran out has it no more.
  const bool free = thread.is_free(now);
  return {thread.last_message_at,
          thread.our_number,
          text_or_null(thread.party_number),
          text_or_null(thread.contact_name),
          free ? Cell() : text_or_null(thread.assigned_to),
          free ? Cell() : text_or_null(thread.assigned_by),
          free ? Cell() : Cell(thread.lease_expires_at),
          text_or_null(thread.sms_mode),
          free ? Cell() : Cell(thread.assigned_at),
          thread.last_inbound_at,
          text_or_null(thread.contact_id),
          thread.created_at,
          thread.updated_at,
          thread.version,
          thread.id};
}

std::string party_address(Context& ctx, const std::string& typed) {
  if (is_no_telephone(typed)) return typed;
  return phone::parse_typed(typed, ctx.workspace().default_country.value_or("")).text();
}

messages::MessageFilter message_filter(const MessageFilterOptions& opts, Context& ctx) {
  messages::MessageFilter filter;
  const auto period = read_period(opts.since, opts.until, ctx);
  filter.since = period.since;
  filter.until = period.until;
  filter.direction = opts.direction.value_or("");
  filter.status = opts.status.value_or("");
  filter.keyword = opts.keyword.value_or("");
  filter.search = opts.search.value_or("");
  if (opts.with) filter.party = party_address(ctx, *opts.with);
  const auto& workspace = ctx.workspace();
  const auto id_of = [&](const records::Noun& noun, const std::string& key) {
    return records_of(ctx, workspace, noun).get(key).id;
  };
  if (opts.user) filter.user = id_of(directory::users_noun(), *opts.user);
  if (opts.contact) filter.contact = id_of(directory::contacts_noun(), *opts.contact);
  if (opts.number) filter.number = numbers_of(ctx, workspace).get(*opts.number).id;
  return filter;
}

messages::Thread thread_named(Context& ctx, const std::string& what,
                              const std::optional<std::string>& number) {
  const auto& workspace = ctx.workspace();
  std::string ours;
  if (number) {
    // One that is ours no more has its conversations still.
    const auto known = numbers_of(ctx, workspace).find(*number);
    ours = known ? known->phone_number
                 : phone::parse_typed(*number, workspace.default_country.value_or("")).text();
  }
  auto& db = ctx.database();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  auto thread = find_thread(db, workspace, what, ours);
  transaction.commit();
  return thread;
}

void add_messages(Noun& messages) {
  add_messages_read(messages);
  add_messages_threads(messages);
  add_messages_export(messages);
  add_messages_tail(messages);
  add_messages_send(messages);
  add_messages_claim(messages);
  add_messages_purge(messages);
  add_messages_reconcile(messages);
}

}  // namespace ringctl::cmd
