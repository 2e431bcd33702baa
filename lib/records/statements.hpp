#pragma once
// The SQL text of a noun. Private to this room.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "records/noun.hpp"

namespace ringctl::records {

/// A field as a statement over the table as t reads it: a reference as the key it stands for.
std::string expression_of(const db::Connection&, const Field&, std::string_view column);
/// The key of a row as one text (key_text), over the table as t.
std::string key_expression(const db::Connection&, const Noun&);
/// id, version, job_id, created_at, updated_at, whether it is shown, the fields, the extras: what
/// read_record() expects.
std::string select_list(const db::Connection&, const Noun&, std::string_view today = {});
/// NULL where it asks for a day that is not known.
std::string expression_of(const Extra&, std::string_view today);
/// Returns the column after its own.
int read_record(const db::Rows&, const Noun&, Record&);

/// "field = $n" for a canonical text ("" is NULL), with its parameter appended. $1 is the workspace.
std::string equals(const db::Connection&, const Noun&, std::size_t field, std::string_view canonical,
                   std::vector<db::Param>& params);
/// The same for a list with items of its own: that it holds this one ("": none at all).
std::string has_item(const Items&, std::string_view canonical, std::vector<db::Param>& params);
/// "field IN (...)" for the texts of a JSON array bound as `placeholder`. $1 is the workspace.
std::string in_array(db::Connection&, const Noun&, std::size_t field, std::string_view placeholder);

Ids resolve(db::Connection&, const base::Uuid& workspace, const Target&,
            const std::vector<std::string>& keys);

/// The fields that are columns of the table, in order.
std::vector<std::size_t> stored_fields(const Noun&);

/// Canonical texts as parameters that the table takes, one per stored field; keeps what they point into.
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
  std::vector<std::size_t> fields_;
  std::vector<std::string> texts_;
  std::vector<db::Param> params_;
};

/// The keys of other rows that a canonical text names: itself, or the items of a list.
std::vector<std::string_view> references_in(const Field&, std::string_view canonical);
/// Per field, the ids its texts (or their items) stand for in these rows; empty for fields that do not refer.
std::vector<Ids> resolve_all(db::Connection&, const base::Uuid& workspace, const Noun&,
                             std::span<const std::vector<std::string>> rows);

/// What the noun keeps beside rows that were just written.
void write_beside(audit::Session&, const base::Uuid& workspace, const Noun&, std::span<const Written>,
                  const std::vector<Ids>& ids);

/// JSON array of texts, to bind where a text_array() is asked for.
std::string json_array(const std::vector<std::string>& texts);

}  // namespace ringctl::records
