#include "twiml/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "twiml/schema.hpp"
#include "twiml/write.hpp"

namespace ringctl::twiml {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Finds the first problem of a tree of verbs; `inside` are the elements around, as a path.
class Search {
 public:
  std::optional<Problem> found;

  template <typename... V>
  void look(const std::variant<V...>& verb, const std::string& inside = {}) {
    if (!found) std::visit([&](const auto& which) { look(which, inside); }, verb);
  }

  template <typename V>
  void look(const V& verb, const std::string& inside) {
    const auto where = inside + std::string(Element<V>::name);
    each_attribute<V>([&](const auto& attribute) { look_at(verb.*attribute.member, attribute, where); });
    look_into(verb, where);
  }

 private:
  template <typename T>
  static constexpr bool k_number = std::is_same_v<T, int> || std::is_same_v<T, seconds>;

  template <typename T, typename A>
  void look_at(const T& value, const A& attribute, const std::string& where) {
    if constexpr (std::is_same_v<T, std::optional<int>>) {
      if (value) look_at(*value, attribute, where);
    } else if constexpr (k_number<T>) {
      long number = 0;
      if constexpr (std::is_same_v<T, seconds>) {
        number = static_cast<long>(value.count());
      } else {
        number = value;
      }
      if (number >= attribute.low && number <= attribute.high) return;
      report(where, "out_of_range",
             fmt::format("{}=\"{}\" is outside {} to {}", attribute.name, number, attribute.low,
                         attribute.high));
    }
  }

  template <typename V>
  void look_into(const V&, const std::string&) {}
  void look_into(const Say& say, const std::string& where) {
    cap(say.text, k_max_say_characters, "the text", where);
  }
  void look_into(const Gather& gather, const std::string& where) {
    for (const auto& prompt : gather.prompts) look(prompt, where + "/");
  }
  void look_into(const Dial& dial, const std::string& where) {
    cap(dial.call_reason, k_max_call_reason_characters, "callReason", where);
    const auto rung = std::ranges::count_if(dial.nouns, [](const Noun& noun) {
      return std::holds_alternative<Number>(noun) || std::holds_alternative<Client>(noun);
    });
    if (static_cast<std::size_t>(rung) > k_max_nouns)
      report(where, "too_many_nouns",
             fmt::format("{} Number and Client nouns, where Twilio takes {}", rung, k_max_nouns));
    for (const auto& noun : dial.nouns) look(noun, where + "/");
  }
  void look_into(const Client& client, const std::string& where) {
    for (const auto& parameter : client.parameters) look(parameter, where + "/");
  }
  void look_into(const Sip& sip, const std::string& where) {
    const auto question = sip.uri.find('?');
    const auto uri = std::string_view(sip.uri).substr(0, question);
    cap(uri, k_max_sip_uri_characters, "the address", where);
    if (question != std::string::npos)
      cap(std::string_view(sip.uri).substr(question + 1), k_max_sip_header_characters, "its headers", where);
  }
  void look_into(const Conference& conference, const std::string& where) {
    cap(conference.participant_label, k_max_participant_label_characters, "participantLabel", where);
  }
  void look_into(const Enqueue& enqueue, const std::string& where) {
    cap(enqueue.name, k_max_queue_name_characters, "the queue's name", where);
  }
  void look_into(const Start& start, const std::string& where) { look(start.what, where + "/"); }
  void look_into(const Stop& stop, const std::string& where) { look(stop.what, where + "/"); }
  void look_into(const Connect& connect, const std::string& where) { look(connect.stream, where + "/"); }
  void look_into(const Stream& stream, const std::string& where) {
    if (stream.url.find('?') != std::string::npos)
      report(where, "query_in_stream", "url has a query, which Twilio refuses; use a Parameter");
    for (const auto& parameter : stream.parameters) look(parameter, where + "/");
  }
  void look_into(const Parameter& parameter, const std::string& where) {
    if (characters(parameter.name) + characters(parameter.value) > k_max_parameter_characters)
      report(where, "too_long",
             fmt::format("name and value of {} are longer than {} characters",
                         base::in_quotes(parameter.name), k_max_parameter_characters));
  }

  void cap(std::string_view text, std::size_t most, std::string_view what, const std::string& where) {
    if (text.size() <= most) return;
    if (const auto count = characters(text); count > most)
      report(where, "too_long",
             fmt::format("{} has {} characters, where Twilio takes {}", what, count, most));
  }
  void report(const std::string& where, std::string code, std::string message) {
    if (!found) found = Problem{0, where, std::move(code), std::move(message)};
  }
};

}  // namespace

std::optional<Problem> find_problem(const Response& response) {
  Search search;
  for (std::size_t i = 0; i < response.verbs.size(); ++i) {
    search.look(response.verbs[i]);
    if (search.found) return search.found;
    if (i > 0 && std::holds_alternative<Reject>(response.verbs[i]))
      return Problem{0, "Reject", "reject_not_first", "Reject is not the first verb, so the call is billed"};
  }
  return std::nullopt;
}

Problem too_long(std::size_t bytes) {
  return {0, "", "document_too_long",
          fmt::format("the answer has {} bytes, where Twilio takes {}", bytes, k_max_document)};
}

}  // namespace ringctl::twiml
