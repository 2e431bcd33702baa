#pragma once
#include <string>
#include <string_view>

namespace ringctl::base {

/// A caller or called party for logs: "+1555***0199" for a number, "sip:***" for an address, "***" for digits
/// of another form. Names of our own (client:agent_...) and words (anonymous) stay as they are.
std::string masked_party(std::string_view);

}  // namespace ringctl::base
