#pragma once
// The second half of an import: accepted rows in key order, a batch at a time, held against the database.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "bulk/adapter.hpp"
#include "bulk/import.hpp"
#include "bulk/intake.hpp"
#include "bulk/row_changes.hpp"
#include "jobs/journal.hpp"

namespace ringctl::bulk {

/// One import or undo per workspace at a time.
inline constexpr std::string_view k_bulk_lease = "import or undo";
inline constexpr std::chrono::minutes k_bulk_lease_ttl{15};

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

/// A second sorter of (key, line), read beside the accepted rows.
class Companion {
 public:
  explicit Companion(Sorter&);
  /// True if it has an entry for the same row. To be asked in the order of key and line.
  bool stands_beside(const Sorter::Entry&);
  const Sorter::Entry& entry() const { return entry_; }

 private:
  Sorter& sorter_;
  Sorter::Entry entry_;
  bool more_ = false;
};

/// Unique values that changed rows gave up. They stay taken for the rest of the run: whether a value may go
/// from one row to another must not depend on which of the two is written first.
class GivenUp {
 public:
  void add(std::size_t unique, std::string_view value);
  void add_all(const GivenUp&);
  bool contains(std::size_t unique, std::string_view value) const;
  bool empty() const { return digests_.empty(); }

 private:
  using Digest = std::pair<std::uint64_t, std::uint64_t>;  // of SHA-256: there can be as many as rows
  struct Hash {
    std::size_t operator()(const Digest& digest) const { return digest.first; }
  };
  static Digest digest_of(std::size_t unique, std::string_view value);
  std::unordered_set<Digest, Hash> digests_;
};

/// What one reading of the accepted rows brings to light; a transaction that is run again starts with none.
struct Findings {
  Problems problems, warnings;
  GivenUp given_up;
  RowChanges changes;
};

/// Deals out batches and settles keys that stand more than once: an identical row is skipped with a warning,
/// another one is a duplicate of the first.
class Dealer {
 public:
  /// Keys up to `position` were done by an earlier run and are passed over. What it noted of rows among them
  /// (key, line and packed verdict, code, message and image before) is brought to light again: those that it
  /// refused are problems, and those that it changed may have given up values.
  Dealer(Intake&, Findings&, const Adapter&, std::size_t batch_rows, std::string position, Sorter& earlier);
  /// False when nothing is left.
  bool next(Batch&);

  std::int64_t identical() const { return identical_; }
  std::int64_t duplicates() const { return duplicates_; }
  /// Over the canonical cells of every accepted row, whatever its verdict; equal for equal input.
  std::string rows_digest() const { return digest_.hex(); }

 private:
  bool stands_already(const Sorter::Entry&, std::string_view canonical, std::string_view raw);
  void recall(const Sorter::Entry&, std::string_view raw);

  Intake& intake_;
  Findings& findings_;
  const Adapter& adapter_;
  std::size_t batch_rows_;
  std::string position_;
  Companion refused_, earlier_;
  std::string last_key_, last_cells_;
  std::uint64_t last_line_ = 0;
  std::int64_t identical_ = 0, duplicates_ = 0;
  base::Digest digest_;
  Row scratch_;
};

/// What became of one batch.
struct BatchOutcome {
  jobs::Counts counts;
  std::vector<Problem> problems, warnings;
  std::vector<RowChange> changes;
  std::vector<jobs::JobRow> journal;  ///< changed rows, and those refused
  std::int64_t dangling = 0;          ///< refused for it
  GivenUp given_up;
  bool written = false;
};

/// Errc::conflict [import.moved_on]
Error moved_on();

/// How rows are decided, and what is told of them: ImportOptions.
struct Judgement {
  OnConflict on_conflict = OnConflict::update;
  records::Lapse accepted = records::Lapse::none;
  Told told = Told::none;
};

/// Batches held against the database and, if asked to, written: within one transaction.
class Merge {
 public:
  Merge(audit::Session& session, const base::Uuid& workspace, Adapter& adapter, const Judgement& judgement,
        const base::Uuid& job)
      : session_(session), workspace_(workspace), adapter_(adapter), judgement_(judgement), job_(job) {}

  /// Decides every row of the batch, and writes the new and changed ones if `write` says so of the counts.
  /// Throws moved_on() if rows changed between looking and writing, or Errc::conflict [db.unique] if one was
  /// made; that may come to light at any later statement of the transaction.
  BatchOutcome run(const Batch&, const GivenUp&, const std::function<bool(const jobs::Counts&)>& write);
  /// Before the commit. Throws as run() does.
  void finish();

 private:
  audit::Session& session_;
  const base::Uuid& workspace_;
  Adapter& adapter_;
  Judgement judgement_;
  base::Uuid job_;
  std::unique_ptr<Inserter> inserter_;
};

/// Canonical JSON of importable columns, and of whether the row was dormant; and back. For undo.
std::string image_of(const Adapter&, const Existing&);
bool is_dormant(std::string_view image);
std::vector<std::string> cells_of_image(const Adapter&, std::string_view json);

}  // namespace ringctl::bulk
