#pragma once
// Addresses in TwiML and in answers, byte for byte: what is signed is the text itself, so that nothing here
// encodes, decodes or normalises more than it has to.

#include <string>
#include <string_view>

namespace ringctl::sim {

/// What `reference` means in an answer that came from `base` (RFC 3986, 5.2). One with a scheme stays as it
/// is; an empty one is `base` without its fragment. A base that is no absolute URL changes nothing.
std::string resolve_url(std::string_view base, std::string_view reference);

/// Up to the '#'.
std::string_view without_fragment(std::string_view url);
/// Behind the '#'; "" if there is none.
std::string_view fragment_of(std::string_view url);
/// %XX is a byte, + is itself; a % without two hexadecimal digits stands as it is.
std::string percent_decoded(std::string_view text);
/// For timelines: a document, or any text with URLs in it, *** for what stands there as user and password of
/// a URL and for what a password="..." says.
std::string without_passwords(std::string_view text);
/// Whether it begins as "https:" does.
bool has_scheme(std::string_view url);

}  // namespace ringctl::sim
