#include "audit/cursor.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace ringctl::audit {
namespace {

constexpr int k_version = 1;

Error bad() {
  return {Errc::invalid, "audit.bad_cursor", "the file is no cursor of audit export",
          "name a file that does not exist to begin anew"};
}

std::string hash_of_row(db::Connection& db, const base::Uuid& workspace, std::int64_t seq) {
  return db.text("SELECT hash FROM audit_log WHERE workspace_id = $1 AND seq = $2", {workspace, seq})
      .value_or("");
}

}  // namespace

std::string cursor_text(const Cursor& cursor) {
  return nlohmann::json{{"ringctl_audit_cursor", k_version},
                        {"workspace", cursor.workspace.view()},
                        {"seq", cursor.seq},
                        {"hash", cursor.hash}}
             .dump() +
         "\n";
}

Cursor parse_cursor(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw bad();
  try {
    if (json.at("ringctl_audit_cursor").get<int>() != k_version) throw bad();
    const auto workspace = base::Uuid::try_parse(json.at("workspace").get<std::string>());
    Cursor cursor{.workspace = workspace.value_or(base::Uuid()),
                  .seq = json.at("seq").get<std::int64_t>(),
                  .hash = json.at("hash").get<std::string>()};
    // A row has a hash, and what stands before the first one has none.
    if (!workspace || cursor.seq < 0 || (cursor.seq == 0) != cursor.hash.empty()) throw bad();
    return cursor;
  } catch (const nlohmann::json::exception&) {
    throw bad();
  }
}

void require_own(db::Connection& db, const base::Uuid& workspace, const Cursor& cursor) {
  const auto here = cursor.seq == 0 ? std::string() : hash_of_row(db, workspace, cursor.seq);
  if (cursor.workspace != workspace || here != cursor.hash)
    throw Error(Errc::conflict, "audit.foreign_cursor",
                "the cursor was made on another database or in another workspace",
                "name a file that does not exist to begin anew");
}

}  // namespace ringctl::audit
