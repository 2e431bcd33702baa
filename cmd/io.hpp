#pragma once
// The streams of one run: data to stdout (or --out), talk to stderr. Formats, colour, paging, questions and
// progress are decided here once, so that no command has to.

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "cmd/cell.hpp"
#include "cmd/output.hpp"
#include "cmd/progress.hpp"
#include "cmd/rows.hpp"
#include "cmd/terminal.hpp"

namespace ringctl::cmd {

struct Streams {
  int in = 0, out = 1, err = 2;
};

struct IoOptions {
  Streams streams;
  Environment environment;
  std::optional<Format> format;      ///< nullopt: table on a terminal, else tsv
  std::string out = "-";             ///< "-" or the file of --out
  std::vector<std::string> columns;  ///< of --columns; empty: the defaults
  RowStyle rows;                     ///< header, null_text, guard, crlf, bom, delimiter
  bool truncate = true;
  bool quiet = false;
  bool json_log = false;  ///< of --log-format: warnings are lines of it
  bool pager = true;
  std::string pager_command;  ///< of the configuration; empty: PAGER, else less
  ColorMode color = ColorMode::automatic;
  ProgressMode progress = ProgressMode::automatic;
  base::Zone zone = base::Zone::utc();
  bool no_input = false, yes = false, dry_run = false;
  std::optional<std::string> confirm;
  std::string title = {};  ///< of what the command lists: "numbers list"
};

/// One field of a change's JSON object.
struct Field {
  std::string_view name;
  Cell value;
};

/// What a command did to one thing. Text: "added +12025550143 to main"; JSON:
/// {"changed":true,"action":"added","object":"+12025550143",...}.
struct Change {
  std::string_view action;  ///< past tense: "added", "assigned"; for a dry run the infinitive: "add"
  std::string_view object;
  std::string_view rest = {};      ///< end of the text line
  std::vector<Field> fields = {};  ///< more of the JSON object
  std::string_view said = {};      ///< instead of `action` in the text line; "" = the same
  std::string_view called = {};    ///< instead of `object` there: "1,204 calls"; "" = the same
};

class Io {
 public:
  Io(IoOptions, const base::Clock&, const base::CancelToken&);
  Io(const Io&) = delete;
  Io& operator=(const Io&) = delete;

  // --- data ---
  Format format() const;
  bool json() const { return format() == Format::json || format() == Format::jsonl; }
  /// A list. Columns are all it has, in order.
  Rows rows(std::span<const Column> columns) { return {*this, columns}; }
  /// For `--columns help`: the columns themselves as a list.
  void describe(std::span<const Column> columns);
  /// One object: name and value below each other in a table, an object in JSON, one row elsewhere.
  void record(std::span<const Column> columns, std::span<const Cell> cells);
  /// Text as it is: help, scripts, TwiML. Paged like a list.
  void text(std::string_view);

  // --- what a mutation did: a line on stderr, with -o json an object on stdout ---
  void changed(const Change&);
  void unchanged(const Change&);
  /// For --dry-run: "would add +12025550143".
  void would_change(const Change&);

  // --- talk, on stderr ---
  /// A line that -q suppresses.
  void note(std::string_view line);
  /// "warning: ...", or an object like those of the log. Not suppressed.
  void warn(std::string_view line);
  Progress progress(std::string what, std::optional<std::uint64_t> total = {},
                    std::string_view unit = "rows");

  // --- questions ---
  /// Before a moderate act. --yes answers; otherwise asks if stdin and stderr are terminals, else throws
  /// Errc::usage [usage.confirmation_needed] naming --yes. Throws Errc::declined.
  void confirm(std::string_view question);
  /// Before a severe act: --confirm NAME, or the name typed. `--yes` does not do.
  void confirm_severe(std::string_view act, std::string_view name);
  bool dry_run() const { return options_.dry_run; }

  /// Writes what is left, checks it, and gives --out its name. Throws Errc::output, broken_pipe.
  void close();

  // --- for Rows and the frame ---
  Output& out();
  TimeText& times() { return times_; }
  const std::string& title() const { return options_.title; }
  /// What a page says below its title: of whom and when its figures are. To be called before the rows come.
  void subtitle(std::string text) { subtitle_ = std::move(text); }
  const std::string& subtitle() const { return subtitle_; }
  base::Instant now() const { return clock_.now(); }
  RowStyle row_style() const;
  const std::vector<std::string>& wanted_columns() const { return options_.columns; }
  /// Columns a command shows instead of its defaults, where --columns says nothing.
  void show_columns(std::vector<std::string> names) { options_.columns = std::move(names); }
  void check_cancelled() const {
    if (cancel_.cancelled()) cancel_.check();
  }
  bool out_is_terminal() const;
  bool err_is_terminal() const { return is_terminal(options_.streams.err); }
  bool quiet() const { return options_.quiet; }
  Paint err_paint() const {
    return Paint(use_color(options_.streams.err, options_.color, options_.environment));
  }
  void write_err(std::string_view text) const;
  Screen screen() const { return screen_of(options_.streams.out, options_.environment); }
  const IoOptions& options() const { return options_; }

 private:
  void report(const Change&, std::string_view line, bool changed, bool planned);
  bool may_ask() const;
  std::optional<std::string> ask(std::string_view question);

  IoOptions options_;
  std::string subtitle_;
  const base::Clock& clock_;
  const base::CancelToken& cancel_;
  TimeText times_;
  std::unique_ptr<Output> out_;
};

/// Writes to stderr, whatever happens to it.
void write_quietly(int fd, std::string_view text) noexcept;

}  // namespace ringctl::cmd
