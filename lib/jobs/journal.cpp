#include "jobs/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "db/bulk_insert.hpp"

namespace ringctl::jobs {
namespace {

constexpr std::string_view k_columns =
    "id, kind, state, actor, input_name, input_digest, options, counts, position, created_at, updated_at, "
    "finished_at";
/// Below it a staging table costs more than it saves.
constexpr std::size_t k_few_rows = 64;

constexpr std::array k_states = {State::running, State::finished, State::failed, State::undone};

State parse_state(std::string_view name) {
  const auto* found =
      std::find_if(k_states.begin(), k_states.end(), [&](State s) { return state_name(s) == name; });
  if (found == k_states.end())
    throw Error(Errc::db_corrupt, "jobs.bad_state", fmt::format("job state \"{}\"", name));
  return *found;
}

Job read_job(const db::Rows& row) {
  return {.id = row.uuid(0),
          .kind = std::string(row.text(1)),
          .state = parse_state(row.text(2)),
          .actor = std::string(row.text(3)),
          .input_name = std::string(row.text(4)),
          .input_digest = std::string(row.text(5)),
          .options = std::string(row.text(6)),
          .counts = counts_from_json(row.text(7)),
          .position = std::string(row.text(8)),
          .created_at = row.instant(9),
          .updated_at = row.instant(10),
          .finished_at = row.maybe_instant(11)};
}

db::Param text_or_null(const std::string& text) {
  return text.empty() ? db::Param(nullptr) : db::Param(text);
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Error unknown(std::string_view asked) {
  return {Errc::not_found, "jobs.unknown", fmt::format("there is no job \"{}\"", asked), "ringctl jobs list"};
}

/// Name and member, so that reading and writing cannot disagree.
constexpr std::pair<const char*, std::int64_t Counts::*> k_counts[] = {
    {"rows", &Counts::rows},       {"created", &Counts::created},     {"updated", &Counts::updated},
    {"same", &Counts::same},       {"duplicate", &Counts::duplicate}, {"conflict", &Counts::conflict},
    {"invalid", &Counts::invalid}, {"skipped", &Counts::skipped},     {"warnings", &Counts::warnings},
};

std::array<db::Param, 10> row_params(const base::Uuid& job, const base::Uuid& workspace, const JobRow& row) {
  return {db::Param(job),
          db::Param(workspace),
          db::Param(row.line),
          db::Param(row.key),
          db::Param(row.verdict),
          text_or_null(row.code),
          text_or_null(row.message),
          db::Param(row.before_image),
          row.version_after == 0 ? db::Param(nullptr) : db::Param(row.version_after),
          db::Param(row.object_id)};
}

}  // namespace

std::string_view state_name(State state) {
  switch (state) {
    case State::running:
      return "running";
    case State::finished:
      return "finished";
    case State::failed:
      return "failed";
    case State::undone:
      return "undone";
  }
  return "unknown";
}

std::string to_json(const Counts& counts) {
  nlohmann::json json;
  for (const auto& [name, member] : k_counts) json[name] = counts.*member;
  return json.dump();
}

Counts counts_from_json(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object())
    throw Error(Errc::db_corrupt, "jobs.bad_counts", "the counts of a job cannot be read");
  Counts counts;
  for (const auto& [name, member] : k_counts) {
    if (const auto it = json.find(name); it != json.end() && it->is_number_integer()) counts.*member = *it;
  }
  return counts;
}

void Journal::insert(Job& job) {
  job.created_at = job.updated_at = clock_.now();
  db_.exec(
      "INSERT INTO jobs (id, workspace_id, kind, state, actor, input_name, input_digest, options, counts, "
      "position, created_at, updated_at, finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
      "$12, $13)",
      {job.id, workspace_, job.kind, state_name(job.state), job.actor, job.input_name,
       text_or_null(job.input_digest), job.options, to_json(job.counts), text_or_null(job.position),
       job.created_at, job.updated_at, job.finished_at});
}

void Journal::save(Job& job) {
  job.updated_at = clock_.now();
  const auto changed = db_.exec(
      "UPDATE jobs SET state = $3, counts = $4, position = $5, updated_at = $6, finished_at = $7 "
      "WHERE workspace_id = $1 AND id = $2",
      {workspace_, job.id, state_name(job.state), to_json(job.counts), text_or_null(job.position),
       job.updated_at, job.finished_at});
  if (changed != 1) throw unknown(job.id.short_id());
}

void Journal::add_rows(const base::Uuid& job, std::span<const JobRow> rows) {
  if (rows.size() < k_few_rows) {
    for (const auto& row : rows)
      db_.exec(
          "INSERT INTO job_rows (job_id, workspace_id, line, row_key, verdict, code, message, before_image, "
          "version_after, object_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
          row_params(job, workspace_, row));
    return;
  }
  db::BulkInsert bulk(db_, "job_rows",
                      {{"job_id", "uuid"},
                       {"workspace_id", "uuid"},
                       {"line", "bigint"},
                       {"row_key", "text"},
                       {"verdict", "text"},
                       {"code", "text"},
                       {"message", "text"},
                       {"before_image", "text"},
                       {"version_after", "bigint"},
                       {"object_id", "uuid"}});
  for (const auto& row : rows) bulk.add(row_params(job, workspace_, row));
  bulk.flush();
}

std::optional<Job> Journal::find_unfinished(std::string_view kind, std::string_view input_digest) {
  if (input_digest.empty()) return std::nullopt;
  auto rows =
      db_.query(fmt::format("SELECT {} FROM jobs WHERE workspace_id = $1 AND input_digest = $2 "
                            "AND state = 'running' AND kind = $3 ORDER BY created_at DESC, id DESC LIMIT 1",
                            k_columns),
                {workspace_, input_digest, kind});
  if (!rows.next()) return std::nullopt;
  return read_job(rows);
}

std::optional<Job> Journal::find_unfinished_of_stdin(std::string_view kind) {
  auto rows =
      db_.query(fmt::format("SELECT {} FROM jobs WHERE workspace_id = $1 AND input_digest IS NULL "
                            "AND state = 'running' AND kind = $2 ORDER BY created_at DESC, id DESC LIMIT 1",
                            k_columns),
                {workspace_, kind});
  if (!rows.next()) return std::nullopt;
  return read_job(rows);
}

Job Journal::get(std::string_view id_or_short) {
  const auto asked = base::ascii_lower(id_or_short);
  const auto whole = base::Uuid::try_parse(asked);
  if (!whole && (asked.size() != 8 || !is_hex(asked))) throw unknown(id_or_short);
  const auto sql =
      fmt::format("SELECT {} FROM jobs WHERE workspace_id = $1 AND {} ORDER BY created_at DESC LIMIT 20",
                  k_columns, whole ? "id = $2" : "substr(CAST(id AS text), 29) = $2");
  auto rows = db_.query(sql, {workspace_, asked});
  if (!rows.next()) throw unknown(id_or_short);
  auto job = read_job(rows);
  if (!rows.next()) return job;

  Error ambiguous(Errc::usage, "jobs.ambiguous", fmt::format("several jobs end in {}", asked),
                  fmt::format("ringctl jobs show {}", job.id.view()));
  ambiguous.detail(fmt::format("{} {}", job.id.view(), job.kind));
  do {
    const auto other = read_job(rows);
    ambiguous.detail(fmt::format("{} {}", other.id.view(), other.kind));
  } while (rows.next());
  throw ambiguous;
}

std::vector<Job> Journal::list(std::int64_t limit) {
  auto sql =
      fmt::format("SELECT {} FROM jobs WHERE workspace_id = $1 ORDER BY created_at DESC, id DESC", k_columns);
  if (limit > 0) sql += fmt::format(" LIMIT {}", limit);
  std::vector<Job> jobs;
  auto rows = db_.query(sql, {workspace_});
  while (rows.next()) jobs.push_back(read_job(rows));
  return jobs;
}

std::int64_t Journal::count() {
  return db_.integer("SELECT count(*) FROM jobs WHERE workspace_id = $1", {workspace_}).value_or(0);
}

void Journal::for_each_row(const base::Uuid& job, const std::function<void(const JobRow&)>& visit) {
  const db::Param params[] = {workspace_, job};
  auto rows = db_.stream(
      "SELECT line, row_key, verdict, code, message, before_image, version_after, object_id FROM job_rows "
      "WHERE workspace_id = $1 AND job_id = $2 ORDER BY line, row_key",
      params);
  while (rows.next()) {
    visit({.line = rows.integer(0),
           .key = std::string(rows.text(1)),
           .verdict = std::string(rows.text(2)),
           .code = std::string(rows.text(3)),
           .message = std::string(rows.text(4)),
           .before_image = rows.maybe_text(5),
           .version_after = rows.is_null(6) ? 0 : rows.integer(6),
           .object_id = rows.is_null(7) ? std::nullopt : std::optional(rows.uuid(7))});
  }
}

void Journal::mark_restored(const base::Uuid& job, const JobRow& row) {
  db_.exec(
      "UPDATE job_rows SET verdict = 'restored' WHERE workspace_id = $1 AND job_id = $2 AND line = $3 AND "
      "row_key = $4",
      {workspace_, job, row.line, row.key});
}

std::int64_t Journal::count_restored_since(const JobRow& row) {
  if (!row.object_id) return 0;
  return db_
      .integer(
          "SELECT count(*) FROM job_rows WHERE workspace_id = $1 AND row_key = $2 AND object_id = $3 AND "
          "verdict = 'restored' AND version_after > $4",
          {workspace_, row.key, *row.object_id, row.version_after})
      .value_or(0);
}

std::string version_as_made(std::string_view id, std::string_view key) {
  return fmt::format(
      "(1 + 2 * (SELECT count(*) FROM job_rows undone WHERE undone.workspace_id = $1 AND undone.row_key = {} AND "
      "undone.object_id = {} AND undone.verdict = 'restored'))",
      key, id);
}

std::vector<base::Uuid> jobs_naming(db::Connection& db, const base::Uuid& workspace, std::string_view key) {
  std::vector<base::Uuid> jobs;
  auto rows = db.query("SELECT DISTINCT job_id FROM job_rows WHERE workspace_id = $1 AND row_key = $2",
                       {workspace, key});
  while (rows.next()) jobs.push_back(rows.uuid(0));
  return jobs;
}

}  // namespace ringctl::jobs
