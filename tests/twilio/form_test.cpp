#include "twilio/form.hpp"

#include <random>

#include "support/catch.hpp"

using namespace ringctl::twilio;
using Pairs = std::vector<std::pair<std::string, std::string>>;

namespace {

Pairs pairs_of(const Form& form) {
  Pairs out;
  for (std::size_t i = 0; i < form.size(); ++i)
    out.emplace_back(std::string(form[i].name), std::string(form[i].value));
  return out;
}

Pairs parsed(std::string_view text) {
  Form form;
  REQUIRE(form.parse(text) == Parsed::ok);
  return pairs_of(form);
}

}  // namespace

TEST_CASE("a form keeps order, duplicates and empty values", "[twilio]") {
  CHECK(parsed("To=%2B12025550143&MediaUrl=b&MediaUrl=a&MediaUrl=b&Empty=&Bare") ==
        Pairs{{"To", "+12025550143"},
              {"MediaUrl", "b"},
              {"MediaUrl", "a"},
              {"MediaUrl", "b"},
              {"Empty", ""},
              {"Bare", ""}});
  CHECK(parsed("").empty());
  CHECK(parsed("&&a=1&&") == Pairs{{"a", "1"}});
  CHECK(parsed("=x&=") == Pairs{{"", "x"}, {"", ""}});
  CHECK(parsed("a=b=c") == Pairs{{"a", "b=c"}});
}

TEST_CASE("a plus is a space and two hex digits are a byte; a lone percent sign stays", "[twilio]") {
  CHECK(parsed("a+b=c+d%2B%20") == Pairs{{"a b", "c d+ "}});
  CHECK(parsed("CallerCity=Z%C3%BCrich&x=%c3%bc") == Pairs{{"CallerCity", "Zürich"}, {"x", "ü"}});
  CHECK(parsed("a=%&b=%z1&c=%1&d=%1z&e=100%&f=%%41") ==
        Pairs{{"a", "%"}, {"b", "%z1"}, {"c", "%1"}, {"d", "%1z"}, {"e", "100%"}, {"f", "%A"}});
  CHECK(parsed("a=%00%FF")[0].second == std::string("\0\xFF", 2));
}

TEST_CASE("the first of a name is found, and absent is not empty", "[twilio]") {
  Form form;
  form.parse("a=1&a=2&b=");
  CHECK(form.find("a") == std::optional<std::string_view>("1"));
  CHECK(form.find("b") == std::optional<std::string_view>(""));
  CHECK_FALSE(form.find("c"));
  CHECK(form.get("c").empty());
}

TEST_CASE("a form may have 1,000 parameters and 64 KiB, and is empty past that", "[twilio]") {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a=1&";
  Form form;
  CHECK(form.parse(many) == Parsed::ok);
  CHECK(form.size() == 1000);
  CHECK(form.parse(many + "b") == Parsed::too_many);
  CHECK(form.empty());
  CHECK(form.parse("a=" + std::string(k_max_form_bytes - 2, 'x')) == Parsed::ok);
  CHECK(form.parse("a=" + std::string(k_max_form_bytes - 1, 'x')) == Parsed::too_long);
  CHECK(form.empty());
  CHECK(form.parse("a=1") == Parsed::ok);
}

TEST_CASE("a copied form keeps its own text", "[twilio]") {
  Form form;
  form.parse("a=1");
  const Form copy = form;
  form.parse("b=2&c=3");
  CHECK(pairs_of(copy) == Pairs{{"a", "1"}});
}

TEST_CASE("any parameters come back from what they are encoded as", "[twilio]") {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> byte(0, 255), length(0, 8), count(0, 6);
  const auto text = [&] {
    std::string out(static_cast<std::size_t>(length(random)), '\0');
    for (auto& c : out) c = static_cast<char>(byte(random));
    return out;
  };
  for (int i = 0; i < 2000; ++i) {
    Form form;
    for (int k = count(random); k > 0; --k) form.add("n" + text(), text());
    Form again;
    REQUIRE(again.parse(form.encoded()) == Parsed::ok);
    CHECK(pairs_of(again) == pairs_of(form));
  }
}
