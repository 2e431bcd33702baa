#include "sim/twiml_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

#include "base/overloaded.hpp"

namespace ringctl::sim {
namespace {

std::string noun_text(const twiml::Noun& noun) {
  return std::visit(base::Overloaded{[](const twiml::Number& one) { return one.number; },
                                     [](const twiml::Client& one) { return "client:" + one.identity; },
                                     [](const twiml::Sip& one) { return one.uri; },
                                     [](const twiml::Conference& one) { return "conference:" + one.name; },
                                     [](const twiml::Queue& one) { return "queue:" + one.name; }},
                    noun);
}

std::string prompt_text(const twiml::Prompt& prompt) {
  constexpr auto k_names = std::to_array<const char*>({"Say", "Play", "Pause"});
  return k_names.at(prompt.index());
}

std::string background_text(const twiml::Background& background) {
  constexpr auto k_names = std::to_array<const char*>({"Stream", "Transcription", "Recording"});
  return k_names.at(background.index());
}

std::string gather_text(const twiml::Gather& gather) {
  std::string text = "Gather";
  for (const auto& prompt : gather.prompts)
    text += (&prompt == gather.prompts.data() ? "(" : " ") + prompt_text(prompt);
  return gather.prompts.empty() ? text : text + ")";
}

std::string dial_text(const twiml::Dial& dial) {
  std::string text = "Dial";
  for (const auto& noun : dial.nouns) text += " " + noun_text(noun);
  return text;
}

std::string verb_text(const twiml::Verb& verb) {
  return std::visit(
      base::Overloaded{
          [](const twiml::Say&) -> std::string { return "Say"; },
          [](const twiml::Play&) -> std::string { return "Play"; },
          [](const twiml::Pause&) -> std::string { return "Pause"; },
          [](const twiml::Gather& one) { return gather_text(one); },
          [](const twiml::Dial& one) { return dial_text(one); },
          [](const twiml::Record&) -> std::string { return "Record"; },
          [](const twiml::Enqueue& one) { return "Enqueue " + one.name; },
          [](const twiml::Leave&) -> std::string { return "Leave"; },
          [](const twiml::Hangup&) -> std::string { return "Hangup"; },
          [](const twiml::Redirect&) -> std::string { return "Redirect"; },
          [](const twiml::Reject& one) -> std::string {
            return one.reason == twiml::RejectReason::busy ? "Reject busy" : "Reject";
          },
          [](const twiml::Message& one) { return one.to.empty() ? "Message" : "Message " + one.to; },
          [](const twiml::Start& one) { return "Start " + background_text(one.what); },
          [](const twiml::Stop& one) { return "Stop " + background_text(one.what); },
          [](const twiml::Connect&) -> std::string { return "Connect Stream"; }},
      verb);
}

}  // namespace

std::string summary_of(const twiml::Response& response) {
  std::string text;
  for (const auto& verb : response.verbs) {
    if (!text.empty()) text += "; ";
    text += verb_text(verb);
  }
  return text;
}

int code_of(const twiml::Problem& problem) {
  constexpr auto k_no_xml =
      std::to_array<std::string_view>({"bad_character", "unknown_reference", "not_xml", "second_root",
                                       "bad_encoding", "document_type", "text_outside", "no_response"});
  return std::ranges::find(k_no_xml, problem.code) != k_no_xml.end() ? 12100 : 12200;
}

std::string text_of(const twiml::Problem& problem) {
  auto where = problem.line == 0 ? std::string() : fmt::format("line {}", problem.line);
  if (!problem.element.empty()) where += (where.empty() ? "" : ", ") + problem.element;
  return where.empty() ? problem.message : where + ": " + problem.message;
}

}  // namespace ringctl::sim
