#include "messages/event.hpp"

#include <random>

#include "base/error.hpp"
#include "calls/event.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using base::BytesErrc;
using messages::Content;
using messages::Event;
using messages::Kind;
using messages::OptWord;
using Form = std::vector<Event::Parameter>;

namespace {

const auto k_workspace = base::Uuid::parse("019ccd51-0000-7000-8000-000000000001");
const auto k_message = base::Uuid::parse("019ccd51-0000-7000-8000-000000000002");
const auto k_at = base::parse_utc("2026-03-08T12:01:06.123Z");

Event sample() {
  auto event = messages::event_from(
      Kind::status, {{"MessageSid", "SM1"}, {"MessageStatus", "Delivered"}, {"Twice", "a"}, {"Twice", ""}},
      k_at);
  event.workspace = k_workspace;
  event.message = k_message;
  event.main_account = true;
  return event;
}

Content content(const Form& form) {
  return messages::content_of(messages::event_from(Kind::inbound, form, k_at));
}
Content body(const std::string& text) { return content({{"Body", text}}); }

std::error_code refused(std::string_view bytes) {
  std::error_code error;
  CHECK_FALSE(messages::try_from_bytes(bytes, error));
  return error;
}

}  // namespace

TEST_CASE("an event of a message is read back from its bytes as it was", "[messages]") {
  std::error_code error;
  CHECK(messages::try_from_bytes(messages::to_bytes(sample()), error) == sample());
  CHECK_FALSE(error);
  Event unknown;  // whose number it is was not known
  unknown.received_at = k_at;
  CHECK(messages::try_from_bytes(messages::to_bytes(unknown), error) == unknown);
}

TEST_CASE("bytes of messages and of calls are told apart by the first of them", "[messages]") {
  CHECK(messages::is_message(messages::to_bytes(sample())));
  CHECK(messages::to_bytes(sample()).front() == 'A');
  const auto call = calls::event_from(calls::Kind::status, k_workspace, {{"CallSid", "CA1"}}, k_at);
  CHECK_FALSE(messages::is_message(calls::to_bytes(call)));
  CHECK_FALSE(messages::is_message(""));
  std::error_code error;
  CHECK_FALSE(calls::try_from_bytes(messages::to_bytes(sample()), error));
  CHECK(refused(calls::to_bytes(call)) == BytesErrc::bad_value);
}

TEST_CASE("bytes of a message that are cut off, too long, newer or of no sense are refused", "[messages]") {
  const auto bytes = messages::to_bytes(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(refused(bytes.substr(0, size)));
  CHECK(refused(bytes + "x") == BytesErrc::trailing_bytes);
  auto newer = bytes;
  newer.front() = 'B';
  CHECK(refused(newer) == BytesErrc::unknown_version);
  auto no_kind = bytes;
  no_kind[1] = '\x03';
  CHECK(refused(no_kind) == BytesErrc::bad_value);
  std::mt19937 random(1);
  std::error_code error;
  for (int i = 0; i < 20000; ++i) {
    auto broken = bytes;
    broken[random() % broken.size()] = static_cast<char>(random());
    const auto event = messages::try_from_bytes(broken, error);
    CHECK(event.has_value() != static_cast<bool>(error));
  }
}

TEST_CASE("an event of a message that no journal takes is refused when it is written", "[messages]") {
  auto large = sample();
  large.parameters.emplace_back("Body", std::string(calls::k_most_event_bytes, 'x'));
  CHECK(test::slug_of([&] { messages::to_bytes(large); }) == "messages.event_too_large");
  auto many = sample();
  many.parameters.resize(calls::k_most_parameters + 1);
  CHECK(test::slug_of([&] { messages::to_bytes(many); }) == "messages.event_too_large");
}

TEST_CASE("a form is about what became of a message unless it came in", "[messages]") {
  CHECK(messages::kind_of({{"MessageStatus", "delivered"}}) == Kind::status);
  CHECK(messages::kind_of({{"SmsStatus", "sent"}}) == Kind::status);
  CHECK(messages::kind_of({{"MessageStatus", "Queued"}, {"SmsStatus", "received"}}) == Kind::status);
  CHECK(messages::kind_of({{"SmsStatus", "received"}}) == Kind::inbound);
  CHECK(messages::kind_of({{"SmsStatus", "receiving"}}) == Kind::inbound);
  CHECK(messages::kind_of({{"Body", "Hello"}}) == Kind::inbound);
}

TEST_CASE("the SID of a message is read under any of its names, the status in lower case", "[messages]") {
  CHECK(sample().status == "delivered");
  CHECK(
      messages::event_from(Kind::inbound, {{"SmsSid", "SM2"}, {"SmsMessageSid", "SM3"}}, k_at).message_sid ==
      "SM2");
  CHECK(
      messages::event_from(Kind::inbound, {{"MessageSid", ""}, {"SmsMessageSid", "SM3"}}, k_at).message_sid ==
      "SM3");
  CHECK(messages::event_from(Kind::inbound, {{"SmsStatus", "received"}}, k_at).status.empty());
}

TEST_CASE("a callback is known again by SID and status", "[messages]") {
  auto other = sample();
  other.parameters.emplace_back("RawDlrDoneDate", "2603081201");
  other.received_at += std::chrono::seconds(9);
  CHECK(messages::event_key(other) == messages::event_key(sample()));
  other.status = "sent";
  CHECK(messages::event_key(other) != messages::event_key(sample()));
  other.message_sid = std::string(500, 'x');
  CHECK(messages::event_key(other).size() <= 200);
  // Without a SID the path says which message it was.
  auto nameless = sample();
  nameless.message_sid.clear();
  auto another = nameless;
  another.message = k_workspace;
  CHECK(messages::event_key(nameless) != messages::event_key(another));
}

TEST_CASE("what a message says is read out of its form", "[messages]") {
  const auto text = content({{"From", "+12025550150"},
                             {"To", "+12025550100"},
                             {"Body", "Hi \xc3\xa9"},
                             {"NumMedia", "9"},
                             {"MediaUrl0", "https://media.example.com/0"},
                             {"MediaContentType0", "image/png"},
                             {"MediaUrl1", "https://media.example.com/1"},
                             {"MediaUrl3", "https://media.example.com/3"},
                             {"MessagingServiceSid", "MG1"},
                             {"FromCity", "BOSTON"},
                             {"ApiVersion", "2010-04-01"}});
  CHECK(text.from == "+12025550150");
  CHECK(text.to == "+12025550100");
  CHECK(text.body == "Hi \xc3\xa9");
  CHECK(text.media == std::vector<messages::Media>{{"https://media.example.com/0", "image/png"},
                                                   {"https://media.example.com/1", ""}});
  CHECK(text.service_sid == "MG1");
  CHECK(text.keyword == OptWord::none);
  CHECK(text.details == R"({"FromCity":"BOSTON","MessagingServiceSid":"MG1"})");
  CHECK(body("Hello").details.empty());
}

TEST_CASE("more media than Twilio sends are kept, and read back", "[messages]") {
  Form form;
  for (int i = 0; i < 12; ++i)
    form.emplace_back("MediaUrl" + std::to_string(i), "https://media.example.com/" + std::to_string(i));
  const auto media = content(form).media;
  REQUIRE(media.size() == 12);
  CHECK(messages::media_from(messages::media_json(media)) == media);
  CHECK(messages::media_json({}).empty());
  CHECK(messages::media_from("").empty());
  CHECK(messages::media_from("[1,{}]") == std::vector{messages::Media{"", ""}});
}

TEST_CASE("texts that no database keeps are mended", "[messages]") {
  const auto text = content({{"From", std::string("+1\0a", 4)}, {"Body", "a\xff"}, {"X\xfe", "y\xfd"}});
  CHECK(text.from ==
        "+1\xEF\xBF\xBD"
        "a");
  CHECK(text.body == "a\xEF\xBF\xBD");
  CHECK(text.details == "{\"X\xEF\xBF\xBD\":\"y\xEF\xBF\xBD\"}");
  CHECK(content({{"From", std::string(100000, '1')}}).from.size() == 255);
}

TEST_CASE("what opts out is what Twilio says, else the words of the network", "[messages]") {
  CHECK(body(" Stop\n").keyword == OptWord::stop);
  CHECK(body("please stop").keyword == OptWord::none);
  CHECK(content({{"Body", "arret"}, {"OptOutType", "STOP"}}).keyword == OptWord::stop);
  CHECK(content({{"Body", "STOP"}, {"OptOutType", "HELP"}}).keyword == OptWord::help);
  CHECK(content({{"Body", "yes"}, {"OptOutType", ""}}).keyword == OptWord::start);
}

TEST_CASE("an extension is named at the beginning of a text, and nowhere else", "[messages]") {
  for (const auto* text : {"#101 Hi", " #101", "x101, hi", "X101: hi", "ext 101 hi", "EXT. 101\nhi",
                           "ext.101 hi", "Extension  101: hi"})
    CHECK(body(text).extension == "101");
  for (const auto* text : {"101 Hi", "Hi #101", "#101st", "# 101", "x 101", "#", "extra 101", "ext", "#101.5",
                           "", "#123456789012345678901"})
    CHECK(body(text).extension.empty());
  CHECK(body("#007").extension == "007");
}

TEST_CASE("a form is kept as canonical JSON", "[messages]") {
  CHECK(messages::form_json(sample()) ==
        R"({"MessageSid":"SM1","MessageStatus":"Delivered","Twice":["a",""]})");
  CHECK(messages::form_json(Event{.received_at = k_at}) == "{}");
}
