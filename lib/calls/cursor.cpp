#include "calls/cursor.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace ringctl::calls {
namespace {

constexpr int k_version = 1;

Error bad() {
  return {Errc::invalid, "calls.bad_cursor", "the file is no cursor of calls export",
          "name a file that does not exist to begin anew"};
}

}  // namespace

std::string cursor_text(const Cursor& cursor) {
  return nlohmann::json{{"ringctl_calls_cursor", k_version},
                        {"workspace", cursor.workspace.view()},
                        {"closed_seq", cursor.closed_seq},
                        {"call_sid", cursor.call_sid}}
             .dump() +
         "\n";
}

Cursor parse_cursor(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) throw bad();
  try {
    if (json.at("ringctl_calls_cursor").get<int>() != k_version) throw bad();
    Cursor cursor{.workspace = base::Uuid::parse(json.at("workspace").get<std::string>()),
                  .closed_seq = json.at("closed_seq").get<std::int64_t>(),
                  .call_sid = json.at("call_sid").get<std::string>()};
    if (cursor.closed_seq < 0) throw bad();
    return cursor;
  } catch (const nlohmann::json::exception&) {
    throw bad();
  }
}

void require_own(db::Connection& db, const base::Uuid& workspace, const Cursor& cursor) {
  const auto here = cursor.closed_seq == 0
                        ? std::string()
                        : db.text("SELECT call_sid FROM calls WHERE workspace_id = $1 AND closed_seq = $2",
                                  {workspace, cursor.closed_seq})
                              .value_or("");
  if (cursor.workspace != workspace || here != cursor.call_sid)
    throw Error(Errc::conflict, "calls.foreign_cursor",
                "the cursor was made on another database or in another workspace",
                "name a file that does not exist to begin anew");
}

}  // namespace ringctl::calls
