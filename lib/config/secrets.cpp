#include "config/secrets.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "config/command.hpp"

namespace ringctl::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_longest_secret = 64 * 1024;

base::Secret without_line_end(std::string_view key, const std::string& text, const std::string& from) {
  const auto end = text.find_last_not_of("\r\n");
  if (end == std::string::npos)
    throw Error(Errc::config, "config.empty_secret", fmt::format("{} from {} is empty", key, from));
  if (text.find('\0') != std::string::npos)
    throw Error(Errc::config, "config.bad_value", fmt::format("{} from {} holds a NUL byte", key, from));
  return base::Secret(text.substr(0, end + 1));
}

}  // namespace

std::optional<std::string> read_environment(const Sources& sources, std::string_view name) {
  if (name.empty() || !sources.environment) return std::nullopt;
  auto text = sources.environment(std::string(name));
  if (text && text->empty()) return std::nullopt;
  return text;
}

std::optional<SecretReference> secret_in_environment(const Sources& sources, const KeyInfo& key) {
  using Form = SecretReference::Form;
  if (key.environment.empty()) return std::nullopt;
  const std::string name(key.environment);
  auto literal = read_environment(sources, name);
  auto file = read_environment(sources, name + "_FILE");
  if (literal && file)
    throw Error(Errc::config, "config.ambiguous_secret", fmt::format("{0} and {0}_FILE are both set", name),
                fmt::format("unset {}", name));
  if (literal) return SecretReference{Form::literal, std::move(*literal), {}, "environment " + name};
  if (file)
    return SecretReference{Form::file, std::move(*file), {}, fmt::format("environment {}_FILE", name)};
  if (const auto folder = read_environment(sources, "CREDENTIALS_DIRECTORY")) {
    const auto path = fs::path(*folder) / name;
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored))
      return SecretReference{Form::systemd_credential, path.string(), {}, "systemd credential " + name};
  }
  return std::nullopt;
}

SecretReference reference_of(const Sources& sources, const Document& document, const Entry& entry) {
  using Form = SecretReference::Form;
  switch (entry.form) {
    case Entry::Form::literal:
      return {Form::literal, entry.text, {}, {}};
    case Entry::Form::command:
      return {Form::command, {}, entry.argv, {}};
    case Entry::Form::file:
      break;
  }
  fs::path path = entry.text;
  const auto home = read_environment(sources, "HOME");
  if (home && entry.text.starts_with("~/"))
    path = fs::path(*home) / entry.text.substr(2);
  else if (path.is_relative())
    path = document.path.parent_path() / path;
  return {Form::file, path.string(), {}, {}};
}

std::string describe(const SecretReference& reference) {
  switch (reference.form) {
    case SecretReference::Form::literal:
      return base::Secret(reference.text).masked();
    case SecretReference::Form::command:
      return "command " + reference.argv.front();
    case SecretReference::Form::file:
    case SecretReference::Form::systemd_credential:
      break;
  }
  return "file " + reference.text;
}

base::Secret resolve(std::string_view key, const SecretReference& reference) {
  switch (reference.form) {
    case SecretReference::Form::literal:
      return base::Secret(reference.text);
    case SecretReference::Form::command:
      return without_line_end(key, run_command(key, reference.argv).reveal(),
                              "command " + reference.argv.front());
    case SecretReference::Form::file:
      base::require_private(reference.text);
      break;
    // systemd made these for this service alone; the access list it uses looks like an open group mode.
    case SecretReference::Form::systemd_credential:
      break;
  }
  return without_line_end(key, base::Secret(base::read_file(reference.text, k_longest_secret)).reveal(),
                          reference.text);
}

}  // namespace ringctl::config
