// Entries become moves (who does what to whom), moves become lines on a canvas of single characters.
#include "sim/ladder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace ringctl::sim {
namespace {

constexpr std::size_t k_time = 9, k_narrowest = 10, k_least_width = 40;
constexpr std::string_view k_network = "Twilio", k_server = "serve", k_others = "others";

/// A character each; control characters and broken ones by a question mark.
std::vector<std::string> letters(std::string_view text) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    const bool odd = lead < 0x20 || lead == 0x7F || (lead >= 0x80 && lead < 0xC0) || at + size > text.size();
    all.emplace_back(odd ? "?" : text.substr(at, size));
    at += size;
  }
  return all;
}

struct Glyphs {
  std::string bar, line, right, left, cut;
};
Glyphs glyphs(bool utf8) {
  if (utf8) return {"│", "─", "▶", "◀", "…"};
  return {"|", "-", ">", "<", "~"};
}

class Line {
 public:
  Line(std::size_t width, const Glyphs& with) : cells_(width, " "), with_(with) {}
  void put(std::size_t at, const std::string& glyph) {
    if (at < cells_.size()) cells_[at] = glyph;
  }
  /// Cut at `end`.
  void write(std::size_t at, std::string_view text, std::size_t end) {
    auto all = letters(text);
    end = std::min(end, cells_.size());
    if (at >= end) return;
    if (all.size() > end - at) {
      all.resize(end - at);
      all.back() = with_.cut;
    }
    for (auto& letter : all) cells_[at++] = std::move(letter);
  }
  std::string text() const {
    std::string out;
    for (const auto& cell : cells_) out += cell;
    while (out.ends_with(' ')) out.pop_back();
    return out + "\n";
  }

 private:
  std::vector<std::string> cells_;
  const Glyphs& with_;
};

/// From one party to another, or, with one party alone, something said beside it.
struct Move {
  Instant at;
  std::string from, to;
  std::string label;
};

class Moves {
 public:
  explicit Moves(const Played& played) : played_(played) {}

  std::vector<Move> take() {
    for (const auto& entry : played_.timeline) add(entry);
    return std::move(moves_);
  }

 private:
  void move(const Entry& entry, std::string_view from, std::string_view to, std::string label) {
    if (!from.empty() && !to.empty())
      moves_.push_back({entry.at, std::string(from), std::string(to), std::move(label)});
  }
  void note(const Entry& entry, std::string label) {
    moves_.push_back({entry.at, std::string(k_network), "", std::move(label)});
  }

  /// Who is at the other end of a leg.
  std::string holder(const Entry& entry) const {
    const auto* const leg = played_.find_call(entry.call_sid);
    if (leg == nullptr) return {};
    return leg->direction == "inbound" ? leg->from : leg->to;
  }

  void add(const Entry& entry) {
    switch (entry.what) {
      case What::call:
        return add_call(entry);
      case What::status:
        return add_status(entry);
      case What::webhook:
        return add_webhook(entry);
      case What::heard:
        return move(entry, k_network, holder(entry), entry.text);
      case What::did:
        return move(entry, holder(entry), k_network, entry.text);
      default:
        note(entry, entry.text);
    }
  }

  void add_call(const Entry& entry) {
    if (entry.fact("direction") == "inbound")
      move(entry, entry.fact("from"), k_network, fmt::format("calls {}", entry.fact("to")));
    else
      move(entry, k_network, entry.fact("to"), "rings");
  }

  /// Whoever answers is seen doing it.
  bool was_told(const Entry& entry, const std::string& by) const {
    return !moves_.empty() && moves_.back().at == entry.at && moves_.back().from == by;
  }

  /// Ends, and what callers hear of it; the rest is said by others.
  void add_status(const Entry& entry) {
    const auto status = entry.fact("status");
    const auto* const leg = played_.find_call(entry.call_sid);
    if (leg == nullptr || status == "queued" || status == "initiated" || status == "ringing") return;
    const bool inbound = leg->direction == "inbound";
    if (status == "in-progress" && !inbound && was_told(entry, leg->to)) return;
    if (status == "in-progress")
      return inbound ? move(entry, k_network, leg->from, "is answered")
                     : move(entry, leg->to, k_network, "picks up");
    if (status == "completed") return move(entry, k_network, holder(entry), "ends");
    if (status == "canceled")
      return move(entry, k_network, holder(entry), inbound ? "gave up" : "rings no more");
    move(entry, inbound ? std::string(k_network) : leg->to, inbound ? leg->from : std::string(k_network),
         std::string(status));
  }

  /// What only tells, and was taken, would hide the others.
  void add_webhook(const Entry& entry) {
    const auto http = entry.fact("http");
    const auto twiml = entry.fact("twiml");
    if (twiml.empty() && http.starts_with('2')) return;
    move(entry, k_network, k_server, std::string(entry.fact("kind")));
    move(entry, k_server, k_network,
         !twiml.empty() ? std::string(twiml)
         : http.empty() ? "no answer"
                        : std::string(http));
  }

  const Played& played_;
  std::vector<Move> moves_;
};

/// Callers first, then what is between, then those who are rung.
std::vector<std::string> parties(const std::vector<Move>& moves, const Played& played) {
  std::vector<std::string> callers, rung;
  std::set<std::string> seen = {std::string(k_network), std::string(k_server)};
  for (const auto& leg : played.calls)
    if (leg.direction == "inbound" && seen.insert(leg.from).second) callers.push_back(leg.from);
  for (const auto& move : moves)
    for (const auto* const party : {&move.from, &move.to})
      if (!party->empty() && seen.insert(*party).second) rung.push_back(*party);
  callers.emplace_back(k_network);
  callers.emplace_back(k_server);
  callers.insert(callers.end(), rung.begin(), rung.end());
  return callers;
}

std::string short_name(const std::string& party) {
  constexpr std::string_view k_client = "client:";
  return party.starts_with(k_client) ? party.substr(k_client.size()) : party;
}

class Diagram {
 public:
  Diagram(std::vector<std::string> all, Instant began, const LadderOptions& options)
      : width_(std::max(options.width, k_least_width)),
        glyphs_(glyphs(options.utf8)),
        began_(began),
        parties_(std::move(all)) {
    const auto most = std::max<std::size_t>((width_ - k_time) / k_narrowest, 3);
    if (parties_.size() > most) {
      parties_.resize(most - 1);
      parties_.emplace_back(k_others);
    }
    lane_ = (width_ - k_time) / parties_.size();
  }

  std::string head() const {
    Line line(width_, glyphs_);
    for (std::size_t i = 0; i < parties_.size(); ++i) {
      const auto name = short_name(parties_[i]);
      const auto size = std::min(letters(name).size(), lane_ - 1);
      const auto left = place(i) - std::min(place(i), size / 2);
      line.write(std::max(left, k_time + lane_ * i), name, k_time + lane_ * (i + 1) - 1);
    }
    return line.text();
  }

  std::string draw(const Move& move) {
    const auto from = find(move.from);
    if (move.to.empty() || find(move.to) == from) return beside(move, from);
    const auto to = find(move.to);
    const auto left = std::min(place(from), place(to)), right = std::max(place(from), place(to));
    const auto size = letters(move.label).size();
    const bool fits = size + 5 <= right - left;
    std::string out;
    if (!fits) out = beside(move, place(from) < place(to) ? from : to);
    auto line = lifelines();
    if (fits) stamp(line, move.at);
    for (auto at = left + 1; at < right; ++at) line.put(at, glyphs_.line);
    if (place(from) < place(to))
      line.put(right - 1, glyphs_.right);
    else
      line.put(left + 1, glyphs_.left);
    if (fits) line.write(left + (right - left - size - 2) / 2 + 1, " " + move.label + " ", right - 1);
    return out + line.text();
  }

 private:
  std::size_t place(std::size_t lane) const { return k_time + lane_ * lane + lane_ / 2; }
  std::size_t find(const std::string& party) const {
    const auto at = std::ranges::find(parties_, party);
    return at == parties_.end() ? parties_.size() - 1 : static_cast<std::size_t>(at - parties_.begin());
  }
  Line lifelines() const {
    Line line(width_, glyphs_);
    for (std::size_t i = 0; i < parties_.size(); ++i) line.put(place(i), glyphs_.bar);
    return line;
  }
  /// Once per moment, as far as it can be told from the one before.
  void stamp(Line& line, Instant at) {
    auto text = clock_text(at - began_);
    if (stamped_ == text) return;
    line.write(0, text, k_time);
    stamped_ = std::move(text);
  }
  std::string beside(const Move& move, std::size_t lane) {
    auto line = lifelines();
    stamp(line, move.at);
    line.write(place(lane) + 2, move.label, width_);
    return line.text();
  }

  std::size_t width_, lane_ = 0;
  Glyphs glyphs_;
  Instant began_;
  std::vector<std::string> parties_;
  std::string stamped_ = {};
};

}  // namespace

std::string clock_text(milliseconds since) {
  const auto tenths = since.count() / 100;
  const auto whole = tenths / 10, minutes = whole / 60, hours = minutes / 60;
  if (hours == 0) return fmt::format("{}:{:02}.{}", minutes, whole % 60, tenths % 10);
  return fmt::format("{}:{:02}:{:02}", hours, minutes % 60, whole % 60);
}

std::string ladder(const Played& played, const LadderOptions& options) {
  const auto moves = Moves(played).take();
  if (moves.empty()) return {};
  Diagram diagram(parties(moves, played), played.began, options);
  auto out = diagram.head();
  for (const auto& move : moves) out += diagram.draw(move);
  return out;
}

std::string timeline_text(const Played& played) {
  std::string out;
  for (const auto& entry : played.timeline) {
    auto who = played.name_of(entry.call_sid);
    if (who.empty())
      if (const auto* const leg = played.find_call(entry.call_sid))
        who = short_name(leg->direction == "inbound" ? leg->from : leg->to);
    std::string text;
    for (const auto& letter : letters(entry.text)) text += letter;
    out += fmt::format("{:>9}  {:<10} {:<24} {}\n", clock_text(entry.at - played.began), name_of(entry.what),
                       who, text);
  }
  return out;
}

}  // namespace ringctl::sim
