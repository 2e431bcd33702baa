#pragma once
// A source cut into lines (LF, CRLF or CR), each in one piece of memory, and what no line may hold.
// Private to this room.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "csv/source.hpp"

namespace ringctl::csv {

/// Why a record cannot be read: Record's error_code and error.
struct Fault {
  std::string_view code;
  std::string text;
};

/// A NUL byte or ill-formed UTF-8. `offset` is where `text` begins in its record.
std::optional<Fault> find_bad_bytes(std::string_view text, std::uint64_t offset = 0);

Fault too_long_record();
Fault too_many_columns();

struct Line {
  std::string_view text;      ///< without its end
  std::string_view with_end;  ///< with LF, CRLF or CR; the last line may have none
  std::uint64_t number = 0;   ///< 1-based
  bool too_long = false;      ///< over k_max_record: there is no text, and no further line
};

/// Remembers where the next of one character is, so that a file without it is not searched again for every
/// line.
class Finder {
 public:
  explicit Finder(char wanted) : wanted_(wanted) {}
  /// Position of the first one at or after `from`, or npos. `from` never goes back.
  std::size_t next(std::string_view text, std::size_t from);
  /// `count` bytes were taken off the front of the text.
  void shift(std::size_t count);

 private:
  char wanted_;
  bool known_ = false;
  std::size_t found_ = 0, searched_ = 0;
};

class Lines {
 public:
  explicit Lines(Source& source) : source_(&source) {}
  /// False at the end. Views live until the next call.
  bool next(Line&);
  /// The first line that is not blank, without taking it. Only before the first next().
  std::string_view peek();

 private:
  bool fill();

  Source* source_;
  std::string buffer_;
  std::size_t at_ = 0;  ///< first byte not yet handed out
  Finder lf_{'\n'}, cr_{'\r'};
  std::uint64_t number_ = 0;
  bool ended_ = false;
};

}  // namespace ringctl::csv
