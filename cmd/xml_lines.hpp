#pragma once
#include <string>

namespace ringctl::cmd {

/// TwiML as people read it: one tag a line.
std::string xml_lines(std::string xml);

}  // namespace ringctl::cmd
