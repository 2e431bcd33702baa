// The frame of the file is read strictly, character by character; the arrays in it are copied out as they
// stream by.
#include "bulk/estate_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bulk/adapters.hpp"
#include "csv/source.hpp"

namespace ringctl::bulk {
namespace {

constexpr std::size_t k_max_text = 1024;  ///< of a name or a value of the frame
constexpr std::size_t k_max_depth = 32;   ///< of brackets within an item; the import allows fewer
constexpr std::size_t k_chunk = 64 * 1024;

bool is_blank(int c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct Place {
  std::uint64_t line = 1, column = 1;
};

/// The text of a source, one byte at a time, and where in it we are.
class Text {
 public:
  static constexpr int k_end = -1;

  Text(csv::Source& source, const base::CancelToken& cancel) : source_(source), cancel_(cancel) {}

  /// The next byte, or k_end.
  int peek() {
    if (at_ == piece_.size() && !fill()) return k_end;
    return static_cast<unsigned char>(piece_[at_]);
  }
  /// Takes what peek() gave, which was not the end.
  char take() {
    const char c = piece_[at_++];
    if (c == '\r' || (c == '\n' && !after_return_)) {
      ++place_.line;
      place_.column = 1;
    } else if (c != '\n' && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      ++place_.column;  // counts characters
    }
    after_return_ = c == '\r';
    return c;
  }
  const Place& place() const { return place_; }
  const std::string& name() const { return source_.name(); }

 private:
  bool fill() {
    if (ended_) return false;
    cancel_.check("run the same command again");
    piece_ = source_.read();
    at_ = 0;
    ended_ = piece_.empty();
    return !ended_;
  }

  csv::Source& source_;
  const base::CancelToken& cancel_;
  std::string_view piece_;
  std::size_t at_ = 0;
  Place place_;
  bool after_return_ = false, ended_ = false;
};

Error bad(const Text& text, const Place& at, std::string_view what, std::string slug = "estate.bad_json",
          std::string hint = {}) {
  return {Errc::invalid, std::move(slug),
          fmt::format("{}: line {}, column {}: {}", text.name(), at.line, at.column, what), std::move(hint)};
}

/// Copies one array into a file of its own.
class ArrayCopy {
 public:
  ArrayCopy(Text& text, const std::string& noun, int fd) : text_(text), noun_(noun), fd_(fd) {}

  void run() {
    if (text_.peek() != '[') fail(fmt::format("\"{}\" is no array of objects", noun_));
    put(text_.take());
    blanks();
    if (text_.peek() != ']') items();
    put(text_.take());
    flush();
  }

 private:
  [[noreturn]] void fail(std::string_view what) const { throw bad(text_, text_.place(), what); }
  [[noreturn]] void fail_at_end() const { fail(fmt::format("the file ends within \"{}\"", noun_)); }

  void items() {
    for (;;) {
      if (text_.peek() != '{') fail(fmt::format("an item of \"{}\" is no object", noun_));
      item();
      blanks();
      const int next = text_.peek();
      if (next == ']') return;
      if (next == Text::k_end) fail_at_end();
      if (next != ',') fail(fmt::format("behind an item of \"{}\" stands neither , nor ]", noun_));
      put(text_.take());
      put('\n');  // readers take lines of a limited length
      blanks();
    }
  }

  void item() {
    std::string open;
    do {
      const int c = text_.peek();
      if (c == Text::k_end) fail_at_end();
      if (is_blank(c)) {
        blanks();
      } else if (c == '"') {
        quoted();
      } else {
        if (c == '{' || c == '[') {
          if (open.size() == k_max_depth) fail(fmt::format("nested deeper than {} levels", k_max_depth));
          open.push_back(c == '{' ? '}' : ']');
        } else if (c == '}' || c == ']') {
          if (open.back() != c) fail(fmt::format("{} where {} closes", static_cast<char>(c), open.back()));
          open.pop_back();
        }
        put(text_.take());
      }
    } while (!open.empty());
  }

  void quoted() {
    put(text_.take());
    for (bool escaped = false;;) {
      const int c = text_.peek();
      if (c == Text::k_end) fail_at_end();
      if (c < ' ') fail("a text does not go on past the end of its line, nor hold a control character");
      put(text_.take());
      if (c == '"' && !escaped) return;
      escaped = c == '\\' && !escaped;
    }
  }

  /// What counts of them is that they part what stands beside them.
  void blanks() {
    if (!is_blank(text_.peek())) return;
    while (is_blank(text_.peek())) text_.take();
    put(' ');
  }

  void put(char c) {
    buffer_.push_back(c);
    if (buffer_.size() >= k_chunk) flush();
  }
  void flush() {
    base::write_all(fd_, buffer_, "a temporary file");
    buffer_.clear();
  }

  Text& text_;
  const std::string& noun_;
  int fd_;
  std::string buffer_;
};

class Frame {
 public:
  explicit Frame(Text& text) : text_(text) { file_.name = text.name(); }

  EstateFile run() {
    skip_blanks();
    if (text_.peek() != '{') fail("an estate is one JSON object");
    text_.take();
    skip_blanks();
    if (text_.peek() == '}')
      text_.take();
    else
      members();
    skip_blanks();
    if (text_.peek() != Text::k_end) fail("something stands behind the estate");
    if (!std::ranges::count(keys_, "schema"))
      throw Error(Errc::invalid, "estate.bad_schema",
                  fmt::format("{}: it does not say its schema", file_.name),
                  fmt::format("\"schema\": {}", k_estate_schema));
    return std::move(file_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const { throw bad(text_, text_.place(), what); }

  void skip_blanks() {
    while (is_blank(text_.peek())) text_.take();
  }

  void members() {
    for (;;) {
      member();
      skip_blanks();
      const int next = text_.peek();
      if (next != ',' && next != '}') fail("neither , nor } stands here");
      text_.take();
      if (next == '}') return;
      skip_blanks();
    }
  }

  void member() {
    const auto at = text_.place();
    const auto key = quoted_text("the name of a section");
    if (std::ranges::count(keys_, key))
      throw bad(text_, at, fmt::format("{} stands twice in the file", base::in_quotes(key)),
                "estate.duplicate_key", "put their items into one");
    keys_.push_back(key);
    require_known(key, at);
    skip_blanks();
    if (text_.peek() != ':') fail("no : stands here");
    text_.take();
    skip_blanks();
    if (key == "schema") return schema();
    if (key == "workspace") {
      file_.workspace = quoted_text("the name of a workspace");
      return;
    }
    auto& section = file_.sections.emplace_back(EstateSection{key, base::temporary_file()});
    ArrayCopy(text_, section.noun, section.file.get()).run();
  }

  void require_known(const std::string& key, const Place& at) const {
    auto known = estate_nouns();
    if (key == "schema" || key == "workspace" || std::ranges::count(known, key)) return;
    const auto sections = base::join(known, ", ");
    known.insert(known.end(), {"schema", "workspace"});
    auto error = bad(text_, at, fmt::format("unknown section {}", base::in_quotes(key)),
                     "estate.unknown_section", "rename it, or take it out of the file");
    if (const auto near = base::nearest(key, known); !near.empty())
      error.detail(fmt::format("did you mean: {}", base::join(near, ", ")));
    throw std::move(error).detail(fmt::format("sections: {}", sections));
  }

  void schema() {
    const auto at = text_.place();
    std::string value;
    for (int c = text_.peek(); c != Text::k_end && c != ',' && c != '}' && !is_blank(c); c = text_.peek()) {
      if (value.size() == k_max_text) break;
      value.push_back(text_.take());
    }
    const auto number = base::parse_int(value);
    if (!number) throw bad(text_, at, "\"schema\" is no whole number", "estate.bad_schema");
    if (*number != k_estate_schema)
      throw bad(text_, at, fmt::format("schema {}: this ringctl reads {}", *number, k_estate_schema),
                "estate.bad_schema", "a newer ringctl wrote it, which reads it as well");
  }

  std::string quoted_text(std::string_view what) {
    const auto at = text_.place();
    if (text_.peek() != '"') fail(fmt::format("{} stands in quotes", what));
    std::string raw(1, text_.take());
    for (bool escaped = false, open = true; open;) {
      const int c = text_.peek();
      if (c < ' ' || raw.size() == k_max_text) throw bad(text_, at, fmt::format("{} does not end", what));
      raw.push_back(text_.take());
      open = c != '"' || escaped;
      escaped = c == '\\' && !escaped;
    }
    const auto parsed = nlohmann::json::parse(raw, nullptr, false);
    if (!parsed.is_string()) throw bad(text_, at, fmt::format("{} is no JSON text", what));
    return parsed.get<std::string>();
  }

  Text& text_;
  EstateFile file_;
  std::vector<std::string> keys_;
};

}  // namespace

const EstateSection* EstateFile::find(std::string_view noun) const {
  const auto found = std::ranges::find(sections, noun, &EstateSection::noun);
  return found == sections.end() ? nullptr : &*found;
}

const std::vector<std::string>& estate_nouns() {
  static const auto k_nouns = [] {
    std::vector<std::string> nouns;
    for (const auto& adapter : all_adapters()) nouns.emplace_back(adapter->noun());
    return nouns;
  }();
  return k_nouns;
}

EstateFile read_estate_file(const std::string& path, const base::CancelToken& cancel) {
  auto source = csv::Source::open(path);
  Text text(source, cancel);
  return Frame(text).run();
}

}  // namespace ringctl::bulk
