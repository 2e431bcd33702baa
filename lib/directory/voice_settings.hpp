#pragma once
// What a workspace decides about calls. Each has a column of `workspaces` and a flag of `workspaces update`.

#include <chrono>
#include <string>
#include <vector>

namespace ringctl::directory {

struct VoiceSettings {
  std::chrono::seconds ring_timeout{30};   ///< how long a step rings (R19)
  int wave_size = 10;                      ///< parties rung together; Twilio takes ten at most (R145)
  std::chrono::seconds wave_timeout{15};   ///< of each wave of a step that has several
  std::chrono::seconds waves_total{60};    ///< of all waves of a step
  int queue_over = 50;                     ///< a step for more parties than this puts the caller into a queue
  std::chrono::seconds queue_wait{600};    ///< the longest wait there
  std::string hold_music_url = {};         ///< "" = a sentence and a pause
  bool ring_owner = true;                  ///< the number's voice owner has a step of their own (R38)
  bool ring_unavailable = false;           ///< also ring who is offline, busy or on a call
  std::chrono::hours on_call{4};           ///< an answered attempt older than this is taken for lost
  bool accept_prompt = true;               ///< whoever answers a phone presses a key first
  std::string extension_prompt = {};       ///< "" = the built-in text (R102)
  std::string after_ring = "voicemail";    ///< the last step: voicemail, callback, message, support
  std::string after_ring_message = {};     ///< what it says; "" = the built-in text
  std::string support_number = {};         ///< E.164; "" = none
  std::string recording_policy = "never";  ///< never, always, inbound, outbound
  std::string consent_policy =
      "recorded";  ///< who hears the announcement: recorded (calls), countries, always, never
  std::vector<std::string> consent_countries = {};  ///< regions whose callers hear it under `countries`
  std::string consent_message = {};                 ///< "" = the built-in text
  std::vector<std::string> outcomes = {};         ///< what agents pick from (R174); empty = the built-in list
  std::vector<std::string> twilio_accounts = {};  ///< SIDs whose webhooks are taken; empty = none
  std::string twiml_app_sid = {};                 ///< which tokens name for calls of agents
  bool conference_calls = false;                  ///< calls that the program starts are put into a room at once
};

}  // namespace ringctl::directory
