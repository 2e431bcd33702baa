// assistants

#include <fmt/format.h>

#include <array>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/list.hpp"
#include "cmd/livekit_run.hpp"
#include "cmd/root.hpp"
#include "cmd/secret_lines.hpp"
#include "directory/workspaces.hpp"
#include "estate/numbers.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"name", ColumnType::text, true, true},
    Column{"host", ColumnType::text, true, true},
    Column{"sip_domain", ColumnType::text, true, true},
    Column{"numbers", ColumnType::integer, true, true},
    Column{"inbound_trunk_id", ColumnType::word, true, true},
    Column{"dispatch_rule_id", ColumnType::word, true, true},
    Column{"is_active", ColumnType::boolean, true, true},
    Column{"agent_name", ColumnType::text, false, true},
    Column{"room_prefix", ColumnType::text, false, true},
    Column{"api_key", ColumnType::word, false, true},
    Column{"key_id", ColumnType::word, false, true},
    Column{"created_at", ColumnType::time, false, true},
    Column{"updated_at", ColumnType::time, false, true},
    Column{"version", ColumnType::integer, false, true},
    Column{"id", ColumnType::uuid, false, true},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

estate::Assistants assistants_of(Context& ctx) { return {ctx.session(), ctx.workspace().id}; }

// --- list, show ---

struct NoOptions {};
struct NamedOptions {
  std::string assistant;
};

std::array<Cell, k_columns.size()> cells_of(const estate::Assistant& one) {
  return {one.name,
          one.host,
          one.sip_domain,
          one.numbers,
          text_or_null(one.inbound_trunk_id),
          text_or_null(one.dispatch_rule_id),
          one.is_active,
          text_or_null(one.agent_name),
          one.room_prefix,
          one.api_key,
          one.key_id,
          one.created_at,
          one.updated_at,
          one.version,
          one.id};
}

void run_list(const NoOptions&, Context& ctx) {
  SmallList list(ctx.io(), k_columns, ctx.list_options());
  for (const auto& assistant : assistants_of(ctx).list()) list.add(cells_of(assistant));
  list.print();
}

void run_show(const NamedOptions& opts, Context& ctx) {
  ctx.io().record(k_columns, cells_of(assistants_of(ctx).get(opts.assistant)));
}

// --- add, update, remove ---

struct SaveOptions {
  std::string assistant;
  std::optional<std::string> name, host, sip_domain, api_key, api_secret_file, agent_name, room_prefix,
      is_active;
  bool api_secret_stdin = false;
};

std::optional<std::string> cleared(const std::optional<std::string>& text) {
  return text == "-" ? std::optional<std::string>("") : text;
}

estate::AssistantChange change_of(const SaveOptions& opts, Context& ctx) {
  estate::AssistantChange change;
  change.name = opts.assistant;
  change.new_name = opts.name;
  change.host = opts.host;
  change.sip_domain = opts.sip_domain;
  change.api_key = opts.api_key;
  change.agent_name = cleared(opts.agent_name);
  change.room_prefix = cleared(opts.room_prefix);
  change.api_secret = secret_line(ctx, {"API secret", opts.api_secret_file, opts.api_secret_stdin});
  if (opts.is_active) change.is_active = *opts.is_active == "yes";
  return change;
}

void save(const SaveOptions& opts, Context& ctx, bool add) {
  const auto assistant = change_of(opts, ctx);
  const auto& workspace = add ? ctx.workspace_for_write() : ctx.workspace();
  estate::Assistants assistants(ctx.session(), workspace.id);
  const auto any = seal_key_to_try(ctx);
  const bool changed = assistants.save(assistant, &any, false);
  if (add && changed && assistants.find(opts.assistant))
    throw Error(
        Errc::conflict, "assistants.exists",
        fmt::format("there is an assistant {} already, with other values", base::in_quotes(opts.assistant)),
        fmt::format("ringctl assistants update {}", base::for_shell(opts.assistant)));
  Change change{.action = add ? "add" : "update", .object = opts.assistant, .rest = {}, .fields = {}};
  if (!changed) return ctx.io().unchanged(change);
  if (ctx.dry_run()) return ctx.io().would_change(change);
  const auto key = assistant.api_secret ? seal_key_for_write(ctx) : any;
  assistants.save(assistant, &key);
  change.action = add ? "added" : "updated";
  ctx.io().changed(change);
}

void run_add(const SaveOptions& opts, Context& ctx) { save(opts, ctx, true); }

void run_update(const SaveOptions& opts, Context& ctx) {
  assistants_of(ctx).get(opts.assistant);
  save(opts, ctx, false);
}

void run_remove(const NamedOptions& opts, Context& ctx) {
  auto assistants = assistants_of(ctx);
  assistants.remove(opts.assistant, false);
  if (ctx.dry_run()) return ctx.io().would_change({.action = "remove", .object = opts.assistant});
  ctx.io().confirm(fmt::format("remove the assistant {}?", base::in_quotes(opts.assistant)));
  const auto gone = assistants.get(opts.assistant);
  assistants.remove(opts.assistant);
  ctx.io().changed({.action = "removed", .object = opts.assistant});
  // Of an attach that was never finished: there is no login any more to delete it with.
  for (const auto* id : {&gone.inbound_trunk_id, &gone.dispatch_rule_id})
    if (!id->empty()) ctx.io().warn(fmt::format("LiveKit still has {}: delete it there", *id));
}

// --- attach, detach ---

struct AttachOptions : AccountOptions {
  std::string number, assistant;
};

void report(const sync::Handed& handed, std::string_view action, std::string_view rest, Context& ctx) {
  const auto steps = base::join(handed.steps, "|");
  const auto lost = losses_text(handed.losses);
  Change change{.action = action, .object = handed.phone_number, .rest = rest, .fields = {}};
  change.fields = {{"assistant", handed.assistant},
                   {"trunk_sid", text_or_null(handed.trunk_sid)},
                   {"inbound_trunk_id", text_or_null(handed.inbound_trunk_id)},
                   {"dispatch_rule_id", text_or_null(handed.dispatch_rule_id)},
                   {"steps", text_or_null(steps)},
                   {"lost", text_or_null(lost)}};
  if (handed.steps.empty()) return ctx.io().unchanged(change);
  ctx.dry_run() ? ctx.io().would_change(change) : ctx.io().changed(change);
}

void run_attach(const AttachOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  LivekitRun livekit(ctx, assistants_of(ctx).get(opts.assistant));
  const auto plan = sync::attach_assistant(*account, livekit.get(), opts.number, opts.assistant, false);
  for (const auto& loss : plan.losses)
    ctx.io().warn(fmt::format("{} loses its {}: {}", plan.phone_number, loss.what, loss.value));
  const auto rest = plan.steps.empty()
                        ? fmt::format("(it is handed to {})", plan.assistant)
                        : fmt::format("to {} ({})", plan.assistant, base::join(plan.steps, ", "));
  if (ctx.dry_run() || plan.steps.empty()) return report(plan, "hand", rest, ctx);
  ctx.io().confirm(
      fmt::format("hand the calls of {} to {}?", plan.phone_number, base::in_quotes(plan.assistant)));
  report(sync::attach_assistant(*account, livekit.get(), opts.number, opts.assistant, true), "handed", rest,
         ctx);
}

struct DetachOptions : AccountOptions {
  std::string number;
};

estate::Number number_named(const std::string& number, Context& ctx) {
  const auto& workspace = ctx.workspace();
  return estate::Numbers(ctx.session(), workspace.id, workspace.default_country.value_or("")).get(number);
}

std::optional<estate::Assistant> assistant_of(const estate::Number& number, Context& ctx) {
  for (auto& assistant : assistants_of(ctx).list())
    if (assistant.id.view() == number.assistant_id) return std::move(assistant);
  return std::nullopt;
}

void run_detach(const DetachOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const auto number = number_named(opts.number, ctx);
  const auto assistant = assistant_of(number, ctx);
  if (!assistant)
    return ctx.io().unchanged({.action = "take back",
                               .object = number.phone_number,
                               .rest = "(it is handed to no assistant)",
                               .fields = {}});
  LivekitRun livekit(ctx, *assistant);
  const auto wanted = wanted_if_known(ctx, *account);
  const auto handed = sync::detach_assistant(*account, livekit.get(), opts.number, wanted, !ctx.dry_run());
  if (!wanted)
    ctx.io().warn("its webhooks are as they were: serve.public_url does not say where they should lead");
  report(handed, ctx.dry_run() ? "take back" : "took back", fmt::format("from {}", handed.assistant), ctx);
}

// --- the noun ---

constexpr std::string_view k_which_number = "E.164 number, SID, or exact label";

void add_reading(Noun& assistants) {
  assistants.verb<NoOptions>("list", "List the assistants of the workspace", run_list)
      .columns(k_columns)
      .lists()
      .example("ringctl assistants list")
      .example("ringctl assistants list -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
  assistants.verb<NamedOptions>("show", "Show everything known about one, without its secret", run_show)
      .argument("assistant", &NamedOptions::assistant, "Its name")
      .kind(ValueKind::assistant)
      .columns(k_columns)
      .example("ringctl assistants show desk")
      .example("ringctl assistants show desk -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

void add_save_flags(Verb<SaveOptions>& verb) {
  verb.flag("host", &SaveOptions::host, "URL",
            "LiveKit's address: wss://NAME.livekit.cloud, or your own server's")
      .flag("sip-domain", &SaveOptions::sip_domain, "NAME", "Where it takes calls by SIP")
      .default_text("NAME.sip.livekit.cloud of a host at livekit.cloud")
      .flag("api-key", &SaveOptions::api_key, "KEY", "LiveKit's API key")
      .flag("api-secret-file", &SaveOptions::api_secret_file, "FILE",
            "The key's secret, in a file with mode 0600")
      .kind(ValueKind::file)
      .flag("api-secret-stdin", &SaveOptions::api_secret_stdin, "The same from standard input")
      .excludes("api-secret-file")
      .flag("agent-name", &SaveOptions::agent_name, "NAME",
            "The agent that is to answer; - for whichever is there")
      .flag("room-prefix", &SaveOptions::room_prefix, "TEXT", "How the rooms of its calls begin")
      .default_text("call-");
}

void add_changes(Noun& assistants) {
  auto add = assistants.verb<SaveOptions>("add", "Add a voice agent at LiveKit", run_add);
  add.argument("assistant", &SaveOptions::assistant, "What it is called here, up to 32 characters");
  add_save_flags(add);
  add.details(
         "Nothing is asked of LiveKit before a number is handed to it. Its secret is sealed as those of accounts are "
         "(ringctl-accounts(1)).")
      .example(
          "ringctl assistants add front --host wss://example.livekit.cloud --api-key APIexample --api-secret-file livekit.txt")
      .example(
          "ringctl assistants add front --host wss://example.livekit.cloud --api-key APIexample --api-secret-file livekit.txt "
          "--agent-name reception -n")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down,
              Errc::db_busy});

  auto update = assistants.verb<SaveOptions>("update", "Change one", run_update);
  update.argument("assistant", &SaveOptions::assistant, "Its name")
      .kind(ValueKind::assistant)
      .flag("name", &SaveOptions::name, "NAME", "What it is called here");
  add_save_flags(update);
  update.flag("is-active", &SaveOptions::is_active, "yes|no", "Whether numbers may be handed to it")
      .choices("yes|no")
      .details(
          "Another host is refused while numbers are handed to it. Agent and rooms change at LiveKit with the next "
          "`assistants attach`.")
      .example("ringctl assistants update desk --agent-name reception")
      .example("ringctl assistants update desk --is-active no -n")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down,
              Errc::db_busy});

  assistants.verb<NamedOptions>("remove", "Remove one", run_remove)
      .argument("assistant", &NamedOptions::assistant, "Its name")
      .kind(ValueKind::assistant)
      .details("Refused while numbers are handed to it.")
      .example("ringctl assistants remove desk --yes")
      .example("ringctl assistants remove desk -n")
      .exits({Errc::not_found, Errc::conflict, Errc::declined, Errc::schema, Errc::db_down, Errc::db_busy});
}

void add_handling(Noun& assistants) {
  auto attach = assistants.verb<AttachOptions>("attach", "Hand a number's calls to an assistant", run_attach)
                    .argument("number", &AttachOptions::number, k_which_number)
                    .kind(ValueKind::number)
                    .argument("assistant", &AttachOptions::assistant, "Name of the assistant")
                    .kind(ValueKind::assistant);
  add_account_flags(attach)
      .details(
          "Makes, where it is not there: the main trunk, its way to LiveKit, LiveKit's inbound trunk with the number in "
          "it, and a dispatch rule; then the number goes on the trunk. The same again goes on where it was interrupted. "
          "What the number loses is as `trunks attach` says. A trunk that leads to the assistant is taken before the main "
          "one.")
      .example("ringctl assistants attach +12025550124 desk -n", "what would be made, and what it would lose")
      .example("ringctl assistants attach +12025550124 desk -n -o json")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined, Errc::locked,
              Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage,
              Errc::unknown_outcome, Errc::db_down, Errc::db_busy});

  auto detach =
      assistants.verb<DetachOptions>("detach", "Take a number's calls back from its assistant", run_detach)
          .argument("number", &DetachOptions::number, k_which_number)
          .kind(ValueKind::number);
  add_account_flags(detach)
      .details(
          "Its calls come here first, with its webhooks set; then it leaves LiveKit's inbound trunk, which goes with its "
          "last number, as does the dispatch rule.")
      .example("ringctl assistants detach +12025550123")
      .example("ringctl assistants detach +12025550123 -n")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::unknown_outcome,
              Errc::db_down, Errc::db_busy});
}

}  // namespace

void add_assistants(Noun& assistants) {
  add_reading(assistants);
  add_changes(assistants);
  add_handling(assistants);
}

}  // namespace ringctl::cmd
