// export estate

#include <fmt/format.h>

#include "bulk/adapters.hpp"
#include "bulk/estate_file.hpp"
#include "cmd/json_text.hpp"
#include "cmd/numbers.hpp"
#include "cmd/one_document.hpp"
#include "cmd/record_verbs.hpp"
#include "cmd/root.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"

namespace ringctl::cmd {
namespace {

struct EstateOptions {};

/// What Twilio tells of a number: where it is not known yet, the file must not say that there is none.
bool is_learnt(std::string_view column) { return column == "sid" || column == "capabilities"; }

/// The file, a row on a line. Times are UTC: the same estate gives the same bytes wherever it is written.
class Document {
 public:
  Document(Io& io, const std::string& workspace) : io_(io), out_(io.out()) {
    auto& text = out_.buffer();
    fmt::format_to(std::back_inserter(text),
                   "{{\n  \"schema\": {},\n  \"workspace\": ", bulk::k_estate_schema);
    append_json(text, workspace);
  }

  void begin(std::string_view noun, std::span<const Column> columns) {
    columns_ = columns;
    keys_.clear();
    for (const auto& column : columns) {
      auto& key = keys_.emplace_back(keys_.empty() ? "{" : ",");
      append_json(key, column.name);
      key.push_back(':');
    }
    first_ = true;
    auto& text = out_.buffer();
    text.append(",\n  ");
    append_json(text, noun);
    text.append(": [");
  }

  void row(std::span<const Cell> cells) {
    auto& text = out_.buffer();
    text.append(first_ ? "\n    " : ",\n    ");
    first_ = false;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].is_null() && is_learnt(columns_[i].name)) continue;
      text.append(keys_[i]);
      append_json_cell(text, columns_[i], cells[i], times_);
    }
    text.push_back('}');
    if (out_.settle()) io_.check_cancelled();
  }

  void end() { out_.buffer().append(first_ ? "]" : "\n  ]"); }
  void finish() { out_.write("\n}\n"); }

 private:
  Io& io_;
  Output& out_;
  TimeText times_{base::Zone::utc()};
  std::span<const Column> columns_;
  std::vector<std::string> keys_;
  bool first_ = true;
};

void run_estate(const EstateOptions&, Context& ctx) {
  require_json_only(ctx, "export estate");
  const auto& workspace = ctx.workspace();
  auto numbers = numbers_of(ctx, workspace);
  std::vector<std::pair<const records::Noun*, records::Records>> nouns;
  for (const auto* noun : bulk::imported_nouns()) nouns.emplace_back(noun, records_of(ctx, workspace, *noun));

  Document document(ctx.io(), workspace.name);
  // All of it is of one moment.
  db::Transaction transaction(ctx.database(), db::Scope::of(workspace.id), db::Access::read);
  document.begin("numbers", number_export_columns());
  export_numbers(numbers, {}, [&](std::span<const Cell> cells) { document.row(cells); });
  document.end();
  std::vector<Cell> cells;
  for (auto& [noun, rows] : nouns) {
    document.begin(noun->noun, export_columns(*noun));
    rows.for_each({}, {}, 0, [&, &noun = noun](const records::Record& record) {
      importable_cells(*noun, record, cells);
      document.row(cells);
    });
    document.end();
  }
  transaction.commit();
  document.finish();
}

}  // namespace

void add_export(Noun& noun) {
  noun.verb<EstateOptions>("estate", "Write the whole estate as `ringctl apply` reads it", run_estate)
      .details(
          "Writes one JSON document: numbers, teams, users, contacts, opt-outs, assignments, pools, extensions and "
          "rules of the workspace, each as its own export writes them, all of one moment. No ids, no times of change, "
          "no secrets; the same estate gives the same bytes on every database. What is no part of it: settings of "
          "the workspace, accounts, trunks, assistants, calls and messages.")
      .example("ringctl export estate --out estate.json")
      .example("ringctl export estate --out estate.json.gz", "packed; .zst as well")
      .example("ringctl export estate | ringctl apply -f - --dry-run", "an estate is in line with itself")
      .exits({Errc::not_found, Errc::conflict, Errc::schema, Errc::db_down, Errc::db_busy});
}

}  // namespace ringctl::cmd
