#pragma once
#include <string_view>

namespace ringctl::cmd {

class Context;

/// For what writes one JSON document: throws Errc::usage [usage.no_format] if any other format was asked for,
/// by -o or by the name of --out, or columns. What is usual here for lists is not asked for. `who`: "export
/// estate".
void require_json_only(Context&, std::string_view who);

}  // namespace ringctl::cmd
