#include "bulk/adapters.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "bulk/numbers.hpp"

namespace ringctl::bulk {

std::unique_ptr<Adapter> adapter_for_job(std::string_view kind) {
  if (kind == "numbers.import") return numbers_adapter();
  throw Error(Errc::failure, "jobs.unknown_kind",
              fmt::format("this ringctl knows no job of kind \"{}\"", kind));
}

}  // namespace ringctl::bulk
