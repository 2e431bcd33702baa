// callbacks call

#include "cmd/callbacks_call.hpp"

#include <fmt/format.h>

#include "calls/callbacks.hpp"
#include "cmd/account.hpp"
#include "cmd/calls_at_twilio.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

struct CallOptions : AccountOptions {
  std::string callback;
  std::optional<std::string> from_number, on;
  bool complete = false;
};

calls::Callback callback_named(Context& ctx, const std::string& what) {
  auto& db = ctx.database();
  const auto& workspace = ctx.workspace();
  db::Transaction transaction(db, db::Scope::of(workspace.id), db::Access::read);
  auto callback = calls::get_callback(db, workspace.id, what);
  transaction.commit();
  return callback;
}

void require_callable(const calls::Callback& callback) {
  const auto id = callback.id.short_id();
  if (callback.status != "open")
    throw Error(Errc::conflict, "callbacks.not_open", fmt::format("callback {} is {}", id, callback.status),
                fmt::format("ringctl callbacks update {} --status open", id));
  if (callback.user_id.empty())
    throw Error(Errc::conflict, "callbacks.unassigned", fmt::format("callback {} is nobody's", id),
                fmt::format("ringctl callbacks reassign {} USER", id));
}

void run_call(const CallOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const auto callback = callback_named(ctx, opts.callback);
  require_callable(callback);
  sync::StartOptions start{.agent = callback.user_id, .to = callback.phone_number};
  start.from_number = opts.from_number.value_or("");
  start.ring_on = opts.on.value_or("");
  start.callback = callback.id;
  start.write = !ctx.dry_run();
  const auto started = sync::start_call(*account, start);
  if (opts.complete && start.write) {
    const calls::CallbackChange done{.status = "completed"};
    calls::change_callback(ctx.session(), ctx.workspace().id, callback.id.view(), "callbacks.complete", done,
                           {});
  }
  report_started(ctx, started);
}

}  // namespace

void add_callbacks_call(Noun& callbacks) {
  auto call = callbacks.verb<CallOptions>("call", "Place the call that somebody waits for", run_call)
                  .argument("callback", &CallOptions::callback,
                            "Its id, the last eight digits of that, or the SID of its call")
                  .kind(ValueKind::callback)
                  .flag("from-number", &CallOptions::from_number, "NUMBER", "The number to call from")
                  .default_text("by the workspace's rotation")
                  .kind(ValueKind::number)
                  .flag("on", &CallOptions::on, "client|phone", "What of the agent's rings")
                  .choices("client|phone")
                  .default_text("as the user says")
                  .flag("complete", &CallOptions::complete, "Done as soon as it is placed, whoever answers");
  add_account_flags(call)
      .details(
          "As calls start, for the user that the callback was given to. Once whoever is called has answered, the "
          "callback is done.")
      .columns(started_columns())
      .example("ringctl callbacks call CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --complete")
      .example("ringctl callbacks call CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5 --on phone -n")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::differs, Errc::locked,
              Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage,
              Errc::unknown_outcome, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
