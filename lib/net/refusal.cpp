#include "net/refusal.hpp"

#include <array>

namespace ringctl::net {
namespace {

struct Row {
  std::string_view name;
  int status;
};

constexpr std::array<Row, k_refusals> k_rows = {{
    {"none", 200},
    {"request_line", 400},
    {"method_unknown", 501},
    {"method_refused", 405},
    {"version", 505},
    {"target_form", 400},
    {"target_bytes", 400},
    {"path", 400},
    {"target_too_long", 414},
    {"header_too_large", 431},
    {"too_many_fields", 431},
    {"line_end", 400},
    {"field", 400},
    {"host", 400},
    {"content_length", 400},
    {"transfer_encoding", 400},
    {"connection", 400},
    {"expectation", 417},
    {"body_too_large", 413},
    {"chunk", 400},
    {"too_many_connections", 503},
}};
static_assert(static_cast<std::size_t>(Refusal::too_many_connections) + 1 == k_refusals);

}  // namespace

int refusal_status(Refusal refusal) noexcept { return k_rows.at(static_cast<std::size_t>(refusal)).status; }
std::string_view refusal_name(Refusal refusal) noexcept {
  return k_rows.at(static_cast<std::size_t>(refusal)).name;
}

}  // namespace ringctl::net
