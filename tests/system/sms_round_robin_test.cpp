// Texts that are dealt out in turn, while people come and go and the server is killed. 700 texts and three
// kills; with RINGCTL_TEST_FULL 10,000 texts and twenty.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "net/listener.hpp"
#include "system/text_site.hpp"

using namespace ringctl;
using test::TextSite;

namespace {

constexpr int k_users = 7, k_periods = 10, k_senders = 8;
const std::string k_secret = "0123456789abcdef0123456789abcdef";

bool full() { return std::getenv("RINGCTL_TEST_FULL") != nullptr; }
int texts() { return full() ? 10'000 : 700; }
int kills() { return full() ? 20 : 3; }

/// Apart from lib on purpose, as test::Signer.
std::string hmac_hex(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", mac[i]);
  return hex;
}

/// The workspace's own webhook: what it was told, by the ids of deliveries.
class Sink {
 public:
  Sink()
      : listener_([this](const net::Request& request, net::Respond respond) {
          take(request);
          respond({.status = 204});
        }) {}
  std::string url() const { return fmt::format("http://127.0.0.1:{}/texts", listener_.port()); }

  struct Told {
    std::map<std::string, std::string> deliveries = {};  ///< and the message that each was about
    std::set<std::string> messages = {};
    std::size_t badly_signed = 0, contradicting = 0;
  };
  Told told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  void take(const net::Request& request) {
    const auto id = std::string(request.header("Ringctl-Delivery").value_or(""));
    const auto body = nlohmann::json::parse(request.body);
    const auto message = body.at("message").at("message_sid").get<std::string>();
    const std::lock_guard lock(mutex_);
    if (!is_signed(request)) ++told_.badly_signed;
    const auto first = told_.deliveries.emplace(id, message).first;
    told_.messages.insert(message);
    if (first->second != message || body.at("delivery") != id) ++told_.contradicting;
  }
  static bool is_signed(const net::Request& request) {
    const auto header = std::string(request.header("Ringctl-Signature").value_or(""));
    const auto comma = header.find(",v1=");
    if (!header.starts_with("t=") || comma == std::string::npos) return false;
    return header.substr(comma + 4) ==
           hmac_hex(k_secret, header.substr(2, comma - 2) + "." + std::string(request.body));
  }

  mutable std::mutex mutex_;
  Told told_;
  test::Listener listener_;  ///< last: it calls
};

test::TextOptions options_of() {
  test::TextOptions options{.users = k_users, .mode = "round_robin"};
  // A server of this machine, which may tell one of this machine.
  options.serve.environment = {{"RINGCTL_PUBLIC_URL", "http://127.0.0.1:9"},
                               {"RINGCTL_SECRETS_KEY", std::string(64, 'a')}};
  return options;
}

struct Office {
  explicit Office(db::Engine engine) : site(engine, options_of()) {
    site.site().machine().file("hook.txt", k_secret + "\n");
    std::filesystem::permissions(site.site().machine().home() / "hook.txt",
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    test::ProcessOptions process;
    process.environment = options_of().serve.environment;
    if (!site.site().url().empty()) process.environment["RINGCTL_DATABASE_URL"] = site.site().url();
    const auto set = site.site().machine().run(
        {"notifications", "configure", "--url", sink.url(), "--secret-file", "hook.txt"}, process);
    INFO(set.err);
    REQUIRE(set.status == 0);
    site.serve().start();
  }

  /// As Twilio would, and then as somebody who does not give up: the same message until it was taken.
  void send(int i) {
    const auto form =
        site.text(test::telephone(i), "Hello?", test::message_sid(static_cast<std::uint64_t>(i)));
    while (!try_send(form)) ::poll(nullptr, 0, 5);
  }
  bool try_send(const test::Form& form) {
    try {
      const auto reply = site.post(site.path(), form);
      if (!test::is_silence(reply.body())) ++talked;
      return reply.status() == 200;
    } catch (const std::exception&) {  // it was killed meanwhile
      return false;
    }
  }

  /// Texts [from, until) from several telephones at once; the server is killed so often on the way.
  void send_all(int from, int until, int killed) {
    std::atomic<int> next = from;
    std::vector<std::thread> senders;
    for (int i = 0; i < k_senders; ++i)
      senders.emplace_back([&] {
        for (int text = next++; text < until; text = next++) send(text);
      });
    for (int i = 1; i <= killed; ++i) {
      const int mark = from + (until - from) * i / (killed + 1);
      test::eventually([&] { return next >= mark; });
      site.serve().kill();
      site.serve().start();
    }
    for (auto& sender : senders) sender.join();
    sent = until;
    REQUIRE(site.await_messages(sent));
  }

  void set_presence(int user, bool online) {
    site.site().ok({"users", "availability", test::agent_email(user), online ? "online" : "offline"});
  }

  /// Turns that each user had of messages past this place.
  std::map<std::string, int> turns_since(std::int64_t message_seq) const {
    const auto connection = site.connect();
    const db::Transaction transaction(*connection, db::Scope::of(site.workspace()), db::Access::read);
    std::map<std::string, int> turns;
    auto rows = connection->query(
        "SELECT u.email, count(*) FROM notifications n JOIN messages m ON m.id = n.message_id "
        "JOIN users u ON u.id = n.user_id WHERE n.reason = 'turn' AND m.message_seq > $1 GROUP BY u.email",
        {message_seq});
    while (rows.next()) turns[std::string(rows.text(0))] = static_cast<int>(rows.integer(1));
    return turns;
  }

  Sink sink;
  TextSite site;
  std::atomic<int> talked = 0;  ///< answers that were more than an empty one
  int sent = 0;
};

/// Who is there in a period: never nobody, and another set each time.
std::vector<bool> presence_in(int period) {
  std::vector<bool> online(k_users, true);
  for (int user = 0; user < k_users; ++user)
    online[static_cast<std::size_t>(user)] = (period * 5 + user * 3) % 7 > period % 4;
  return online;
}

void check_shares(const std::map<std::string, int>& turns, const std::vector<bool>& online, int texts) {
  int least = texts, most = 0, all = 0;
  for (int user = 0; user < k_users; ++user) {
    const auto found = turns.find(test::agent_email(user));
    const int share = found == turns.end() ? 0 : found->second;
    all += share;
    if (!online[static_cast<std::size_t>(user)]) {
      CHECK(share == 0);
      continue;
    }
    least = std::min(least, share);
    most = std::max(most, share);
  }
  CHECK(most - least <= 1);
  CHECK(all == texts);
}

}  // namespace

TEST_CASE("texts are dealt out evenly while people come and go and the server is killed, each once",
          "[system][slow]") {
  Office office(GENERATE(from_range(test::engines())));
  const auto& site = office.site;
  std::vector<bool> online(k_users, true);
  std::int64_t place = 0;
  for (int period = 0; period < k_periods; ++period) {
    INFO("period " << period);
    const auto wanted = presence_in(period);
    for (int user = 0; user < k_users; ++user)
      if (const auto at = static_cast<std::size_t>(user); wanted[at] != online[at])
        office.set_presence(user, wanted[at]);
    online = wanted;
    const int from = texts() * period / k_periods, until = texts() * (period + 1) / k_periods;
    office.send_all(from, until, kills() * (period + 1) / k_periods - kills() * period / k_periods);
    check_shares(office.turns_since(place), online, until - from);
    place = site.integer("SELECT max(message_seq) FROM messages");
  }
  CHECK(office.talked == 0);
  CHECK(site.messages() == texts());
  CHECK(place == texts());  // no place is empty
  CHECK(site.integer("SELECT count(*) FROM message_threads WHERE assigned_by = 'round_robin'") == texts());
  CHECK(site.integer("SELECT count(*) FROM notifications") == texts());
  CHECK(site.integer("SELECT sum(turns) FROM message_turns") == texts());

  // What a killed server had taken to tell is told by the next once a minute is over.
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  const auto waiting = "SELECT count(*) FROM message_deliveries WHERE state <> 'done'";
  while (site.integer(waiting) > 0 && std::chrono::steady_clock::now() < until) ::poll(nullptr, 0, 200);
  CHECK(site.integer(waiting) == 0);
  const auto told = office.sink.told();
  CHECK(told.deliveries.size() == static_cast<std::size_t>(texts()));
  CHECK(told.messages.size() == static_cast<std::size_t>(texts()));
  CHECK(told.badly_signed == 0);
  CHECK(told.contradicting == 0);
}

TEST_CASE("who is alone in a pool has every turn, and where nobody is there all are told", "[system]") {
  TextSite site(GENERATE(from_range(test::engines())), {.users = 2, .mode = "round_robin"});
  site.serve().start();
  const auto text = [&](int i) {
    CHECK(site.post(site.path(), site.text(test::telephone(i), "Hello?",
                                           test::message_sid(static_cast<std::uint64_t>(i + 1))))
              .status() == 200);
    REQUIRE(site.await_messages(i + 1));
  };
  site.site().ok({"users", "availability", test::agent_email(0), "offline"});
  for (int i = 0; i < 3; ++i) text(i);
  site.site().ok({"users", "availability", test::agent_email(1), "offline"});
  text(3);
  const auto notified = site.site().json({"notifications", "list"});
  int alone = 0, all = 0;
  for (const auto& row : notified) {
    if (row.at("reason") == "turn" && row.at("user_email") == test::agent_email(1)) ++alone;
    if (row.at("reason") == "pool") ++all;
  }
  CHECK(alone == 3);
  CHECK(all == 2);
  CHECK(notified.size() == 5);
}
