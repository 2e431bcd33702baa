#pragma once
// One row of a noun at a time, as people add and change it, and lists of them.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.hpp"
#include "records/noun.hpp"

namespace ringctl::records {

/// A field set by hand: raw text as typed; "" and "-" clear, to what a new row holds.
struct Given {
  std::size_t field;
  std::string text;
};
using Change = std::vector<Given>;

/// What a change did, or would do.
struct Plan {
  std::optional<Record> before;  ///< nullopt: the row is new
  Record after;
  std::vector<base::Finding> warnings;
  std::vector<std::string_view> changed;  ///< names of the fields that differ; empty: nothing was done
};

struct Filter {
  struct Equals {
    std::size_t field;
    std::string canonical;
  };
  std::vector<Equals> equals = {};
  /// Lists that must hold an item.
  std::vector<Equals> holds = {};
  std::string search = {};  ///< part of any field, case-folded; "" = all rows
  bool all = false;         ///< also rows that lists do not show
};

struct Order {
  std::string column = {};  ///< a field, an extra, created_at, updated_at, version or id; "" = by key
  bool descending = false;
};

/// Each call runs in a transaction of its own, on one workspace. `write` false: the same up to where it would
/// be written. All throw Errc::invalid [noun.invalid] for values that are refused or references to nothing,
/// and Errc::conflict for what another row has.
class Records {
 public:
  Records(audit::Session& session, const base::Uuid& workspace, const Noun& noun, Reading reading = {})
      : session_(session), workspace_(workspace), noun_(noun), reading_(std::move(reading)) {}

  /// There already with the same values: nothing changes; with others, or taken out of use unless the change
  /// says so: Errc::conflict [noun.exists].
  Plan add(const Change&, bool write = true);
  /// Errc::not_found [noun.unknown]; Errc::conflict [noun.stale] unless it has `expected_version`,
  /// [noun.erased].
  Plan update(std::string_view key, const Change&, bool write = true,
              std::optional<std::int64_t> expected_version = std::nullopt);
  /// The change is decided from the row as it stands, which nobody else changes meanwhile.
  Plan update(std::string_view key, const std::function<Change(const Record&)>& decide, bool write = true,
              std::optional<std::int64_t> expected_version = std::nullopt);
  /// Makes the row that the key fields of the change name, or changes it; switched on either way, unless the
  /// change says otherwise.
  Plan put(const Change&, bool write = true);
  /// Errc::conflict [noun.in_use] while others refer to it.
  void remove(std::string_view key, bool write = true);

  /// By key (as typed; several parts separated by a space), by what else it is known by, or by id.
  std::optional<Record> find(std::string_view what);
  Record get(std::string_view what);

  /// Throws Errc::not_found [noun.unknown_user] and the like for a filter that names what is not there.
  void require_known(const Filter&);
  std::int64_t count(const Filter&);
  /// At most `limit` (0 = all), streaming. The row is valid during the call only. In the caller's transaction
  /// on the workspace if one is open: what is read there is of one moment.
  void for_each(const Filter&, const Order&, std::int64_t limit, const std::function<void(const Record&)>&);

 private:
  class Work;
  /// What is made by hand is in use, unless the change says otherwise.
  Change switching_on(Change) const;
  audit::Session& session_;
  base::Uuid workspace_;
  const Noun& noun_;
  Reading reading_;
};

/// What is worth a warning about values that are accepted, before there is a database; throws Errc::invalid
/// [noun.invalid] for those that are not.
std::vector<base::Finding> warnings_of(const Noun&, const Change&, const Reading&);

// For changes of several rows in the caller's transaction; each with its audit row.
/// Throws for references to nothing and what the noun's rules or another row forbid. `before` nullptr: a new
/// row.
void require_writable(db::Connection&, const base::Uuid& workspace, const Noun&, const Record* before,
                      const Record& after);
/// Rows whose fields are these canonical texts, whether or not lists show them. `lock` as for one row.
void read_where(db::Connection&, const base::Uuid& workspace, const Noun&, const std::vector<Filter::Equals>&,
                bool lock, const std::function<void(Record&&)>&);
/// Throws for what another row has.
void require_free(db::Connection&, const base::Uuid& workspace, const Noun&, const Record* before,
                  const Record& after);
void write_new(audit::Session&, const base::Uuid& workspace, const Noun&, Record&);
void write_change(audit::Session&, const base::Uuid& workspace, const Noun&, const Record& before,
                  Record& after, std::string_view verb = "update");
/// Inside the caller's transaction; nullopt if there is none. `lock`: nobody else changes it until the
/// commit.
std::optional<Record> read_by_key(db::Connection&, const base::Uuid& workspace, const Noun&,
                                  std::span<const std::string> key, bool lock);
std::optional<Record> read_by_id(db::Connection&, const base::Uuid& workspace, const Noun&,
                                 const base::Uuid& id, bool lock);

}  // namespace ringctl::records
