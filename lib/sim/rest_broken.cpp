#include "sim/rest_broken.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "net/response.hpp"

namespace ringctl::sim {
namespace {

const Fault* find(const std::vector<Fault>& faults, Breaking what) {
  const auto found =
      std::find_if(faults.begin(), faults.end(), [&](const Fault& fault) { return fault.what == what; });
  return found == faults.end() ? nullptr : &*found;
}

constexpr std::size_t k_huge = 64 * 1024 * 1024, k_deep = 100'000;

/// Retry-After has whole seconds only.
RestAnswer refused(int status, std::optional<std::chrono::milliseconds> retry_after = {}) {
  constexpr int k_of_status = 20'000;
  auto answer = refuse(status, k_of_status + status, net::reason_phrase(status));
  if (retry_after)
    answer.headers.emplace_back(
        "Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(*retry_after).count()));
  return answer;
}

/// Half of an answer of somebody else's.
RestAnswer garbage() {
  return {.status = 200, .body = "<html><body>{\"sid\": \"CA", .content_type = "text/html"};
}

/// JSON as the operation answers, or could: nothing but its size and shape tells that it is none.
std::string huge() {
  std::string body = "{\"sid\": \"";
  body.append(k_huge, '0');
  return body + "\"}";
}

std::string deep() {
  std::string body = "{\"sid\": ";
  body.append(k_deep, '[');
  body.append(k_deep, ']');
  return body + "}";
}

/// What is left of a good answer.
Brought spoilt(RestAnswer answer, const std::vector<Fault>& broken) {
  if (find(broken, Breaking::garbage) != nullptr) answer = garbage();
  if (find(broken, Breaking::huge) != nullptr) answer.body = huge();
  if (find(broken, Breaking::deep) != nullptr) answer.body = deep();
  const auto* const slow = find(broken, Breaking::slowed);
  return {.answer = std::move(answer),
          .cut = find(broken, Breaking::truncated) != nullptr,
          .drips = find(broken, Breaking::dripped) != nullptr,
          .after = slow == nullptr ? std::chrono::milliseconds(0) : slow->time()};
}

void note(Timeline& timeline, base::Instant now, const RestRequest& request, const std::string& outcome) {
  const auto path = request.target.substr(0, request.target.find('?'));
  Entry entry;
  entry.at = now;
  entry.what = What::rest;
  entry.text = fmt::format("{} {} {}", request.method, path, outcome);
  entry.facts = {{"method", request.method}, {"path", path}, {"status", outcome}};
  timeline.add(std::move(entry));
}

}  // namespace

Brought bring(const RestRequest& request, Rest& rest, Faults& faults, Timeline& timeline, base::Instant now) {
  const auto broken = faults.strike(Stage::rest, "rest");
  if (const auto* const fault = find(broken, Breaking::refused)) {
    note(timeline, now, request, std::to_string(fault->status));
    return {.answer = refused(fault->status, fault->by)};
  }
  const bool hangs = find(broken, Breaking::hung) != nullptr;
  if (hangs || find(broken, Breaking::reset) != nullptr) {
    note(timeline, now, request, hangs ? "no answer" : "connection reset");
    return {.back = hangs ? Brought::Back::nothing : Brought::Back::reset};
  }
  auto answer = rest.handle(request);
  if (find(broken, Breaking::executed_lost) != nullptr) {
    note(timeline, now, request, "executed, answer lost");
    return {.back = Brought::Back::reset};
  }
  note(timeline, now, request, std::to_string(answer.status));
  return spoilt(std::move(answer), broken);
}

RestAnswer too_many(const RestRequest& request, Timeline& timeline, base::Instant now) {
  note(timeline, now, request, "429");
  return refused(429);
}

}  // namespace ringctl::sim
