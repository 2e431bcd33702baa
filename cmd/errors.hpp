#pragma once
// How a run ends: what failed goes to stderr, as text or as one JSON object, and becomes the exit status.

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "cmd/globals.hpp"
#include "cmd/terminal.hpp"

namespace ringctl::cmd {

/// An Error with the figures behind it, for programs: a JSON object, whose members JSON errors show among the
/// details.
class ErrorWithFigures : public Error {
 public:
  ErrorWithFigures(const Error& error, std::string json_object)
      : Error(error), figures_(std::move(json_object)) {}
  const std::string& figures() const noexcept { return figures_; }

 private:
  std::string figures_;
};
/// "" for what has none.
std::string figures_of(std::exception_ptr);

/// "ringctl: message  [slug]", indented details, "hint: command". Visible text, ends in a newline.
std::string error_text(const Error&, Paint);
/// {"error":{"code":...,"exit":...,"message":...,...}} and a newline.
std::string error_json(const Error&, std::string_view figures = {});

/// What was thrown, as an Error: itself, or an apology for a bug (exit 1). Details of a bug only with
/// --verbose, because nobody knows what such a message holds.
Error to_error(std::exception_ptr);

/// The same error; a command that its hint names acts on the database, workspace and profile this run was
/// given.
Error with_same_target(const Error&, const Globals&);

/// True of an output format with which errors are JSON too.
bool asks_for_json(std::string_view output);

/// True if the words ask for JSON on stderr, wherever they stand: a mistyped command line must answer in JSON
/// too.
bool wants_json_errors(const std::vector<std::string>& args, const Environment&);

/// "always" or "never" if the words say so, wherever they stand, "auto" if they say that, else "".
std::string color_on_line(const std::vector<std::string>& args);

/// Prints the error on `fd` unless it ends the run quietly (broken pipe, pager closed, no message); its exit
/// status.
int report(const Error&, int fd, bool json, Paint, std::string_view figures = {});

}  // namespace ringctl::cmd
