#include "cmd/io.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cmd/json_text.hpp"
#include "cmd/pager.hpp"

namespace ringctl::cmd {
namespace {

std::string_view said(const Change& change) { return change.said.empty() ? change.action : change.said; }
std::string_view called(const Change& change) {
  return change.called.empty() ? change.object : change.called;
}

}  // namespace

void write_quietly(int fd, std::string_view text) noexcept {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written > 0)
      text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      return;
  }
}

Io::Io(IoOptions options, const base::Clock& clock, const base::CancelToken& cancel)
    : options_(std::move(options)), clock_(clock), cancel_(cancel), times_(options_.zone) {}

bool Io::out_is_terminal() const { return options_.out == "-" && is_terminal(options_.streams.out); }

Format Io::format() const {
  return options_.format.value_or(out_is_terminal() ? Format::table : Format::tsv);
}

RowStyle Io::row_style() const {
  auto style = options_.rows;
  const bool terminal = out_is_terminal();
  style.format = format();
  style.pretty = terminal;
  style.width = terminal && options_.truncate ? static_cast<std::size_t>(screen().columns) : 0;
  style.color = options_.out == "-" && use_color(options_.streams.out, options_.color, options_.environment);
  return style;
}

Output& Io::out() {
  if (out_) return *out_;
  OutputOptions options;
  options.fd = options_.streams.out;
  options.path = options_.out;
  options.environment = options_.environment;
  if (options_.pager && out_is_terminal()) {
    options.pager = pager_command(options_.pager_command, options_.environment);
    options.screen_lines = screen().lines;
  }
  out_ = std::make_unique<Output>(std::move(options));
  return *out_;
}

void Io::text(std::string_view text) { out().write(text); }

void Io::record(std::span<const Column> columns, std::span<const Cell> cells) {
  if (format() != Format::table && format() != Format::json) {
    auto list = rows(columns);
    list.row(cells);
    return list.finish();
  }
  std::vector<std::size_t> picked;
  if (options_.columns.empty())
    for (std::size_t i = 0; i < columns.size(); ++i) picked.push_back(i);
  else
    picked = pick_columns(columns, options_.columns);

  auto& buffer = out().buffer();
  if (json()) {
    const bool pretty = out_is_terminal();
    buffer.push_back('{');
    for (const auto i : picked) {
      if (i != picked.front()) buffer.push_back(',');
      if (pretty) buffer.append("\n  ");
      append_json(buffer, columns[i].name);
      buffer.append(pretty ? ": " : ":");
      append_json_cell(buffer, columns[i], cells[i], times_);
    }
    buffer.append(pretty ? "\n}\n" : "}\n");
  } else {
    std::size_t width = 0;
    for (const auto i : picked) width = std::max(width, columns[i].name.size());
    for (const auto i : picked) {
      buffer.append(Paint(row_style().color).bold(columns[i].name))
          .append(width - columns[i].name.size() + 2, ' ');
      if (cells[i].is_null())
        append_visible(buffer, options_.rows.null_text.value_or("-"));
      else
        append_display_cell(buffer, columns[i], cells[i], times_);
      buffer.push_back('\n');
    }
  }
  out().flush();
}

void Io::describe(std::span<const Column> columns) {
  static constexpr Column k_columns[] = {{"column", ColumnType::word},
                                         {"type", ColumnType::word},
                                         {"in_table", ColumnType::boolean},
                                         {"sortable", ColumnType::boolean}};
  options_.columns.clear();
  auto list = rows(k_columns);
  for (const auto& column : columns)
    list.row({column.name, type_name(column.type), column.in_table, column.sortable});
  list.finish();
}

void Io::changed(const Change& change) {
  report(change, fmt::format("{} {}", said(change), called(change)), true, false);
}
void Io::unchanged(const Change& change) {
  report(change, fmt::format("unchanged {}", called(change)), false, false);
}
void Io::would_change(const Change& change) {
  report(change, fmt::format("would {} {}", said(change), called(change)), true, true);
}

void Io::report(const Change& change, std::string_view line, bool changed, bool planned) {
  if (!json()) {
    note(change.rest.empty() ? std::string(line) : fmt::format("{} {}", line, change.rest));
    return;
  }
  auto& buffer = out().buffer();
  buffer.append(changed ? R"({"changed":true)" : R"({"changed":false)");
  if (planned) buffer.append(R"(,"dry_run":true)");
  buffer.append(R"(,"action":)");
  append_json(buffer, changed ? change.action : "unchanged");
  if (!change.object.empty()) {
    buffer.append(R"(,"object":)");
    append_json(buffer, change.object);
  }
  for (const auto& field : change.fields) {
    buffer.push_back(',');
    append_json(buffer, field.name);
    buffer.push_back(':');
    append_json_cell(buffer, {field.name, ColumnType::text}, field.value, times_);
  }
  buffer.append("}\n");
  try {
    out().flush();
  } catch (const Error& error) {
    if (!changed || planned || error.errc() != Errc::output) throw;
    auto told = error;
    throw told.detail(fmt::format("the change was made all the same: {}", line));
  }
}

void Io::note(std::string_view line) {
  if (!options_.quiet) write_err(visible(line) + "\n");
}

void Io::warn(std::string_view line) {
  if (options_.json_log) {
    auto object =
        fmt::format(R"({{"ts":"{}","level":"warning","event":"warning","message":)", base::format_utc(now()));
    append_json(object, line);
    return write_err(object + "}\n");
  }
  write_err(fmt::format("{} {}\n", err_paint().yellow("warning:"), visible(line)));
}

void Io::write_err(std::string_view text) const { write_quietly(options_.streams.err, text); }

Progress Io::progress(std::string what, std::optional<std::uint64_t> total, std::string_view unit) {
  auto mode = options_.progress;
  if (options_.quiet)
    mode = ProgressMode::none;
  else if (mode == ProgressMode::automatic)
    mode = err_is_terminal() ? ProgressMode::tty : ProgressMode::plain;
  const auto width = screen_of(options_.streams.err, options_.environment).columns;
  return {options_.streams.err, clock_, mode, std::move(what), total, width, unit};
}

void Io::close() {
  if (out_) out_->close();
}

}  // namespace ringctl::cmd
