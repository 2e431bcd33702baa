// Every page of a list, once, from where it was asked and nowhere else.
#include <fmt/format.h>

#include <set>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/eventually.hpp"
#include "support/raw_server.hpp"
#include "support/twilio_box.hpp"
#include "twilio/client.hpp"
#include "twilio/rest_numbers.hpp"

using namespace ringctl;
using test::RawPeer;
using test::RawServer;
using test::slug_of;
using test::TwilioBox;
using twilio::Ask;
using twilio::Client;
using twilio::Json;

namespace {

constexpr const char* k_account = "AC0123456789abcdef0123456789abcdef";
const base::SystemClock k_clock;
const std::string k_path = std::string("/2010-04-01/Accounts/") + k_account + "/Queues.json";

std::string sid(int n) { return fmt::format("QU{:032x}", n); }

/// A page with these items, and its next address as JSON: "null", "\"/...\"".
std::string page(std::initializer_list<int> items, const std::string& next) {
  std::string list;
  for (const int n : items) list += fmt::format(R"({}{{"sid":"{}"}})", list.empty() ? "" : ",", sid(n));
  return fmt::format(R"({{"queues":[{}],"next_page_uri":{},"page":0}})", list, next);
}

std::string next_page(int n) { return fmt::format("\"{}?Page={}&PageSize=1000\"", k_path, n); }

struct Site {
  /// Answers the pages in order; what was asked is kept.
  explicit Site(std::vector<std::string> bodies) : server(scripts(std::move(bodies))) {
    twilio::ClientOptions options;
    options.credentials.account_sid = k_account;
    options.credentials.password = base::Secret("secret-0123456789");
    options.bases = twilio::bases_at(server.url(""));
    options.timeout = test::k_patience;
    options.backoff = {
        .first = std::chrono::milliseconds(1), .cap = std::chrono::milliseconds(2), .retries = 1};
    client.emplace(std::move(options), k_clock);
  }
  std::vector<RawServer::Script> scripts(std::vector<std::string> bodies) {
    std::vector<RawServer::Script> all;
    asked.resize(bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i)
      all.push_back([this, i, body = std::move(bodies[i])](RawPeer& peer) {
        const auto request = peer.read();
        if (request.empty()) return;  // opened for a page that nobody wants any more
        asked[i] = request.substr(4, request.find(' ', 4) - 4);
        peer.send(RawServer::response(body, "Connection: close\r\n"));
      });
    return all;
  }
  /// The SIDs of all items in order.
  std::vector<std::string> list(std::size_t most_pages = 100) {
    std::vector<std::string> sids;
    Ask first;
    first.path = "/Queues.json";
    client->pages(
        first, "queues",
        [&](const std::vector<Json>& items) {
          for (const auto& item : items) sids.push_back(item.text("sid"));
          return true;
        },
        1000, most_pages);
    return sids;
  }

  std::vector<std::string> asked;
  RawServer server;
  std::optional<Client> client;
};

}  // namespace

TEST_CASE("pages are followed to the last one, in order", "[twilio]") {
  Site site({page({1, 2}, next_page(1)), page({3}, next_page(2)), page({4, 5}, "null")});
  CHECK(site.list() == std::vector<std::string>{sid(1), sid(2), sid(3), sid(4), sid(5)});
  CHECK(site.asked == std::vector<std::string>{k_path + "?PageSize=1000", k_path + "?Page=1&PageSize=1000",
                                               k_path + "?Page=2&PageSize=1000"});
  CHECK(site.client->traffic().requests == 3);
}

TEST_CASE("somebody's text that is spelled as the next page's name is no name", "[twilio]") {
  const auto named = R"({"queues":[{"sid":")" + sid(2) + R"("}],"next_page_uri":null,"friendly_name":"next_page_uri"})";
  Site site({page({1}, next_page(1)), named});
  CHECK(site.list() == std::vector<std::string>{sid(1), sid(2)});
  const auto after = R"({"queues":[],"next_page_uri" : )" + next_page(1) + R"(,"friendly_name":"next_page_uri"})";
  Site more({after, page({3}, "null")});
  CHECK(more.list() == std::vector<std::string>{sid(3)});
}

TEST_CASE("an item that comes again, for the list moved meanwhile, is left out", "[twilio]") {
  Site site({page({1, 2, 3}, next_page(1)), page({3, 3, 4}, next_page(2)), page({1, 5}, "null")});
  CHECK(site.list() == std::vector<std::string>{sid(1), sid(2), sid(3), sid(4), sid(5)});
}

TEST_CASE("pages that go round in a circle, or never end, are garbage", "[twilio]") {
  Site circle(
      {page({1}, next_page(1)), page({2}, next_page(2)), page({3}, next_page(1)), page({2}, next_page(2))});
  CHECK(slug_of([&] { circle.list(); }) == "twilio.bad_page");
  Site itself({page({1}, next_page(1)), page({2}, next_page(1)), page({3}, next_page(1))});
  CHECK(slug_of([&] { itself.list(); }) == "twilio.bad_page");
  Site endless(
      {page({1}, next_page(1)), page({2}, next_page(2)), page({3}, next_page(3)), page({4}, "null")});
  CHECK(slug_of([&] { endless.list(3); }) == "twilio.bad_page");
}

TEST_CASE("another host's address is asked of our own, and other lists' are refused", "[twilio]") {
  RawServer foreign({});
  Site rebased({page({1}, fmt::format("\"{}{}?Page=1\"", foreign.url(""), k_path)), page({2}, "null")});
  CHECK(rebased.list().size() == 2);
  CHECK(rebased.asked[1] == k_path + "?Page=1");
  for (const auto& address :
       {std::string("/2010-04-01/Accounts/AC9/Queues.json?Page=1"), std::string("/v1/Trunks"),
        k_path + "x?Page=1", std::string("@evil.example.com/"), std::string("//evil.example.com/x"),
        foreign.url("/steal"), k_path + "?Page=1#x", k_path + "?Page=1 HTTP/1.1", k_path + "/../Keys.json"}) {
    INFO(address);
    Site site({page({1}, "\"" + address + "\"")});
    CHECK(slug_of([&] { site.list(); }) == "twilio.bad_page");
    CHECK(site.server.connections() == 1);
  }
  CHECK(foreign.connections() == 0);
}

TEST_CASE("the next address is that of the page, not one that stands in an item", "[twilio]") {
  const auto trap = fmt::format(R"({{"queues":[{{"sid":"{}","friendly_name":"\"next_page_uri\":\"/x\""}}],)"
                                R"("next_page_uri":{}}})",
                                sid(1), next_page(1));
  Site site({trap, page({2}, "null")});
  CHECK(site.list().size() == 2);
  const auto twice = fmt::format(R"({{"next_page_uri":{},"queues":[{{"sid":"{}","next_page_uri":{}}}]}})",
                                 next_page(1), sid(1), next_page(2));
  Site named_twice({twice, page({2}, "null")});
  CHECK(slug_of([&] { named_twice.list(); }) == "twilio.bad_page");
}

TEST_CASE("the v1 APIs name their next page in meta", "[twilio]") {
  Site site(
      {R"({"trunks":[{"sid":"TK1"}],"meta":{"key":"trunks","next_page_url":"https://trunking.twilio.com/v1/Trunks?Page=1"}})",
       R"({"trunks":[{"sid":"TK2"}],"meta":{"key":"trunks","next_page_url":null}})"});
  Ask first;
  first.api = twilio::Api::trunking;
  first.path = "/v1/Trunks";
  std::size_t items = 0;
  const auto count = site.client->pages(first, "trunks", [&](const std::vector<Json>& page) {
    items += page.size();
    return true;
  });
  CHECK(items == 2);
  CHECK(count == 2);
  CHECK(site.asked == std::vector<std::string>{"/v1/Trunks?PageSize=1000", "/v1/Trunks?Page=1"});
}

TEST_CASE("a page without its list, or with what is no item, is garbage", "[twilio]") {
  for (const auto* body : {"{}", R"({"queues":{}})", R"({"queues":null})", R"({"queues":[1]})", "[]",
                           "<html>", R"({"queues":[],"next_page_uri":"/x"})"}) {
    INFO(body);
    Site site({body});
    CHECK(slug_of([&] { site.list(); }) == "twilio.bad_page");
  }
}

TEST_CASE("whoever has seen enough ends it, and so does what is thrown", "[twilio]") {
  TwilioBox box;
  box.add_numbers(100);
  Client client(box.options(), k_clock);
  Ask first;
  first.path = "/IncomingPhoneNumbers.json";
  std::size_t pages = 0;
  client.pages(
      first, "incoming_phone_numbers", [&](const std::vector<Json>&) { return ++pages < 2; }, 10);
  CHECK(pages == 2);
  CHECK_THROWS_AS(client.pages(
                      first, "incoming_phone_numbers",
                      [](const std::vector<Json>&) -> bool { throw std::runtime_error("enough"); }, 10),
                  std::runtime_error);
  std::size_t nested = 0;  // what is asked for from within
  client.pages(
      first, "incoming_phone_numbers",
      [&](const std::vector<Json>& items) {
        nested += twilio::fetch_number(client, items.front().text("sid")).sid == items.front().text("sid");
        return true;
      },
      10);
  CHECK(nested == 10);
}

TEST_CASE("a page that fails is the failure of the list, after its retries", "[twilio]") {
  TwilioBox box;
  box.add_numbers(30);
  Client client(box.options(), k_clock);
  box.fault("503", 2);
  std::size_t items = 0;
  twilio::list_numbers(client, [&](const std::vector<twilio::Number>& page) { items += page.size(); });
  CHECK(items == 30);
  box.fault("503");
  CHECK(slug_of([&] { twilio::list_numbers(client, [](const std::vector<twilio::Number>&) {}); }) ==
        "twilio.down");
}

TEST_CASE("10,000 numbers come whole and once", "[twilio][slow]") {
  TwilioBox box;
  box.add_numbers(10'000);
  Client client(box.options(), k_clock);
  std::set<std::string> sids;
  std::size_t items = 0;
  const auto count = twilio::list_numbers(client, [&](const std::vector<twilio::Number>& page) {
    items += page.size();
    for (const auto& number : page) sids.insert(number.sid);
  });
  CHECK(items == 10'000);
  CHECK(count == 10'000);
  CHECK(sids.size() == 10'000);
}
