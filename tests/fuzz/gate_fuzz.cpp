// The gate on any bytes: the same verdict however the input is cut, bounds kept, and whatever it lets through
// another parser (Beast's) ends at the same byte with the same body. The first byte chooses the size of
// pieces.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>  // Boost 1.74 uses std::exchange without it

#include "net/chunks.hpp"
#include "net/gate.hpp"
#include "net/path.hpp"

using namespace ringctl::net;
namespace http = boost::beast::http;

namespace {

const Limits k_limits;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// What one request came to.
struct Outcome {
  Progress progress = Progress::more;
  Refusal refusal = Refusal::none;
  std::string method, target, body;
  bool chunked = false;
  std::size_t fields = 0, used = 0;  ///< of the input
  bool operator==(const Outcome&) const = default;
};

void check_head(const Head& head) {
  require(head.size <= k_limits.header, "a header within its limit");
  require(head.fields.size() <= k_limits.fields, "fields within their limit");
  require(head.target.size() <= k_limits.target && canonical_path(head.path), "a canonical path");
  require(head.framing != Framing::length || head.length <= k_limits.body, "a body within its limit");
  for (const auto& field : head.fields)
    require(is_token(field.name) && is_field_value(field.value), "fields are clean");
}

Outcome read(const std::string& input, std::size_t piece) {
  Outcome outcome;
  HeadReader reader(k_limits);
  ChunkReader chunks(k_limits);
  std::string buffer;
  bool headed = false;
  std::size_t decoded = 0;
  for (std::size_t at = 0; at < input.size() && outcome.progress == Progress::more;) {
    const auto* const before = buffer.data();
    buffer.append(input, at, piece);
    at += std::min(piece, input.size() - at);
    reader.moved(before, buffer.data());
    if (!headed) {
      outcome.progress = reader.read(buffer);
      if (outcome.progress == Progress::refused) outcome.refusal = reader.refusal();
      if (outcome.progress != Progress::done) continue;
      headed = true;
    }
    const auto& head = reader.head();
    if (head.framing == Framing::chunked) {
      auto end = buffer.size() - head.size;
      outcome.progress = chunks.read(buffer.data() + head.size, decoded, end);
      buffer.resize(head.size + end);
      if (outcome.progress == Progress::refused) outcome.refusal = chunks.refusal();
    } else {
      decoded = static_cast<std::size_t>(head.length);
      outcome.progress = buffer.size() - head.size >= decoded ? Progress::done : Progress::more;
    }
    require(head.framing != Framing::chunked || decoded <= k_limits.body, "chunks within their limit");
    if (outcome.progress != Progress::done) continue;
    check_head(head);
    outcome.method = head.method;
    outcome.target = head.target;
    outcome.chunked = head.framing == Framing::chunked;
    outcome.fields = head.fields.size();
    outcome.body = buffer.substr(head.size, decoded);
    outcome.used = at - (buffer.size() - head.size - decoded);
  }
  return outcome;
}

/// Beast's opinion of a request that the gate let through.
void compare_with_beast(const std::string& input, const Outcome& ours) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  boost::beast::error_code error;
  std::size_t used = 0;
  while (!parser.is_done() && used < input.size() && !error) {
    const auto n = parser.put(boost::asio::buffer(input.data() + used, input.size() - used), error);
    if (n == 0) break;
    used += n;
  }
  require(!error && parser.is_done(), "Beast takes what the gate takes");
  require(used == ours.used, "both end at the same byte");
  require(parser.get().body() == ours.body, "both see the same body");
  require(parser.get().target() == boost::beast::string_view(ours.target.data(), ours.target.size()),
          "both see the same target");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(input, input.size() + 1);
  const auto cut = read(input, 1U + data[0]);
  require(whole == cut, "the verdict does not depend on pieces");
  if (whole.progress == Progress::done) compare_with_beast(input, whole);
  return 0;
}
