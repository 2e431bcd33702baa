#pragma once
// The real program on a fresh machine, with its account at a simulated Twilio and LiveKit. No login is
// configured: that is for the tests.

#include <filesystem>

#include "support/site.hpp"
#include "support/twilio_box.hpp"

namespace ringctl::test {

class BoxSite {
 public:
  inline static const std::string k_token = "fedcba9876543210fedcba9876543210";  // in no SID

  explicit BoxSite(db::Engine engine) : site_(engine) {
    site_.init();
    secret("token.txt", k_token + "\n");
    secret("livekit.txt", box_.livekit_secret().reveal() + "\n");
  }
  TwilioBox& box() { return box_; }
  const Machine& machine() const { return site_.machine(); }
  const std::string& account() const { return account_; }

  void secret(const std::string& name, const std::string& content, bool open = false) const {
    namespace fs = std::filesystem;
    const auto file = site_.machine().file(name, content);
    fs::permissions(file, open ? fs::perms(0644) : fs::perms(0600));
  }
  ProcessResult run(const Machine::Arguments& arguments) const {
    ProcessOptions options;
    options.environment["RINGCTL_TWILIO_BASE_URL"] = box_.url();
    options.environment["RINGCTL_PUBLIC_URL"] = "https://pbx.example.com";
    if (!site_.url().empty()) options.environment["RINGCTL_DATABASE_URL"] = site_.url();
    return site_.machine().run(arguments, options);
  }
  std::string ok(const Machine::Arguments& arguments) const {
    const auto result = run(arguments);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return result.out;
  }
  nlohmann::json json(Machine::Arguments arguments) const {
    arguments.insert(arguments.end(), {"-o", "json"});
    return nlohmann::json::parse(ok(arguments));
  }
  /// "6 trunks.exists", or "0"
  std::string failure(const Machine::Arguments& arguments) const { return failure_of(run(arguments)); }
  void log_in() const { ok({"accounts", "set", account_, "--auth-token-file", "token.txt"}); }
  int times(const std::string& what) {
    const auto ledger = box_.ledger();
    const auto found = ledger.find(what);
    return found == ledger.end() ? 0 : found->second;
  }

 private:
  std::string account_ = BoxOptions().account_sid;
  TwilioBox box_{BoxOptions{.auth_token = k_token}};
  Site site_;
};

}  // namespace ringctl::test
