#pragma once
// Numbers that asked not to be called or texted.

#include "records/noun.hpp"

namespace ringctl::directory {

enum OptOutField : std::size_t { k_opt_out_number, k_opt_out_channel, k_opt_out_since, k_opt_out_source };
/// phone_number (key), channel (sms, voice, all), since, source.
const records::Noun& opt_outs_noun();

}  // namespace ringctl::directory
