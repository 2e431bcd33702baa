#include "cmd/one_document.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "cmd/context.hpp"

namespace ringctl::cmd {

void require_json_only(Context& ctx, std::string_view who) {
  const auto& globals = ctx.globals();
  auto asked = globals.json ? std::optional(Format::json) : std::nullopt;
  if (!asked && globals.output) asked = parse_format(*globals.output);
  if (!asked && globals.out) asked = format_of_file(*globals.out);
  if ((asked && *asked != Format::json) || globals.columns)
    throw Error(Errc::usage, "usage.no_format", fmt::format("{} writes one JSON document", who),
                "use -o json --out FILE");
}

}  // namespace ringctl::cmd
