#include "report/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "report/style.hpp"

namespace ringctl::report {
namespace {

constexpr std::size_t k_chunk = 16 * 1024;
constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

/// Text that is UTF-8.
void append_escaped_text(std::string& to, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    switch (byte) {
      case '&':
        to.append("&amp;");
        break;
      case '<':
        to.append("&lt;");
        break;
      case '>':
        to.append("&gt;");
        break;
      case '"':
        to.append("&quot;");
        break;
      case '\'':
        to.append("&#39;");
        break;
      case '\r':  // a reader makes a line break of it anyway
        if (i + 1 == text.size() || text[i + 1] != '\n') to.push_back('\n');
        break;
      case 0xC2:  // U+0080 to U+009F are control characters of two bytes
        if (static_cast<unsigned char>(text[i + 1]) < 0xA0) {
          to.append(k_replacement);
          ++i;
        } else {
          to.push_back(text[i]);
        }
        break;
      default:
        if (byte == 0x7F || (byte < 0x20 && byte != '\n' && byte != '\t'))
          to.append(k_replacement);
        else
          to.push_back(text[i]);
    }
  }
}

/// Names and notes may be of a script that runs the other way: what stands around them must not turn.
void append_isolated(std::string& to, std::string_view text) {
  to.append("<bdi>");
  append_escaped(to, text);
  to.append("</bdi>");
}

void append_share(std::string& to, double share) {
  const auto percent = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * 100));
  fmt::format_to(std::back_inserter(to),
                 R"(<svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">)"
                 R"(<rect width="{}" height="1"/></svg>)",
                 percent);
}

void append_cell(std::string& to, const HtmlColumn& column, const HtmlCell& cell) {
  to.append(cell.header ? "<th scope=\"row\"" : "<td");
  to.append(column.number ? " class=\"n\">" : ">");
  if (!cell.svg.empty())
    to.append(cell.svg);
  else if (column.number)
    append_escaped(to, cell.text);
  else if (!cell.text.empty())
    append_isolated(to, cell.text);
  if (cell.share >= 0) append_share(to, cell.share);
  to.append(cell.header ? "</th>" : "</td>");
}

}  // namespace

void append_escaped(std::string& to, std::string_view text) {
  while (!text.empty()) {
    const auto bad = base::first_invalid_utf8(text);
    append_escaped_text(to, text.substr(0, bad.value_or(text.size())));
    if (!bad) return;
    to.append(k_replacement);
    text.remove_prefix(*bad + 1);
  }
}

HtmlPage::HtmlPage(Sink sink, const HtmlHead& head) : sink_(std::move(sink)), made_(head.made) {
  buffer_.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
      .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
      .append(R"(<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-)")
      .append(k_style_hash)
      .append("'; base-uri 'none'; form-action 'none'\">\n<title>");
  append_escaped(buffer_, head.title);
  buffer_.append("</title>\n<style>")
      .append(k_style)
      .append("</style>\n</head>\n<body>\n<main>\n<header>\n<h1>");
  append_isolated(buffer_, head.title);
  buffer_.append("</h1>\n");
  if (!head.subtitle.empty()) {
    buffer_.append("<p class=\"soft\">");
    append_isolated(buffer_, head.subtitle);
    buffer_.append("</p>\n");
  }
  put("</header>\n");
}

void HtmlPage::put(std::string_view text) {
  buffer_.append(text);
  if (buffer_.size() < k_chunk) return;
  sink_(buffer_);
  buffer_.clear();
}

void HtmlPage::heading(std::string_view text) {
  buffer_.append("<h2>");
  append_isolated(buffer_, text);
  put("</h2>\n");
}

void HtmlPage::paragraph(std::string_view text) {
  buffer_.append("<p>");
  append_isolated(buffer_, text);
  put("</p>\n");
}

void HtmlPage::raw(std::string_view markup) { put(markup); }

void HtmlPage::begin_table(std::string_view caption, std::vector<HtmlColumn> columns) {
  columns_ = std::move(columns);
  in_foot_ = false;
  ++tables_;
  // A wide table scrolls by itself, and by keyboard.
  fmt::format_to(
      std::back_inserter(buffer_),
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"table{0}\">\n<table>\n"
      "<caption id=\"table{0}\">",
      tables_);
  append_isolated(buffer_, caption);
  buffer_.append("</caption>\n<thead>\n<tr>");
  for (const auto& column : columns_) {
    buffer_.append(column.number ? R"(<th scope="col" class="n")" : R"(<th scope="col")");
    if (!column.note.empty()) {
      buffer_.append(" title=\"");
      append_escaped(buffer_, column.note);
      buffer_.push_back('"');
    }
    buffer_.push_back('>');
    append_escaped(buffer_, column.title);
    buffer_.append("</th>");
  }
  put("</tr>\n</thead>\n<tbody>\n");
}

void HtmlPage::write_row(const std::vector<HtmlCell>& cells) {
  buffer_.append("<tr>");
  for (std::size_t i = 0; i < cells.size(); ++i) append_cell(buffer_, columns_[i], cells[i]);
  put("</tr>\n");
}

void HtmlPage::row(const std::vector<HtmlCell>& cells) { write_row(cells); }

void HtmlPage::foot(const std::vector<HtmlCell>& cells) {
  if (!std::exchange(in_foot_, true)) put("</tbody>\n<tfoot>\n");
  write_row(cells);
}

void HtmlPage::end_table() {
  put(in_foot_ ? "</tfoot>\n</table>\n</div>\n" : "</tbody>\n</table>\n</div>\n");
}

void HtmlPage::end() {
  if (!made_.empty()) {
    buffer_.append("<footer class=\"soft\"><p>");
    append_isolated(buffer_, made_);
    buffer_.append("</p></footer>\n");
  }
  buffer_.append("</main>\n</body>\n</html>\n");
  sink_(buffer_);
  buffer_.clear();
}

}  // namespace ringctl::report
