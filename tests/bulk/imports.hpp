#pragma once
// A workspace to import numbers into, and what it holds afterwards.

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "bulk/import.hpp"
#include "bulk/numbers.hpp"
#include "bulk/undo.hpp"
#include "support/session.hpp"
#include "support/temp_dir.hpp"

namespace ringctl::test {

using Lines = std::vector<std::string>;

inline Lines kept_keys(const bulk::UndoReport& report) {
  Lines keys;
  for (const auto& row : report.kept) keys.push_back(row.key);
  return keys;
}

struct Imports : Estate {
  explicit Imports(db::Engine engine) : Estate(engine), adapter(bulk::numbers_adapter()) {}

  std::string file(std::string_view text, std::string_view name = "numbers.csv") {
    const auto path = dir / name;
    write_text(path, text);
    return path.string();
  }
  bulk::ImportReport run(const bulk::ImportOptions& options) { return run(options, workspace); }
  bulk::ImportReport run(const bulk::ImportOptions& options, const base::Uuid& into) {
    clock.advance(std::chrono::seconds(1));
    return bulk::run_import(
        [&](bool) {
          return bulk::Target{session(), into};
        },
        *adapter, options, cancel, progress);
  }
  /// Imports `text` with `options`, their path set.
  bulk::ImportReport import(std::string_view text, bulk::ImportOptions options = {}) {
    options.intake.path = file(text);
    return run(options);
  }
  bulk::UndoReport undo(const base::Uuid& job, bool dry_run = false) {
    return bulk::undo_import(session(), workspace, *adapter, job.text(), dry_run);
  }

  /// "number|provider|country|label|status|capabilities|sid v1", every workspace's unless one is named.
  Lines numbers(std::optional<base::Uuid> of = std::nullopt) {
    db::Transaction transaction(db(), db::Scope::through(db::Door::maintenance), db::Access::read);
    auto rows = db().query(
        "SELECT phone_number, provider, country_code, label, status, capabilities, sid, version, workspace_id "
        "FROM phone_numbers ORDER BY phone_number");
    Lines out;
    while (rows.next()) {
      if (of && rows.text(8) != of->view()) continue;
      std::string line(rows.text(0));
      for (int column = 1; column < 7; ++column) line.append("|").append(rows.text(column));
      out.push_back(fmt::format("{} v{}", line, rows.integer(7)));
    }
    return out;
  }
  std::int64_t count(const std::string& table) {
    db::Transaction transaction(db(), db::Scope::through(db::Door::maintenance), db::Access::read);
    return db().integer("SELECT count(*) FROM " + table).value();
  }
  /// Every table an import may write to.
  std::vector<std::int64_t> sizes() {
    return {count("phone_numbers"), count("jobs"), count("job_rows"), count("audit_log"),
            count("audit_images")};
  }
  std::int64_t exec(const char* sql, std::initializer_list<db::Param> params) {
    db::Transaction transaction(db(), db::Scope::of(workspace));
    const auto changed = db().exec(sql, params);
    transaction.commit();
    return changed;
  }
  jobs::Job job(const base::Uuid& id) {
    return read([&] { return jobs::Journal(db(), clock, workspace).get(id.text()); });
  }
  /// "3 conflict exists", in line order.
  Lines job_rows(const base::Uuid& id) {
    return read([&] {
      Lines out;
      jobs::Journal(db(), clock, workspace).for_each_row(id, [&](const jobs::JobRow& row) {
        out.push_back(fmt::format("{} {} {}", row.line, row.verdict, row.code));
      });
      return out;
    });
  }
  audit::Verdict audit_verdict() {
    return read([&] { return audit::verify(db(), workspace); });
  }

  TempDir dir;
  std::unique_ptr<bulk::Adapter> adapter;
  base::CancelToken cancel;
  bulk::ProgressFn progress = [](const bulk::Progress&) {};
};

inline bulk::ImportOptions dry_run() {
  bulk::ImportOptions options;
  options.dry_run = true;
  return options;
}
inline bulk::ImportOptions with(bulk::OnConflict mode) {
  bulk::ImportOptions options;
  options.on_conflict = mode;
  return options;
}
inline bulk::ImportOptions max_errors(std::string_view text) {
  bulk::ImportOptions options;
  options.allowance = bulk::parse_allowance(text);
  return options;
}

/// "rows 3 new 1 updated 1": the counts that are not zero.
inline std::string text_of(const jobs::Counts& c) {
  std::string out = fmt::format("rows {}", c.rows);
  const auto append = [&](const char* name, std::int64_t n) {
    if (n != 0) out += fmt::format(" {} {}", name, n);
  };
  append("new", c.created);
  append("updated", c.updated);
  append("same", c.same);
  append("skipped", c.skipped);
  append("duplicate", c.duplicate);
  append("conflict", c.conflict);
  append("invalid", c.invalid);
  append("warnings", c.warnings);
  return out;
}
inline Lines texts_of(const std::vector<bulk::Problem>& problems) {
  Lines out;
  for (const auto& problem : problems) out.push_back(problem.code + ": " + problem.text());
  return out;
}

/// The n-th of as many numbers as a test asks for, in order; more than the ranges kept for fiction hold.
inline std::string number_at(std::size_t n) { return fmt::format("+1202{}", 2'000'000 + n); }

/// A file of the first `count` of them.
inline std::string many_numbers(std::size_t count) {
  std::string text = "phone_number,provider\n";
  for (std::size_t n = 0; n < count; ++n) text += number_at(n) + ",telnyx\n";
  return text;
}

}  // namespace ringctl::test
