#pragma once
// A small command line of its own, so that these tests do not change with the real one.

#include <optional>
#include <string>
#include <vector>

#include "cmd/registry.hpp"

namespace ringctl::cmd::test {

struct AddOptions {
  std::string number;
  std::optional<std::string> label;
  std::vector<std::string> tags;
  std::optional<std::int64_t> daily_limit;
  std::int64_t offset = 0;
  std::optional<std::chrono::milliseconds> ring_timeout;
  std::string mode = "fast";
  bool atomic = false;
  std::optional<std::string> max_errors;
};

struct ListOptions {
  std::optional<std::string> status;
};

struct NoteOptions {
  std::string contact;
  std::vector<std::string> words;
};

struct Nothing {};

inline constexpr Column k_columns[] = {
    {"phone_number", ColumnType::e164, true, true},
    {"label", ColumnType::text, true, true},
    {"created_at", ColumnType::time, false, false},
};

/// The last options each command ran with.
inline AddOptions g_added;
inline NoteOptions g_note;

inline void add_numbers(Noun& noun) {
  noun.verb<AddOptions>(
          "add", "Add a number", +[](const AddOptions& options, Context&) { g_added = options; })
      .argument("number", &AddOptions::number, "E.164")
      .kind(ValueKind::number)
      .flag("label", &AddOptions::label, "TEXT", "what it is for")
      .flag("tag", &AddOptions::tags, "TAG", "a tag")
      .flag("daily-limit", &AddOptions::daily_limit, "N", "calls a day")
      .flag("offset", &AddOptions::offset, "N", "may be below zero")
      .flag("ring-timeout", &AddOptions::ring_timeout, "DUR", "how long it rings")
      .flag("mode", &AddOptions::mode, "MODE", "how")
      .choices("fast|slow")
      .flag("atomic", &AddOptions::atomic, "all or nothing")
      .flag("max-errors", &AddOptions::max_errors, "N", "how many may fail")
      .excludes("atomic")
      .example("ringctl numbers add +12025550100")
      .example("ringctl numbers add +12025550101 --label Sales")
      .exits({Errc::conflict, Errc::invalid});
  noun.verb<ListOptions>(
          "list", "List numbers", +[](const ListOptions&, Context&) {})
      .flag("status", &ListOptions::status, "STATUS", "only those")
      .choices("active|inactive")
      .columns(k_columns)
      .example("ringctl numbers list")
      .example("ringctl numbers list --status active")
      .exits({Errc::ok});
}

inline void add_contacts(Noun& noun) {
  noun.verb<NoteOptions>(
          "note", "Add a note", +[](const NoteOptions& options, Context&) { g_note = options; })
      .argument("contact", &NoteOptions::contact, "a contact")
      .argument("words", &NoteOptions::words, "the note")
      .required()
      .example("ringctl contacts note +12025550100 called")
      .example("ringctl contacts note +12025550100 call again")
      .exits({Errc::ok});
}

inline void add_init(Noun& noun) {
  noun.command<Nothing>(+[](const Nothing&, Context&) {})
      .example("ringctl init")
      .example("ringctl init --dry-run")
      .exits({Errc::ok});
}

inline const Registry& sample_registry() {
  static constexpr NounEntry k_table[] = {
      {"numbers", "Phone numbers", "ESTATE", add_numbers},
      {"contacts", "People who call", "ESTATE", add_contacts},
      {"init", "Make the first workspace", "ABOUT", add_init},
  };
  static constexpr Alias k_aliases[] = {{"plus", "numbers", "add"}};
  static const Registry registry(k_table, k_aliases);
  return registry;
}

}  // namespace ringctl::cmd::test
