#include "base/bytes.hpp"

#include <limits>

#include "support/catch.hpp"

using namespace ringctl::base;

namespace {

const auto k_id = Uuid::parse("0190f5fe-7c00-7a00-8000-000000000001");

}  // namespace

TEST_CASE("values are read back from bytes in the order they were written") {
  ByteWriter to;
  to.byte(7);
  to.number(300);
  to.integer(-2);
  to.text("a\xff");
  to.instant(parse_utc("2026-03-08T12:00:00.123Z"));
  to.uuid(k_id);
  to.maybe_uuid(std::nullopt);
  to.maybe_uuid(k_id);
  const auto bytes = to.take();
  ByteReader from(bytes);
  CHECK(from.byte() == 7);
  CHECK(from.number() == 300);
  CHECK(from.integer() == -2);
  CHECK(from.text() == "a\xff");
  CHECK(from.instant() == parse_utc("2026-03-08T12:00:00.123Z"));
  CHECK(from.uuid() == k_id);
  CHECK_FALSE(from.maybe_uuid());
  CHECK(from.maybe_uuid() == k_id);
  CHECK(from.ok());
  CHECK(from.at_end());
}

TEST_CASE("numbers of any size are read back, small ones take one byte") {
  for (const auto value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{-64}, std::int64_t{64},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    ByteWriter to;
    to.integer(value);
    const auto bytes = to.take();
    CHECK((bytes.size() == 1) == (value >= -64 && value < 64));
    CHECK(ByteReader(bytes).integer() == value);
  }
}

TEST_CASE("after the first mistake everything reads as nothing") {
  ByteReader from(
      "\x05"
      "abc");
  CHECK(from.text().empty());
  CHECK(from.error() == BytesErrc::truncated);
  CHECK(from.byte() == 0);
  CHECK_FALSE(from.ok());
  from.fail(BytesErrc::too_large);
  CHECK(from.error() == BytesErrc::truncated);
}

TEST_CASE("bytes that no value has are refused") {
  CHECK(ByteReader("").error() == std::error_code());
  const auto refused = [](std::string_view bytes, auto read) {
    ByteReader from(bytes);
    read(from);
    return from.error();
  };
  CHECK(refused("\x02", [](ByteReader& from) { from.flag(); }) == BytesErrc::bad_value);
  CHECK(refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", [](ByteReader& from) { from.number(); }) ==
        BytesErrc::bad_value);
  CHECK(refused(std::string(36, 'x'), [](ByteReader& from) { from.uuid(); }) == BytesErrc::bad_value);
  CHECK(refused("0190f5fe", [](ByteReader& from) { from.uuid(); }) == BytesErrc::truncated);
  ByteWriter to;
  to.integer(std::numeric_limits<std::int64_t>::max());
  CHECK(refused(to.take(), [](ByteReader& from) { from.instant(); }) == BytesErrc::bad_value);
}
