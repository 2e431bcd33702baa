#pragma once
// What each field of a number may hold. `numbers add`, `numbers update` and the bulk import all ask here, so
// that they accept the same and refuse in the same words. Canonical text is what the table stores and
// `export` writes.

#include <string>
#include <string_view>

#include "base/finding.hpp"
#include "phone/e164.hpp"

namespace ringctl::estate {

// Each canonical_ function replaces `out`, and returns false with a finding if the text is refused; a finding
// together with true is a warning. No allocation on the way that is taken a million times.

/// One word of a-z 0-9 _ -, at most 32 characters, any case; canonical: lower case. "twilio", "telnyx".
bool canonical_provider(std::string_view text, std::string& out, base::Finding&);
/// ISO 3166 alpha-2, upper case; "UK" becomes GB with a warning.
bool canonical_country(std::string_view text, std::string& out, base::Finding&);
/// At most 200 characters of text without NUL; kept as it is.
bool canonical_label(std::string_view text, std::string& out, base::Finding&);
/// "active" or "inactive", any case.
bool canonical_status(std::string_view text, std::string& out, base::Finding&);
/// Words of voice sms mms fax separated by '|', any case, any order; canonical: that order, no doubles.
bool canonical_capabilities(std::string_view text, std::string& out, base::Finding&);
/// "PN" and 32 lower-case hex digits.
bool canonical_sid(std::string_view text, std::string& out, base::Finding&);

/// "never", "always", "inbound" or "outbound", any case.
bool canonical_record_policy(std::string_view text, std::string& out, base::Finding&);
/// "notify_all", "claim" or "round_robin", any case.
bool canonical_sms_mode(std::string_view text, std::string& out, base::Finding&);

/// The number's country and `country` (canonical) agree; where the region of the number is not known to the
/// data we have, the calling code decides and a warning is given.
bool check_country(const phone::E164&, std::string_view country, base::Finding&);
/// Country to store when none was given: the number's own region, "" if unknown. The text lives for ever.
std::string_view country_of(const phone::E164&);

}  // namespace ringctl::estate
