#pragma once
// list, show, add, update, import, export of a noun that lib/records describes: the description says the
// fields, the noun's file here says what they mean to people.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/context.hpp"
#include "cmd/import.hpp"
#include "cmd/registry.hpp"
#include "records/records.hpp"

namespace ringctl::cmd {

/// One field as flags and help show it, in the order of the description.
struct FieldText {
  std::string_view value_name;  ///< "CC"
  std::string_view help;
  ValueKind kind = ValueKind::text;
  std::string_view choices =
      {};                ///< of a flag that takes certain words only; synonyms are the library's matter
  bool filters = false;  ///< `list` and `export` take it as well: "Only ..."
};

/// Key parts in order, and the fields given as flags.
struct RecordOptions {
  std::vector<std::string> key;
  records::Change change;
  std::optional<std::int64_t> if_version;
};
struct RecordListOptions {
  records::Change equals;
  std::optional<std::string> search;
  bool all = false;
  std::optional<std::string> everything;  ///< the key of one row, where export can give all that hangs on it
};

class RecordVerbs {
 public:
  /// All must live for ever.
  RecordVerbs(Noun& noun, const records::Noun& described, std::span<const FieldText> texts);

  /// `order`: the column that orders rows unless --sort names one; "" is the key. `remark`: what is to be
  /// said of the rows, after them.
  Verb<RecordListOptions> list(std::string_view summary, std::string_view order = {},
                               void (*remark)(Context&) = nullptr);
  Verb<RecordOptions> show(std::string_view summary);
  /// `complete`: fills in what was not given and no description can say, and warns of what was.
  Verb<RecordOptions> add(std::string_view summary, void (*complete)(RecordOptions&, Context&) = nullptr);
  /// Makes the row or changes it.
  Verb<RecordOptions> put(std::string_view verb, std::string_view summary);
  Verb<RecordOptions> update(std::string_view summary, void (*complete)(RecordOptions&, Context&) = nullptr);
  Verb<ImportArguments> import(std::string_view summary);
  /// `everything`: writes what the option of that name asks for; the noun's file adds its flag.
  Verb<RecordListOptions> export_all(std::string_view summary,
                                     void (*everything)(const std::string& key, Context&) = nullptr);

  /// A verb of its own that is given the key.
  Verb<RecordOptions> with_key(std::string_view verb, std::string_view summary,
                               std::function<void(const RecordOptions&, Context&)> run);
  void key_arguments(Verb<RecordOptions>&, bool makes) const;
  /// A flag for each field from this one on. `makes`: a row that is given none holds the initial value.
  void field_flags(Verb<RecordOptions>&, std::size_t first, bool makes) const;

 private:
  void filter_flags(Verb<RecordListOptions>&) const;
  Noun& noun_;
  const records::Noun& described_;
  std::span<const FieldText> texts_;
};

/// The rows of this run's workspace.
records::Records records_of(Context&, const directory::Workspace&, const records::Noun&);
/// What a change is called before and after it was made.
struct Action {
  std::string_view infinitive, past;
};
/// Sets a flag of a row to no: nothing is erased.
void switch_off(const records::Noun&, std::size_t flag, Action, const RecordOptions&, Context&);

/// "+12025550123 a@example.com": what find() and get() take.
std::string joined_key(const RecordOptions&);
/// The fields of a key as a change.
records::Change key_change(const RecordOptions&);
/// A canonical text as a cell; "" is null. The text must outlive it.
Cell cell_of(records::Kind, const std::string& text);
/// The importable columns, with static storage, and the cells of a row for them: views of `record`.
std::span<const Column> export_columns(const records::Noun&);
void importable_cells(const records::Noun&, const records::Record& record, std::vector<Cell>& cells);
/// Columns of a list, with static storage.
std::span<const Column> list_columns(const records::Noun&);

}  // namespace ringctl::cmd
