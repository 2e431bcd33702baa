#include "cmd/errors.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <typeinfo>

#include "base/build_info.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "base/shell.hpp"
#include "cmd/io.hpp"
#include "cmd/json_text.hpp"

namespace ringctl::cmd {
namespace {

bool retryable(Errc code) {
  const auto table = errc_table();
  const auto it =
      std::find_if(table.begin(), table.end(), [&](const ErrcInfo& info) { return info.code == code; });
  return it != table.end() && it->retry == "yes";
}

void member(std::string& out, std::string_view name, std::string_view value) {
  out.push_back(',');
  append_json(out, name);
  out.push_back(':');
  append_json(out, value);
}

/// Lines as they are printed, and the members of the figures beside them.
void append_details(std::string& out, const Error& error, std::string_view figures) {
  const auto members = figures.empty() ? figures : figures.substr(1, figures.size() - 2);
  if (error.details().empty() && members.empty()) return;
  out.append(R"(,"details":{)");
  if (!error.details().empty()) {
    out.append(R"("lines":[)");
    for (const auto& line : error.details()) {
      if (&line != error.details().data()) out.push_back(',');
      append_json(out, std::string_view(line));
    }
    out.append(members.empty() ? "]" : "],");
  }
  out.append(members).append("}");
}

std::string type_of(const std::exception& exception) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(typeid(exception).name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : "std::exception";
}

Error bug(const std::string& what) {
  const auto& build = base::build_info();
  return Error(Errc::failure, "internal.bug", fmt::format("internal error: {}", what),
               "run it again with -v and report that output with this command's name")
      .detail(fmt::format("this is a bug in ringctl {} ({})", build.version, build.commit));
}

/// The value of -o in "-o", "-ojson" or "-qojson".
std::optional<std::string_view> output_in_bundle(std::string_view word, std::string_view next) {
  if (word.size() < 2 || word[0] != '-' || word[1] == '-') return std::nullopt;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto& flags = global_flags();
    const auto flag =
        std::find_if(flags.begin(), flags.end(), [&](const Flag& one) { return one.letter == word[i]; });
    if (flag == flags.end()) return std::nullopt;
    if (!flag->takes_value()) continue;
    if (flag->name != "output") return std::nullopt;
    return i + 1 < word.size() ? word.substr(i + 1) : next;
  }
  return std::nullopt;
}

/// Behind the "ringctl " of the command that a hint is, or ends with: "mend rows.csv, then: ringctl numbers
/// import rows.csv".
std::optional<std::size_t> end_of_program(std::string_view hint) {
  constexpr std::string_view k_program = "ringctl ", k_last = ": ringctl ";
  if (hint.starts_with(k_program)) return k_program.size();
  const auto last = hint.rfind(k_last);
  if (last == hint.npos) return std::nullopt;
  return last + k_last.size();
}

/// The command that a line is, or ends with, acts where the run did.
std::string with_same_target(const std::string& line, const Globals& globals, bool in_workspace) {
  const auto flags_at = end_of_program(line);
  if (!flags_at) return line;
  std::string flags;
  const auto add = [&](std::string_view flag, const std::optional<std::string>& value) {
    if (value && line.find(fmt::format(" --{} ", flag)) == std::string::npos)
      fmt::format_to(std::back_inserter(flags), "--{} {} ", flag, base::for_shell(*value));
  };
  add("config", globals.config_file);
  add("profile", globals.profile);
  // A password stays where it was typed.
  if (globals.database && base::redact_url(*globals.database) == *globals.database)
    add("database", globals.database);
  if (in_workspace) add("workspace", globals.workspace);
  return line.substr(0, *flags_at) + flags + line.substr(*flags_at);
}

}  // namespace

bool asks_for_json(std::string_view output) { return output == "json" || output == "jsonl"; }

std::string error_text(const Error& error, Paint paint) {
  auto text = fmt::format("{} {}  [{}]\n", paint.red("ringctl:"), visible(error.message()), error.slug());
  for (const auto& line : error.details()) text.append("  ").append(visible(line)).append("\n");
  if (!error.hint().empty()) text.append("  hint: ").append(visible(error.hint())).append("\n");
  return text;
}

std::string error_json(const Error& error, std::string_view figures) {
  std::string out = R"({"error":{"code":)";
  append_json(out, std::string_view(error.slug()));
  out.append(fmt::format(R"(,"exit":{})", static_cast<int>(error.errc())));
  member(out, "message", error.message());
  if (!error.hint().empty()) member(out, "hint", error.hint());
  out.append(retryable(error.errc()) ? R"(,"retryable":true)" : R"(,"retryable":false)");
  if (error.retry_after()) out.append(fmt::format(R"(,"retry_after_s":{})", error.retry_after()->count()));
  append_details(out, error, figures);
  if (!error.request_id().empty()) member(out, "request_id", error.request_id());
  if (!error.job_id().empty()) member(out, "job_id", error.job_id());
  return out + "}}\n";
}

Error to_error(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return {Errc::failure, "internal.out_of_memory", "out of memory"};
  } catch (const std::exception& exception) {
    const auto type = type_of(exception);
    return bug(base::log_enabled(base::LogLevel::info) ? fmt::format("{}: {}", type, exception.what())
                                                       : type);
  } catch (...) {
    return bug("something that is no exception was thrown");
  }
}

std::string figures_of(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const ErrorWithFigures& error) {
    return error.figures();
  } catch (...) {
    return {};
  }
}

Error with_same_target(const Error& error, const Globals& globals) {
  // One that is not there would only fail again.
  const bool in_workspace = error.slug() != "workspaces.unknown";
  Error same(error.errc(), error.slug(), error.message(),
             with_same_target(error.hint(), globals, in_workspace));
  for (const auto& line : error.details()) same.detail(with_same_target(line, globals, in_workspace));
  same.answered(error.request_id(), error.retry_after());
  return std::move(same).job(error.job_id());
}

bool wants_json_errors(const std::vector<std::string>& args, const Environment& environment) {
  auto output = environment("RINGCTL_OUTPUT").value_or("");
  auto log_format = environment("RINGCTL_LOG_FORMAT").value_or("");
  bool json = false;
  for (std::size_t i = 0; i < args.size() && args[i] != "--"; ++i) {
    const std::string_view word = args[i];
    const auto next = i + 1 < args.size() ? std::string_view(args[i + 1]) : std::string_view();
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto value = equals == word.npos ? next : word.substr(equals + 1);
    if (word == "--json") json = true;
    if (name == "--output") output = value;
    if (name == "--log-format") log_format = value;
    if (const auto short_value = output_in_bundle(word, next)) output = *short_value;
  }
  return json || asks_for_json(output) || log_format == "json";
}

std::string color_on_line(const std::vector<std::string>& args) {
  std::string color;
  bool no_color = false;
  for (std::size_t i = 0; i < args.size() && args[i] != "--"; ++i) {
    constexpr std::string_view k_color = "--color=";
    if (args[i] == "--no-color") no_color = true;
    if (args[i] == "--color" && i + 1 < args.size()) color = args[i + 1];
    if (args[i].starts_with(k_color)) color = args[i].substr(k_color.size());
  }
  return no_color ? "never" : color;
}

int report(const Error& error, int fd, bool json, Paint paint, std::string_view figures) {
  const bool quiet = error.errc() == Errc::broken_pipe || error.errc() == Errc::ok || error.message().empty();
  if (!quiet) write_quietly(fd, json ? error_json(error, figures) : error_text(error, paint));
  return static_cast<int>(error.errc());
}

}  // namespace ringctl::cmd
