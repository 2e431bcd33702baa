#include "sim/sides.hpp"

#include <fmt/format.h>

#include <utility>

#include "sim/core.hpp"

namespace ringctl::sim {
namespace {

std::string method_name(twiml::Method method) { return method == twiml::Method::get ? "GET" : "POST"; }

/// As JSON writes a text.
std::string json_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return '"' + out + '"';
}

}  // namespace

std::string Sides::start(const std::string& call_sid, const twiml::Stream& stream) {
  Side side;
  side.sid = core_.sids.next("MZ");
  side.call_sid = call_sid;
  side.name = stream.name;
  side.url = stream.url;
  side.created_at = side.updated_at = core_.now();
  watchers_[side.sid].hook = {stream.status_callback, method_name(stream.status_callback_method)};
  const auto& kept = core_.account.streams.add(std::move(side));
  tell_stream(kept, "stream-started");
  return kept.sid;
}

std::string Sides::start(const std::string& call_sid, const twiml::Transcription& transcription) {
  Side side;
  side.sid = core_.sids.next("GT");
  side.call_sid = call_sid;
  side.name = transcription.name;
  side.url = transcription.status_callback_url;
  side.created_at = side.updated_at = core_.now();
  auto& watcher = watchers_[side.sid];
  watcher.hook = {transcription.status_callback_url, method_name(transcription.status_callback_method)};
  watcher.track = transcription.track;
  watcher.language = transcription.language_code.empty() ? "en-US" : transcription.language_code;
  const auto& kept = core_.account.transcriptions.add(std::move(side));
  tell_transcription(kept, "transcription-started");
  return kept.sid;
}

void Sides::stop(Side& side, bool is_stream) {
  if (side.status != "in-progress") return;
  side.status = "stopped";
  side.updated_at = core_.now();
  if (is_stream)
    tell_stream(side, "stream-stopped");
  else
    tell_transcription(side, "transcription-stopped");
  watchers_.erase(side.sid);
}

void Sides::stop(const std::string& sid) {
  if (auto* const stream = core_.account.streams.find(sid)) stop(*stream, true);
  if (auto* const transcription = core_.account.transcriptions.find(sid)) stop(*transcription, false);
}

void Sides::stop_streams(const std::string& call_sid, const std::string& name) {
  core_.account.streams.each([&](Side& side) {
    if (side.call_sid == call_sid && (name.empty() || side.name == name)) stop(side, true);
  });
}

void Sides::stop_transcriptions(const std::string& call_sid, const std::string& name) {
  core_.account.transcriptions.each([&](Side& side) {
    if (side.call_sid == call_sid && (name.empty() || side.name == name)) stop(side, false);
  });
}

void Sides::call_ended(const std::string& call_sid) {
  stop_streams(call_sid, {});
  stop_transcriptions(call_sid, {});
}

void Sides::said(const std::string& call_sid, const std::string& text, twiml::StreamTrack track) {
  core_.account.transcriptions.each([&](const Side& side) {
    const auto watcher = watchers_.find(side.sid);
    if (side.call_sid != call_sid || watcher == watchers_.end()) return;
    if (watcher->second.track != track && watcher->second.track != twiml::StreamTrack::both_tracks) return;
    const bool inbound = track == twiml::StreamTrack::inbound_track;
    tell_transcription(
        side, "transcription-content",
        {{"Track", inbound ? "inbound_track" : "outbound_track"},
         {"TranscriptionData", fmt::format(R"({{"transcript":{},"confidence":0.9}})", json_text(text))},
         {"Final", "true"}});
  });
}

void Sides::tell_stream(const Side& side, const std::string& event) {
  const auto watcher = watchers_.find(side.sid);
  if (watcher == watchers_.end()) return;
  core_.tell("stream", side.call_sid, watcher->second.hook,
             {{"AccountSid", core_.account.sid},
              {"CallSid", side.call_sid},
              {"StreamSid", side.sid},
              {"StreamName", side.name},
              {"StreamEvent", event},
              {"Timestamp", base::format_utc(core_.now())}});
}

void Sides::tell_transcription(const Side& side, const std::string& event, Parameters more) {
  const auto watcher = watchers_.find(side.sid);
  if (watcher == watchers_.end()) return;
  Parameters parameters{{"AccountSid", core_.account.sid},
                        {"CallSid", side.call_sid},
                        {"TranscriptionSid", side.sid},
                        {"TranscriptionEvent", event},
                        {"LanguageCode", watcher->second.language},
                        {"SequenceId", std::to_string(++watcher->second.sequence)},
                        {"Timestamp", base::format_utc(core_.now())}};
  for (auto& parameter : more) parameters.push_back(std::move(parameter));
  core_.tell("transcription", side.call_sid, watcher->second.hook, std::move(parameters));
}

}  // namespace ringctl::sim
