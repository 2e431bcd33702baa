#include "serve/lookups.hpp"

#include <memory>

#include "base/error.hpp"
#include "base/log.hpp"
#include "calls/plan.hpp"
#include "db/transaction.hpp"

namespace ringctl::serve {
namespace {

Found ask(db::Connection& db, const Question& question) {
  Found found{.workspace = question.workspace};
  if (!found.workspace) found.workspace = routing::find_workspace_of(db, question.to);
  if (!found.workspace) return found;
  const routing::FactsRead facts(*found.workspace, question.from, question.to);
  auto reads = facts.reads();
  if (!question.call_sid.empty()) reads.push_back(calls::plan_read(*found.workspace, question.call_sid));
  db::read_together(db, db::Scope::of(*found.workspace), reads, [&](std::span<db::Rows> rows) {
    found.facts = facts.take(rows.first(facts.reads().size()), question.now);
    if (!question.call_sid.empty()) found.plan = calls::plan_of(rows.back());
  });
  return found;
}

Found nothing(const Question& question) {
  Found found{.away = true, .workspace = question.workspace};
  found.facts.from = question.from;
  found.facts.to = question.to;
  found.facts.now = question.now;
  return found;
}

}  // namespace

void Lookups::find(Question question, std::function<bool()> wanted, std::function<void(Found)> done) {
  const auto asked = std::make_shared<const Question>(std::move(question));
  const auto work = [this, asked, wanted, done] {
    if (!wanted()) return;  // those that piled up behind a database that hung
    auto found = answer(*asked);
    if (wanted()) done(std::move(found));
  };
  if (!pool_.submit(work)) done(nothing(*asked));
}

Found Lookups::answer(const Question& question) {
  Found found;
  try {
    pool_.with_connection([&](db::Connection& db) { found = ask(db, question); });
    return found;
  } catch (const std::exception& error) {
    base::log(base::LogLevel::debug, "lookup.failed", {{"why", error.what()}});
    return nothing(question);
  }
}

}  // namespace ringctl::serve
