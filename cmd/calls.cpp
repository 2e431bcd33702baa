// calls: what the files of the noun share

#include "cmd/calls.hpp"

#include <array>

#include "cmd/numbers.hpp"
#include "cmd/period.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "directory/contacts.hpp"
#include "directory/people.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"started_at", ColumnType::time, true, true},
    Column{"direction", ColumnType::word, true, true},
    Column{"status", ColumnType::word, true, true},
    Column{"from_number", ColumnType::e164, true, true},
    Column{"to_number", ColumnType::e164, true, true},
    Column{"customer_name", ColumnType::text, true, true},
    Column{"user_email", ColumnType::text},
    Column{"duration_s", ColumnType::duration, true, true},
    Column{"outcome", ColumnType::word, true, true},
    Column{"call_sid", ColumnType::sid},
    Column{"routed_by", ColumnType::word, false},
    Column{"rule", ColumnType::text, false},
    Column{"refusal", ColumnType::word, false},
    Column{"answered_at", ColumnType::time, false},
    Column{"ended_at", ColumnType::time, false, true},
    Column{"number", ColumnType::e164, false},
    Column{"contact_id", ColumnType::uuid, false},
    Column{"user_name", ColumnType::text, false},
    Column{"user_id", ColumnType::uuid, false},
    Column{"team", ColumnType::text, false},
    Column{"team_id", ColumnType::uuid, false},
    Column{"notes", ColumnType::text, false},
    Column{"recording_sid", ColumnType::word, false},
    Column{"recording_url", ColumnType::text, false},
    Column{"price", ColumnType::money, false},
    Column{"price_unit", ColumnType::word, false},
    Column{"closed_seq", ColumnType::integer, false},
    Column{"changed_seq", ColumnType::integer, false},
    Column{"version", ColumnType::integer, false},
    Column{"created_at", ColumnType::time, false},
    Column{"updated_at", ColumnType::time, false, true},
    Column{"id", ColumnType::uuid, false},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

}  // namespace

std::span<const Column> call_columns() { return k_columns; }

std::vector<Cell> call_cells(const calls::Call& call) {
  return {call.started_at,
          call.direction,
          call.status,
          text_or_null(call.from_number),
          text_or_null(call.to_number),
          text_or_null(call.customer_name),
          text_or_null(call.user_email),
          call.duration_s,
          text_or_null(call.outcome),
          call.call_sid,
          text_or_null(call.routed_by),
          text_or_null(call.rule),
          text_or_null(call.refusal),
          call.answered_at,
          call.ended_at,
          text_or_null(call.number),
          text_or_null(call.contact_id),
          text_or_null(call.user_name),
          text_or_null(call.user_id),
          text_or_null(call.team),
          text_or_null(call.team_id),
          text_or_null(call.notes),
          text_or_null(call.recording_sid),
          text_or_null(call.recording_url),
          text_or_null(call.price),
          text_or_null(call.price_unit),
          call.closed_seq,
          call.changed_seq,
          call.version,
          call.created_at,
          call.updated_at,
          call.id};
}

calls::CallFilter call_filter(const CallFilterOptions& opts, Context& ctx) {
  calls::CallFilter filter;
  const auto period = read_period(opts.since, opts.until, ctx);
  filter.since = period.since;
  filter.until = period.until;
  filter.direction = opts.direction.value_or("");
  filter.status = opts.missed ? std::string(calls::k_missed) : opts.status.value_or("");
  filter.outcome = opts.outcome.value_or("");
  filter.held = opts.held;
  const auto& workspace = ctx.workspace();
  const auto id_of = [&](const records::Noun& noun, const std::string& key) {
    return records_of(ctx, workspace, noun).get(key).id;
  };
  if (opts.user) filter.user = id_of(directory::users_noun(), *opts.user);
  if (opts.team) filter.team = id_of(directory::teams_noun(), *opts.team);
  if (opts.contact) filter.contact = id_of(directory::contacts_noun(), *opts.contact);
  if (opts.number) filter.number = numbers_of(ctx, workspace).get(*opts.number).id;
  return filter;
}

void add_calls(Noun& calls) {
  add_calls_read(calls);
  add_calls_export(calls);
  add_calls_edit(calls);
  add_calls_tail(calls);
  add_calls_hold(calls);
  add_calls_purge(calls);
  add_calls_start(calls);
  add_calls_transfer(calls);
  add_calls_monitor(calls);
  add_calls_reconcile(calls);
}

}  // namespace ringctl::cmd
