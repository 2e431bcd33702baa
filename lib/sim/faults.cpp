#include "sim/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace ringctl::sim {
namespace {

using namespace std::chrono_literals;

struct Word {
  std::string_view word;
  Breaking what;
};
constexpr auto k_of_webhooks = std::to_array<Word>({{"double", Breaking::doubled},
                                                    {"delay", Breaking::delayed},
                                                    {"reorder", Breaking::reordered},
                                                    {"replay", Breaking::replayed},
                                                    {"lose", Breaking::lost},
                                                    {"bad_signature", Breaking::badly_signed},
                                                    {"timeout", Breaking::timed_out},
                                                    {"late", Breaking::late},
                                                    {"garbage", Breaking::garbled}});
constexpr auto k_of_rest = std::to_array<Word>({{"hang", Breaking::hung},
                                                {"garbage", Breaking::garbage},
                                                {"reset", Breaking::reset},
                                                {"executed_lost", Breaking::executed_lost},
                                                {"slow", Breaking::slowed},
                                                {"drip", Breaking::dripped},
                                                {"truncated", Breaking::truncated},
                                                {"huge", Breaking::huge},
                                                {"deep", Breaking::deep}});

/// "503", or "5xx" for the usual one of them. 0 if it is neither.
int try_status(std::string_view text) {
  if (text == "4xx") return 404;
  if (text == "5xx") return 503;
  const auto status = text.size() == 3 ? base::parse_int(text) : std::nullopt;
  return status && *status >= 200 && *status <= 599 ? static_cast<int>(*status) : 0;
}

template <typename Words>
std::optional<Breaking> find_word(const Words& words, std::string_view word) {
  const auto at = std::ranges::find(words, word, &Word::word);
  return at == words.end() ? std::nullopt : std::optional(at->what);
}

template <typename Words>
void append(std::vector<std::string>& all, const Words& words) {
  for (const auto& one : words) all.emplace_back(one.word);
}

}  // namespace

Stage stage_of(Breaking what) {
  if (what >= Breaking::refused) return Stage::rest;
  return what >= Breaking::badly_signed ? Stage::attempt : Stage::whole;
}

std::chrono::milliseconds Fault::time() const { return by.value_or(what == Breaking::replayed ? 60s : 2s); }

std::optional<Fault> try_make_fault(std::string_view of, std::string_view word) {
  const bool rest = of == "rest";
  Fault fault;
  fault.of = of;
  fault.word = word;
  constexpr std::string_view k_answer = "answer_";
  if (rest || word.starts_with(k_answer)) {
    fault.status = try_status(rest ? word : word.substr(k_answer.size()));
    fault.what = rest ? Breaking::refused : Breaking::answered;
    // What is refused was not executed, so that a success is none of these.
    if (fault.status >= (rest ? 400 : 200)) return fault;
    fault.status = 0;
  }
  const auto what = rest ? find_word(k_of_rest, word) : find_word(k_of_webhooks, word);
  if (!what) return std::nullopt;
  fault.what = *what;
  return fault;
}

std::vector<std::string> fault_words(bool rest) {
  std::vector<std::string> all;
  if (rest) {
    append(all, k_of_rest);
    all.insert(all.end(), {"429", "500", "503"});
  } else {
    append(all, k_of_webhooks);
    all.emplace_back("answer_503");
  }
  return all;
}

const std::vector<std::string>& webhook_kinds() {
  static const std::vector<std::string> k_kinds = {"voice",          "gather",
                                                   "partial",        "record",
                                                   "dial",           "enqueue",
                                                   "redirect",       "whisper",
                                                   "queue-wait",     "conference-wait",
                                                   "dequeue",        "announce",
                                                   "update",         "fallback",
                                                   "status",         "recording",
                                                   "conference",     "amd",
                                                   "stream",         "transcription",
                                                   "message",        "message-fallback",
                                                   "message-action", "message-redirect",
                                                   "message-status"};
  return k_kinds;
}

bool Faults::strikes(Counted& one, Stage stage, std::string_view of) {
  const auto& fault = one.fault;
  if (stage_of(fault.what) != stage || (fault.of != of && (fault.of != "*" || of == "rest"))) return false;
  if (fault.times && one.struck >= *fault.times) return false;
  // Nothing is drawn where nothing is left to chance: a fault more does not turn the dice for the others.
  constexpr std::uint64_t k_whole = 1'000'000;
  return fault.share >= 1 ||
         static_cast<double>(sids_.draw(k_whole)) < fault.share * static_cast<double>(k_whole);
}

std::vector<Fault> Faults::strike(Stage stage, std::string_view of, const std::string& about) {
  std::vector<Fault> struck;
  for (auto& one : all_) {
    const bool already = std::ranges::find(struck, one.fault.what, &Fault::what) != struck.end();
    if (already || !strikes(one, stage, of)) continue;
    ++one.struck;
    struck.push_back(one.fault);
    timeline_.add({.at = agenda_.now(),
                   .what = What::fault,
                   .call_sid = about,
                   .text = fmt::format("{}: {}", of, one.fault.word),
                   .facts = {{"of", std::string(of)}, {"do", one.fault.word}}});
  }
  return struck;
}

}  // namespace ringctl::sim
