#pragma once
// Streams and transcriptions beside calls, and what is told of them.

#include <map>
#include <string>

#include "sim/resources.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::sim {

class Core;

class Sides {
 public:
  explicit Sides(Core& core) : core_(core) {}

  /// Their URLs are absolute already. The SID.
  std::string start(const std::string& call_sid, const twiml::Stream&);
  std::string start(const std::string& call_sid, const twiml::Transcription&);
  /// By name; "" = all of its kind.
  void stop_streams(const std::string& call_sid, const std::string& name);
  void stop_transcriptions(const std::string& call_sid, const std::string& name);
  void call_ended(const std::string& call_sid);
  /// For the transcriptions of the call, if there are any.
  void said(const std::string& call_sid, const std::string& text);

 private:
  struct Watcher {
    Hook hook = {};
    int sequence = 0;
  };
  void stop(Side&, bool is_stream);
  void tell_stream(const Side&, const std::string& event);
  void tell_transcription(const Side&, const std::string& event, const std::string& text);

  Core& core_;
  std::map<std::string, Watcher> watchers_;
};

}  // namespace ringctl::sim
