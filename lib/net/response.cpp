#include "net/response.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "net/gate.hpp"

namespace ringctl::net {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};
constexpr Phrase k_phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

constexpr std::string_view k_own[] = {"date", "connection", "content-length", "content-type",
                                      "transfer-encoding"};

bool valid_field(std::string_view name, std::string_view value) noexcept {
  return is_token(name) && is_field_value(value);
}

bool without_body(int status) noexcept { return status == 204 || status == 304; }

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  const auto* const found = std::find_if(std::begin(k_phrases), std::end(k_phrases),
                                         [&](const Phrase& phrase) { return phrase.status == status; });
  return found == std::end(k_phrases) ? std::string_view("") : found->text;  // fmt copies from nowhere else
}

bool valid_response(const Response& response) noexcept {
  if (response.status < 200 || response.status > 599) return false;
  if (!is_field_value(response.content_type)) return false;
  return std::all_of(response.headers.begin(), response.headers.end(), [](const auto& field) {
    const auto own = [&](std::string_view name) { return same_name(field.first, name); };
    return std::none_of(std::begin(k_own), std::end(k_own), own) && valid_field(field.first, field.second);
  });
}

void write_response(const Response& response, const Wire& wire, std::string& out) {
  auto to = std::back_inserter(out);
  fmt::format_to(to, FMT_COMPILE("HTTP/1.1 {} {}\r\nDate: {}\r\n"), response.status,
                 reason_phrase(response.status), wire.date);
  if (!response.content_type.empty())
    fmt::format_to(to, FMT_COMPILE("Content-Type: {}\r\n"), response.content_type);
  for (const auto& [name, value] : response.headers)
    fmt::format_to(to, FMT_COMPILE("{}: {}\r\n"), name, value);
  if (wire.close) out += "Connection: close\r\n";
  if (without_body(response.status)) {
    out += "\r\n";
    return;
  }
  fmt::format_to(to, FMT_COMPILE("Content-Length: {}\r\n\r\n"), response.body.size());
  if (!wire.head) out += response.body;
}

}  // namespace ringctl::net
