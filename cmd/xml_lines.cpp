#include "cmd/xml_lines.hpp"

namespace ringctl::cmd {

std::string xml_lines(std::string xml) {
  for (auto at = xml.find("><"); at != std::string::npos; at = xml.find("><", at + 2))
    xml.insert(at + 1, "\n");
  if (!xml.ends_with('\n')) xml += '\n';
  return xml;
}

}  // namespace ringctl::cmd
