#include "db/copy_text.hpp"

#include <array>
#include <charconv>

#include "base/error.hpp"

namespace ringctl::db {
namespace {

// The letter that stands behind the backslash; 0: as it is.
constexpr std::array<char, 256> k_escapes = [] {
  std::array<char, 256> table{};
  table['\\'] = '\\';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\0'] = '0';  // never written: refused
  return table;
}();

void append_text(std::string& out, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char escape = k_escapes[static_cast<unsigned char>(text[i])];
    if (escape == 0) continue;
    if (escape == '0')
      throw Error(Errc::invalid, "db.bad_text", "a text holds a NUL byte, which no database column can");
    out.append(text, plain, i - plain);
    out.push_back('\\');
    out.push_back(escape);
    plain = i + 1;
  }
  out.append(text, plain);
}

template <class Number>
void append_number(std::string& out, Number value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

}  // namespace

void CopyText::add(std::span<const Param> row) {
  const auto begin = buffer_.size();
  try {
    for (const auto& param : row) {
      add_value(param);
      buffer_.push_back('\t');
    }
  } catch (...) {
    buffer_.resize(begin);  // no part of a row that is refused
    throw;
  }
  if (!row.empty()) buffer_.back() = '\n';
}

void CopyText::add_value(const Param& param) {
  const auto& value = param.value();
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    append_text(buffer_, *text);
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    append_number(buffer_, *number);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    buffer_.push_back(*flag ? 't' : 'f');
  } else if (const auto* instant = std::get_if<base::Instant>(&value)) {
    if (*instant != last_instant_) last_instant_text_ = base::format_utc(last_instant_ = *instant);
    buffer_.append(last_instant_text_);
  } else if (const auto* real = std::get_if<double>(&value)) {
    append_number(buffer_, *real);
  } else {
    buffer_.append("\\N");
  }
}

}  // namespace ringctl::db
