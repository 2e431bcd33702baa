#include "serve/refusal.hpp"

#include <new>

#include "base/error.hpp"

namespace ringctl::serve {

bool is_passing(const std::exception& failure) {
  if (dynamic_cast<const std::bad_alloc*>(&failure) != nullptr) return true;
  const auto* const error = dynamic_cast<const Error*>(&failure);
  if (error == nullptr) return false;
  switch (error->errc()) {
    case Errc::db_down:
    case Errc::db_busy:
    case Errc::db_corrupt:
    case Errc::unknown_outcome:
    case Errc::schema:
    case Errc::config:
    case Errc::auth:
    case Errc::locked:
    case Errc::output:
    case Errc::timeout:
    case Errc::interrupted:
    case Errc::terminated:
      return true;
    default:
      return false;
  }
}

}  // namespace ringctl::serve
