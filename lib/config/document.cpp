#include "config/document.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "config/check.hpp"
#include "config/settings.hpp"

namespace ringctl::config {
namespace {

constexpr std::int64_t k_schema = 1;

std::string_view type_name(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

std::string_view wanted_type(Kind kind) {
  switch (kind) {
    case Kind::integer:
      return "a whole number";
    case Kind::boolean:
      return "true or false";
    case Kind::text_list:
      return "a list of text";
    default:
      return "text";
  }
}

/// "twilio." for the keys that live in a table of their own.
bool is_group(std::string_view name) {
  return std::any_of(keys().begin(), keys().end(), [&](const KeyInfo& key) {
    return key.name.size() > name.size() && key.name.starts_with(name) && key.name[name.size()] == '.';
  });
}

struct KeyMatch {
  const KeyInfo* key = nullptr;
  Entry::Form form = Entry::Form::literal;
};

KeyMatch match_key(std::string_view name) {
  if (const auto* key = find_key(name)) return {key, Entry::Form::literal};
  constexpr std::pair<std::string_view, Entry::Form> k_forms[] = {{"_file", Entry::Form::file},
                                                                  {"_command", Entry::Form::command}};
  for (const auto& [suffix, form] : k_forms) {
    if (!name.ends_with(suffix)) continue;
    const auto* key = find_key(name.substr(0, name.size() - suffix.size()));
    if (key != nullptr && key->kind == Kind::secret) return {key, form};
  }
  return {};
}

class Parser {
 public:
  Parser(const std::filesystem::path& path, FileKind kind, std::vector<Error>* failures)
      : kind_(kind), failures_(failures) {
    document_.path = path;
  }

  Document parse(std::string_view text) {
    try {
      const auto root = toml::parse(text);
      for (auto&& [key, node] : root)
        attempt(failures_, [&, &key = key, &node = node] { read_root(key, node); });
    } catch (const toml::parse_error& error) {
      // The parser quotes what it stumbled over, which in credentials may be half a secret.
      const std::string_view why =
          kind_ == FileKind::credentials ? "is no TOML from here on" : error.description();
      attempt(failures_, [&] { fail(error.source().begin, "config.syntax", std::string(why)); });
    }
    return std::move(document_);
  }

 private:
  /// Where the entries being read belong.
  struct Place {
    std::vector<Entry>& entries;
    std::set<std::string, std::less<>>& seen;
    bool in_profile;
    std::string section;
  };

  [[noreturn]] void fail(const toml::source_position& at, const char* slug, const std::string& what,
                         std::string hint = {}, const std::string& detail = {}) const {
    Error error(Errc::config, slug,
                fmt::format("{}:{}:{}: {}", document_.path.string(), at.line, at.column, what),
                std::move(hint));
    if (!detail.empty()) error.detail(detail);
    throw error;
  }

  void read_root(const toml::key& key, const toml::node& node) {
    const std::string_view name = key.str();
    if (name == "schema") return read_schema(key, node);
    if (name == "defaults")
      return read_table(table_of(key, node), "", {document_.defaults, seen_defaults_, false, "[defaults]"});
    if (name == "profiles") return read_profiles(table_of(key, node));
    if (is_group(name))
      return read_table(table_of(key, node), fmt::format("{}.", name),
                        {document_.defaults, seen_defaults_, false, fmt::format("[{}]", name)});
    if (match_key(name).key != nullptr)
      fail(key.source().begin, "config.unknown_key", fmt::format("\"{}\" must stand under a section", name),
           fmt::format("put it under [defaults] or [profiles.NAME]"));
    std::vector<std::string> known = {"schema", "defaults", "profiles"};
    for (const auto& info : keys())
      if (const auto dot = info.name.find('.'); dot != std::string_view::npos)
        known.emplace_back(info.name.substr(0, dot));
    unknown(key, name, known);
  }

  void read_schema(const toml::key& key, const toml::node& node) const {
    const auto number = node.value_exact<std::int64_t>();
    if (!number)
      fail(key.source().begin, "config.wrong_type",
           fmt::format("schema must be a whole number, not {}", type_name(node.type())));
    if (*number != k_schema)
      fail(node.source().begin, "config.newer_schema",
           fmt::format("schema {} is not known to this ringctl, which reads schema {}", *number, k_schema));
  }

  const toml::table& table_of(const toml::key& key, const toml::node& node) const {
    if (const auto* table = node.as_table()) return *table;
    fail(key.source().begin, "config.wrong_type",
         fmt::format("\"{}\" must be a section, not {}", key.str(), type_name(node.type())));
  }

  void read_profiles(const toml::table& profiles) {
    for (auto&& [key, node] : profiles)
      attempt(failures_, [&, &key = key, &node = node] { read_profile(key, node); });
  }

  void read_profile(const toml::key& key, const toml::node& node) {
    if (!is_profile_name(key.str()))
      fail(key.source().begin, "config.bad_value",
           fmt::format("\"{}\" is no profile name: letters, digits, - and _, at most 64", key.str()));
    const std::string name(key.str());
    std::set<std::string, std::less<>> seen;
    read_table(table_of(key, node), "",
               {document_.profiles[name], seen, true, fmt::format("[profiles.{}]", name)});
  }

  void read_table(const toml::table& table, const std::string& prefix, const Place& place) {
    for (auto&& [key, node] : table) {
      const auto name = prefix + std::string(key.str());
      attempt(failures_, [&, &key = key, &node = node] {
        if (prefix.empty() && is_group(name))
          read_table(table_of(key, node), name + ".", place);
        else
          read_entry(key, name, node, place);
      });
    }
  }

  void read_entry(const toml::key& key, const std::string& name, const toml::node& node, const Place& place) {
    const auto match = match_key(name);
    if (match.key == nullptr) unknown(key, name, candidates(name));
    const auto& info = *match.key;
    require_allowed_here(key, info, place);
    Entry entry{std::string(info.name), match.form, {}, {}, key.source().begin.line, place.section};
    if (match.form == Entry::Form::command) {
      entry.argv = strings_of(name, node);
      if (entry.argv.empty() || entry.argv.front().empty())
        fail(node.source().begin, "config.bad_value", fmt::format("{} must name a program", name));
    } else {
      entry.text = text_of(info, match.form, name, node);
    }
    if (!place.seen.insert(entry.key).second)
      fail(key.source().begin, "config.duplicate_key",
           fmt::format("{} is set twice for {}", info.name, place.section),
           "keep one of the value, _file and _command");
    place.entries.push_back(std::move(entry));
  }

  void require_allowed_here(const toml::key& key, const KeyInfo& info, const Place& place) const {
    const bool secret = info.kind == Kind::secret;
    if (kind_ == FileKind::settings && secret)
      fail(key.source().begin, "config.secret_in_settings",
           fmt::format("{} does not belong in this file", info.name),
           "move it to credentials.toml beside it, mode 0600");
    if (kind_ == FileKind::credentials && !secret && info.name != "database" && info.name != "account_sid")
      fail(key.source().begin, "config.unknown_key", fmt::format("{} is no credential", info.name),
           "move it to config.toml");
    if (info.name == "profile" && place.in_profile)
      fail(key.source().begin, "config.unknown_key", "a profile cannot name another profile",
           "move it to [defaults]");
  }

  std::string text_of(const KeyInfo& info, Entry::Form form, const std::string& name,
                      const toml::node& node) const {
    const auto at = node.source().begin;
    if (form == Entry::Form::file) {
      const auto path = node.value_exact<std::string>();
      if (!path || path->empty()) fail(at, "config.wrong_type", fmt::format("{} must be a path", name));
      return *path;
    }
    if (info.kind == Kind::secret && node.is_array()) return base::join(strings_of(name, node), "\n");
    const auto text =
        info.kind == Kind::text_list ? base::join(strings_of(name, node), ",") : scalar_text(info.kind, node);
    if (!text)
      fail(at, "config.wrong_type",
           fmt::format("{} must be {}, not {}", name, wanted_type(info.kind), type_name(node.type())));
    std::string why;
    auto value = check_value(info, *text, why);
    if (!value) fail(at, "config.bad_value", fmt::format("{} {}{}", name, why, quoted_value(info, *text)));
    if (info.name == "profile" && !is_profile_name(*value))
      fail(at, "config.bad_value", fmt::format("\"{}\" is no profile name", *value));
    return std::move(*value);
  }

  static std::string quoted_value(const KeyInfo& info, const std::string& text) {
    return info.kind == Kind::secret || info.kind == Kind::url ? std::string()
                                                               : fmt::format(", not \"{}\"", text);
  }

  static std::optional<std::string> scalar_text(Kind kind, const toml::node& node) {
    if (kind == Kind::integer) {
      const auto number = node.value_exact<std::int64_t>();
      return number ? std::optional(std::to_string(*number)) : std::nullopt;
    }
    if (kind == Kind::boolean) {
      const auto truth = node.value_exact<bool>();
      return truth ? std::optional<std::string>(*truth ? "true" : "false") : std::nullopt;
    }
    return node.value_exact<std::string>();
  }

  std::vector<std::string> strings_of(const std::string& name, const toml::node& node) const {
    std::vector<std::string> texts;
    const auto* list = node.as_array();
    if (list == nullptr)
      fail(node.source().begin, "config.wrong_type",
           fmt::format("{} must be a list of text, not {}", name, type_name(node.type())));
    for (const auto& item : *list) {
      auto text = item.value_exact<std::string>();
      if (!text)
        fail(item.source().begin, "config.wrong_type",
             fmt::format("{} must hold only text, not {}", name, type_name(item.type())));
      texts.push_back(std::move(*text));
    }
    return texts;
  }

  [[noreturn]] void unknown(const toml::key& key, std::string_view name,
                            const std::vector<std::string>& known) const {
    const auto near = base::nearest(name, known);
    fail(key.source().begin, "config.unknown_key", fmt::format("unknown key \"{}\"", name),
         "man 5 ringctl-config",
         near.empty() ? std::string() : fmt::format("did you mean: {}", base::join(near, ", ")));
  }

  /// What could have been meant by `name`: keys of this kind of file, with the forms of secrets.
  std::vector<std::string> candidates(std::string_view name) const {
    std::vector<std::string> known;
    for (const auto& info : keys()) {
      const bool secret = info.kind == Kind::secret;
      if (kind_ == FileKind::settings ? secret
                                      : !secret && info.name != "database" && info.name != "account_sid")
        continue;
      known.emplace_back(info.name);
      if (!secret) continue;
      for (const std::string_view suffix : {"_file", "_command"})
        if (name.ends_with(suffix)) known.push_back(std::string(info.name) + std::string(suffix));
    }
    return known;
  }

  FileKind kind_;
  std::vector<Error>* failures_;
  Document document_;
  std::set<std::string, std::less<>> seen_defaults_;
};

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  // A status that cannot be read is no absence: reading the file then says what is wrong.
  return std::filesystem::status(path, ignored).type() != std::filesystem::file_type::not_found;
}

}  // namespace

bool is_profile_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

Document parse_document(std::string_view text, const std::filesystem::path& path, FileKind kind,
                        std::vector<Error>* failures) {
  return Parser(path, kind, failures).parse(text);
}

Document load_document(const std::filesystem::path& path, FileKind kind, std::vector<Error>* failures) {
  if (path.empty() || !is_there(path)) return {path, {}, {}, false};
  const auto require_private = [&] { attempt(failures, [&] { base::require_private(path); }); };
  if (kind == FileKind::credentials) require_private();
  auto document = parse_document(base::read_file(path), path, kind, failures);
  const auto needs_privacy = [](const Entry& entry) {
    return entry.key == "database" && holds_password(entry.text);
  };
  bool secret = std::any_of(document.defaults.begin(), document.defaults.end(), needs_privacy);
  for (const auto& [name, entries] : document.profiles)
    secret |= std::any_of(entries.begin(), entries.end(), needs_privacy);
  document.must_be_private = secret && kind == FileKind::settings;
  if (document.must_be_private) require_private();
  return document;
}

}  // namespace ringctl::config
