#include "cmd/context.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "base/text.hpp"
#include "base/zone.hpp"
#include "cmd/area_codes.hpp"
#include "cmd/context_database.hpp"
#include "cmd/errors.hpp"
#include "cmd/own_files.hpp"
#include "cmd/signals.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::int64_t k_terminal_limit = 100;

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

ColorMode color_mode(std::string_view word) {
  if (word == "always") return ColorMode::always;
  return word == "never" ? ColorMode::never : ColorMode::automatic;
}

ProgressMode progress_mode(std::string_view word) {
  if (word == "tty") return ProgressMode::tty;
  if (word == "plain") return ProgressMode::plain;
  if (word == "json") return ProgressMode::json;
  return word == "none" ? ProgressMode::none : ProgressMode::automatic;
}

base::LogLevel level_of(const Globals& globals, std::string_view configured) {
  if (globals.trace) return base::LogLevel::trace;
  if (globals.verbose > 0) return globals.verbose > 1 ? base::LogLevel::debug : base::LogLevel::info;
  if (globals.quiet || configured == "error") return base::LogLevel::error;
  if (configured == "info") return base::LogLevel::info;
  if (configured == "debug") return base::LogLevel::debug;
  return configured == "trace" ? base::LogLevel::trace : base::LogLevel::warn;
}

char delimiter_of(const std::optional<std::string>& given) {
  if (!given) return ',';
  if (*given == "tab" || *given == "\\t") return '\t';
  // Anything that stands in numbers, times or quoting would make the file ambiguous.
  static constexpr std::string_view k_possible = ",;|\t~^!#$%&*/:";
  if (given->size() == 1 && k_possible.find(given->front()) != std::string_view::npos) return given->front();
  throw Error(Errc::usage, "usage.bad_value",
              fmt::format("--delimiter: \"{}\" is not one of , ; | tab ~ ^ ! # $ % & * / :", *given));
}

}  // namespace

World process_world(base::CancelToken& cancel) {
  static const base::SystemClock k_clock;
  return {k_clock, cancel, process_environment, {}};
}

Context::Context(const Registry& registry, World world)
    : registry_(registry), world_(std::move(world)), ids_(world_.clock) {}

Context::~Context() = default;

void Context::begin(const Command& command, Globals globals) {
  command_ = &command;
  globals_ = std::move(globals);
  set_up_log();
  if (globals_.tz) zone_of({});  // before the configuration is asked: it knows no near names
  delimiter_of(globals_.delimiter);
  if (globals_.timeout) signals::set_deadline(*globals_.timeout, json_errors());
}

void Context::begin_completion(const Command* command, const std::vector<GivenFlag>& given) {
  command_ = command;
  completing_ = true;
  for (const auto& [flag, value] : given)
    for (const auto& global : global_flags())
      if (&global == flag) global.assign(&globals_, value);
}

config::Sources Context::sources() const {
  config::Sources sources;
  sources.environment = world_.environment;
  sources.system_file = world_.system_config;
  const auto put = [&](const char* key, const std::optional<std::string>& value) {
    if (value) sources.flags.emplace(key, *value);
  };
  put("config", globals_.config_file);
  put("profile", globals_.profile);
  put("database", globals_.database);
  put("workspace", globals_.workspace);
  // A workbook is asked for each time: it is no value that a setting could have.
  if (globals_.output != "xlsx")
    put("output", globals_.json ? std::optional<std::string>("json") : globals_.output);
  put("null_text", globals_.null_text);
  put("log_format", globals_.log_format);
  put("color", globals_.no_color ? std::optional<std::string>("never") : globals_.color);
  put("progress", globals_.progress);
  put("timezone", globals_.tz);
  if (globals_.limit) put("limit", std::to_string(*globals_.limit));
  if (globals_.lock_wait) put("lock_wait", base::format_duration(*globals_.lock_wait));
  if (globals_.timeout) put("timeout", base::format_duration(*globals_.timeout));
  if (globals_.no_input) put("no_input", "true");
  return sources;
}

/// What was given, or stands in the configuration, or while that is not read yet in the environment. What is
/// wrong there is said when it is read.
std::string Context::known(const std::optional<std::string>& flag, std::string_view key) const {
  if (flag) return *flag;
  if (settings_) return settings_->get(key);
  return world_.environment(std::string(config::find_key(key)->environment)).value_or("");
}

base::LogLevel Context::log_level() const { return level_of(globals_, known({}, "log_level")); }

void Context::set_up_log() const {
  const bool json = known(globals_.log_format, "log_format") == "json";
  base::configure_log(log_level(), json ? base::LogFormat::json : base::LogFormat::text);
}

const config::Settings& Context::settings() {
  read_settings();
  if (!area_codes_learnt_) learn_area_codes(settings_->get("area_codes"));
  area_codes_learnt_ = true;
  return *settings_;
}

void Context::read_settings() {
  if (settings_) return;
  settings_ = config::Settings::load(sources());
  if (!completing_) {
    set_up_log();
    signals::report_as_json(json_errors());
    if (const auto limit = settings_->get("timeout"); !globals_.timeout && !limit.empty())
      signals::set_deadline(base::parse_duration(limit), json_errors());
  }
}

const config::Settings* Context::settings_if_readable() {
  if (command_ && !command_->needs_settings) {
    try {
      return &settings();
    } catch (const Error&) {
      return nullptr;
    }
  }
  return &settings();
}

std::filesystem::path Context::user_config_file() {
  std::vector<Error> failures;
  auto file = config::Settings::load(sources(), &failures).user_file();
  for (const auto& error : failures)
    if (error.slug() != "config.bad_value") throw Error(error);  // that one may be about to be set right
  if (file.empty())
    throw Error(Errc::config, "config.no_home", "neither XDG_CONFIG_HOME nor HOME is set to an absolute path",
                "add --config FILE");
  return file;
}

base::Zone Context::zone_of(const std::string& configured) const {
  const auto& name = globals_.tz ? *globals_.tz : configured;
  if (name.empty()) return base::Zone::system();
  try {
    return base::Zone::parse(name);
  } catch (const Error& error) {
    // A name that came with the command line is a mistake there, one that was configured a mistake of the
    // file.
    throw Error(globals_.tz ? Errc::usage : Errc::config, error.slug(), error.message(), error.hint());
  }
}

base::Zone Context::zone() {
  const auto chosen = settings().find_own("timezone");
  return chosen ? zone_of(chosen->text) : base::Zone::parse(workspace().timezone);
}

IoOptions Context::io_options() {
  IoOptions options;
  options.streams = world_.streams;
  options.environment = world_.environment;
  const auto* settings = settings_if_readable();
  const auto get = [&](std::string_view key) { return settings ? settings->get(key) : std::string(); };

  options.out = globals_.out.value_or("-");
  if (globals_.json || globals_.output)
    options.format = parse_format(globals_.json ? "json" : *globals_.output);
  else if (options.format = format_of_file(options.out); !options.format && !get("output").empty())
    options.format = parse_format(get("output"));
  if (options.format == Format::xlsx && options.out == "-")
    throw Error(Errc::usage, "usage.needs_out", "xlsx is a file: it cannot be written to standard output",
                "add --out FILE.xlsx");
  if (command_) options.title = command_->name();
  if (globals_.columns) options.columns = split_columns(*globals_.columns);
  options.rows.header = !globals_.no_header;
  options.rows.null_text = globals_.null_text;
  if (!options.rows.null_text && settings && settings->find("null_text"))
    options.rows.null_text = settings->get("null_text");
  options.rows.guard = !globals_.csv_raw;
  options.rows.crlf = globals_.crlf;
  options.rows.bom = globals_.bom;
  options.rows.delimiter = delimiter_of(globals_.delimiter);
  options.truncate = !globals_.no_trunc;
  options.quiet = globals_.quiet;
  options.json_log = globals_.log_format.value_or(get("log_format")) == "json";
  options.pager = !globals_.no_pager;
  options.pager_command = get("pager");
  options.color = globals_.no_color ? ColorMode::never : color_mode(globals_.color.value_or(get("color")));
  options.progress = progress_mode(globals_.progress.value_or(get("progress")));
  options.zone = zone_of(get("timezone"));
  options.no_input = globals_.no_input || get("no_input") == "true";
  options.yes = globals_.yes;
  options.dry_run = globals_.dry_run;
  options.confirm = globals_.confirm;
  return options;
}

Io& Context::io() {
  if (!io_) {
    if (globals_.out && *globals_.out != "-") refuse_own_file(*this, "--out", *globals_.out);
    io_ = std::make_unique<Io>(io_options(), world_.clock, world_.cancel);
    show_times();
    // A file of --out that is only half there is taken away again.
    if (globals_.out && *globals_.out != "-") signals::stop_gracefully(false);
  }
  return *io_;
}

base::CancelToken& Context::cancel(bool in_batches) {
  signals::stop_gracefully(in_batches);
  return world_.cancel;
}

std::string Context::actor() const {
  const auto uid = ::geteuid();
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16384);
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found)
    return fmt::format("os:{}", found->pw_name);
  return fmt::format("os:{}", uid);
}

std::chrono::milliseconds Context::lock_wait() {
  return globals_.lock_wait ? *globals_.lock_wait : base::parse_duration(settings().get("lock_wait"));
}

ListOptions Context::list_options() {
  if (!command_->lists) throw std::logic_error(command_->name() + " does not say that it lists");
  ListOptions options;
  if (globals_.sort) options.sort = parse_sort(*globals_.sort, command_->columns);
  const auto configured = base::parse_int(settings().get("limit"));
  if (globals_.limit || configured)
    options.limit = globals_.limit ? *globals_.limit : *configured;
  else if (io().out_is_terminal())
    options.limit = k_terminal_limit;
  if (options.limit < 0) throw bad_limit(options.limit);
  return options;
}

void Context::close() {
  if (io_) io_->close();
}

bool Context::json_errors() const {
  return globals_.json || asks_for_json(known(globals_.output, "output")) ||
         known(globals_.log_format, "log_format") == "json";
}

Paint Context::error_paint(const std::vector<std::string>& args) const {
  const auto mode = color_on_line(args);
  const auto word = mode.empty() && settings_ ? settings_->get("color") : mode;
  return Paint(use_color(world_.streams.err, color_mode(word), world_.environment));
}

std::vector<std::string> split_columns(std::string_view list) {
  std::vector<std::string> names;
  for (const auto part : base::split(list, ','))
    if (const auto name = base::trim(part); !name.empty()) names.emplace_back(name);
  if (names.empty())
    throw Error(Errc::usage, "usage.bad_value", "--columns: no column is named", "--columns help lists them");
  return names;
}

}  // namespace ringctl::cmd
