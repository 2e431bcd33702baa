// trunks

#include <fmt/format.h>

#include <array>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "cmd/account.hpp"
#include "cmd/list.hpp"
#include "cmd/livekit_run.hpp"
#include "cmd/root.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::array k_columns = {
    Column{"name", ColumnType::text, true, true},
    Column{"sid", ColumnType::word, true, true},
    Column{"is_main", ColumnType::boolean, true, true},
    Column{"origination_url", ColumnType::text, true, true},
    Column{"numbers", ColumnType::integer, true, true},
    Column{"is_active", ColumnType::boolean, true, true},
    Column{"account_sid", ColumnType::word, false, true},
    Column{"created_at", ColumnType::time, false, true},
    Column{"updated_at", ColumnType::time, false, true},
    Column{"version", ColumnType::integer, false, true},
    Column{"id", ColumnType::uuid, false, true},
};

constexpr std::array k_side_columns = {
    Column{"kind", ColumnType::word},       Column{"object", ColumnType::fact},
    Column{"here", ColumnType::boolean},    Column{"twilio", ColumnType::boolean},
    Column{"livekit", ColumnType::boolean}, Column{"differs", ColumnType::text},
};

Cell text_or_null(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

estate::Trunks trunks_of(Context& ctx) { return {ctx.session(), ctx.workspace().id}; }

// --- list, show ---

struct NoOptions {};
struct NamedOptions {
  std::string trunk;
};

std::array<Cell, k_columns.size()> cells_of(const estate::Trunk& trunk) {
  return {trunk.name,       text_or_null(trunk.sid), trunk.is_main,     text_or_null(trunk.origination_url),
          trunk.numbers,    trunk.is_active,         trunk.account_sid, trunk.created_at,
          trunk.updated_at, trunk.version,           trunk.id};
}

void run_list(const NoOptions&, Context& ctx) {
  SmallList list(ctx.io(), k_columns, ctx.list_options());
  for (const auto& trunk : trunks_of(ctx).list()) list.add(cells_of(trunk));
  list.print();
}

void run_show(const NamedOptions& opts, Context& ctx) {
  ctx.io().record(k_columns, cells_of(trunks_of(ctx).get(opts.trunk)));
}

// --- add, update, remove ---

struct SaveOptions : AccountOptions {
  std::string trunk;
  std::optional<std::string> name, sid, origination_url, is_active;
  bool main = false;
};

estate::TrunkChange change_of(const SaveOptions& opts) {
  estate::TrunkChange change;
  change.name = opts.trunk;
  change.new_name = opts.name;
  change.sid = opts.sid;
  change.origination_url = opts.origination_url;
  if (change.origination_url == "-") change.origination_url = "";
  if (opts.main) change.is_main = true;
  if (opts.is_active) change.is_active = *opts.is_active == "yes";
  return change;
}

void save(const SaveOptions& opts, Context& ctx, bool add) {
  RunAccount account(ctx, opts);
  const auto report = sync::save_trunk(*account, change_of(opts), !ctx.dry_run());
  Change change{.action = add ? "add" : "update", .object = report.trunk.name, .rest = {}, .fields = {}};
  change.fields = {{"sid", text_or_null(report.trunk.sid)}, {"made_at_twilio", report.created}};
  if (report.created) change.rest = ctx.dry_run() ? "and make it at Twilio" : "and made it at Twilio";
  if (!report.changed) return ctx.io().unchanged(change);
  if (ctx.dry_run()) return ctx.io().would_change(change);
  change.action = add ? "added" : "updated";
  ctx.io().changed(change);
}

void run_add(const SaveOptions& opts, Context& ctx) {
  auto trunks = trunks_of(ctx);
  if (trunks.find(opts.trunk) && trunks.save(change_of(opts), false))
    throw Error(Errc::conflict, "trunks.exists",
                fmt::format("there is a trunk {} already, with other values", base::in_quotes(opts.trunk)),
                fmt::format("ringctl trunks update {}", base::for_shell(opts.trunk)));
  save(opts, ctx, true);
}

void run_update(const SaveOptions& opts, Context& ctx) {
  trunks_of(ctx).get(opts.trunk);
  save(opts, ctx, false);
}

struct RemoveOptions : AccountOptions {
  std::string trunk;
};

void run_remove(const RemoveOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  sync::remove_trunk(*account, opts.trunk, false);
  if (ctx.dry_run()) return ctx.io().would_change({.action = "remove", .object = opts.trunk});
  ctx.io().confirm(fmt::format("remove the trunk {}, at Twilio too?", base::in_quotes(opts.trunk)));
  sync::remove_trunk(*account, opts.trunk, true);
  ctx.io().changed({.action = "removed", .object = opts.trunk});
}

// --- attach, detach ---

struct AttachOptions : AccountOptions {
  std::string number;
  std::optional<std::string> trunk;
};

/// By its name in quotes; one that is not on record here by its SID.
std::string called(const std::string& trunk_sid, Context& ctx) {
  const auto trunk = trunks_of(ctx).find(trunk_sid);
  return trunk ? base::in_quotes(trunk->name) : trunk_sid;
}

void run_attach(const AttachOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const auto trunk = opts.trunk.value_or("");
  const auto plan = sync::attach(*account, opts.number, trunk, false);
  const auto report = [&](const sync::Attached& attached, std::string_view action) {
    const auto lost = losses_text(attached.losses);
    const auto name =
        attached.trunk_sid.empty() ? std::string("that is to be made") : called(attached.trunk_sid, ctx);
    const auto rest = plan.changed ? fmt::format("to the trunk {}", name)
                                   : fmt::format("(it is on the trunk {} already)", name);
    Change change{.action = action, .object = attached.phone_number, .rest = rest, .fields = {}};
    change.fields = {{"trunk_sid", text_or_null(attached.trunk_sid)}, {"lost", text_or_null(lost)}};
    if (!plan.changed) return ctx.io().unchanged(change);
    ctx.dry_run() ? ctx.io().would_change(change) : ctx.io().changed(change);
  };
  for (const auto& loss : plan.losses)
    ctx.io().warn(fmt::format("{} loses its {}: {}", plan.phone_number, loss.what, loss.value));
  if (ctx.dry_run()) return report(plan, "attach");
  if (plan.changed)
    ctx.io().confirm(fmt::format("put {} on the trunk, which takes its calls from here?", plan.phone_number));
  report(sync::attach(*account, opts.number, trunk, true), "attached");
}

struct DetachOptions : AccountOptions {
  std::string number;
};

void run_detach(const DetachOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const auto wanted = wanted_if_known(ctx, *account);
  const auto detached = sync::detach(*account, opts.number, wanted, !ctx.dry_run());
  Change change{.action = "detach", .object = detached.phone_number, .rest = {}, .fields = {}};
  change.fields = {{"trunk_sid", text_or_null(detached.trunk_sid)},
                   {"configured", text_or_null(detached.configured)}};
  if (!detached.changed) {
    change.rest = "(it is on no trunk)";
    return ctx.io().unchanged(change);
  }
  if (!wanted)
    ctx.io().warn("its webhooks are as they were: serve.public_url does not say where they should lead");
  const auto rest = fmt::format("from the trunk {}", called(detached.trunk_sid, ctx));
  change.rest = rest;
  if (ctx.dry_run()) return ctx.io().would_change(change);
  change.action = "detached";
  ctx.io().changed(change);
}

// --- sync ---

struct SyncOptions : AccountOptions {
  bool apply = false;
};

void run_sync(const SyncOptions& opts, Context& ctx) {
  RunAccount account(ctx, opts);
  const LivekitRuns livekits(ctx);
  const bool write = opts.apply && !ctx.dry_run();
  const auto report = write ? sync::apply_trunks(*account, livekits.sides())
                            : sync::compare_trunks(*account, livekits.sides());
  auto rows = ctx.io().rows(k_side_columns);
  for (const auto& row : report.rows)
    rows.row({row.kind, row.object, row.here, row.twilio, row.livekit, text_or_null(row.differs)});
  rows.finish();
  if (!report.agree())
    throw Error(
        Errc::differs, "trunks.differ", "what is here and what is there differ",
        opts.apply
            ? "ringctl trunks attach, ringctl assistants attach or ringctl numbers sync mends what is left"
            : "ringctl trunks sync --apply takes over what is there");
}

// --- the noun ---

void add_reading(Noun& trunks) {
  trunks.verb<NoOptions>("list", "List the trunks of the workspace", run_list)
      .columns(k_columns)
      .lists()
      .example("ringctl trunks list")
      .example("ringctl trunks list --sort name -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
  trunks.verb<NamedOptions>("show", "Show everything known about one", run_show)
      .argument("trunk", &NamedOptions::trunk, "Its name or SID")
      .kind(ValueKind::trunk)
      .columns(k_columns)
      .example("ringctl trunks show backup")
      .example("ringctl trunks show backup -o json")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

const std::initializer_list<Errc> k_write_exits = {
    Errc::auth,        Errc::not_found,      Errc::conflict,        Errc::invalid,
    Errc::locked,      Errc::schema,         Errc::twilio,          Errc::twilio_rate,
    Errc::twilio_down, Errc::twilio_garbage, Errc::unknown_outcome, Errc::db_down,
    Errc::db_busy};

template <class Options>
void add_save_flags(Verb<Options>& verb) {
  verb.flag("sid", &Options::sid, "SID", "The trunk at Twilio that it is")
      .flag("origination-url", &Options::origination_url, "URL",
            "Where its calls go: sip:HOST with parameters; - clears")
      .flag("main", &Options::main, "The workspace's main trunk from now on");
}

void add_changes(Noun& trunks) {
  auto add =
      trunks.verb<SaveOptions>("add", "Add a trunk, and make it at Twilio if it is not there", run_add);
  add.argument("trunk", &SaveOptions::trunk, "What it is called, here and at Twilio");
  add_save_flags(add);
  add_account_flags(add)
      .details(
          "Looked for at Twilio by --sid, else by its name, so that the same again makes no second one. The first trunk "
          "of a workspace is its main one: numbers go to that unless another one is named.")
      .example("ringctl trunks add backup")
      .example("ringctl trunks add elsewhere --origination-url 'sip:pbx.example.com;transport=tcp' -n")
      .exits(k_write_exits);

  auto update = trunks.verb<SaveOptions>("update", "Change a trunk, at Twilio too", run_update);
  update.argument("trunk", &SaveOptions::trunk, "Its name or SID")
      .kind(ValueKind::trunk)
      .flag("name", &SaveOptions::name, "NAME", "What it is called here");
  add_save_flags(update);
  update.flag("is-active", &SaveOptions::is_active, "yes|no", "Whether assistants' numbers may be put on it")
      .choices("yes|no");
  add_account_flags(update)
      .details(
          "Its calls lead where --origination-url says; addresses that Twilio has besides are left alone.")
      .example("ringctl trunks update backup --origination-url 'sip:pbx.example.com;transport=tcp' -n")
      .example("ringctl trunks update backup --is-active no")
      .exits(k_write_exits);

  auto remove = trunks.verb<RemoveOptions>("remove", "Remove a trunk, at Twilio too", run_remove)
                    .argument("trunk", &RemoveOptions::trunk, "Its name or SID")
                    .kind(ValueKind::trunk);
  add_account_flags(remove)
      .details("Refused while numbers are on it. Of several, the oldest of the others is the main one then.")
      .example("ringctl trunks remove backup -n")
      .example("ringctl trunks remove 'ringctl default' -n")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::declined, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::db_down,
              Errc::db_busy});
}

void add_handling(Noun& trunks) {
  auto attach = trunks.verb<AttachOptions>("attach", "Put a number on a trunk", run_attach)
                    .argument("number", &AttachOptions::number, "E.164 number, SID, or exact label")
                    .kind(ValueKind::number)
                    .argument("trunk", &AttachOptions::trunk,
                              "Name or SID of the trunk; else the main one, made if there is none")
                    .kind(ValueKind::trunk);
  add_account_flags(attach)
      .details(
          "From then on the trunk takes its calls: its webhooks are not asked, and rules, extensions and whoever it is "
          "assigned to have no part in them. Each of these losses is a warning before the question. Messages still come "
          "here.")
      .example("ringctl trunks attach +12025550124 -n", "what it would lose")
      .example("ringctl trunks attach +12025550124 backup -n")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::invalid, Errc::declined, Errc::locked,
              Errc::schema, Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage,
              Errc::unknown_outcome, Errc::db_down, Errc::db_busy});

  auto detach = trunks.verb<DetachOptions>("detach", "Take a number off its trunk", run_detach)
                    .argument("number", &DetachOptions::number, "E.164 number, SID, or exact label")
                    .kind(ValueKind::number);
  add_account_flags(detach)
      .details("Its calls come here again, and its webhooks are set as `numbers configure` sets them.")
      .example("ringctl trunks detach +12025550124")
      .example("ringctl trunks detach +12025550124 -n -o json")
      .exits(k_write_exits);

  auto sync =
      trunks.verb<SyncOptions>("sync", "Show trunks here, at Twilio and at LiveKit side by side", run_sync)
          .flag("apply", &SyncOptions::apply, "Take over here what is there");
  add_account_flags(sync)
      .columns(k_side_columns)
      .details(
          "Trunks, where they lead, which numbers are on them, and what stands for the assistants at LiveKit. Nothing is "
          "written at Twilio or LiveKit. Exit status 8 where something differs, with --apply where something is left.")
      .example("ringctl trunks sync")
      .example("ringctl trunks sync --apply -o json")
      .exits({Errc::auth, Errc::not_found, Errc::conflict, Errc::differs, Errc::locked, Errc::schema,
              Errc::twilio, Errc::twilio_rate, Errc::twilio_down, Errc::twilio_garbage, Errc::db_down,
              Errc::db_busy});
}

}  // namespace

void add_trunks(Noun& trunks) {
  add_reading(trunks);
  add_changes(trunks);
  add_handling(trunks);
}

}  // namespace ringctl::cmd
