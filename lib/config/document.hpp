#pragma once
// One file of configuration as a flat list of entries, each with its place. All checks that need no other
// file happen here: syntax, unknown keys, types, values, and which file a key may stand in.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace ringctl::config {

/// config.toml holds settings; credentials.toml holds secrets, the account and the database.
enum class FileKind { settings, credentials };

struct Entry {
  enum class Form { literal, file, command };
  std::string key;  ///< dotted: "twilio.retries"; of a secret without _file or _command
  Form form = Form::literal;
  std::string text;               ///< lists: joined by commas (auth_tokens: by newlines)
  std::vector<std::string> argv;  ///< of a command
  unsigned line = 0;
  std::string section;  ///< "[profiles.prod]", as origins show it
};

struct Document {
  std::filesystem::path path;
  std::vector<Entry> defaults;
  std::map<std::string, std::vector<Entry>, std::less<>> profiles;  ///< also those without entries
  bool must_be_private = false;  ///< settings from disk with a database's password in them
};

/// What `work` throws is put into `failures`; without them it is thrown on.
template <class Work>
void attempt(std::vector<Error>* failures, Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    if (failures == nullptr) throw;
    failures->push_back(error);
  }
}

/// Throws Errc::config [config.syntax | config.unknown_key | config.wrong_type | config.bad_value |
/// config.duplicate_key | config.secret_in_settings | config.newer_schema], each with FILE:LINE:COLUMN.
/// With `failures` all of them are put there, and the document holds the rest.
Document parse_document(std::string_view text, const std::filesystem::path&, FileKind,
                        std::vector<Error>* failures = nullptr);

/// The same from disk; an absent file is empty. Credentials, and settings that hold a database password, must
/// be private: else [config.secret_permissions].
Document load_document(const std::filesystem::path&, FileKind, std::vector<Error>* failures = nullptr);

/// Letters, digits, - and _; at most 64.
bool is_profile_name(std::string_view);

}  // namespace ringctl::config
