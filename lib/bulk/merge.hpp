#pragma once
// The second half of an import: accepted rows in key order, a batch at a time, held against the database.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/digest.hpp"
#include "bulk/adapter.hpp"
#include "bulk/import.hpp"
#include "bulk/intake.hpp"
#include "jobs/journal.hpp"

namespace ringctl::bulk {

/// Rows with distinct keys, in key order. Views point into the batch.
struct Batch {
  struct Item {
    std::uint64_t line = 0;
    std::size_t key_at = 0, key_size = 0, payload_at = 0, payload_size = 0;
  };
  std::string arena;
  std::vector<Item> items;
  std::vector<std::string_view> keys;
  std::vector<Row> rows;
  std::vector<std::string_view> raw;  ///< packed original fields, empty if not kept

  void clear();
  void add(const Sorter::Entry&);
  /// Fills keys, rows and raw from the arena; after the last add().
  void unpack_rows(std::size_t columns);
};

/// Deals out batches and settles keys that stand more than once: an identical row is skipped with a warning, another one
/// is a duplicate of the first.
class Dealer {
 public:
  Dealer(Intake&, const Adapter&, std::string position);
  /// False when nothing is left. Keys up to `position` (done by an earlier run) are passed over.
  bool next(Batch&);

  std::int64_t identical() const { return identical_; }
  std::int64_t duplicates() const { return duplicates_; }
  /// Over every accepted row, whatever its verdict; equal for equal input.
  std::string rows_digest() const { return digest_.hex(); }
  /// Conflicts an earlier run found at these lines: put back among the problems as they pass.
  void expect(std::unordered_map<std::uint64_t, jobs::JobRow> earlier_conflicts) {
    earlier_conflicts_ = std::move(earlier_conflicts);
  }

 private:
  bool stands_already(const Sorter::Entry&);
  void repeat_conflict(const Sorter::Entry&);
  std::string_view canonical_part(std::string_view payload, std::string_view& raw);

  Intake& intake_;
  const Adapter& adapter_;
  std::string position_;
  std::string last_key_, last_cells_;
  std::uint64_t last_line_ = 0;
  std::int64_t identical_ = 0, duplicates_ = 0;
  base::Digest digest_;
  Row scratch_;
  std::unordered_map<std::uint64_t, jobs::JobRow> earlier_conflicts_;
};

/// What became of one batch.
struct BatchOutcome {
  jobs::Counts counts;
  std::vector<Problem> problems;
  std::vector<jobs::JobRow> journal;  ///< changed and conflicting rows
};

/// Decides every row of the batch, and writes the new and changed ones if `write`. Inside a transaction.
/// Throws Errc::conflict [import.moved_on] if rows changed between looking and writing.
BatchOutcome merge_batch(audit::Session&, const base::Uuid& workspace, Adapter&, const Batch&, OnConflict,
                         const base::Uuid& job, bool write);

/// Canonical JSON of importable columns, and back; for undo and the audit.
std::string image_of(const Adapter&, const std::vector<std::string>& cells);
std::vector<std::string> cells_of_image(const Adapter&, std::string_view json);

/// The packed original fields of a row.
std::vector<std::string> unpack_raw(std::string_view packed);

}  // namespace ringctl::bulk
