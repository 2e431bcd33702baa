#include "cmd/globals.hpp"

namespace ringctl::cmd {
namespace {

Flag with_kind(Flag flag, ValueKind kind) {
  flag.kind = kind;
  return flag;
}

Flag with_choices(Flag flag, std::string_view choices, std::string_view default_text = {}) {
  flag.choices = choices;
  flag.kind = ValueKind::choice;
  flag.default_text = default_text;
  return flag;
}

template <class T>
Flag global(std::string_view name, T Globals::*member, std::string_view help) {
  return make_flag<Globals>(name, member, {}, help);
}
template <class T>
Flag global(std::string_view name, T Globals::*member, std::string_view value, std::string_view help,
            ValueKind kind = ValueKind::text) {
  return with_kind(make_flag<Globals>(name, member, value, help), kind);
}

std::vector<Flag> make_global_flags() {
  using G = Globals;
  std::vector<Flag> flags;
  flags.reserve(40);
  const auto add = [&](Flag flag) { flags.push_back(std::move(flag)); };
  add(global("p,profile", &G::profile, "NAME", "profile of the configuration to use", ValueKind::profile));
  add(global("config", &G::config_file, "FILE", "configuration file to read instead of the user's",
             ValueKind::file));
  add(global("d,database", &G::database, "URL", "sqlite:PATH or postgresql://... to work on",
             ValueKind::other));
  add(global("w,workspace", &G::workspace, "NAME", "workspace to work in", ValueKind::workspace));
  add(with_choices(global("o,output", &G::output, "FORMAT", "output format"), k_formats,
                   "table on a terminal, else tsv"));
  add(global("json", &G::json, "same as -o json"));
  add(global(
      "out", &G::out, "FILE",
      "write to FILE, whole or not at all; its name says the format (.csv, .html ...) and whether to pack it (.gz, .zst)",
      ValueKind::file));
  add(global("columns", &G::columns, "A,B,C", "columns to print, in this order; \"help\" lists them",
             ValueKind::column));
  add(global("no-header", &G::no_header, "no header line in table, tsv and csv"));
  add(global("sort", &G::sort, "COL[:desc]", "order by a column", ValueKind::sort_key));
  add(global("limit", &G::limit, "N", "at most N rows, 0 for all", ValueKind::count));
  flags.back().default_text = "100 on a terminal, else all";
  add(global("null", &G::null_text, "TEXT", "what stands for an absent value in table, html, tsv, csv and md",
             ValueKind::other));
  add(global("no-trunc", &G::no_trunc, "do not shorten cells to the width of the terminal"));
  add(global("delimiter", &G::delimiter, "CHAR", "field separator of csv output", ValueKind::other));
  flags.back().default_text = ",";
  add(global("crlf", &G::crlf, "end csv lines with CR LF"));
  add(global("bom", &G::bom, "begin csv with a byte order mark, for Excel"));
  add(global("csv-raw", &G::csv_raw, "do not guard csv and tsv text against spreadsheet formulas"));
  add(global("q,quiet", &G::quiet, "print nothing on success but the data asked for"));
  add(global("v,verbose", &G::verbose, "say more on standard error; repeat for more"));
  add(global("trace", &G::trace, "log HTTP and SQL, without secrets"));
  add(with_choices(global("log-format", &G::log_format, "FORMAT", "form of diagnostics on standard error"),
                   "text|json", "text"));
  add(with_choices(global("color", &G::color, "WHEN", "use colour"), "auto|always|never", "auto"));
  add(global("no-color", &G::no_color, "same as --color never"));
  add(with_choices(global("progress", &G::progress, "HOW", "how to show progress"),
                   "auto|tty|plain|json|none", "auto"));
  add(global("no-pager", &G::no_pager, "never start a pager"));
  add(global(
      "tz", &G::tz, "ZONE",
      "IANA time zone for times printed and read; else the workspace's own, and TZ's in machine formats",
      ValueKind::zone));
  add(global("timeout", &G::timeout, "DUR", "give up after this long, e.g. 30s, 10m", ValueKind::duration));
  add(global("lock-wait", &G::lock_wait, "DUR", "wait this long for a lock another ringctl holds",
             ValueKind::duration));
  flags.back().default_text = "0s";
  add(global("n,dry-run", &G::dry_run, "say what would be done, change nothing"));
  add(global("y,yes", &G::yes, "answer yes to the question a command asks before it acts"));
  add(global("confirm", &G::confirm, "NAME", "confirm a severe act by naming what it is done to",
             ValueKind::other));
  add(global("no-input", &G::no_input, "never ask; fail where a question would be needed"));
  add(global("version", &G::version, "print the version"));
  add(global("h,help", &G::help, "print help"));
  return flags;
}

}  // namespace

const std::vector<Flag>& global_flags() {
  static const auto k_flags = make_global_flags();
  return k_flags;
}

}  // namespace ringctl::cmd
