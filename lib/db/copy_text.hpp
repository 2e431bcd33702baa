#pragma once
// Rows in the text form of PostgreSQL's COPY. Private to this room.

#include <span>
#include <string>

#include "db/connection.hpp"

namespace ringctl::db {

/// Appends rows to a buffer: values between tabs, a line each, backslash escapes, \N for NULL.
class CopyText {
 public:
  /// Throws Errc::invalid [db.bad_text] for a text with a NUL byte.
  void add(std::span<const Param> row);
  std::string& buffer() { return buffer_; }

 private:
  void add_value(const Param&);
  std::string buffer_;
  // Bulk rows mostly carry the same instant again and again.
  base::Instant last_instant_{};
  std::string last_instant_text_ = base::format_utc(last_instant_);
};

}  // namespace ringctl::db
