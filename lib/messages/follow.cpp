#include "messages/follow.hpp"

#include <tuple>

#include "db/transaction.hpp"

namespace ringctl::messages {

Follower::Follower(db::Connection& db, const base::Uuid& workspace) : db_(db), workspace_(workspace) {
  db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
  std::tie(kept_, changed_) = last_places(db_, workspace_);
  transaction.commit();
}

void Follower::poll(const std::function<void(const Message&)>& visit) {
  db::Transaction transaction(db_, db::Scope::of(workspace_), db::Access::read);
  const auto kept_before = kept_;
  for_each_after(db_, workspace_, kept_, 0, [&](const Message& message) {
    kept_ = message.message_seq;
    visit(message);
  });
  for_each_changed(db_, workspace_, changed_, 0, [&](const Message& message) {
    changed_ = *message.changed_seq;
    // New ones were handed out a moment ago, as they are now.
    if (message.message_seq <= kept_before) visit(message);
  });
  transaction.commit();
}

}  // namespace ringctl::messages
