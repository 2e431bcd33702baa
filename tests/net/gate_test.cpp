// Every row of gate_rows.hpp against a real server and against the reader alone.

#include "net/gate.hpp"

#include <set>

#include "net/chunks.hpp"
#include "net/gate_rows.hpp"
#include "net/listener.hpp"
#include "net/path.hpp"
#include "support/catch.hpp"

using namespace ringctl;
using net::Refusal;

namespace {

constexpr const char* k_marker = "GET /marker HTTP/1.1\r\nHost: a.example\r\n\r\n";

/// What the server says to `bytes` and a request behind them on the same connection.
struct Verdict {
  int status = 0;
  bool closed = false;
  bool marker_answered = false;
};

Verdict send(const test::Listener& listener, const std::string& bytes) {
  auto client = listener.connect();
  client.send(bytes + k_marker);
  Verdict verdict;
  const auto reply = client.read();
  if (!reply) return {0, true, false};
  verdict.status = reply->status;
  const auto second = client.read();
  verdict.closed = !second.has_value();
  verdict.marker_answered = second && second->body == "marker";
  return verdict;
}

/// Reads head and body as a connection does, `piece` bytes at a time.
Refusal read_in_pieces(const std::string& bytes, std::size_t piece, std::string& body) {
  const net::Limits limits;
  net::HeadReader head(limits);
  net::ChunkReader chunks(limits);
  std::string buffer;
  bool headed = false;
  std::size_t decoded = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto* const before = buffer.data();
    const auto next = bytes.substr(at, piece);
    buffer += next;
    at += next.size();
    head.moved(before, buffer.data());
    if (!headed) {
      const auto progress = head.read(buffer);
      if (progress == net::Progress::refused) return head.refusal();
      if (progress == net::Progress::more) continue;
      headed = true;
    }
    const auto size = head.head().size;
    if (head.head().framing != net::Framing::chunked) {
      body = buffer.substr(size, head.head().length);
      continue;
    }
    auto end = buffer.size() - size;
    const auto progress = chunks.read(buffer.data() + size, decoded, end);
    buffer.resize(size + end);
    if (progress == net::Progress::refused) return chunks.refusal();
    body = buffer.substr(size, decoded);
    if (progress == net::Progress::done) break;
  }
  return Refusal::none;
}

}  // namespace

TEST_CASE("every ambiguous request is refused, closes the connection and smuggles nothing", "[net]") {
  std::atomic<int> served = 0, markers = 0;
  const test::Listener listener([&](const net::Request& request, net::Respond respond) {
    const bool marker = request.path == "/marker";
    ++(marker ? markers : served);
    respond({.body = marker ? "marker" : "served"});
  });
  const auto rows = test::gate_rows();
  int refused = 0;
  for (const auto& row : rows) {
    INFO(row.name);
    served = markers = 0;
    const auto verdict = send(listener, row.bytes);
    if (row.refusal == Refusal::none) {
      CHECK(verdict.status == 200);
      CHECK(verdict.marker_answered);
      CHECK(served == 1);
      CHECK(markers == 1);
    } else {
      ++refused;
      CHECK(verdict.status == net::refusal_status(row.refusal));
      CHECK(verdict.closed);
      CHECK(served == 0);
      CHECK(markers == 0);
      CHECK(listener.server.stats().of(row.refusal) > 0);
    }
  }
  CHECK(refused >= 100);
  CHECK(listener.server.stats().refused() == static_cast<std::uint64_t>(refused));
}

TEST_CASE("the gate's verdict does not depend on how the bytes arrive", "[net]") {
  for (const auto& row : test::gate_rows())
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U, 100000U}) {
      INFO(row.name << " in pieces of " << piece);
      std::string body;
      CHECK(read_in_pieces(row.bytes, piece, body) == row.refusal);
    }
}

TEST_CASE("chunks are put together wherever they are cut, and the next request stays whole", "[net]") {
  const std::string bytes = "4\r\nabcd\r\n1;x=y\r\ne\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
  const std::string next = "GET /next";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    INFO("cut at " << cut);
    const net::Limits limits;
    net::ChunkReader chunks(limits);
    std::string buffer = bytes.substr(0, cut);
    std::size_t body = 0, end = buffer.size();
    chunks.read(buffer.data(), body, end);
    buffer.resize(end);
    buffer += bytes.substr(cut) + next;
    end = buffer.size();
    REQUIRE(chunks.read(buffer.data(), body, end) == net::Progress::done);
    CHECK(buffer.substr(0, body) == "abcde0123456789");
    CHECK(buffer.substr(body, end - body) == next);
  }
}

TEST_CASE("the head's parts are views of what was sent", "[net]") {
  const net::Limits limits;
  net::HeadReader reader(limits);
  const std::string bytes =
      "PUT /a/b?c=d?e HTTP/1.1\r\nHost: a.example\r\nX-Two:  a b \r\nConnection: x, Close\r\nExpect: 100-Continue\r\n"
      "Content-Length: 12\r\n\r\nrest";
  REQUIRE(reader.read(bytes) == net::Progress::done);
  const auto& head = reader.head();
  CHECK(head.method == "PUT");
  CHECK(head.target == "/a/b?c=d?e");
  CHECK(head.path == "/a/b");
  CHECK(head.query == "c=d?e");
  REQUIRE(head.fields.size() == 5);
  CHECK(head.fields[1].name == "X-Two");
  CHECK(head.fields[1].value == "a b");
  CHECK(head.length == 12);
  CHECK(head.close);
  CHECK(head.expects_continue);
  CHECK(head.size == bytes.size() - 4);

  reader.reset();
  REQUIRE(reader.read("GET / HTTP/1.0\r\n\r\n") == net::Progress::done);
  CHECK(reader.head().http_1_0);
  CHECK(reader.head().close);
  CHECK(reader.head().fields.empty());
}

TEST_CASE("every refusal has a name of its own and a status that is an error", "[net]") {
  std::set<std::string_view> names;
  for (std::size_t i = 1; i < net::k_refusals; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    CHECK(names.insert(net::refusal_name(refusal)).second);
    CHECK(net::refusal_status(refusal) >= 400);
  }
}
