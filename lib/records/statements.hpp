#pragma once
// The SQL text of a noun. Private to this room.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "records/noun.hpp"

namespace ringctl::records {

/// A field as a statement over the table as t reads it: a reference as the key it stands for.
std::string expression_of(const Field&, std::string_view column);
/// id, version, job_id, created_at, updated_at, whether it is shown, the fields, the extras: what
/// read_record() expects.
std::string select_list(const Noun&);
void read_record(const db::Rows&, const Noun&, Record&);

/// "field = $n" for a canonical text ("" is NULL), with its parameter appended. $1 is the workspace.
std::string equals(const Noun&, std::size_t field, std::string_view canonical,
                   std::vector<db::Param>& params);
/// "field IN (...)" for the texts of a JSON array bound as `placeholder`. $1 is the workspace.
std::string in_array(db::Connection&, const Noun&, std::size_t field, std::string_view placeholder);

/// Texts of a reference -> ids of the rows they name, as text.
using Ids = std::unordered_map<std::string, std::string>;
Ids resolve(db::Connection&, const base::Uuid& workspace, const Target&,
            const std::vector<std::string>& keys);

/// Canonical texts as parameters that the table takes; keeps what they point into.
class StoredRow {
 public:
  /// `ids`: per field, those of a reference.
  StoredRow(const Noun&, const std::vector<Ids>& ids);
  /// Valid until the next call.
  const std::vector<db::Param>& of(std::span<const std::string> cells);

 private:
  db::Param stored(std::size_t field, const std::string& text);
  const Noun& noun_;
  const std::vector<Ids>& ids_;
  std::vector<std::string> texts_;
  std::vector<db::Param> params_;
};

/// Per field, the ids its texts stand for in these rows; empty for fields that are no references.
std::vector<Ids> resolve_all(db::Connection&, const base::Uuid& workspace, const Noun&,
                             std::span<const std::vector<std::string>> rows);

/// JSON array of texts, to bind where a text_array() is asked for.
std::string json_array(std::span<const std::string> texts);

}  // namespace ringctl::records
