#pragma once
// JSON that people wrote, read strictly: keys once per object and none that is not known, bounded depth, and
// every refusal with its place. Private to this room.

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringctl::routing {

inline constexpr int k_deepest = 12;

/// "/when/hours/0/from" and what is wrong there.
struct Refused {
  std::string path, why;
};

struct Value {
  enum class Kind { text, flag, list, object, other };
  Kind kind = Kind::other;
  std::string text = {};  ///< of a text; of anything else its JSON
  bool flag = false;
  std::vector<std::string> keys = {};  ///< of an object, in the order given
  std::vector<Value> items = {};       ///< of a list, or under the keys
};

/// A value and where it stands. Everything throws Refused.
class Node {
 public:
  Node(const Value& value, std::string path) : value_(value), path_(std::move(path)) {}
  [[noreturn]] void refuse(std::string why) const { throw Refused{path_, std::move(why)}; }
  const std::string& path() const { return path_; }
  bool is_text() const { return value_.kind == Value::Kind::text; }

  /// Not empty, without control characters, trimmed.
  std::string text() const;
  bool flag() const;
  void require_list() const;
  /// Each item of a list that is not empty, of at most `most`; a value that is no list counts as one of one.
  void each(std::size_t most, const std::function<void(const Node&)>&) const;
  /// Each key of an object, all of which are among `known`.
  void each_key(std::initializer_list<std::string_view> known,
                const std::function<void(std::string_view key, const Node&)>&) const;

 private:
  const Value& value_;
  std::string path_;
};

/// Throws Refused for what is not JSON, too deep, or has a key twice.
Value parse_strict(std::string_view text, const std::string& path);

}  // namespace ringctl::routing
