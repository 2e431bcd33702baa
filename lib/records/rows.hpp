#pragma once
// The rows of a noun a batch at a time, for the bulk engine. Every call inside the caller's transaction.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "records/noun.hpp"

namespace ringctl::records {

/// What the database holds under these keys (sorted, distinct): which of them, and the row.
void look_up(db::Connection&, const base::Uuid& workspace, const Noun&,
             std::span<const std::string_view> keys, const std::function<void(std::size_t index, Record&&)>&);
/// Of `values` of a unique, those that rows have, and the key of the row that has each.
void find_holders(db::Connection&, const base::Uuid& workspace, const Noun&, const Unique&,
                  std::span<const std::string_view> values,
                  const std::function<void(std::string_view value, std::string_view key)>&);
enum class Hold { as_it_is, for_change };
/// In a write transaction: nobody else changes the rows of these keys of a target until it ends. They are
/// locked by id; a dry run locks nothing, and on SQLite there is one writer anyway.
void hold(db::Connection&, const base::Uuid& workspace, const Target&, const std::set<std::string>& keys,
          Hold);
/// Of the keys of a target, those whose row does not meet an SQL condition. Those that do are held as they
/// are.
std::set<std::string> keys_failing(db::Connection&, const base::Uuid& workspace, const Target&,
                                   const std::set<std::string>& keys, std::string_view condition);
/// The highest number that a row has in a field; 0 if there is none.
std::int64_t highest(db::Connection&, const base::Uuid& workspace, const Noun&, std::size_t field);
/// Sets the finding of every candidate whose references do not exist, or that the noun's own rules refuse.
void inspect(db::Connection&, const base::Uuid& workspace, const Noun&, std::span<Candidate>);

/// Makes rows, any number of them, within one transaction. Their references are known to exist.
class Insert {
 public:
  Insert(audit::Session&, const base::Uuid& workspace, const base::Uuid& job, const Noun&);
  ~Insert();
  void add(std::span<const std::vector<std::string>> rows);
  /// Last. A unique value that is taken: Errc::conflict [db.unique], at the latest here.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct RowUpdate {
  base::Uuid id;
  std::int64_t version;                    ///< as found; the row gets the next one
  const std::vector<std::string>* before;  ///< as found
  std::vector<std::string> cells;
  bool dormant = false;  ///< it shall be there, but not as this noun
};
/// Returns how many still had that version.
std::int64_t update_rows(audit::Session&, const base::Uuid& workspace, const Noun&,
                         std::span<const RowUpdate>);

/// The job that made the row of this key, if one did.
std::optional<base::Uuid> made_by(db::Connection&, const base::Uuid& workspace, const Noun&,
                                  std::string_view key);
/// Receives the key of a row that is kept: because others refer to it, or because it changed.
using KeptRows = std::function<void(std::string_view key, bool in_use)>;
/// Deletes the rows a job made that are as it made them and that nothing refers to; hands out those it keeps,
/// by key, streaming. Returns how many went.
std::int64_t delete_made_by(db::Connection&, const base::Uuid& workspace, const Noun&, const base::Uuid& job,
                            const KeptRows& kept);

/// What a job's journal says of a row that it changed.
struct Replaced {
  base::Uuid job;
  std::string_view key;
  std::optional<base::Uuid> id;    ///< the row's; nullopt where the journal is too old to say
  std::int64_t version;            ///< that the job left it with
  std::vector<std::string> cells;  ///< what it held before, as canonical texts
  bool dormant = false;            ///< it was there, but not as this noun
  /// Whether that row is this one, and not one of the same key that came after it. Ids grow with time, but
  /// clocks of several machines differ: they tell only where nothing else does.
  bool is_row(const base::Uuid& other) const { return id ? *id == other : other < job; }
};
/// moved_on: somebody changed it, or made it anew; blocked: what it held refers to nothing any more, or
/// another row has it.
enum class Restored { done, moved_on, blocked, gone };
/// Writes the cells back if the row is the one that the job changed, still has its version, and what they
/// refer to and may not share is as free as it was.
Restored restore(audit::Session&, const base::Uuid& workspace, const Noun&, const Replaced&);

}  // namespace ringctl::records
