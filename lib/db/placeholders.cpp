#include "db/placeholders.hpp"

namespace ringctl::db {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// End of the piece that starts at `from` and is not to be touched; `from` itself if there is none. A doubled
// quote reads as two strings side by side, which comes to the same.
std::size_t opaque_end(std::string_view sql, std::size_t from) {
  const auto after = [&](std::string_view closing, std::size_t start) {
    const auto at = sql.find(closing, start);
    return at == std::string_view::npos ? sql.size() : at + closing.size();
  };
  switch (sql[from]) {
    case '\'':
      return after("'", from + 1);
    case '"':
      return after("\"", from + 1);
    case '-':
      return sql.substr(from).starts_with("--") ? after("\n", from + 2) : from;
    case '/':
      return sql.substr(from).starts_with("/*") ? after("*/", from + 2) : from;
    default:
      return from;
  }
}

}  // namespace

std::string number_placeholders(std::string_view sql) {
  std::string out;
  out.reserve(sql.size());
  for (std::size_t i = 0; i < sql.size();) {
    if (const auto end = opaque_end(sql, i); end > i) {
      out.append(sql.substr(i, end - i));
      i = end;
    } else if (is_word(sql[i])) {
      // A whole name at once: a `$` inside one is no placeholder.
      while (i < sql.size() && (is_word(sql[i]) || sql[i] == '$')) out.push_back(sql[i++]);
    } else {
      const bool placeholder = sql[i] == '$' && i + 1 < sql.size() && is_digit(sql[i + 1]);
      out.push_back(placeholder ? '?' : sql[i]);
      ++i;
    }
  }
  return out;
}

}  // namespace ringctl::db
