#include "cmd/record_verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "base/text.hpp"
#include "bulk/records.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "limits/settings.hpp"
#include "records/values.hpp"

namespace ringctl::cmd {
namespace {

using records::Kind;
using records::Record;

/// What is to be made is none of those that are there: nothing to complete, or to know by its name.
constexpr ValueKind k_new_key = ValueKind::text;

/// The registry keeps views.
std::string_view for_ever(std::string text) {
  static std::deque<std::string> kept;
  return kept.emplace_back(std::move(text));
}

std::string_view flag_name(const records::Field& field) {
  std::string name(field.name);
  std::replace(name.begin(), name.end(), '_', '-');
  return for_ever(std::move(name));
}

/// "Only users whose team is this; - stands for none"
std::string filter_help(const records::Noun& noun, const records::Field& field) {
  const bool may_be_none = !field.required && field.initial.empty();
  return fmt::format("Only {} whose {} {} this{}", noun.noun, field.name,
                     field.kind == Kind::list ? "hold" : "is", may_be_none ? "; - stands for none" : "");
}

ColumnType column_type(const records::Field& field) {
  switch (field.kind) {
    case Kind::integer:
      return ColumnType::integer;
    case Kind::flag:
      return ColumnType::boolean;
    case Kind::moment:
      return ColumnType::time;
    case Kind::json:
      return ColumnType::json;
    case Kind::text:
    case Kind::list:
    case Kind::reference:
      break;
  }
  const bool phone =
      field.canonical == records::canonical_phone || field.canonical == records::canonical_phones;
  return phone ? ColumnType::e164 : ColumnType::text;
}

std::vector<Column> importable_columns(const records::Noun& noun) {
  std::vector<Column> columns;
  for (const auto& field : noun.fields) columns.push_back({field.name, column_type(field), true, true});
  return columns;
}

std::vector<Column> all_columns(const records::Noun& noun) {
  auto columns = importable_columns(noun);
  for (const auto& extra : noun.extras)
    columns.push_back({extra.name,
                       column_type({.name = extra.name, .kind = extra.kind, .canonical = nullptr}),
                       extra.in_tables, true});
  columns.push_back({"version", ColumnType::integer, false, true});
  columns.push_back({"created_at", ColumnType::time, false, true});
  columns.push_back({"updated_at", ColumnType::time, false, true});
  columns.push_back({"id", ColumnType::uuid, false, true});
  columns.push_back({"job_id", ColumnType::job, false, true});
  return columns;
}

std::span<const Column> kept(std::map<const records::Noun*, std::vector<Column>>& cache,
                             const records::Noun& noun, std::vector<Column> (*make)(const records::Noun&)) {
  auto& columns = cache[&noun];
  if (columns.empty()) columns = make(noun);
  return columns;
}

void all_cells(const records::Noun& noun, const Record& record, std::vector<Cell>& cells) {
  importable_cells(noun, record, cells);
  for (std::size_t i = 0; i < record.extras.size(); ++i)
    cells.push_back(cell_of(noun.extras[i].kind, record.extras[i]));
  cells.insert(cells.end(), {record.version, record.created_at, record.updated_at, record.id,
                             record.job_id.empty() ? Cell() : Cell(record.job_id)});
}

records::Reading reading_of(const directory::Workspace* workspace) {
  return {workspace ? workspace->default_country.value_or("") : ""};
}

/// What was asked for, in canonical form.
records::Filter filter_of(const records::Noun& noun, const RecordListOptions& opts,
                          const records::Reading& reading) {
  records::Filter filter;
  filter.search = opts.search.value_or("");
  filter.all = opts.all;
  for (const auto& [field, text] : opts.equals) {
    const auto& described = noun.fields[field];
    std::string canonical;
    base::Finding finding;
    if (!text.empty() && text != "-" && !described.canonical(text, reading, canonical, finding))
      throw Error(Errc::usage, "usage.bad_value",
                  fmt::format("--{}: {}", flag_name(described), finding.message));
    (described.kind == Kind::list ? filter.holds : filter.equals).push_back({field, std::move(canonical)});
  }
  return filter;
}

/// `usual`: the column that orders rows unless --sort names one; "" is the key.
void run_list(const records::Noun& noun, std::string_view usual, const RecordListOptions& opts,
              Context& ctx) {
  const auto list = ctx.list_options();
  const auto& workspace = ctx.workspace();
  const auto filter = filter_of(noun, opts, reading_of(&workspace));
  auto found = records_of(ctx, workspace, noun);
  found.require_known(filter);
  records::Order order{std::string(usual), false};
  if (list.sort) order = {list.sort->column, list.sort->descending};
  auto rows = ctx.io().rows(list_columns(noun));
  std::vector<Cell> cells;
  found.for_each(filter, order, list.limit, [&](const Record& record) {
    all_cells(noun, record, cells);
    rows.row(cells);
  });
  const bool maybe_cut = list.limit > 0 && rows.count() == static_cast<std::uint64_t>(list.limit);
  rows.finish(maybe_cut ? static_cast<std::uint64_t>(found.count(filter)) : rows.count());
}

void run_export(const records::Noun& noun, const RecordListOptions& opts, Context& ctx) {
  const auto& workspace = ctx.workspace();
  const auto filter = filter_of(noun, opts, reading_of(&workspace));
  auto found = records_of(ctx, workspace, noun);
  found.require_known(filter);
  auto rows = ctx.io().rows(export_columns(noun));
  std::vector<Cell> cells;
  found.for_each(filter, {}, 0, [&](const Record& record) {
    importable_cells(noun, record, cells);
    rows.row(cells);
  });
  rows.finish();
}

void run_show(const records::Noun& noun, const RecordOptions& opts, Context& ctx) {
  const auto record = records_of(ctx, ctx.workspace(), noun).get(joined_key(opts));
  std::vector<Cell> cells;
  all_cells(noun, record, cells);
  ctx.io().record(list_columns(noun), cells);
}

/// "(name, role)"
std::string field_names(const records::Plan& plan) {
  std::vector<std::string> names(plan.changed.begin(), plan.changed.end());
  return names.empty() ? std::string() : fmt::format("({})", base::join(names, ", "));
}

void warn(Context& ctx, const std::vector<base::Finding>& warnings) {
  for (const auto& warning : warnings) ctx.io().warn(warning.message);
}

void report(Context& ctx, const records::Noun& noun, const records::Plan& plan, std::string_view workspace) {
  const auto object = records::shown_key(records::key_text(noun, plan.after.cells));
  const bool fresh = !plan.before;
  const auto rest = fresh ? fmt::format("to {}", workspace) : field_names(plan);
  const std::string_view action = fresh ? "add" : "update", done = fresh ? "added" : "updated";
  if (plan.changed.empty()) return ctx.io().unchanged({.action = action, .object = object});
  Change change{.action = done, .object = object, .rest = rest, .fields = {{"workspace", Cell(workspace)}}};
  if (!ctx.dry_run()) return ctx.io().changed(change);
  change.action = action;
  ctx.io().would_change(change);
}

using Adding = records::Plan (records::Records::*)(const records::Change&, bool write);

void run_add(const records::Noun& noun, Adding adding, const RecordOptions& opts, Context& ctx) {
  auto change = key_change(opts);
  change.insert(change.end(), opts.change.begin(), opts.change.end());
  // What was typed is checked before the first row makes a database.
  warn(ctx, records::warnings_of(noun, change, reading_of(ctx.find_workspace())));
  const auto& workspace = ctx.workspace_for_write();
  auto rows = records_of(ctx, workspace, noun);
  report(ctx, noun, (rows.*adding)(change, !ctx.dry_run()), workspace.name);
}

void run_update(const records::Noun& noun, const RecordOptions& opts, Context& ctx) {
  if (opts.change.empty())
    throw Error(Errc::usage, "usage.nothing_to_do",
                fmt::format("{} update: no field to change was given", noun.noun),
                fmt::format("ringctl {} update --help", noun.noun));
  const auto& workspace = ctx.workspace();
  const auto plan =
      records_of(ctx, workspace, noun).update(joined_key(opts), opts.change, !ctx.dry_run(), opts.if_version);
  warn(ctx, plan.warnings);
  report(ctx, noun, plan, workspace.name);
}

}  // namespace

Cell cell_of(records::Kind kind, const std::string& text) {
  if (text.empty()) return {};
  switch (kind) {
    case Kind::integer:
      return base::parse_int(text).value();
    case Kind::flag:
      return text == "yes";
    case Kind::moment:
      return base::parse_utc(text);
    case Kind::json:
      return RawJson{text};
    case Kind::text:
    case Kind::list:
    case Kind::reference:
      break;
  }
  return text;
}

records::Records records_of(Context& ctx, const directory::Workspace& workspace, const records::Noun& noun) {
  auto reading = reading_of(&workspace);
  const bool by_day = std::any_of(noun.extras.begin(), noun.extras.end(), [](const records::Extra& extra) {
    return extra.expression.find(records::k_today) != std::string_view::npos;
  });
  if (by_day) {
    const db::Transaction transaction(ctx.database(), db::Scope::of(workspace.id), db::Access::read);
    reading.today = base::format_day(limits::today(ctx.session(), workspace.id));
  }
  return {ctx.session(), workspace.id, noun, std::move(reading)};
}

void switch_off(const records::Noun& noun, std::size_t flag, Action action, const RecordOptions& opts,
                Context& ctx) {
  const auto plan =
      records_of(ctx, ctx.workspace(), noun).update(joined_key(opts), {{flag, "no"}}, !ctx.dry_run());
  const auto object = records::shown_key(records::key_text(noun, plan.after.cells));
  if (plan.changed.empty()) return ctx.io().unchanged({.action = action.infinitive, .object = object});
  if (ctx.dry_run()) return ctx.io().would_change({.action = action.infinitive, .object = object});
  ctx.io().changed({.action = action.past, .object = object});
}

std::string joined_key(const RecordOptions& opts) { return base::join(opts.key, " "); }

records::Change key_change(const RecordOptions& opts) {
  records::Change change;
  for (std::size_t i = 0; i < opts.key.size(); ++i) change.push_back({i, opts.key[i]});
  return change;
}

std::span<const Column> export_columns(const records::Noun& noun) {
  static std::map<const records::Noun*, std::vector<Column>> cache;
  return kept(cache, noun, importable_columns);
}

void importable_cells(const records::Noun& noun, const Record& record, std::vector<Cell>& cells) {
  cells.clear();
  for (std::size_t i = 0; i < record.cells.size(); ++i)
    cells.push_back(cell_of(noun.fields[i].kind, record.cells[i]));
}

std::span<const Column> list_columns(const records::Noun& noun) {
  static std::map<const records::Noun*, std::vector<Column>> cache;
  return kept(cache, noun, all_columns);
}

RecordVerbs::RecordVerbs(Noun& noun, const records::Noun& described, std::span<const FieldText> texts)
    : noun_(noun), described_(described), texts_(texts) {}

void RecordVerbs::key_arguments(Verb<RecordOptions>& verb, bool makes) const {
  for (std::size_t i = 0; i < described_.key_fields; ++i) {
    Argument argument;
    argument.name = flag_name(described_.fields[i]);
    argument.help = texts_[i].help;
    argument.kind = makes && described_.key_fields == 1 ? k_new_key : texts_[i].kind;
    argument.assign = [](void* options, const std::string& value) -> std::string_view {
      static_cast<RecordOptions*>(options)->key.push_back(value);
      return {};
    };
    verb.argument(std::move(argument));
  }
}

void RecordVerbs::field_flags(Verb<RecordOptions>& verb, std::size_t first, bool makes) const {
  for (std::size_t i = first; i < described_.fields.size(); ++i) {
    Flag flag;
    flag.name = flag_name(described_.fields[i]);
    flag.value_name = texts_[i].value_name;
    flag.help = texts_[i].help;
    flag.kind = i < described_.key_fields ? k_new_key : texts_[i].kind;
    flag.choices = texts_[i].choices;
    if (makes) flag.default_text = described_.fields[i].initial;
    flag.assign = [i](void* options, const std::string& value) -> std::string_view {
      static_cast<RecordOptions*>(options)->change.push_back({i, value});
      return {};
    };
    verb.flag(std::move(flag));
  }
}

void RecordVerbs::filter_flags(Verb<RecordListOptions>& verb) const {
  for (std::size_t i = 0; i < described_.fields.size(); ++i) {
    if (!texts_[i].filters) continue;
    Flag flag;
    flag.name = flag_name(described_.fields[i]);
    flag.value_name = texts_[i].value_name;
    flag.help = for_ever(filter_help(described_, described_.fields[i]));
    flag.kind = texts_[i].kind;
    flag.choices = texts_[i].choices;
    flag.assign = [i](void* options, const std::string& value) -> std::string_view {
      static_cast<RecordListOptions*>(options)->equals.push_back({i, value});
      return {};
    };
    verb.flag(std::move(flag));
  }
  verb.flag("search", &RecordListOptions::search, "TEXT",
            "Only those with TEXT in some field; case does not matter");
}

Verb<RecordListOptions> RecordVerbs::list(std::string_view summary, std::string_view order,
                                          void (*remark)(Context&)) {
  auto verb = noun_.verb<RecordListOptions>(
      "list", summary, [&noun = described_, order, remark](const RecordListOptions& o, Context& c) {
        run_list(noun, order, o, c);
        if (remark != nullptr) remark(c);
      });
  filter_flags(verb);
  verb.columns(list_columns(described_))
      .lists()
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
  return verb;
}

Verb<RecordOptions> RecordVerbs::show(std::string_view summary) {
  auto verb = with_key("show", summary,
                       [&noun = described_](const RecordOptions& o, Context& c) { run_show(noun, o, c); });
  verb.columns(list_columns(described_));
  return verb;
}

Verb<RecordOptions> RecordVerbs::add(std::string_view summary, void (*complete)(RecordOptions&, Context&)) {
  auto verb = with_key("add", summary, [&noun = described_, complete](const RecordOptions& o, Context& c) {
    auto given = o;
    if (complete != nullptr) complete(given, c);
    run_add(noun, &records::Records::add, given, c);
  });
  field_flags(verb, described_.key_fields, true);
  return verb;
}

Verb<RecordOptions> RecordVerbs::put(std::string_view name, std::string_view summary) {
  auto verb = with_key(name, summary, [&noun = described_](const RecordOptions& o, Context& c) {
    run_add(noun, &records::Records::put, o, c);
  });
  field_flags(verb, described_.key_fields, true);
  return verb;
}

Verb<RecordOptions> RecordVerbs::update(std::string_view summary,
                                        void (*complete)(RecordOptions&, Context&)) {
  auto verb = with_key("update", summary, [&noun = described_, complete](const RecordOptions& o, Context& c) {
    auto given = o;
    if (complete != nullptr) complete(given, c);
    run_update(noun, given, c);
  });
  field_flags(verb, 0, false);
  verb.flag("if-version", &RecordOptions::if_version, "N", "Refuse if it was changed since it had version N");
  return verb;
}

Verb<RecordOptions> RecordVerbs::with_key(std::string_view name, std::string_view summary,
                                          std::function<void(const RecordOptions&, Context&)> run) {
  auto verb = noun_.verb<RecordOptions>(name, summary, std::move(run));
  key_arguments(verb, name == "add");
  verb.exits({Errc::not_found, Errc::conflict, Errc::invalid, Errc::schema, Errc::db_down, Errc::db_busy});
  return verb;
}

Verb<ImportArguments> RecordVerbs::import(std::string_view summary) {
  return add_import(noun_, summary, [&noun = described_](const ImportArguments& arguments, Context& context) {
    run_import(arguments, context, *bulk::records_adapter(noun));
  });
}

Verb<RecordListOptions> RecordVerbs::export_all(std::string_view summary,
                                                void (*everything)(const std::string& key, Context&)) {
  auto verb = noun_.verb<RecordListOptions>(
      "export", summary, [&noun = described_, everything](const RecordListOptions& o, Context& c) {
        if (!o.everything) return run_export(noun, o, c);
        if (!o.equals.empty() || o.search)
          throw Error(Errc::usage, "usage.excluded", "--everything names one row and takes no other choice");
        everything(*o.everything, c);
      });
  filter_flags(verb);
  verb.columns(export_columns(described_))
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
  return verb;
}

}  // namespace ringctl::cmd
