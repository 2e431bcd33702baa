#include "base/json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ringctl::base {
namespace {

bool is_plain(char c) { return c >= ' ' && c < 0x7F && c != '"' && c != '\\'; }

}  // namespace

void append_json(std::string& out, std::string_view text) {
  if (std::all_of(text.begin(), text.end(), &is_plain))
    out.append("\"").append(text).append("\"");
  else
    out.append(nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace ringctl::base
