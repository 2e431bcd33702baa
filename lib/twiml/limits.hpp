#pragma once
// What Twilio refuses, cuts or warns of in an answer that is well-formed.

#include <cstddef>
#include <optional>

#include "twiml/problem.hpp"
#include "twiml/verbs.hpp"

namespace ringctl::twiml {

/// Bytes of a document; past 64 kB Twilio drops the answer with error 11750.
inline constexpr std::size_t k_max_document = 64'000;
/// Number and Client nouns of one Dial.
inline constexpr std::size_t k_max_nouns = 10;
inline constexpr std::size_t k_max_say_characters = 4096;
inline constexpr std::size_t k_max_queue_name_characters = 64;
inline constexpr std::size_t k_max_participant_label_characters = 128;
inline constexpr std::size_t k_max_call_reason_characters = 50;
inline constexpr std::size_t k_max_sip_uri_characters = 254;
inline constexpr std::size_t k_max_sip_header_characters = 1023;
inline constexpr std::size_t k_max_parameter_characters = 499;

/// The first value that is outside Twilio's limits: numbers, lengths, nouns of a Dial, a Reject that is not
/// first, a Stream with a query.
std::optional<Problem> find_problem(const Response&);
/// That a document of so many bytes is past k_max_document.
Problem too_long(std::size_t bytes);

}  // namespace ringctl::twiml
