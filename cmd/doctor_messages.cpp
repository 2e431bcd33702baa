#include "cmd/doctor_messages.hpp"

#include <fmt/format.h>

#include "base/seal.hpp"
#include "base/shell.hpp"
#include "base/text.hpp"
#include "cmd/account.hpp"
#include "db/transaction.hpp"
#include "directory/workspaces.hpp"
#include "estate/pool_faults.hpp"
#include "messages/hooks.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::size_t k_named = 3;

void check_pools(db::Connection& db, const directory::Workspace& workspace, Report& report) {
  std::vector<std::string> named;
  std::size_t all = 0;
  estate::for_each_deserted_pool(db, workspace.id, [&](std::string_view number) {
    if (++all <= k_named) named.emplace_back(number);
  });
  if (all == 0) return;
  auto numbers = base::join(named, ", ");
  if (all > k_named) numbers += fmt::format(" and {} more", all - k_named);
  report.push_back(
      {"db.pools", "warn",
       fmt::format("{}: nobody is in the pool of {}: messages go to whom ringctl-messages(1) names",
                   workspace.name, numbers),
       fmt::format("ringctl --workspace {} pools add {} USER", base::for_shell(workspace.name),
                   named.front())});
}

/// Why it cannot be signed; "" if it can.
std::string why_not_signed(const messages::Hook& hook, const std::optional<base::SealKey>& key) {
  if (!key) return "there is no secrets_key";
  if (key->id() == hook.key_id) return {};
  return fmt::format("its secret was sealed with the key {}, and secrets_key is {}", hook.key_id, key->id());
}

void check_hook(db::Connection& db, const directory::Workspace& workspace,
                const std::optional<base::SealKey>& key, Report& report) {
  const auto hook = messages::find_hook(db, workspace.id);
  if (!hook || !hook->is_active) return;
  const auto why = why_not_signed(*hook, key);
  if (why.empty()) return;
  report.push_back(
      {"db.hooks", "warn",
       fmt::format("{}: its webhook for messages is not sent, for {}", workspace.name, why),
       fmt::format("configure that key, or ringctl --workspace {} notifications configure --secret-file FILE",
                   base::for_shell(workspace.name))});
}

/// One that cannot be read is told of among the secrets, and is none here.
std::optional<base::SealKey> readable_key(const config::Settings& settings) {
  try {
    return find_seal_key(settings);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

void check_messages(db::Connection& connection, const config::Settings& settings, Context& ctx,
                    Report& report) {
  audit::Session session{connection, ctx.clock(), ctx.ids(), "doctor"};
  const auto key = readable_key(settings);
  const auto before = report.size();
  for (const auto& workspace : directory::Workspaces(session).list()) {
    if (!workspace.is_active) continue;
    db::Transaction transaction(connection, db::Scope::of(workspace.id), db::Access::read);
    check_pools(connection, workspace, report);
    check_hook(connection, workspace, key, report);
    transaction.commit();
  }
  if (report.size() == before) report.push_back({"db.pools", "ok", "every pool has somebody in it", {}});
}

}  // namespace ringctl::cmd
