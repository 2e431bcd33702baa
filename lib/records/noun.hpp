#pragma once
// A noun described once: what its fields are called, what they may hold and where they lie. Adding, changing,
// listing, importing, exporting and undoing all follow from the description, which lies in the noun's own
// room.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/log.hpp"
#include "base/finding.hpp"
#include "base/uuid.hpp"
#include "db/connection.hpp"

namespace ringctl::records {

/// What reading a value may need beside its text.
struct Reading {
  std::string default_country;  ///< "" = none
  std::string today = {};       ///< the workspace's day, "2026-03-08", where an Extra asks for it
};

/// How a canonical value is stored, and how it reads as text.
enum class Kind {
  text,       ///< "" = NULL
  integer,    ///< "100"
  flag,       ///< "yes", "no"
  list,       ///< "US|CA", stored as a JSON array; "" = NULL
  moment,     ///< "2026-03-08T07:59:58.123Z"
  json,       ///< canonical JSON, compact; "" = NULL
  reference,  ///< the key of the row it refers to, stored as its id; "" = NULL
};

/// Canonical form in `out`. False with a finding: refused. True with a finding: a warning.
using Canonical = bool (*)(std::string_view text, const Reading&, std::string& out, base::Finding&);

/// Where a reference leads: always to a row of the same workspace.
struct Target {
  std::string_view object;  ///< "user"
  std::string_view table;   ///< "users"
  std::string_view key;     ///< the column that people know it by: "email"
  std::string_view hint;    ///< a command that shows what there is
};

/// Of a number that orders rows: how far apart neighbours are, and the highest there is.
struct Rank {
  std::int64_t step, most;
};

/// Where the items of a list lie that is no column: in rows of another table.
struct Items {
  std::string_view item;   ///< "p.phone_number"
  std::string_view owner;  ///< the id of the row they belong to: "p.contact_id"
  std::string_view from;   ///< with $1 as the workspace: "contact_phones p WHERE p.workspace_id = $1"
  std::string_view order;  ///< "p.position"
};

struct Field {
  std::string_view name;  ///< in files, flags (with - for _), JSON and --columns
  Kind kind;
  Canonical canonical;
  /// What a new row holds that is given none, and what "-" means; "" = nothing.
  std::string_view initial = {};
  bool required = false;           ///< may not be empty
  const Target* target = nullptr;  ///< of a reference, or of each item of a list
  const Items* items = nullptr;    ///< of a list that Noun::beside writes
  std::string_view column = {};    ///< in the table; "" = the field's name
  /// How it is read, where that is more than the column: over the table as t.
  std::string_view expression = {};
  bool free_text = false;                      ///< kept as typed: not trimmed
  std::vector<std::string_view> aliases = {};  ///< other header spellings, lower case with underscores
  /// New rows of a file that say none go behind all others, in the order of the file.
  const Rank* rank = nullptr;
};

/// Rows of another table that hold values no two rows of a workspace may share.
struct Holders {
  std::string_view value;  ///< "p.phone_number"
  std::string_view from;   ///< with the row as t: "contact_phones p JOIN contacts t ON t.id = p.contact_id"
};

/// Something no two rows of a workspace may share.
struct Unique {
  std::string_view code;  ///< of the conflict: "number_taken"
  /// Whose canonical texts make the value; where one is empty there is none. The first one is at fault.
  std::vector<std::size_t> fields;
  /// Given: every item of the fields is a value of its own, and lies there.
  const Holders* holders = nullptr;
  /// Holds for rows that have the value: over the table as t, and over canonical texts.
  std::string_view condition = "TRUE";
  std::optional<std::size_t> only_if = {};  ///< a flag: only rows where it is "yes"
  /// What is said of a value that a row has which another one wants, and the command that helps, if any. Of
  /// the holder the fields of its key are given at least.
  std::string (*taken)(std::string_view value, std::span<const std::string> holder) = nullptr;
  std::string (*way_out)(std::string_view value, std::span<const std::string> wanted) = nullptr;
};

/// A column that only lists show.
struct Extra {
  std::string_view name;
  Kind kind;
  std::string_view expression;  ///< over the table as t; $today is Reading::today
  bool in_tables = false;       ///< else only where it is asked for, and in machine formats
};

/// What no new row may be, and what rows come to be by what becomes of others: `idle` has no effect as things
/// are, `dangling` names what is not there. Whoever puts a whole estate back may have it so.
enum class Lapse { none, idle, dangling };

/// A row that is about to be written: checked in the same transaction.
struct Candidate {
  std::vector<std::string> before;  ///< canonical texts; empty for a new row
  std::vector<std::string> after;
  // What is wrong with it, if anything:
  base::Finding finding = {};
  std::size_t field = 0;
  bool conflict = false;  ///< it clashes with another row; else its value is invalid
  Lapse lapse = Lapse::none;
};

/// Per field that refers, the texts of references -> the ids of the rows they name, as text.
using Ids = std::unordered_map<std::string, std::string>;

/// A row that was made or changed; its table holds it already.
struct Written {
  base::Uuid id;
  const std::vector<std::string>* before;  ///< canonical texts; nullptr: the row is new
  const std::vector<std::string>* after;
};

/// Writes what a noun keeps of its rows in other tables, within the transaction that writes the rows.
class Beside {
 public:
  virtual ~Beside() = default;
  virtual void write(std::span<const Written>, const std::vector<Ids>& ids_per_field) = 0;
  virtual void finish() = 0;
};

/// In the place of the workspace's day in the expression of an Extra.
inline constexpr std::string_view k_today = "$today";

struct Noun {
  std::string_view noun;    ///< "users"
  std::string_view object;  ///< "user"
  std::string_view table;
  std::vector<Field> fields;
  std::size_t key_fields = 1;  ///< the first ones
  std::vector<Unique> uniques = {};
  std::vector<Extra> extras = {};
  /// Which rows of the table are shown and exported, over t.
  std::string_view shown = "TRUE";
  bool hidden_is_gone = false;  ///< the others are there for what can be counted: nobody changes them
  /// True of a row, over t, that others refer to: it cannot be deleted.
  std::string_view in_use = "FALSE";
  /// Columns that the fields do not say, of each row that is made or changed. A row that is not shown for the
  /// sake of one of on_update holds the opposite.
  std::vector<std::pair<std::string_view, bool>> on_insert = {}, on_update = {};
  /// SQL over t that holds for a row which goes by the canonical key in $2 as well.
  std::string_view also_known_by = {};
  std::unique_ptr<Beside> (*beside)(audit::Session&, const base::Uuid& workspace) = nullptr;
  /// The flag of rows that are in use. Making a row by hand that is there and says no: put() sets it, add()
  /// refuses.
  std::optional<std::size_t> switched_on = {};
  /// Rules of its own, for rows whose references are known to exist. Sets the finding of those it refuses.
  void (*inspect)(db::Connection&, const base::Uuid& workspace, std::span<Candidate>) = nullptr;
  /// True if a file without a header could begin with this cell.
  bool (*looks_like_key)(std::string_view) = nullptr;

  std::string_view column_of(std::size_t field) const {
    return fields[field].column.empty() ? fields[field].name : fields[field].column;
  }
};

/// One row: canonical texts of its fields, "" where nothing is set.
struct Record {
  base::Uuid id;
  std::vector<std::string> cells, extras;
  bool shown = true;  ///< lists and exports have it; false: the table holds it for another noun's sake
  std::int64_t version = 1;
  std::string job_id;
  base::Instant created_at{}, updated_at{};
};

/// The texts of several key fields as one. What bulk work sorts and remembers rows by.
std::string key_text(std::span<const std::string> cells, std::size_t key_fields);
inline std::string key_text(const Noun& noun, std::span<const std::string> cells) {
  return key_text(cells, noun.key_fields);
}
/// And back.
std::vector<std::string> key_parts(std::string_view key);
/// As messages show it: "+12025550123 a@example.com".
std::string shown_key(std::string_view key);

/// The values of a Unique in a row, distinct.
std::vector<std::string> unique_values(const Unique&, std::span<const std::string> cells);
/// Which field of a row has a value of its unique.
std::size_t field_of(const Unique&, std::span<const std::string> cells, std::string_view value);
/// Of these, those that another row of canonical texts does not have.
std::vector<std::string> values_beyond(std::vector<std::string> values, std::span<const std::string> others);

/// Canonical JSON of the fields that are set; and back.
std::string image_of(const Noun&, std::span<const std::string> cells);

}  // namespace ringctl::records
