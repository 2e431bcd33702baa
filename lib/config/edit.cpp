// Edits keep the file's text: a value is replaced where it stands, new lines go behind the last one of their
// section. The TOML parser says where things are; after the edit it reads the new text, and unless exactly
// the wanted entry changed, nothing is written.

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "config/check.hpp"
#include "config/document.hpp"
#include "config/settings.hpp"

namespace ringctl::config {
namespace {

namespace fs = std::filesystem;

using EntryKey = std::pair<std::string, std::string>;  ///< profile ("" = defaults) and key
using Meaning = std::map<EntryKey, std::tuple<Entry::Form, std::string, std::vector<std::string>>>;

FileKind kind_of(const fs::path& file) {
  return file.filename() == "credentials.toml" ? FileKind::credentials : FileKind::settings;
}

Meaning meaning_of(const Document& document) {
  Meaning all;
  const auto add = [&](const std::string& profile, const std::vector<Entry>& entries) {
    for (const auto& entry : entries) all[{profile, entry.key}] = {entry.form, entry.text, entry.argv};
  };
  add("", document.defaults);
  for (const auto& [name, entries] : document.profiles) {
    all[{name, ""}] = {};  // that the profile exists is part of the meaning
    add(name, entries);
  }
  return all;
}

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string toml_value(const KeyInfo& key, const std::string& text) {
  if (key.kind == Kind::integer || key.kind == Kind::boolean) return text;
  if (key.kind != Kind::text_list) return toml_text(text);
  std::vector<std::string> items;
  if (!text.empty())
    for (const auto item : base::split(text, ',')) items.push_back(toml_text(base::trim(item)));
  return "[" + base::join(items, ", ") + "]";
}

/// The name in a line such as `[profiles.prod]  # comment`, without white space and quotes; "" for other
/// lines.
std::string header_name(std::string_view line) {
  line = base::trim(line);
  const auto end = line.find(']');
  if (line.empty() || line.front() != '[' || end == std::string_view::npos) return {};
  std::string name;
  for (const char c : line.substr(1, end - 1))
    if (c != ' ' && c != '\t' && c != '"' && c != '\'') name += c;
  return name;
}

bool blank_or_comment(std::string_view line) {
  line = base::trim(line);
  return line.empty() || line.front() == '#';
}

/// The text as lines, each with its line end, and what the parser knows about them.
class Sheet {
 public:
  explicit Sheet(const std::string& text) : root_(toml::parse(text)) {
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
      lines_.push_back(text.substr(at, end - at));
      at = end;
    }
    if (!lines_.empty() && lines_.front().ends_with("\r\n")) line_end_ = "\r\n";
    mark_inside(root_);
  }

  std::string text() const { return base::join(lines_, ""); }

  /// Replaces the value at `path`; the section it stands in, "" above the first, or nullopt if there is no
  /// value.
  std::optional<std::string> replace(const std::vector<std::string>& path, const std::string& value) {
    const auto* const node = find(path);
    if (node == nullptr) return std::nullopt;
    const auto& source = node->source();
    const auto first = source.begin.line - 1;
    const auto last = source.end.line - 1;
    const auto head = lines_[first].substr(0, byte_offset(lines_[first], source.begin.column));
    const auto tail = lines_[last].substr(byte_offset(lines_[last], source.end.column));
    lines_[first] = head + value + tail;
    lines_.erase(at(first + 1), at(last + 1));
    return section_above(first);
  }

  /// Removes the lines of the value at `path`, which stands alone on them; the section, or nullopt if there
  /// is no such value.
  std::optional<std::string> remove(const std::vector<std::string>& path) {
    const auto* const node = find(path);
    if (node == nullptr) return std::nullopt;
    const auto& source = node->source();
    const auto section = section_above(source.begin.line - 1);
    lines_.erase(at(source.begin.line - 1), at(source.end.line));
    return section;
  }

  /// Puts `line` behind the last entry of [section], which is added at the end if it is not there.
  void append_to(const std::string& section, const std::string& line) {
    auto header = find_header(section);
    if (!header) {
      add_section(section);
      header = lines_.size() - 1;
    }
    auto where = end_of_section(*header);
    while (where > *header + 1 && blank_or_comment(lines_[where - 1])) --where;
    finish_line(where - 1);
    lines_.insert(at(where), line + line_end_);
  }

  void add_section(const std::string& section) {
    if (!lines_.empty()) {
      finish_line(lines_.size() - 1);
      if (!base::trim(lines_.back()).empty()) lines_.push_back(line_end_);
    }
    lines_.push_back(fmt::format("[{}]{}", section, line_end_));
  }

  bool has_section(const std::string& section) const { return find_header(section).has_value(); }

  /// Removes [section] and every [section.*] with what stands in them.
  void remove_section(const std::string& section) {
    for (std::size_t i = 0; i < lines_.size();) {
      const auto name = is_header(i) ? header_name(lines_[i]) : std::string();
      if (name != section && !name.starts_with(section + ".")) {
        ++i;
        continue;
      }
      const auto end = end_of_section(i);
      lines_.erase(at(i), at(end));
      inside_.erase(inside_.begin() + static_cast<std::ptrdiff_t>(i),
                    inside_.begin() + static_cast<std::ptrdiff_t>(end));
    }
  }

 private:
  const toml::node* find(const std::vector<std::string>& path) const {
    const toml::node* node = &root_;
    for (const auto& part : path) {
      const auto* table = node->as_table();
      node = table == nullptr ? nullptr : table->get(part);
      if (node == nullptr) return nullptr;
    }
    return node;
  }

  std::vector<std::string>::iterator at(std::size_t index) {
    return lines_.begin() + static_cast<std::ptrdiff_t>(index);
  }

  /// Columns count characters, from 1.
  static std::size_t byte_offset(std::string_view line, unsigned column) {
    std::size_t offset = 0;
    for (unsigned i = 1; i < column && offset < line.size(); ++i) {
      ++offset;
      while (offset < line.size() && (static_cast<unsigned char>(line[offset]) & 0xC0U) == 0x80U) ++offset;
    }
    return offset;
  }

  /// Lines within a value of several lines are text, whatever they look like.
  void mark_inside(const toml::table& table) {
    inside_.resize(lines_.size(), false);
    for (auto&& [key, node] : table) {
      if (const auto* inner = node.as_table(); inner != nullptr && !inner->is_inline()) {
        mark_inside(*inner);
        continue;
      }
      for (auto line = node.source().begin.line; line < node.source().end.line; ++line) inside_[line] = true;
    }
  }

  bool is_header(std::size_t index) const {
    return (index >= inside_.size() || !inside_[index]) && !header_name(lines_[index]).empty();
  }

  std::optional<std::size_t> find_header(const std::string& section) const {
    for (std::size_t i = 0; i < lines_.size(); ++i)
      if (is_header(i) && header_name(lines_[i]) == section) return i;
    return std::nullopt;
  }

  std::string section_above(std::size_t index) const {
    while (index > 0 && !is_header(index)) --index;
    return is_header(index) ? header_name(lines_[index]) : std::string();
  }

  /// One past the section's last line. Comments right above the next header belong to that one.
  std::size_t end_of_section(std::size_t header) const {
    auto end = header + 1;
    while (end < lines_.size() && !is_header(end)) ++end;
    if (end < lines_.size())
      while (end > header + 1 && base::trim(lines_[end - 1]).starts_with('#')) --end;
    return end;
  }

  void finish_line(std::size_t index) {
    if (!lines_[index].ends_with('\n')) lines_[index] += line_end_;
  }

  toml::table root_;
  std::vector<std::string> lines_;
  std::vector<bool> inside_;
  std::string line_end_ = "\n";
};

void make_folder(const fs::path& folder) {
  if (const auto failed = base::make_private_folder(folder))
    throw Error(Errc::output, "output.write_failed",
                fmt::format("could not make folder {}: {}", folder.string(), failed.message()));
}

/// The file before and after one edit.
class Edit {
 public:
  explicit Edit(const fs::path& file) : file_(file), kind_(kind_of(file)) {
    if (file.empty())
      throw Error(Errc::config, "config.no_home",
                  "there is no place for a configuration file: HOME is not set, or no absolute path",
                  "name one with --config");
    std::error_code ignored;
    const bool exists = fs::exists(file, ignored);
    if (exists && kind_ == FileKind::credentials) base::require_private(file);
    text_ = exists ? base::read_file(file) : std::string("schema = 1\n");
    before_ = parse_document(text_, file, kind_);
  }

  const Document& document() const { return before_; }
  const std::string& text() const { return text_; }
  FileKind kind() const { return kind_; }

  /// Writes `text` if it means what the file meant, but for what `change` does to it.
  template <typename Change>
  void write(const std::string& text, Change change) const {
    auto expected = meaning_of(before_);
    change(expected);
    if (!means(text, expected))
      throw Error(Errc::config, "config.cannot_edit",
                  fmt::format("{} is laid out in a way that cannot be edited safely", file_.string()),
                  "edit it by hand");
    make_folder(file_.parent_path());
    base::AtomicFile out(file_, 0600);
    out.write(text);
    out.commit();
  }

 private:
  bool means(const std::string& text, const Meaning& expected) const {
    try {
      return meaning_of(parse_document(text, file_, kind_)) == expected;
    } catch (const Error&) {
      return false;
    }
  }

  fs::path file_;
  FileKind kind_;
  std::string text_;
  Document before_;
};

const KeyInfo& settable_key(std::string_view name) {
  const auto* key = find_key(name);
  if (key == nullptr) {
    std::vector<std::string> known;
    for (const auto& info : keys()) known.emplace_back(info.name);
    Error error(Errc::usage, "usage.unknown_key", fmt::format("unknown key \"{}\"", name),
                "man 5 ringctl-config");
    if (const auto near = base::nearest(name, known); !near.empty())
      error.detail("did you mean: " + base::join(near, ", "));
    throw error;
  }
  if (key->kind == Kind::secret)
    throw Error(Errc::usage, "config.secret_in_settings",
                fmt::format("{} is a secret: it would stay in the shell's history", name),
                "write it into credentials.toml, mode 0600, with an editor");
  return *key;
}

std::string checked_value(const KeyInfo& key, std::string_view profile, std::string_view text) {
  std::string why;
  const auto value = check_value(key, text, why);
  if (!value)
    throw Error(Errc::invalid, "config.bad_value",
                fmt::format("{} {}{}", key.name, why,
                            key.kind == Kind::url ? std::string() : fmt::format(", not \"{}\"", text)));
  if (key.name == "database" && holds_password(*value))
    throw Error(Errc::usage, "config.secret_in_settings", "a database URL with a password is a secret",
                "write it into credentials.toml, mode 0600, or use a PostgreSQL password file");
  if (key.name != "profile") return *value;
  if (!profile.empty())
    throw Error(Errc::usage, "usage.bad_value", "a profile cannot name another profile",
                "ringctl profiles use NAME");
  if (!is_profile_name(*value))
    throw Error(Errc::invalid, "config.bad_value", fmt::format("\"{}\" is no profile name", *value));
  return *value;
}

void require_profile_name(std::string_view name) {
  if (!is_profile_name(name))
    throw Error(Errc::invalid, "config.bad_value",
                fmt::format("\"{}\" is no profile name: letters, digits, - and _, at most 64", name));
}

std::vector<std::string> path_of(std::string_view dotted) {
  std::vector<std::string> path;
  for (const auto part : base::split(dotted, '.')) path.emplace_back(part);
  return path;
}

}  // namespace

std::string set_value(const fs::path& file, std::string_view profile, std::string_view key,
                      std::string_view value, Act act) {
  const auto& info = settable_key(key);
  const auto checked = checked_value(info, profile, value);
  if (!profile.empty()) require_profile_name(profile);
  const Edit edit(file);
  const auto section = profile.empty() ? std::string("defaults") : fmt::format("profiles.{}", profile);
  const auto dot = info.name.find('.');
  const auto group =
      std::string(dot == std::string_view::npos ? std::string_view() : info.name.substr(0, dot));
  const auto literal = toml_value(info, checked);

  Sheet sheet(edit.text());
  auto written = sheet.replace(path_of(fmt::format("{}.{}", section, info.name)), literal);
  if (!written && profile.empty() && !group.empty()) written = sheet.replace(path_of(info.name), literal);
  if (!written) {
    const auto leaf = info.name.substr(group.empty() ? 0 : group.size() + 1);
    written = group.empty() ? section : fmt::format("{}.{}", section, group);
    // A group of the defaults may stand on its own, as [serve] mostly does.
    if (profile.empty() && !group.empty() && !sheet.has_section(*written)) written = group;
    sheet.append_to(*written, fmt::format("{} = {}", leaf, literal));
  }
  if (act == Act::plan) return *written;
  edit.write(sheet.text(), [&](Meaning& meaning) {
    if (!profile.empty()) meaning[{std::string(profile), ""}] = {};
    auto stored = checked;
    if (info.kind == Kind::text_list && !stored.empty()) {
      std::vector<std::string> items;
      for (const auto item : base::split(checked, ',')) items.emplace_back(base::trim(item));
      stored = base::join(items, ",");
    }
    meaning[{std::string(profile), std::string(info.name)}] = {Entry::Form::literal, stored, {}};
  });
  return *written;
}

std::optional<std::string> unset_value(const fs::path& file, std::string_view profile, std::string_view key,
                                       Act act) {
  const auto& info = settable_key(key);
  if (!profile.empty()) require_profile_name(profile);
  const Edit edit(file);
  const auto section = profile.empty() ? std::string("defaults") : fmt::format("profiles.{}", profile);
  Sheet sheet(edit.text());
  auto removed = sheet.remove(path_of(fmt::format("{}.{}", section, info.name)));
  if (!removed && profile.empty() && info.name.find('.') != std::string_view::npos)
    removed = sheet.remove(path_of(info.name));
  if (removed && act == Act::write)
    edit.write(sheet.text(), [&](Meaning& meaning) {
      meaning.erase({std::string(profile), std::string(info.name)});
    });
  return removed;
}

void add_profile(const fs::path& file, std::string_view name, const ProfileValues& values, Act act) {
  require_profile_name(name);
  const Edit edit(file);
  if (edit.document().profiles.contains(name))
    throw Error(Errc::conflict, "config.profile_exists",
                fmt::format("there is a profile \"{}\" already", name));
  const auto section = fmt::format("profiles.{}", name);
  Sheet sheet(edit.text());
  sheet.add_section(section);
  Meaning added;
  added[{std::string(name), ""}] = {};
  for (const auto& [key, value] : values) {
    const auto& info = settable_key(key);
    const auto checked = checked_value(info, name, value);
    sheet.append_to(section, fmt::format("{} = {}", key, toml_value(info, checked)));
    added[{std::string(name), key}] = {Entry::Form::literal, checked, {}};
  }
  if (act == Act::plan) return;
  edit.write(sheet.text(), [&](Meaning& meaning) { meaning.merge(added); });
}

void remove_profile(const fs::path& file, std::string_view name) {
  const Edit edit(file);
  if (!edit.document().profiles.contains(name))
    throw Error(Errc::not_found, "config.unknown_profile",
                fmt::format("there is no profile \"{}\" in {}", name, file.string()),
                "ringctl profiles list");
  for (const auto& entry : edit.document().defaults)
    if (entry.key == "profile" && entry.text == name)
      throw Error(Errc::conflict, "config.profile_in_use",
                  fmt::format("profile \"{}\" is the one used by default", name),
                  "ringctl profiles use OTHER");
  Sheet sheet(edit.text());
  sheet.remove_section(fmt::format("profiles.{}", name));
  edit.write(sheet.text(), [&](Meaning& meaning) {
    std::erase_if(meaning, [&](const auto& entry) { return entry.first.first == name; });
  });
}

}  // namespace ringctl::config
