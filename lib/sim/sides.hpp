#pragma once
// Streams and transcriptions beside calls, and what is told of them.

#include <map>
#include <string>

#include "sim/resources.hpp"
#include "sim/web.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::sim {

class Core;

class Sides {
 public:
  explicit Sides(Core& core) : core_(core) {}

  /// Their URLs are absolute already. The SID.
  std::string start(const std::string& call_sid, const twiml::Stream&);
  std::string start(const std::string& call_sid, const twiml::Transcription&);
  /// A stream or a transcription; nothing if it has stopped.
  void stop(const std::string& sid);
  /// By name; "" = all of its kind.
  void stop_streams(const std::string& call_sid, const std::string& name);
  void stop_transcriptions(const std::string& call_sid, const std::string& name);
  void call_ended(const std::string& call_sid);
  /// By whoever holds the other end (inbound) or to them (outbound): for the transcriptions of the call.
  void said(const std::string& call_sid, const std::string& text, twiml::StreamTrack);

 private:
  struct Watcher {
    Hook hook = {};
    int sequence = 0;
    twiml::StreamTrack track = twiml::StreamTrack::both_tracks;
    std::string language = {};
  };
  void stop(Side&, bool is_stream);
  void tell_stream(const Side&, const std::string& event);
  void tell_transcription(const Side&, const std::string& event, Parameters more = {});

  Core& core_;
  std::map<std::string, Watcher> watchers_;
};

}  // namespace ringctl::sim
