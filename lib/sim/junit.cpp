#include "sim/junit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace ringctl::sim {
namespace {

/// Control characters cannot stand in XML 1.0, however they are written.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\n' || c == '\t')
      out += fmt::format("&#{};", static_cast<int>(byte));
    else
      out += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  return out;
}

double seconds(std::chrono::microseconds span) { return std::chrono::duration<double>(span).count(); }

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

/// Lines stay lines in an element's text.
std::string body(std::string_view text) {
  auto out = escaped(text);
  constexpr std::string_view k_newline = "&#10;";
  for (auto at = out.find(k_newline); at != std::string::npos; at = out.find(k_newline, at + 1))
    out.replace(at, k_newline.size(), "\n");
  return out;
}

void append(std::string& out, const JunitCase& one) {
  fmt::format_to(std::back_inserter(out), "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                 escaped(one.file), escaped(one.name), seconds(one.took));
  if (one.failure.empty() && one.error.empty() && one.output.empty()) {
    out += "/>\n";
    return;
  }
  out += ">\n";
  const auto part = [&](std::string_view element, const std::string& text) {
    if (!text.empty())
      fmt::format_to(std::back_inserter(out), "      <{} message=\"{}\">{}</{}>\n", element,
                     escaped(first_line(text)), body(text), element);
  };
  part("failure", one.failure);
  part("error", one.error);
  if (!one.output.empty())
    fmt::format_to(std::back_inserter(out), "      <system-out>{}</system-out>\n", body(one.output));
  out += "    </testcase>\n";
}

}  // namespace

std::string junit(const std::string& suite, const std::vector<JunitCase>& cases) {
  const auto count = [&](std::string JunitCase::*member) {
    return std::ranges::count_if(cases, [&](const JunitCase& one) { return !(one.*member).empty(); });
  };
  std::chrono::microseconds total{};
  for (const auto& one : cases) total += one.took;
  const auto counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\"", cases.size(),
                                  count(&JunitCase::failure), count(&JunitCase::error), seconds(total));
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  fmt::format_to(std::back_inserter(out), "<testsuites {}>\n  <testsuite name=\"{}\" {}>\n", counts,
                 escaped(suite), counts);
  for (const auto& one : cases) append(out, one);
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace ringctl::sim
