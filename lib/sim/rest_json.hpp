#pragma once
// JSON as it is answered: written straight into its text, since every answer is, thousands of times a second.
// Names are ours and need no quoting.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace ringctl::sim {

class JsonText {
 public:
  /// {
  void open();
  void open(std::string_view name);
  void close();
  /// [
  void open_list(std::string_view name);
  void close_list();

  void text(std::string_view name, std::string_view value);
  /// null where there is no value.
  void text_or_null(std::string_view name, std::string_view value);
  void number(std::string_view name, std::int64_t value);
  void boolean(std::string_view name, bool value);
  void null(std::string_view name);
  /// `json`: a whole value.
  void raw(std::string_view name, std::string_view json);
  /// In a list.
  void item(std::string_view text);

  std::string take() { return std::move(out_); }

 private:
  void separate();
  void begin(std::string_view name);
  std::string out_;
};

/// "Thu, 30 Jul 2015 23:19:04 +0000", as the API of 2010 writes times.
std::string rfc2822(base::Instant);
/// "2015-07-30T23:19:04Z", as the newer ones do.
std::string iso8601(base::Instant);

}  // namespace ringctl::sim
