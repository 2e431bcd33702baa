#include "serve/journal_format.hpp"

#include "support/catch.hpp"

using namespace ringctl;
using namespace ringctl::serve;

TEST_CASE("a segment's header reads back, and with any bit changed is none", "[serve]") {
  const auto at = base::parse_utc("2026-03-08T12:00:00.123Z");
  const auto bytes = encode(SegmentHeader{0x1122334455667788, 12, 900, at, 65536});
  REQUIRE(bytes.size() == k_segment_header);
  const auto header = decode_segment(bytes);
  REQUIRE(header);
  CHECK(header->nonce == 0x1122334455667788);
  CHECK(header->number == 12);
  CHECK(header->base == 900);
  CHECK(header->prepared_at == at);
  CHECK(header->bytes == 65536);
  for (std::size_t bit = 0; bit < std::size_t{56} * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    INFO("bit " << bit);
    CHECK_FALSE(decode_segment(changed));
  }
}

TEST_CASE(
    "a record's header reads back under its segment's nonce and no other, and with any bit changed is none",
    "[serve]") {
  std::string bytes(k_record_header, '\0');
  encode(RecordHeader{7, 6, base::parse_utc("2026-03-08T12:00:00.123Z"), 3, checksum("abc")}, 99,
         bytes.data());
  const auto header = decode_record(bytes, 99);
  REQUIRE(header);
  CHECK(header->sequence == 7);
  CHECK(header->acknowledged == 6);
  CHECK(base::format_utc(header->at) == "2026-03-08T12:00:00.123Z");
  CHECK(header->length == 3);
  CHECK(header->framed() == 48);
  CHECK_FALSE(decode_record(bytes, 98));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    INFO("bit " << bit);
    CHECK_FALSE(decode_record(changed, 99));
  }
}
