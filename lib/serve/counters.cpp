#include "serve/counters.hpp"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <utility>
#include <vector>

namespace ringctl::serve {
namespace {

struct Line {
  std::string_view label;  ///< phase="header"; "" = none
  std::uint64_t value;
};
/// By name: the lines of one stand together.
using Families = std::map<std::string_view, std::vector<Line>>;

std::string text_of(const Families& families) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const auto& [name, lines] : families) {
    fmt::format_to(out, "# TYPE ringctl_{} counter\n", name);
    for (const auto& [label, value] : lines)
      if (label.empty())
        fmt::format_to(out, "ringctl_{} {}\n", name, value);
      else
        fmt::format_to(out, "ringctl_{}{{{}}} {}\n", name, label, value);
  }
  return text;
}

}  // namespace

std::string listener_text(const net::Stats& stats) {
  Families families;
  for (std::size_t i = 0; i < net::k_counters; ++i) {
    const auto [metric, label] = net::counter_name(static_cast<net::Counter>(i));
    families[metric].push_back({label, stats.counters.at(i)});
  }
  std::vector<std::string> reasons;
  reasons.reserve(net::k_refusals);
  for (std::size_t i = 1; i < net::k_refusals; ++i) {  // the first is none
    reasons.push_back(fmt::format("reason=\"{}\"", net::refusal_name(static_cast<net::Refusal>(i))));
    families["refused_total"].push_back({reasons.back(), stats.refusals.at(i)});
  }
  return text_of(families);
}

std::string journal_text(const Journal::Stats& stats) {
  auto text = text_of({{"journal_records_total", {{"", stats.records}}},
                       {"journal_bytes_total", {{"", stats.bytes}}},
                       {"journal_groups_total", {{"", stats.groups}}},
                       {"journal_lost_total", {{"", stats.refused}}},
                       {"journal_rewritten_total", {{"", stats.rewritten}}}});
  fmt::format_to(
      std::back_inserter(text),
      "# TYPE ringctl_journal_sync_seconds_total counter\nringctl_journal_sync_seconds_total {:.6f}\n"
      "# TYPE ringctl_journal_queued_bytes gauge\nringctl_journal_queued_bytes {}\n"
      "# TYPE ringctl_journal_failing gauge\nringctl_journal_failing {}\n",
      std::chrono::duration<double>(stats.sync_total).count(), stats.queued_bytes, stats.failing ? 1 : 0);
  return text;
}

}  // namespace ringctl::serve
