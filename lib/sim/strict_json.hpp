#pragma once
// JSON that people wrote, with the place of everything in it: each value knows its line and its path, so that
// whatever is wrong can be said with FILE:LINE. Names stand once per object; depth is bounded.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace ringctl::sim {

struct Json {
  enum class Kind { null, flag, number, text, list, object };
  Kind kind = Kind::null;
  std::string text = {};                ///< of a text; of a number or flag as it was written
  std::vector<std::string> names = {};  ///< of an object, in the order of the file
  std::vector<Json> items = {};         ///< of a list, or under the names
  std::size_t line = 0;
  std::string path = {};  ///< "/steps/0/call/from"; "" = all of it

  bool is_text() const { return kind == Kind::text; }
  bool is_list() const { return kind == Kind::list; }
  bool is_object() const { return kind == Kind::object; }
  bool is_true() const { return kind == Kind::flag && text == "true"; }
  /// The value under a name; null if there is none.
  const Json* find(std::string_view name) const;
  /// On one line, as JSON.
  std::string dump() const;
};

/// Errc::invalid [scenario.bad]: "FILE:LINE: /path why".
Error bad_json(const std::string& file, const Json& where, const std::string& why);

/// A file that is read strictly.
class JsonFile {
 public:
  /// `name`: as messages call it.
  JsonFile(std::string name, std::string_view text);
  const Json& root() const { return root_; }
  const std::string& name() const { return name_; }
  /// Throws bad_json().
  [[noreturn]] void refuse(const Json& where, const std::string& why) const;

 private:
  std::string name_;
  Json root_;
};

/// How the values of a file are taken. Everything throws Errc::invalid [scenario.bad].
class JsonReader {
 public:
  explicit JsonReader(const JsonFile& file) : file_(file) {}
  [[noreturn]] void refuse(const Json& where, const std::string& why) const { file_.refuse(where, why); }

  const Json& object(const Json&) const;
  const Json& list(const Json&) const;
  /// An object, all of whose names are among these.
  const Json& object_of(const Json&, const std::vector<std::string>& known) const;
  /// The one that must be there.
  const Json& member(const Json& object, std::string_view name) const;
  std::string text(const Json&) const;  ///< not empty, one line
  std::string any_text(const Json&) const;
  bool flag(const Json&) const;
  std::int64_t whole_number(const Json&, std::int64_t least, std::int64_t most) const;
  double share(const Json&) const;  ///< in [0, 1]
  std::vector<std::string> texts(const Json&) const;
  std::string one_of(const Json&, const std::vector<std::string>& known) const;

 private:
  const JsonFile& file_;
};

}  // namespace ringctl::sim
