// Archives, through the Source that unpacks them.
#include "csv/inflate.hpp"

#include <zlib.h>
#include <zstd.h>

#include "base/digest.hpp"
#include "csv/source.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using ringctl::csv::Source;
using ringctl::csv::SourceOptions;
using ringctl::test::error_of;

namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string unpack(const std::string& bytes, SourceOptions options = {}) {
  auto source = Source::from_text(bytes, options);
  std::string text;
  for (auto piece = source.read(); !piece.empty(); piece = source.read()) text += piece;
  CHECK(source.digest() == ringctl::base::sha256_hex(bytes));
  return text;
}

std::string slug(const std::string& bytes, SourceOptions options = {}) {
  const auto error = error_of([&] { unpack(bytes, options); });
  if (!error) return "";
  CHECK(error->errc() == ringctl::Errc::invalid);
  return error->slug();
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "+1202555" + std::to_string(1000 + i % 9000) + ",twilio,US\n";
  return text;
}

}  // namespace

TEST_CASE("an archive is unpacked, and the digest is that of the archive") {
  const auto text = long_text();
  CHECK(unpack(gzip(text)) == text);
  CHECK(unpack(zstd(text)) == text);
}

TEST_CASE("archives of several members or frames are one text") {
  CHECK(unpack(gzip("a,b\n") + gzip("") + gzip("c,d\n")) == "a,b\nc,d\n");
  CHECK(unpack(zstd("a,b\n") + zstd("c,d\n")) == "a,b\nc,d\n");
}

TEST_CASE("an archive unpacks the same in pieces of any size") {
  SourceOptions options;
  options.piece = GENERATE(1U, 2U, 3U, 5U, 17U);
  const std::string text =
      "phone_number,provider\n+12025550143,twilio\n+12025550144,telnyx\n" + std::string(500, 'x');
  CHECK(unpack(gzip(text) + gzip("more\n"), options) == text + "more\n");
  CHECK(unpack(zstd(text) + zstd("more\n"), options) == text + "more\n");
}

TEST_CASE("an empty archive is an empty text") {
  CHECK(unpack(gzip("")).empty());
  CHECK(unpack(zstd("")).empty());
}

TEST_CASE("an archive cut short is refused wherever the cut is") {
  for (const auto& whole : {gzip("a,b\n+12025550143,twilio\n"), zstd("a,b\n+12025550143,twilio\n")})
    for (std::size_t size = 4; size < whole.size(); ++size) {
      INFO(size);
      REQUIRE(slug(whole.substr(0, size)) == "import.bad_archive");
    }
}

TEST_CASE("something behind an archive is refused") {
  CHECK(slug(gzip("a,b\n") + "trailing") == "import.bad_archive");
  CHECK(slug(gzip("a,b\n") + std::string(512, '\0')) == "import.bad_archive");
  CHECK(slug(zstd("a,b\n") + "trailing") == "import.bad_archive");
}

TEST_CASE("a damaged archive is refused") {
  auto bytes = gzip(long_text());
  bytes[bytes.size() / 2] = static_cast<char>(~bytes[bytes.size() / 2]);
  CHECK(slug(bytes) == "import.bad_archive");
}

TEST_CASE("an archive within an archive is refused") {
  CHECK(slug(gzip(gzip("a,b\n"))) == "import.bad_archive");
  CHECK(slug(zstd(gzip("a,b\n"))) == "import.bad_archive");
}

TEST_CASE("a bomb is stopped at the cap") {
  SourceOptions options;
  options.decompressed_cap = 1 << 20;
  CHECK(slug(gzip(std::string(64 << 20, '0')), options) == "import.too_large");
  CHECK(slug(zstd(std::string(64 << 20, '0')), options) == "import.too_large");
  CHECK(unpack(gzip(std::string(1 << 20, '0')), options).size() == 1 << 20);
}
