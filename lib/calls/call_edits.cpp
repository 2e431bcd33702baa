// What people write on a call. Only these columns are theirs: webhooks that come meanwhile write the others.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "calls/call_query.hpp"
#include "calls/counter.hpp"
#include "db/transaction.hpp"
#include "directory/workspace_settings.hpp"

namespace ringctl::calls {
namespace {

const std::vector<std::string>& built_in_outcomes() {
  static const std::vector<std::string> k_outcomes = {"booked_appointment", "interested",  "call_back_later",
                                                      "left_message",       "no_answer",   "not_interested",
                                                      "wrong_number",       "do_not_call", "resolved"};
  return k_outcomes;
}

std::string image_of(const Call& call) {
  nlohmann::json image = nlohmann::json::object();
  image["notes"] = call.notes.empty() ? nlohmann::json() : nlohmann::json(call.notes);
  image["outcome"] = call.outcome.empty() ? nlohmann::json() : nlohmann::json(call.outcome);
  return image.dump();
}

void require_version(const Call& call, const EditOptions& options) {
  if (options.if_version && *options.if_version != call.version)
    throw Error(
        Errc::conflict, "calls.stale",
        fmt::format("call {} has version {}, not {}", call.call_sid, call.version, *options.if_version),
        fmt::format("ringctl calls show {}", call.call_sid));
}

using Decide = std::function<void(Call&)>;

Edit edit(audit::Session& session, const base::Uuid& workspace, std::string_view what,
          std::string_view action, const EditOptions& options, const Decide& decide) {
  Edit edited;
  db::in_transaction_if(session.db, db::Scope::of(workspace), [&] {
    // Nobody else changes it from here on.
    lock_counter(session.db, workspace);
    edited.before = get(session.db, workspace, what);
    require_version(edited.before, options);
    edited.after = edited.before;
    decide(edited.after);
    if (!edited.changed()) return false;
    edited.after.version = edited.before.version + 1;
    edited.after.updated_at = session.clock.now();
    session.db.exec("UPDATE calls SET notes = $2, outcome = $3, version = $4, updated_at = $5 WHERE id = $1",
                    {edited.after.id, db::or_null(edited.after.notes), db::or_null(edited.after.outcome),
                     edited.after.version, edited.after.updated_at});
    audit::record(session, workspace,
                  {.action = action,
                   .object_type = "call",
                   .object_id = edited.after.id,
                   .object_key = edited.after.call_sid,
                   .before = image_of(edited.before),
                   .after = image_of(edited.after)});
    return options.write;
  });
  return edited;
}

}  // namespace

std::vector<std::string> outcomes(db::Connection& db, const base::Uuid& workspace) {
  auto kept = directory::read_voice_settings(db, workspace).outcomes;
  return kept.empty() ? built_in_outcomes() : kept;
}

Edit note(audit::Session& session, const base::Uuid& workspace, std::string_view what, std::string_view text,
          bool replace, const EditOptions& options) {
  return edit(session, workspace, what, "calls.note", options, [&](Call& call) {
    if (replace)
      call.notes = text;
    else if (!text.empty())
      call.notes += fmt::format("{}{}", call.notes.empty() ? "" : "\n", text);
    require_notes(call.notes, "calls");
  });
}

Edit set_outcome(audit::Session& session, const base::Uuid& workspace, std::string_view what,
                 std::string_view outcome, const EditOptions& options) {
  return edit(session, workspace, what, "calls.outcome", options, [&](Call& call) {
    const auto known = outcomes(session.db, workspace);
    if (!outcome.empty() && std::find(known.begin(), known.end(), outcome) == known.end())
      throw Error(Errc::invalid, "calls.unknown_outcome",
                  fmt::format("{} is no outcome of this workspace", base::in_quotes(outcome)),
                  "one of: " + base::join(known, ", "));
    call.outcome = outcome;
  });
}

}  // namespace ringctl::calls
