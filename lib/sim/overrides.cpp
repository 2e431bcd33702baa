#include "sim/overrides.hpp"

#include "base/text.hpp"

namespace ringctl::sim {
namespace {

using std::chrono::milliseconds;

void set_time(milliseconds& time, std::string_view text, milliseconds most) {
  const auto ms = base::parse_int(text);
  if (ms && *ms >= 100 && *ms <= most.count()) time = milliseconds(*ms);
}

void set_policy(Overrides& overrides, std::string_view text) {
  overrides.on_connect = false;
  for (const auto word : base::split(text, ',')) {
    overrides.on_client_error |= word == "4xx";
    overrides.on_server_error |= word == "5xx";
    overrides.on_connect |= word == "ct";
    overrides.on_read |= word == "rt";
    overrides.on_all |= word == "all";
  }
}

void set(Overrides& overrides, std::string_view name, std::string_view value) {
  if (name == "ct") set_time(overrides.connect_timeout, value, milliseconds(10000));
  if (name == "rt") set_time(overrides.read_timeout, value, milliseconds(15000));
  if (name == "tt") set_time(overrides.total, value, milliseconds(15000));
  if (name == "rp") set_policy(overrides, value);
  if (name != "rc") return;
  const auto count = base::parse_int(value);
  if (count && *count >= 0 && *count <= 5) overrides.retries = static_cast<int>(*count);
}

}  // namespace

bool Overrides::retries_on(Miss miss) const {
  switch (miss) {
    case Miss::none:
      return false;
    case Miss::client_error:
      return on_client_error || on_all;
    case Miss::server_error:
      return on_server_error || on_all;
    case Miss::connect:
      return on_connect || on_all;
    case Miss::read:
      return on_read || on_all;
    case Miss::anything_else:
      return on_all;
  }
  return false;
}

Overrides parse_overrides(std::string_view fragment) {
  Overrides overrides;
  for (const auto pair : base::split(fragment, '&')) {
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos) set(overrides, pair.substr(0, equals), pair.substr(equals + 1));
  }
  return overrides;
}

}  // namespace ringctl::sim
