#pragma once
// Random texts and verbs for the tests of this room.

#include <array>
#include <random>
#include <string>
#include <utility>

#include "twiml/schema.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::twiml::test {

/// A text of any bytes, and what a reader of the XML must see of it.
struct Awkward {
  std::string written, seen;
};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int between(int low, int high) { return std::uniform_int_distribution(low, high)(engine_); }
  bool chance(int percent) { return between(1, 100) <= percent; }

  Awkward awkward(int pieces) {
    using Piece = std::pair<std::string_view, std::string_view>;
    // No piece that is cut short can be completed by the one behind it: none begins with a continuation byte.
    static constexpr auto k_pieces = std::to_array<Piece>({
        {"plain", "plain"},
        {" ", " "},
        {"<", "<"},
        {">", ">"},
        {"&", "&"},
        {"\"", "\""},
        {"'", "'"},
        {"]]>", "]]>"},
        {"&amp;", "&amp;"},
        {"&#1;", "&#1;"},
        {"&bogus;", "&bogus;"},
        {"</Say><Dial>+12025550143</Dial>", "</Say><Dial>+12025550143</Dial>"},
        {"<!--", "<!--"},
        {"<![CDATA[", "<![CDATA["},
        {"\t", "\t"},
        {"\n", "\n"},
        {"\r", "\r"},
        {"\r\n", "\r\n"},
        {{"\0", 1}, ""},
        {"\x01", ""},
        {"\x08", ""},
        {"\x0B", ""},
        {"\x1B[31m", "[31m"},
        {"\x1F", ""},
        {"\x7F", "\x7F"},
        {"\xC2\x85", "\xC2\x85"},
        {"\xE2\x80\xA8", "\xE2\x80\xA8"},
        {"ü", "ü"},
        {"日本", "日本"},
        {"\xF0\x9F\x93\x9E", "\xF0\x9F\x93\x9E"},
        {"\xEF\xBB\xBF", "\xEF\xBB\xBF"},
        {"\xEF\xBF\xBD", "\xEF\xBF\xBD"},
        {"\xEF\xBF\xBE", ""},
        {"\xEF\xBF\xBF", ""},
        {"\xFF", "\xEF\xBF\xBD"},
        {"x\x80", "x\xEF\xBF\xBD"},
        {"\xC3", "\xEF\xBF\xBD"},
        {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    });
    Awkward out;
    for (int i = 0; i < pieces; ++i) {
      const auto& [written, seen] = k_pieces[static_cast<std::size_t>(between(0, k_pieces.size() - 1))];
      out.written += written;
      out.seen += seen;
    }
    return out;
  }

  /// A verb with about half of its attributes set to something Twilio takes.
  template <typename V>
  V verb() {
    V out;
    if constexpr (requires { Element<V>::text; }) out.*Element<V>::text = text();
    each_attribute<V>([&](const auto& attribute) {
      if (chance(50)) fill(out.*attribute.member, attribute);
    });
    fill_inside(out);
    return out;
  }
  template <typename... V>
  void any(std::variant<V...>& out) {
    auto which = between(0, sizeof...(V) - 1);
    (void)((which-- == 0 ? (out = verb<V>(), true) : false) || ...);
  }

  /// What reading gives back as it was: no forbidden characters, no white space at its ends.
  std::string text() { return "t" + awkward(between(0, 4)).seen + "t"; }

 private:
  template <typename A>
  void fill(std::string& out, const A&) {
    out = text();
    // A stream's URL has no query, and a text of four pieces keeps every other limit.
    if (out.find('?') != std::string::npos) out = "t";
    if (out.size() > 40) out.assign("t");
  }
  template <typename A>
  void fill(bool& out, const A&) {
    out = chance(50);
  }
  template <typename A>
  void fill(int& out, const A& from) {
    out = between(static_cast<int>(from.low), static_cast<int>(std::min(from.high, 100000L)));
  }
  template <typename A>
  void fill(seconds& out, const A& from) {
    int number = 0;
    fill(number, from);
    out = seconds(number);
  }
  template <typename E, typename A, typename = std::enable_if_t<std::is_enum_v<E>>>
  void fill(E& out, const A&) {
    out = static_cast<E>(between(0, static_cast<int>(words(E{}).size()) - 1));
  }
  template <typename E, typename A>
  void fill(Set<E>& out, const A&) {
    out = {};
    for (std::size_t i = 0; i < words(E{}).size(); ++i)
      if (chance(50)) out.insert(static_cast<E>(i));
  }
  template <typename T, typename A>
  void fill(std::optional<T>& out, const A& from) {
    fill(out.emplace(), from);
  }

  template <typename V>
  void fill_inside(V&) {}
  template <typename V>
  void fill_list(std::vector<V>& out, int most) {
    out.resize(static_cast<std::size_t>(between(0, most)));
    for (auto& one : out) {
      if constexpr (std::is_same_v<V, Parameter>) {
        one = verb<Parameter>();
      } else {
        any(one);
      }
    }
  }
  void fill_inside(Gather& gather) { fill_list(gather.prompts, 3); }
  void fill_inside(Dial& dial) { fill_list(dial.nouns, 10); }
  void fill_inside(Stream& stream) { fill_list(stream.parameters, 2); }
  void fill_inside(Start& start) { any(start.what); }
  void fill_inside(Stop& stop) { any(stop.what); }
  void fill_inside(Connect& connect) { connect.stream = verb<Stream>(); }
  void fill_inside(Enqueue& enqueue) { enqueue.name.resize(std::min<std::size_t>(enqueue.name.size(), 1)); }
  void fill_inside(Client& client) {
    client.identity = text();
    fill_list(client.parameters, 2);
  }
  void fill_inside(Message& message) {
    if (chance(80)) message.body = text();
    message.media.resize(static_cast<std::size_t>(between(0, 2)));
    for (auto& url : message.media) url = text();
  }

  std::mt19937 engine_;
};

}  // namespace ringctl::twiml::test
