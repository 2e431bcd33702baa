// What the tests of the service and its load driver rest on.
#include <algorithm>
#include <random>

#include "support/catch.hpp"
#include "support/http_reply.hpp"
#include "support/load_histogram.hpp"
#include "support/signed_form.hpp"

using namespace ringctl;
using test::HttpReply;

TEST_CASE("the signatures that tests make are those of Twilio's own library", "[system]") {
  // Signed by its Node package, version 6.2.0.
  CHECK(test::signature("12345", "https://example.com/myapp.php?foo=1&bar=2",
                        {{"CallSid", "CA1234567890ABCDE"},
                         {"Caller", "+14158675310"},
                         {"Digits", "1234"},
                         {"From", "+14158675310"},
                         {"To", "+18005551212"}}) == "L/OH5YylLD5NRKLltdqwSvS0BnU=");
  CHECK(test::signature("12345", "https://hooks.example.org/sms",
                        {{"MediaUrl", "b"},
                         {"MediaUrl", "a"},
                         {"MediaUrl", "b"},
                         {"Body", "hi"},
                         {"From", "+15005550006"}}) == "x6qK75Te4altfbJ1MsNSKD09tG0=");
  CHECK(test::signature("12345", "https://hooks.example.org/voice/in?tenant=1",
                        {{"From", "+41441234567"},
                         {"CallerCity", "Zürich"},
                         {"SpeechResult", "日本語 ☎ ok"},
                         {"To", "+41449876543"},
                         {"Empty", ""}}) == "MTF4kgMti1emI3xCMmBUlfKG8Bo=");
  CHECK(test::signature("12345", "https://hooks.example.org/voice", {}) == "wYqlSYDYQXX+az4vhdS/trUF4ZA=");
}

TEST_CASE("a signer signs any number of texts", "[system]") {
  test::Signer signer("12345");
  const auto first = signer.sign("https://hooks.example.org/voice");
  CHECK(signer.sign("something else") != first);
  CHECK(signer.sign("https://hooks.example.org/voice") == first);
}

TEST_CASE("a form is encoded byte by byte", "[system]") {
  CHECK(test::encode_form({{"From", "+12025550123"}, {"Name", "Zoë & co"}, {"Empty", ""}}) ==
        "From=%2B12025550123&Name=Zo%C3%AB+%26+co&Empty=");
}

TEST_CASE("a reply is whole when its length, its last chunk or its connection says so", "[system]") {
  const auto in_pieces = [](std::string_view bytes, HttpReply& reply) {
    auto state = HttpReply::State::partial;
    for (const char byte : bytes) {
      if (state != HttpReply::State::partial) return HttpReply::State::bad;
      state = reply.take({&byte, 1});
    }
    return state;
  };
  HttpReply counted, chunked, until_end;
  CHECK(in_pieces("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Why: Signature\r\n\r\nno", counted) ==
        HttpReply::State::complete);
  CHECK(counted.status() == 403);
  CHECK(counted.body() == "no");
  CHECK(counted.header("x-why") == "Signature");
  CHECK(counted.header("x-whynot").empty());
  CHECK_FALSE(counted.closes());

  CHECK(
      in_pieces(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<Re\r\na\r\nsponse></R\r\n7\r\nesponse\r\n1\r\n>\r\n0\r\n\r\n",
          chunked) == HttpReply::State::complete);
  CHECK(chunked.body() == "<Response></Response>");
  CHECK(chunked.is_twiml());

  CHECK(in_pieces("HTTP/1.0 200 OK\r\n\r\nall there is", until_end) == HttpReply::State::partial);
  CHECK(until_end.end() == HttpReply::State::complete);
  CHECK(until_end.body() == "all there is");
  CHECK(until_end.closes());
}

TEST_CASE("a reply that is none, or half of one, is refused", "[system]") {
  const auto taken = [](std::string_view bytes) {
    HttpReply reply;
    return reply.take(bytes);
  };
  CHECK(taken("SSH-2.0-OpenSSH_9.2\r\n\r\n") == HttpReply::State::bad);
  CHECK(taken("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n") == HttpReply::State::bad);
  CHECK(taken("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc") == HttpReply::State::bad);
  CHECK(taken("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") == HttpReply::State::bad);
  HttpReply half;
  CHECK(half.take("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nabc") == HttpReply::State::partial);
  CHECK(half.end() == HttpReply::State::bad);
}

TEST_CASE("TwiML is a whole Response", "[system]") {
  const auto is_twiml = [](const std::string& body) {
    HttpReply reply;
    reply.take("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return reply.is_twiml();
  };
  CHECK(is_twiml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Hangup/></Response>\n"));
  CHECK(is_twiml("<Response/>"));
  CHECK_FALSE(is_twiml("<html><Response></Response></html>"));
  CHECK_FALSE(is_twiml("<Response><Dial>"));
  CHECK_FALSE(is_twiml("{\"error\": \"<Response/>\"}"));
  CHECK_FALSE(is_twiml(""));
}

TEST_CASE("percentiles of a histogram are within a sixty-fourth of those of the sorted values", "[system]") {
  std::mt19937_64 random(1);
  test::Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) values.push_back(random() >> (random() % 64));
  for (const auto value : values) histogram.record(value);
  std::sort(values.begin(), values.end());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto exact = values[static_cast<std::size_t>(share * 20'000) - 1];
    CHECK(histogram.percentile(share) >= exact);
    CHECK(histogram.percentile(share) - exact <= exact / 64);
  }
  CHECK(histogram.max() == values.back());
  CHECK(test::Histogram().percentile(0.99) == 0);
}
