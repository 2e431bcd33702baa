// Two passes over the text before the verbs: what XML forbids and pugixml lets through (bytes, references),
// then pugixml's tree. The tree is walked by the table of schema.hpp, one element at a time, and the first
// problem ends the walk.

#include "twiml/read.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <pugixml.hpp>

#include "base/text.hpp"
#include "twiml/limits.hpp"
#include "twiml/schema.hpp"

namespace ringctl::twiml {
namespace {

constexpr auto k_spaces = std::string_view(" \t\r\n");

bool blank(std::string_view text) { return text.find_first_not_of(k_spaces) == std::string_view::npos; }

bool xml_character(std::uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF) && code != 0xFFFE && code != 0xFFFF;
}

/// `name` of "&name;": one of the five, or the number of a character that XML allows.
bool known_reference(std::string_view name) {
  constexpr auto k_names = std::to_array<std::string_view>({"amp", "lt", "gt", "quot", "apos"});
  if (std::ranges::find(k_names, name) != k_names.end()) return true;
  if (!name.starts_with('#')) return false;
  const bool hex = name.starts_with("#x");
  const auto digits = name.substr(hex ? 2 : 1);
  std::uint32_t code = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  return error == std::errc() && end == digits.data() + digits.size() && xml_character(code);
}

/// Offset of the first byte that no XML text holds.
std::optional<std::size_t> first_forbidden(std::string_view xml) {
  const auto control = std::ranges::find_if(xml, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && k_spaces.find(c) == std::string_view::npos;
  });
  const auto at = std::min({static_cast<std::size_t>(control - xml.begin()), xml.find("\xEF\xBF\xBE"),
                            xml.find("\xEF\xBF\xBF"), base::first_invalid_utf8(xml).value_or(xml.size())});
  return at < xml.size() ? std::optional(at) : std::nullopt;
}

/// Offset of the first `&` that is no reference we know. None counts inside comments and CDATA.
std::optional<std::size_t> first_bad_reference(std::string_view xml) {
  std::size_t at = 0;
  while ((at = xml.find_first_of("&<", at)) != std::string_view::npos) {
    const auto rest = xml.substr(at);
    if (rest.starts_with("<!--") || rest.starts_with("<![CDATA[")) {
      at = xml.find(rest[2] == '-' ? "-->" : "]]>", at);
      if (at == std::string_view::npos) return std::nullopt;  // the parser says what is wrong here
      continue;
    }
    if (rest.front() == '&') {
      const auto end = rest.find(';');
      if (end == std::string_view::npos || !known_reference(rest.substr(1, end - 1))) return at;
    }
    ++at;
  }
  return std::nullopt;
}

template <typename E>
bool parse_word(std::string_view text, E& out) {
  constexpr auto k_words = words(E{});
  const auto at = std::ranges::find(k_words, text);
  if (at == k_words.end()) return false;
  out = static_cast<E>(at - k_words.begin());
  return true;
}

bool parse_number(std::string_view text, long low, long high, long& out) {
  const auto number = base::parse_int(text);
  if (!number || *number < low || *number > high) return false;
  out = static_cast<long>(*number);
  return true;
}

/// An attribute's text into its member; `from` holds the range.
template <typename A>
bool parse_value(std::string_view text, std::string& out, const A&) {
  out = text;
  return true;
}
template <typename A>
bool parse_value(std::string_view text, bool& out, const A&) {
  out = text == "true";
  return out || text == "false";
}
template <typename A>
bool parse_value(std::string_view text, int& out, const A& from) {
  long number = 0;
  if (!parse_number(text, from.low, from.high, number)) return false;
  out = static_cast<int>(number);
  return true;
}
template <typename A>
bool parse_value(std::string_view text, seconds& out, const A& from) {
  long number = 0;
  if (!parse_number(text, from.low, from.high, number)) return false;
  out = seconds(number);
  return true;
}
template <typename E, typename A, typename = std::enable_if_t<std::is_enum_v<E>>>
bool parse_value(std::string_view text, E& out, const A&) {
  return parse_word(text, out);
}
template <typename E, typename A>
bool parse_value(std::string_view text, Set<E>& out, const A&) {
  out = {};
  for (const auto word : base::split(text, ' ')) {
    E value{};
    if (word.empty()) continue;
    if (!parse_word(word, value)) return false;
    out.insert(value);
  }
  return true;
}
template <typename T, typename A>
bool parse_value(std::string_view text, std::optional<T>& out, const A& from) {
  return parse_value(text, out.emplace(), from);
}

/// The elements around a node, outermost verb first: "Gather/Say".
std::string path_of(const pugi::xml_node& node) {
  std::string path;
  for (auto at = node; at && at.type() == pugi::node_element; at = at.parent()) {
    if (at.parent().type() == pugi::node_document) break;
    path = std::string(at.name()) + (path.empty() ? "" : "/") + path;
  }
  return path;
}

std::vector<pugi::xml_node> elements_of(const pugi::xml_node& node) {
  std::vector<pugi::xml_node> elements;
  for (const auto& child : node.children())
    if (child.type() == pugi::node_element) elements.push_back(child);
  return elements;
}

std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const auto& child : node.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  return text;
}

class Reader {
 public:
  Reader(std::string_view xml, Problem& problem) : xml_(xml), problem_(problem) {}

  std::optional<Response> read() {
    if (xml_.size() > k_max_document) {
      problem_ = too_long(xml_.size());
      return std::nullopt;
    }
    pugi::xml_document document;
    Response response;
    if (!fit() || !parse(document) || !find_root(document)) return std::nullopt;
    if (!attributes_known(root_, 0) || !each_element(root_, response.verbs)) return std::nullopt;
    if (auto found = find_problem(response)) {
      problem_ = std::move(*found);
      return std::nullopt;
    }
    return response;
  }

 private:
  bool fit() {
    if (const auto at = first_forbidden(xml_))
      return fail_at(*at, "bad_character", "a byte that XML does not allow, or that is not UTF-8");
    if (const auto at = first_bad_reference(xml_))
      return fail_at(*at, "unknown_reference",
                     "& begins no reference that is known: &amp; &lt; &gt; &quot; &apos; or &#number;");
    return true;
  }

  bool parse(pugi::xml_document& document) {
    // As a fragment, text beside the root element stays visible; so do a declaration and a document type.
    constexpr unsigned k_how = pugi::parse_default | pugi::parse_ws_pcdata_single | pugi::parse_fragment |
                               pugi::parse_declaration | pugi::parse_doctype;
    const auto result = document.load_buffer(xml_.data(), xml_.size(), k_how, pugi::encoding_utf8);
    if (result) return true;
    return fail_at(static_cast<std::size_t>(std::max<std::ptrdiff_t>(result.offset, 0)), "not_xml",
                   base::ascii_lower(result.description()));
  }

  bool find_root(const pugi::xml_document& document) {
    for (const auto& node : document.children()) {
      switch (node.type()) {
        case pugi::node_element:
          if (root_) return fail(node, "second_root", "a second element beside the first");
          root_ = node;
          break;
        case pugi::node_declaration: {
          const auto encoding = base::ascii_lower(node.attribute("encoding").value());
          if (!encoding.empty() && encoding != "utf-8")
            return fail_at(0, "bad_encoding", "the encoding is not UTF-8");
          break;
        }
        case pugi::node_doctype:
          return fail_at(0, "document_type", "a document type is not read");
        default:
          if (!blank(node.value())) return fail_at(0, "text_outside", "text outside of the root element");
      }
    }
    if (!root_) return fail_at(0, "no_response", "there is no element");
    if (std::string_view(root_.name()) != "Response")
      return fail(root_, "not_a_response", fmt::format("the root is {}, not Response", quoted(root_.name())));
    return true;
  }

  /// Every child element as one of V's alternatives (or as V itself); no text beside them.
  template <typename V>
  bool each_element(const pugi::xml_node& node, std::vector<V>& out) {
    if (const auto text = text_of(node); !blank(text))
      return fail(node, "unexpected_text", fmt::format("text where only elements stand: {}", quoted(text)));
    for (const auto& child : elements_of(node))
      if (!element(child, out.emplace_back())) return false;
    return true;
  }

  template <typename... V>
  bool element(const pugi::xml_node& node, std::variant<V...>& out) {
    bool known = false;
    const bool read =
        ((node.name() == Element<V>::name ? (known = true, element(node, out.template emplace<V>()))
                                          : false) ||
         ...);
    return known ? read : misplaced(node);
  }

  template <typename V>
  bool element(const pugi::xml_node& node, V& out) {
    if (node.name() != Element<V>::name) return misplaced(node);
    std::size_t known = 0;
    bool good = true;
    each_attribute<V>([&](const auto& from) {
      const auto attribute = node.attribute(std::string(from.name).c_str());
      if (!attribute || !good) return;
      ++known;
      good = parse_value(std::string_view(attribute.value()), out.*from.member, from) ||
             fail(node, "bad_value",
                  fmt::format("{}={} is no value of this attribute", from.name, quoted(attribute.value())));
    });
    return good && attributes_known<V>(node, known) && content(node, out);
  }

  /// All of the node's attributes are among those that were read, each once.
  template <typename V = void>
  bool attributes_known(const pugi::xml_node& node, std::size_t read) {
    std::size_t total = 0;
    for (const auto& attribute : node.attributes()) {
      ++total;
      bool known = false;
      if constexpr (!std::is_void_v<V>)
        each_attribute<V>([&](const auto& from) { known = known || from.name == attribute.name(); });
      if (!known)
        return fail(node, "unknown_attribute",
                    fmt::format("{} has no attribute {}", node.name(), quoted(attribute.name())));
    }
    return total == read || fail(node, "repeated_attribute", "the same attribute stands here twice");
  }

  template <typename V>
  bool content(const pugi::xml_node& node, V& out) {
    if constexpr (requires { Element<V>::text; }) {
      // What is spoken keeps its white space; what names something may be laid out on a line of its own.
      return only_text(node, out.*Element<V>::text, std::is_same_v<V, Say>);
    } else {
      std::vector<std::variant<Leave>> none;
      return each_element(node, none);
    }
  }
  bool content(const pugi::xml_node& node, Gather& gather) { return each_element(node, gather.prompts); }
  bool content(const pugi::xml_node& node, Stream& stream) { return each_element(node, stream.parameters); }
  bool content(const pugi::xml_node& node, Start& start) { return one_element(node, start.what); }
  bool content(const pugi::xml_node& node, Stop& stop) { return one_element(node, stop.what); }
  bool content(const pugi::xml_node& node, Connect& connect) { return one_element(node, connect.stream); }
  bool content(const pugi::xml_node& node, Dial& dial) {
    if (blank(text_of(node))) return each_element(node, dial.nouns);
    return only_text(node, std::get<Number>(dial.nouns.emplace_back(Number{})).number, false);
  }
  bool content(const pugi::xml_node& node, Client& client) {
    const auto identity = node.child("Identity");
    if (!identity) return only_text(node, client.identity, false);
    if (!attributes_known(identity, 0) || !only_text(identity, client.identity, false)) return false;
    if (!blank(text_of(node))) return fail(node, "unexpected_text", "text beside Identity");
    for (const auto& child : elements_of(node))
      if (child != identity && !element(child, client.parameters.emplace_back())) return false;
    return true;
  }
  bool content(const pugi::xml_node& node, Message& message) {
    if (!blank(text_of(node))) return only_text(node, message.body, true);
    for (const auto& child : elements_of(node)) {
      const std::string_view name = child.name();
      if (name != "Media" && (name != "Body" || child != node.child("Body"))) return misplaced(child);
      auto& out = name == "Body" ? message.body : message.media.emplace_back();
      if (!attributes_known(child, 0) || !only_text(child, out, name == "Body")) return false;
    }
    return true;
  }

  template <typename V>
  bool one_element(const pugi::xml_node& node, V& out) {
    std::vector<V> all;
    if (!each_element(node, all)) return false;
    if (all.size() != 1) return fail(node, "not_one", "exactly one element stands in here");
    out = std::move(all.front());
    return true;
  }

  bool only_text(const pugi::xml_node& node, std::string& out, bool spoken) {
    if (const auto inside = elements_of(node); !inside.empty()) return misplaced(inside.front());
    const auto text = text_of(node);
    out = spoken ? text : std::string(base::trim(text));
    return true;
  }

  bool misplaced(const pugi::xml_node& node) {
    const auto parent = node.parent();
    return fail(node, "unexpected_element",
                fmt::format("{} does not stand in {}", quoted(node.name()), parent.name()));
  }

  static std::string quoted(std::string_view text) { return base::in_quotes(text); }
  bool fail(const pugi::xml_node& node, std::string code, std::string message) {
    problem_ = {line_of(static_cast<std::size_t>(std::max<std::ptrdiff_t>(node.offset_debug(), 0))),
                path_of(node), std::move(code), std::move(message)};
    return false;
  }
  bool fail_at(std::size_t offset, std::string code, std::string message) {
    problem_ = {line_of(offset), "", std::move(code), std::move(message)};
    return false;
  }
  std::size_t line_of(std::size_t offset) const {
    const auto before = xml_.substr(0, offset);
    return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
  }

  std::string_view xml_;
  Problem& problem_;
  pugi::xml_node root_;
};

}  // namespace

std::optional<Response> try_read(std::string_view xml, Problem& problem) {
  problem = {};
  return Reader(xml, problem).read();
}

}  // namespace ringctl::twiml
