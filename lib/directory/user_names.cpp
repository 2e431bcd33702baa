#include "directory/user_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "db/transaction.hpp"

namespace ringctl::directory {
namespace {

/// Namesakes are few; a message has room for these.
constexpr std::size_t k_most_listed = 10;

bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Error ambiguous(std::string_view name, const std::vector<std::string>& listed) {
  Error error(Errc::usage, "users.ambiguous",
              fmt::format("{} is the name of {} users", base::in_quotes(name), listed.size()),
              fmt::format("ringctl users list --search {}", base::for_shell(std::string(name))));
  for (std::size_t i = 0; i < std::min(listed.size(), k_most_listed); ++i) error.detail(listed[i]);
  return error;
}

}  // namespace

bool may_be_name(std::string_view text) {
  return text.find_first_of("@:|") == std::string_view::npos &&
         std::any_of(text.begin(), text.end(), is_letter) && !base::Uuid::try_parse(text);
}

std::optional<std::string> find_email_by_name(db::Connection& db, const base::Uuid& workspace,
                                              std::string_view name) {
  const auto wanted = base::fold(base::trim(name));
  std::vector<std::string> emails, listed;
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  {
    // Folding is no matter of SQL.
    auto rows = db.stream(
        "SELECT email, name, is_active FROM users WHERE workspace_id = $1 AND name IS NOT NULL ORDER BY email",
        {workspace});
    while (rows.next()) {
      if (base::fold(rows.text(1)) != wanted) continue;
      emails.emplace_back(rows.text(0));
      listed.push_back(emails.back() + (rows.boolean(2) ? "" : " (not active)"));
    }
  }
  transaction.commit();
  if (emails.empty()) return std::nullopt;
  if (emails.size() > 1) throw ambiguous(name, listed);
  return emails.front();
}

}  // namespace ringctl::directory
