// Everything that ringctl can ask, past Twilio's published description: client -> prism (which refuses what
// the description does not allow, of requests and of answers) -> the simulated Twilio. RINGCTL_TEST_NODE
// names a folder whose node_modules hold `@stoplight/prism-cli` 5 (tests/run.sh makes one),
// RINGCTL_TWILIO_OAI the descriptions.
#include <poll.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/process.hpp"
#include "twilio/every_request.hpp"

using namespace ringctl;
using namespace ringctl::test;

namespace {

namespace fs = std::filesystem;

struct Tools {
  fs::path prism, specs;
};

/// What is missing is said, and nothing is compared.
std::optional<Tools> find_tools() {
  const char* const folder = std::getenv("RINGCTL_TEST_NODE");
  const char* const named = std::getenv("RINGCTL_TWILIO_OAI");
  Tools tools;
  if (folder != nullptr) tools.prism = fs::path(folder) / "node_modules/.bin/prism";
  tools.specs = named != nullptr ? named : RINGCTL_SOURCE_DIR "/../shared/twilio-oai";
  if (!fs::exists(tools.prism)) {
    WARN("not run: RINGCTL_TEST_NODE names no folder with prism (offline, or no node)");
    return std::nullopt;
  }
  if (!fs::exists(tools.specs / "twilio_api_v2010.json")) {
    WARN("not run: RINGCTL_TWILIO_OAI names no folder with Twilio's descriptions");
    return std::nullopt;
  }
  return tools;
}

bool answers(int port) {
  try {
    return http_get(static_cast<std::uint16_t>(port), "/").status != 0;
  } catch (const std::exception&) {
    return false;
  }
}

/// It reads megabytes first, which takes a loaded machine minutes.
constexpr std::chrono::minutes k_start{5};

/// One description in front of the box. Ended with it.
class Proxy {
 public:
  Proxy(const Machine& machine, const Tools& tools, const std::string& name, const std::string& upstream) {
    const auto derived = (machine.home() / (name + ".json")).string();
    ProcessOptions options;
    options.program = "/usr/bin/env";
    const auto made = machine.run({"python3", RINGCTL_SOURCE_DIR "/tests/twilio/derive_spec.py",
                                   (tools.specs / (name + ".json")).string(), derived},
                                  options);
    if (made.status != 0) throw std::runtime_error(made.err);
    // Below the ports that are given out by chance; one that is taken ends prism, and another is tried.
    std::random_device chance;
    for (int i = 0; i < 5 && !is_up_; ++i) {
      port_ = 20'000 + static_cast<int>(chance() % 12'000);
      if (answers(port_)) continue;
      process_.reset();
      process_.emplace(machine.start({"node", tools.prism.string(), "proxy", derived, upstream, "-p",
                                      std::to_string(port_), "-h", "127.0.0.1", "--errors"},
                                     options));
      is_up_ = is_ready();
      if (process_->is_running()) break;
    }
    if (!is_up_)
      throw std::runtime_error("prism does not start" + (process_ ? ": " + process_->log() : std::string()));
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string log() const { return process_->log(); }

 private:
  bool is_ready() {
    for (const auto end = std::chrono::steady_clock::now() + k_start;
         process_->is_running() && std::chrono::steady_clock::now() < end; ::poll(nullptr, 0, 100))
      if (answers(port_)) return process_->is_running();
    return false;
  }

  int port_ = 0;
  bool is_up_ = false;
  std::optional<RunningProcess> process_;
};

}  // namespace

TEST_CASE("every request passes Twilio's published description, and so does what the simulator answers",
          "[twilio][slow]") {
  const auto tools = find_tools();
  if (!tools) return;
  TwilioBox box;
  const Machine machine;
  const Proxy core(machine, *tools, "twilio_api_v2010", box.url());
  const Proxy trunking(machine, *tools, "twilio_trunking_v1", box.url());
  const Proxy messaging(machine, *tools, "twilio_messaging_v1", box.url());

  auto options = box.options();
  options.bases.core = core.url();
  options.bases.trunking = trunking.url();
  options.bases.messaging = messaging.url();
  base::SystemClock clock;
  twilio::Client client(options, clock);
  INFO(core.log() << trunking.log() << messaging.log());
  CHECK_NOTHROW(EveryRequest(box, client).send());
  CHECK(client.traffic().retries == 0);

  // That the proxy would have said so.
  const std::pair<const char*, const char*> bad_words[] = {{"SmsMethod", "PATCH"}, {"VoiceReceiveMode", "letter"}};
  for (const auto& [name, word] : bad_words) {
    twilio::Ask bad;
    bad.method = "POST";
    bad.path = "/IncomingPhoneNumbers.json";
    bad.form = {{"PhoneNumber", "+12125550150"}, {name, word}};
    bad.repeat = twilio::Repeat::never;
    const auto outcome = client.try_send(bad);
    const auto* const failed = std::get_if<twilio::Failed>(&outcome);
    REQUIRE(failed != nullptr);
    INFO(failed->message);
    CHECK(failed->status == 422);
  }
  CHECK(box.ledger().count("buy +12125550150") == 0);
}
