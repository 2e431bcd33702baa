#include "sim/rest_broken.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringctl::sim {
namespace {

const Fault* find(const std::vector<Fault>& faults, Breaking what) {
  const auto found =
      std::find_if(faults.begin(), faults.end(), [&](const Fault& fault) { return fault.what == what; });
  return found == faults.end() ? nullptr : &*found;
}

RestAnswer refused(int status) {
  return status == 429 ? refuse(429, 20429, "Too Many Requests")
                       : refuse(status, 20503, "Service Unavailable");
}

/// Half of an answer of somebody else's.
RestAnswer garbage() {
  return {.status = 200, .body = "<html><body>{\"sid\": \"CA", .content_type = "text/html"};
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
    return {.answer = refused(fault->status)};
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
  return {.answer = find(broken, Breaking::garbage) != nullptr ? garbage() : std::move(answer)};
}

RestAnswer too_many(const RestRequest& request, Timeline& timeline, base::Instant now) {
  note(timeline, now, request, "429");
  return refused(429);
}

}  // namespace ringctl::sim
