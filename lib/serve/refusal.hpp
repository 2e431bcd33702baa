#pragma once
// Whose fault it is that the database does not take a batch: its own, which passes, or that of one record in
// it, which must not keep the others away.

#include <exception>
#include <span>
#include <string>

namespace ringctl::serve {

/// Whether that failure would pass by itself or by an operator's hand.
bool is_passing(const std::exception&);

/// `take(span)` brings a batch to the database, or throws, with nothing of it there. Of a batch that is refused
/// halves, in order, until the one at fault stands alone: `refuse(one, reason)`. Both say whether to go on.
/// True if all was taken or refused. Throws what is_passing() of what `take` throws, and what `refuse` throws:
/// what came before stays.
template <class T, class Take, class Refuse>
bool take_in_halves(std::span<const T> batch, const Take& take, const Refuse& refuse) {
  if (batch.empty()) return true;
  std::string reason;
  try {
    return take(batch);
  } catch (const std::exception& failure) {
    if (is_passing(failure)) throw;
    reason = failure.what();
  } catch (...) {
    reason = "unknown failure";
  }
  if (batch.size() == 1) return refuse(batch.front(), reason);
  const auto half = batch.size() / 2;
  return take_in_halves(batch.first(half), take, refuse) &&
         take_in_halves(batch.subspan(half), take, refuse);
}

}  // namespace ringctl::serve
