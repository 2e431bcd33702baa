#pragma once

namespace ringctl::base {

/// One function per alternative of a variant: `std::visit(base::Overloaded{[](int) {...}, [](const Text&)
/// {...}}, value)`.
template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace ringctl::base
