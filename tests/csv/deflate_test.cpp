// What is packed, through the Source that unpacks it.
#include "csv/deflate.hpp"

#include "base/error.hpp"
#include "csv/source.hpp"
#include "support/catch.hpp"

using namespace ringctl::csv;

namespace {

std::string packed(const std::string& name, const std::vector<std::string>& pieces) {
  const auto deflater = deflater_for(name);
  std::string out;
  for (const auto& piece : pieces) deflater->add(piece, out);
  deflater->finish(out);
  return out;
}

std::string unpacked(const std::string& bytes) {
  auto source = Source::from_text(bytes);
  std::string text;
  for (auto piece = source.read(); !piece.empty(); piece = source.read()) text += piece;
  return text;
}

}  // namespace

TEST_CASE("what is packed is read back as it was, in pieces of any size, and is smaller", "[csv]") {
  const std::string name = GENERATE("x.csv.gz", "x.csv.zst", "X.GZ");
  std::vector<std::string> pieces{"phone_number\n", "", std::string(300'000, 'x') + "\n"};
  std::string whole;
  for (int i = 0; i < 20'000; ++i) pieces.push_back("+1202555" + std::to_string(1000 + i % 9000) + "\n");
  for (const auto& piece : pieces) whole += piece;
  const auto archive = packed(name, pieces);
  CHECK(archive.size() < whole.size() / 4);
  CHECK(unpacked(archive) == whole);
}

TEST_CASE("nothing is packed as an archive of nothing, and the same text as the same bytes", "[csv]") {
  for (const std::string name : {"x.gz", "x.zst"}) {
    CHECK_FALSE(packed(name, {}).empty());
    CHECK(unpacked(packed(name, {})).empty());
    CHECK(packed(name, {"a,b\n"}) == packed(name, {"a,b\n"}));
  }
}

TEST_CASE("an archive of which a byte was changed is refused, or says the same", "[csv]") {
  const std::string name = GENERATE("x.gz", "x.zst"), text = "phone_number,label\n+12025550123,Sales\n";
  const auto archive = packed(name, {text});
  int refused = 0;
  for (std::size_t at = 4; at < archive.size(); ++at) {  // the first four say that it is one
    auto changed = archive;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    std::string read;
    try {
      read = unpacked(changed);
    } catch (const ringctl::Error&) {
      ++refused;
      continue;
    }
    CHECK(read == text);
  }
  CHECK(refused > 20);
}

TEST_CASE("only names that end so are archives", "[csv]") {
  CHECK(names_archive("a/numbers.csv.gz"));
  CHECK(names_archive("numbers.ZST"));
  for (const auto* name : {"numbers.csv", "gz", ".gz", "x.gzip", "-", ""}) {
    CHECK_FALSE(names_archive(name));
    CHECK(deflater_for(name) == nullptr);
  }
}
