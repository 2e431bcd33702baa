#pragma once
// An estate on which every example of every command runs as it stands, and the list of those examples as the
// program itself gives it, so that a new command cannot bring one that was never tried.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace ringctl::test {

/// Numbers, people and what they hold, calls, messages, a recording, finished jobs, a backup and two
/// profiles, in the embedded database. The files in its home are those it imported, the people's with a row
/// more each.
class SampleEstate {
 public:
  inline static const std::string k_account = "AC0123456789abcdef0123456789abcdef", k_auth_token = "12345";
  inline static const std::string k_recording = "RE5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5";
  inline static const std::string k_app = "AP0123456789abcdef0123456789abcdef";
  inline static const std::string k_livekit_key = "APIbox0123456789",
                                  k_livekit_secret = "a-secret-that-only-this-box-knows";

  /// `twilio_url`: where its account answers, with its numbers in it; "" = nobody does.
  explicit SampleEstate(const std::string& twilio_url = {});
  const Machine& machine() const { return machine_; }
  /// `ringctl help --tree json`.
  const nlohmann::json& tree() const { return tree_; }
  /// `command` with this estate's last job in the place of the sample's.
  std::string with_job(std::string command) const;
  /// Makes `machine` a place where `command` can run: a copy of this estate, or an empty home with the files
  /// examples find lying about, if the command makes what would be there already.
  void lay_out(const Machine& machine, const std::string& command) const;

 private:
  Machine machine_;
  nlohmann::json tree_;
  std::string job_;
};

/// The exit status that `command`, an example, has on the estate.
int example_status(const std::string& command);

/// A line of shell, with ringctl in the PATH. Pipes fail if any part does.
ProcessResult run_in_shell(const Machine&, const std::string& line,
                           std::map<std::string, std::string> environment = {});

}  // namespace ringctl::test
