#pragma once
// Which rows an import makes and changes, and what in them: kept off memory, told in the order of their keys.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bulk/sorter.hpp"

namespace ringctl::bulk {

/// Which rows are told of.
enum class Told { none, changes, all };

/// activate and deactivate: a change that puts a row to use that was out of it, and the other way round.
enum class RowAction { create, change, activate, deactivate, keep };
inline constexpr std::size_t k_row_actions = 5;
/// "new", "update", "activate", "deactivate", "same"
std::string_view action_name(RowAction);

/// Canonical texts; "" = nothing.
struct FieldChange {
  std::size_t column = 0;  ///< of Adapter::columns()
  std::string before, after;
};

struct RowChange {
  std::uint64_t line = 0;
  std::string key;  ///< people know it as records::shown_key()
  RowAction action = RowAction::create;
  std::vector<FieldChange> fields;  ///< those that differ; of a new row those that the file gives it
};

class RowChanges {
 public:
  void add(const RowChange&);
  std::uint64_t count(RowAction action) const { return counts_[static_cast<std::size_t>(action)]; }
  std::uint64_t size() const { return sorter_.size(); }
  /// May be called again. Stops where `visit` returns false.
  void for_each(const std::function<bool(const RowChange&)>& visit);

 private:
  Sorter sorter_{4U << 20};
  std::array<std::uint64_t, k_row_actions> counts_{};
};

}  // namespace ringctl::bulk
