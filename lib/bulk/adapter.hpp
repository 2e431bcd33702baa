#pragma once
// What the bulk engine needs to know about a noun. One adapter per noun; the engine knows no noun.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "base/finding.hpp"
#include "bulk/cells.hpp"
#include "db/doors.hpp"
#include "records/noun.hpp"
#include "records/rows.hpp"

namespace ringctl::bulk {

/// An importable column.
struct Column {
  std::string_view name;
  std::vector<std::string_view> aliases;  ///< other header spellings, lower case with underscores
  bool free_text = false;                 ///< kept as typed: not trimmed
  std::string_view cleared_to = {};  ///< what "-" means in a column that cannot be empty, and new rows get
  bool says_in_use = false;          ///< a row is in use while it holds there what new rows get
};

/// Something beside the key that no two rows may share; the table says so too.
struct Unique {
  std::size_t column;     ///< the one at fault
  std::string_view code;  ///< of the conflict: "sid_taken"
};

/// A row of the file that was accepted so far, or the one the database holds.
using Row = std::vector<Cell>;

/// What the database holds under a key.
struct Existing {
  std::size_t index = 0;  ///< which of the keys asked for
  bool ours = true;       ///< false: another workspace holds it; nothing else is set
  bool dormant = false;   ///< there, but not as this noun: an absent cell means what a new row is given
  base::Uuid id;
  std::int64_t version = 0;
  std::vector<std::string> cells;  ///< canonical text per importable column; "" = not set
};

/// A row to be changed: `before` as found, `cells` as it shall be.
struct Update {
  Existing before;
  std::vector<std::string> cells;
};

/// A row that would be written, and what is wrong with it.
struct Inspected {
  const Row* row;
  const Existing* held;  ///< nullptr: the row is new
  base::Finding finding = {};
  std::size_t column = 0;
  bool conflict = false;  ///< it clashes with another row; else it is invalid
  records::Lapse lapse = records::Lapse::none;
};

using records::KeptRows;
using records::Reading;
using records::Replaced;
using records::Restored;

/// New rows on their way into the noun's table, within one transaction.
class Inserter {
 public:
  virtual ~Inserter() = default;
  /// Absent cells get the noun's defaults. Errc::conflict [db.unique] if somebody else was faster.
  virtual void add(std::span<const Row>) = 0;
  /// Last, before the commit; throws as add() does.
  virtual void finish() = 0;
};

class Adapter {
 public:
  virtual ~Adapter() = default;

  virtual std::string_view noun() const = 0;         ///< "numbers"
  virtual std::string_view object_type() const = 0;  ///< "number"
  virtual std::span<const Column> columns() const = 0;
  /// How many of the first columns make the key.
  virtual std::size_t key_columns() const { return 1; }
  /// The column whose country reads the numbers of its row that are written without one.
  virtual std::optional<std::size_t> country_column() const { return std::nullopt; }
  /// What it takes to see a key that another workspace holds.
  virtual db::Door door() const { return db::Door::none; }
  /// True if a file without a header could begin with this cell.
  virtual bool looks_like_key(std::string_view text) const = 0;

  /// Canonical form of one cell in `out`. False with a finding: refused. True with a finding: a warning.
  virtual bool canonical(std::size_t column, std::string_view text, const Reading&, std::string& out,
                         base::Finding&) const = 0;
  /// Cells that must agree with each other: `column` says which one is at fault. Fills in what is meant by
  /// "-" where the other cells tell, with text that lives until the next row. Rows come in the file's order.
  virtual bool check(Row&, std::size_t& column, base::Finding&) const = 0;

  virtual std::span<const Unique> uniques() const { return {}; }
  /// What the row has of a unique, distinct. An absent cell stands for what a new row is given.
  virtual std::vector<std::string> unique_values(std::size_t /*unique*/, const Row&) const { return {}; }
  /// The column at fault for a value of a unique.
  virtual std::size_t unique_column(std::size_t unique, const Row&, std::string_view /*value*/) const {
    return uniques()[unique].column;
  }
  /// What only the database can tell about values: references to nothing, rules between rows.
  virtual void inspect(db::Connection&, const base::Uuid& /*workspace*/, std::span<Inspected>) {}

  /// What the database holds under these keys (sorted, distinct), in any order. Inside a transaction.
  virtual void look_up(db::Connection&, const base::Uuid& workspace, std::span<const std::string_view> keys,
                       const std::function<void(Existing&&)>&) = 0;
  /// Of `values` of a unique, those that are held, and the key that holds each ("" = another workspace's).
  virtual void find_holders(db::Connection&, const base::Uuid& workspace, std::size_t unique,
                            std::span<const std::string_view> values,
                            const std::function<void(std::string_view value, std::string_view key)>&) = 0;
  /// What is said of a row that wants a value which the row of this key holds.
  virtual std::string taken(std::size_t unique, std::string_view value, std::string_view holder,
                            const Row& wanted) const;
  virtual std::unique_ptr<Inserter> inserter(audit::Session&, const base::Uuid& workspace,
                                             const base::Uuid& job) = 0;
  /// Changes rows that still have the version found; how many were changed.
  virtual std::int64_t update(audit::Session&, const base::Uuid& workspace, std::span<const Update>) = 0;

  /// The job that made the row of this key, if one did.
  virtual std::optional<base::Uuid> made_by(db::Connection&, const base::Uuid& workspace,
                                            std::string_view key) = 0;
  /// Removes the rows a job made that are as it made them and that nobody uses; hands out the keys of those
  /// it keeps, and whether others use them.
  virtual std::int64_t remove_made_by(db::Connection&, const base::Uuid& workspace, const base::Uuid& job,
                                      const KeptRows& kept) = 0;
  /// Puts back what the row held where it still is as the job left it and nobody took a unique value
  /// meanwhile.
  virtual Restored restore(audit::Session&, const base::Uuid& workspace, const Replaced&) = 0;
};

}  // namespace ringctl::bulk
