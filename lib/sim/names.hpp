#pragma once
// Names in the place of what differs from run to run: ids of the database, in identities and in paths. What
// nobody gave a name to is numbered in the order in which it appears.

#include <map>
#include <string>
#include <string_view>

#include "sim/timeline.hpp"

namespace ringctl::sim {

class Names {
 public:
  /// `id`: a UUID. `identity`: whoever has it is called by that, "agent_..." ("" = nobody is).
  void add(std::string_view id, std::string_view identity, std::string_view name);
  /// Every id in the text by its name.
  std::string named(std::string_view text);
  void name(Entry&);
  /// "client:ann@example.com" -> "client:agent_..."; what is not known stays.
  std::string address_of(const std::string& written) const;
  /// Why client:EMAIL stands for nobody, with the nearest somebody; "" where it is somebody's, or no e-mail.
  std::string why_unknown(const std::string& written) const;

 private:
  const std::string& name_of_id(std::string_view id);
  std::map<std::string, std::string, std::less<>> by_id_, identities_, by_name_;
  std::size_t unknown_ = 0;
};

}  // namespace ringctl::sim
