#include "serve/talking.hpp"

#include "support/catch.hpp"

namespace ringctl::serve {
namespace {

using std::chrono::seconds;

const auto k_here = *base::Uuid::try_parse("0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e6f");
const auto k_elsewhere = *base::Uuid::try_parse("0190f6d2-7b3c-7a10-8f00-1a2b3c4d5e70");
const auto k_ann = *base::Uuid::try_parse("0190f6d2-7b3c-7a10-8f00-000000000001");
const auto k_bob = *base::Uuid::try_parse("0190f6d2-7b3c-7a10-8f00-000000000002");
const base::Instant k_now = base::parse_utc("2026-03-08T12:00:00.000Z");

std::shared_ptr<const routing::Presence> on_call(std::vector<base::Uuid> users) {
  return std::make_shared<const routing::Presence>(routing::Presence{.on_call = std::move(users)});
}

TEST_CASE("who answered is talking before the database knows, and no longer when the call has ended",
          "[serve]") {
  Talking talking;
  talking.answered(k_here, k_ann, "CA1", k_now);
  CHECK(talking.corrected(k_here, on_call({k_bob}), k_now)->on_call == std::vector{k_bob, k_ann});
  CHECK(talking.corrected(k_elsewhere, on_call({}), k_now)->on_call.empty());
  talking.ended(k_here, k_ann, "CA1", k_now + seconds(5));
  CHECK(talking.corrected(k_here, on_call({k_ann, k_bob}), k_now + seconds(6))->on_call ==
        std::vector{k_bob});
}

TEST_CASE("an end that comes before its answer stays an end", "[serve]") {
  Talking talking;
  talking.ended(k_here, k_ann, "CA1", k_now);
  talking.answered(k_here, k_ann, "CA1", k_now + seconds(1));
  CHECK(talking.corrected(k_here, on_call({}), k_now + seconds(2))->on_call.empty());
}

TEST_CASE("who ended one call and answered another is talking", "[serve]") {
  Talking talking;
  talking.ended(k_here, k_ann, "CA1", k_now);
  talking.answered(k_here, k_ann, "CA2", k_now);
  CHECK(talking.corrected(k_here, on_call({k_ann}), k_now)->on_call == std::vector{k_ann});
}

TEST_CASE("after a while the database is believed", "[serve]") {
  Talking talking(seconds(30));
  talking.answered(k_here, k_ann, "CA1", k_now);
  const auto said = on_call({});
  CHECK(talking.corrected(k_here, said, k_now + seconds(30)) == said);
  CHECK(talking.corrected(k_here, nullptr, k_now + seconds(31)) == nullptr);
}

TEST_CASE("what is old is forgotten, so that no more is remembered than half a minute brings", "[serve]") {
  Talking talking(seconds(30));
  for (int i = 0; i < 1000; ++i) {
    const auto sid = "CA" + std::to_string(i);
    talking.answered(k_here, k_ann, sid, k_now + seconds(i));
    talking.ended(k_here, k_ann, sid, k_now + seconds(i));
    CHECK(talking.size() <= 30);
  }
  CHECK(talking.size() == 30);
  // Heard of again it is as new.
  talking.answered(k_here, k_bob, "CA-long", k_now + seconds(1000));
  talking.ended(k_here, k_bob, "CA-long", k_now + seconds(1025));
  talking.answered(k_here, k_ann, "CA-new", k_now + seconds(1035));
  CHECK(talking.corrected(k_here, on_call({k_bob}), k_now + seconds(1036))->on_call == std::vector{k_ann});
}

}  // namespace
}  // namespace ringctl::serve
