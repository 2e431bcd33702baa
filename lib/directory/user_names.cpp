#include "directory/user_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
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

struct Named {
  std::string_view email, name;
  bool active;
};

void for_each_user(db::Connection& db, const base::Uuid& workspace,
                   const std::function<void(const Named&)>& use) {
  auto rows = db.stream("SELECT email, name, is_active FROM users WHERE workspace_id = $1 ORDER BY email",
                        {workspace});
  while (rows.next()) use({rows.text(0), rows.text(1), rows.boolean(2)});
}

/// By what is theirs alone.
std::optional<std::string> find_one(db::Connection& db, const base::Uuid& workspace, std::string_view who) {
  if (const auto id = base::Uuid::try_parse(who))
    return db.text("SELECT email FROM users WHERE workspace_id = $1 AND id = $2", {workspace, *id});
  if (who.find('@') == std::string_view::npos) return std::nullopt;
  return db.text("SELECT email FROM users WHERE workspace_id = $1 AND email = $2",
                 {workspace, base::fold(who)});
}

std::optional<std::string> find_named(db::Connection& db, const base::Uuid& workspace, std::string_view who) {
  const auto wanted = base::fold(who);  // folding is no matter of SQL
  if (wanted.empty()) return std::nullopt;
  std::vector<std::string> emails, listed;
  for_each_user(db, workspace, [&](const Named& user) {
    if (base::fold(user.name) != wanted) return;
    emails.emplace_back(user.email);
    listed.push_back(emails.back() + (user.active ? "" : " (not active)"));
  });
  if (emails.size() > 1) throw ambiguous(who, listed);
  return emails.empty() ? std::nullopt : std::optional(emails.front());
}

std::optional<std::string> find_in_transaction(db::Connection& db, const base::Uuid& workspace,
                                               std::string_view who) {
  auto email = find_one(db, workspace, who);
  return email ? email : find_named(db, workspace, who);
}

}  // namespace

bool may_be_user(std::string_view text) {
  if (base::Uuid::try_parse(text)) return true;
  return text.find(':') == std::string_view::npos && std::any_of(text.begin(), text.end(), is_letter);
}

Error unknown_user(db::Connection& db, const base::Uuid& workspace, std::string_view who) {
  std::map<std::string, std::string> emails;  // by what might have been meant
  for_each_user(db, workspace, [&](const Named& user) {
    emails.emplace(user.email, user.email);
    if (!user.name.empty()) emails.emplace(base::fold(user.name), user.email);
  });
  std::vector<std::string> known, near;
  for (const auto& [called, email] : emails) known.push_back(called);
  for (const auto& called : base::nearest(base::fold(who), known))
    if (const auto& email = emails.at(called); std::ranges::find(near, email) == near.end())
      near.push_back(email);
  Error error(Errc::not_found, "users.unknown",
              fmt::format("{} is no user of this workspace", base::in_quotes(who)), "ringctl users list");
  if (!near.empty()) error.detail("did you mean: " + base::join(near, ", "));
  return error;
}

std::optional<std::string> find_email(db::Connection& db, const base::Uuid& workspace, std::string_view who) {
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  auto email = find_in_transaction(db, workspace, base::trim(who));
  transaction.commit();
  return email;
}

std::string get_email(db::Connection& db, const base::Uuid& workspace, std::string_view who) {
  db::Transaction transaction(db, db::Scope::of(workspace), db::Access::read);
  auto email = find_in_transaction(db, workspace, base::trim(who));
  if (!email) throw unknown_user(db, workspace, base::trim(who));
  transaction.commit();
  return *std::move(email);
}

void resolve_users(db::Connection& db, const Workspace& workspace, WorkspaceChange& change) {
  for (auto& [name, text] : change.settings)
    if (workspace_settings()[setting_place(name)].kind == SettingKind::user && !text.empty() && text != "-")
      text = get_email(db, workspace.id, text);
}

}  // namespace ringctl::directory
