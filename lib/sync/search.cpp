// Twilio answers a question with some thirty numbers, whatever there are. Where more are wanted, the question
// is split: each digit in the place of one that is open, and so on, until there are enough or nothing new.

#include <algorithm>
#include <deque>
#include <map>

#include "phone/region.hpp"
#include "sync/purchase.hpp"

namespace ringctl::sync {
namespace {

/// An answer with fewer held all there are.
constexpr std::size_t k_full = 20;
constexpr std::size_t k_most_pattern = 16;  ///< characters that Twilio takes
constexpr std::size_t k_most_questions = 400;
constexpr std::size_t k_most_page = 1000;

/// "+1202": what every number that is asked for begins with.
std::string common_prefix(const twilio::Search& search) {
  const auto region = phone::Region::try_parse(search.country);
  if (!region) return {};
  const auto code = region->calling_code();
  return "+" + std::to_string(code) + (code == 1 ? search.area_code : std::string());
}

/// The pattern with one more place known, with % where the digit goes before; "" if it cannot be finer.
std::string opened(const std::string& pattern, const twilio::Search& search) {
  if (const auto star = pattern.find('*'); star != std::string::npos) return pattern;
  if (pattern.starts_with('+')) return pattern;
  const auto prefix = common_prefix(search);
  if (prefix.empty()) return {};
  return pattern.empty() ? prefix : prefix + "%" + pattern;
}

std::vector<std::string> finer(const std::string& pattern, const twilio::Search& search) {
  const auto open = opened(pattern, search);
  std::vector<std::string> all;
  // Nothing can follow an end.
  if (open.empty() || (open.ends_with('$') && open.find_first_of("*%") == std::string::npos)) return all;
  for (char digit = '0'; digit <= '9'; ++digit) {
    auto next = open;
    if (const auto star = next.find('*'); star != std::string::npos)
      next[star] = digit;
    else if (const auto gap = next.find('%'); gap != std::string::npos)
      next.insert(gap, 1, digit);
    else
      next += digit;
    if (next.size() <= k_most_pattern) all.push_back(std::move(next));
  }
  return all;
}

}  // namespace

std::vector<twilio::Available> search(twilio::Client& client, const twilio::Search& asked, std::size_t limit) {
  std::map<std::string, twilio::Available> found;
  std::deque<std::string> patterns = {asked.contains};
  for (std::size_t questions = 0; !patterns.empty() && found.size() < limit && questions < k_most_questions;
       ++questions) {
    auto question = asked;
    question.contains = std::move(patterns.front());
    patterns.pop_front();
    auto answer = twilio::search_numbers(client, question, std::min(limit, k_most_page));
    const bool full = answer.size() >= std::min(k_full, limit);
    for (auto& number : answer) found.emplace(number.phone_number, std::move(number));
    if (!full) continue;
    for (auto& next : finer(question.contains, asked)) patterns.push_back(std::move(next));
  }
  std::vector<twilio::Available> all;
  for (auto& [text, number] : found) {
    if (all.size() == limit) break;
    all.push_back(std::move(number));
  }
  return all;
}

}  // namespace ringctl::sync
