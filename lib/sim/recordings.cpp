#include "sim/recordings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/core.hpp"
#include "sim/pace.hpp"
#include "sim/rest_json.hpp"

namespace ringctl::sim {

std::string Recordings::url_of(const std::string& sid) const {
  return fmt::format("https://api.twilio.com/2010-04-01/Accounts/{}/Recordings/{}", core_.account.sid, sid);
}

std::string Recordings::duration_of(const std::string& sid) const {
  const auto* const recording = std::as_const(core_.account).recordings.find(sid);
  if (recording == nullptr) return "0";
  return std::to_string(std::chrono::round<seconds>(recording->length).count());
}

std::string Recordings::start(const RecordingSetup& setup) {
  Recording recording;
  recording.sid = core_.sids.next("RE");
  recording.call_sid = setup.call_sid;
  recording.conference_sid = setup.conference_sid;
  recording.source = setup.source;
  recording.track = setup.track;
  recording.channels = setup.channels;
  recording.created_at = recording.updated_at = core_.now();
  const auto sid = recording.sid;
  core_.account.recordings.add(std::move(recording));
  live_[sid] = {setup, core_.now()};
  note(sid, "in-progress");
  tell(sid, setup, "in-progress");
  return sid;
}

bool Recordings::change(const std::string& sid, const std::string& status, bool skip_silence) {
  const auto at = live_.find(sid);
  auto* const recording = core_.account.recordings.find(sid);
  if (at == live_.end() || recording == nullptr) return false;
  if (status == "stopped") {
    finish(sid);
    return true;
  }
  if (status == recording->status) return true;
  if (status == "paused") {
    stop_clock(sid, at->second);
    // Else what is left out is silence of the same length.
    if (!skip_silence) at->second.since = core_.now();
  } else {
    stop_clock(sid, at->second);
    at->second.since = core_.now();
  }
  recording->status = status;
  recording->updated_at = core_.now();
  note(sid, status);
  return true;
}

void Recordings::stop_clock(const std::string& sid, Live& live) {
  auto* const recording = core_.account.recordings.find(sid);
  if (recording != nullptr && live.since) recording->length += core_.now() - *live.since;
  live.since.reset();
}

void Recordings::finish(const std::string& sid, std::optional<milliseconds> length) {
  const auto at = live_.find(sid);
  if (at == live_.end()) return;
  stop_clock(sid, at->second);
  const auto setup = std::move(at->second.setup);
  live_.erase(at);
  if (auto* const recording = core_.account.recordings.find(sid)) {
    if (length) recording->length = *length;
    if (recording->status != "deleted") recording->status = "completed";
    recording->updated_at = core_.now();
  }
  note(sid, "completed");
  core_.later(k_until_recorded, [this, sid, setup] { tell(sid, setup, "completed"); });
}

void Recordings::drop_empty(const std::string& sid) {
  const auto at = live_.find(sid);
  if (at == live_.end()) return;
  const auto setup = std::move(at->second.setup);
  live_.erase(at);
  if (auto* const recording = core_.account.recordings.find(sid)) {
    recording->status = "absent";
    recording->updated_at = core_.now();
  }
  note(sid, "absent");
  tell(sid, setup, "absent");
}

void Recordings::call_ended(const std::string& call_sid) {
  std::vector<std::string> of_it;
  for (const auto& [sid, live] : live_)
    if (live.setup.call_sid == call_sid && live.setup.conference_sid.empty()) of_it.push_back(sid);
  for (const auto& sid : of_it) finish(sid);
}

void Recordings::conference_ended(const std::string& conference_sid) {
  std::vector<std::string> of_it;
  for (const auto& [sid, live] : live_)
    if (live.setup.conference_sid == conference_sid) of_it.push_back(sid);
  for (const auto& sid : of_it) finish(sid);
}

void Recordings::note(const std::string& sid, const std::string& status) {
  const auto* const recording = core_.account.recordings.find(sid);
  if (recording == nullptr) return;
  core_.note(What::recording, recording->call_sid, "recording " + status,
             {{"sid", sid},
              {"status", status},
              {"source", recording->source},
              {"duration", duration_of(sid)},
              {"conference", recording->conference_sid}});
}

void Recordings::tell(const std::string& sid, const RecordingSetup& setup, const std::string& status) {
  const auto& events = setup.events;
  if (std::find(events.begin(), events.end(), status) == events.end()) return;
  const auto* const recording = core_.account.recordings.find(sid);
  if (recording == nullptr) return;
  Parameters parameters{{"AccountSid", core_.account.sid},
                        {"RecordingSid", sid},
                        {"RecordingUrl", url_of(sid)},
                        {"RecordingStatus", status},
                        {"RecordingChannels", std::to_string(setup.channels)},
                        {"RecordingStartTime", rfc2822(recording->created_at)},
                        {"RecordingSource", setup.source},
                        {"RecordingTrack", setup.track}};
  if (!setup.call_sid.empty()) parameters.emplace_back("CallSid", setup.call_sid);
  if (!setup.conference_sid.empty()) parameters.emplace_back("ConferenceSid", setup.conference_sid);
  if (status != "in-progress") parameters.emplace_back("RecordingDuration", duration_of(sid));
  core_.tell("recording", setup.call_sid, setup.callback, std::move(parameters));
}

}  // namespace ringctl::sim
