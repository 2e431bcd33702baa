#pragma once
// What is recorded of calls and conferences: lengths without the pauses, and the callbacks about them.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/network.hpp"

namespace ringctl::sim {

class Core;

struct RecordingSetup {
  std::string call_sid = {}, conference_sid = {};
  std::string source = {}, track = "both";
  int channels = 1;
  Hook callback = {};
  std::vector<std::string> events = {"completed"};
};

class Recordings {
 public:
  explicit Recordings(Core& core) : core_(core) {}

  std::string start(const RecordingSetup&);
  /// paused, in-progress or stopped; false if it is not running.
  bool change(const std::string& sid, const std::string& status, bool skip_silence);
  /// It is done, with this length where the clock does not say it; none: nothing was heard.
  void finish(const std::string& sid, std::optional<milliseconds> length = {});
  void drop_empty(const std::string& sid);
  void call_ended(const std::string& call_sid);
  void conference_ended(const std::string& conference_sid);

  std::string url_of(const std::string& sid) const;
  /// Whole seconds, as callbacks name them.
  std::string duration_of(const std::string& sid) const;

 private:
  struct Live {
    RecordingSetup setup = {};
    std::optional<Instant> since = {};  ///< none while it is paused
  };
  void note(const std::string& sid, const std::string& status);
  void tell(const std::string& sid, const RecordingSetup&, const std::string& status);
  void stop_clock(const std::string& sid, Live&);

  Core& core_;
  std::map<std::string, Live> live_;
};

}  // namespace ringctl::sim
