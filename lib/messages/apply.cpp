#include "messages/apply.hpp"

#include <algorithm>
#include <unordered_set>

#include "messages/counter.hpp"
#include "messages/fold.hpp"
#include "messages/piece.hpp"
#include "messages/rows.hpp"

namespace ringctl::messages {
namespace {

constexpr std::size_t k_piece = 256;

std::vector<const Event*> of_kind(std::span<const Event> events, Kind kind) {
  std::vector<const Event*> some;
  for (const auto& event : events)
    if (event.kind == kind) some.push_back(&event);
  return some;
}

}  // namespace

Applied apply(audit::Session& session, const base::Uuid& workspace, std::span<const Event> events) {
  Applied applied;
  if (events.empty()) return applied;
  const auto before = lock_counter(session.db, workspace);
  auto message_seq = before;
  const auto policy = read_policy(session.db, workspace);
  std::vector<Said> said;
  for (; !events.empty(); events = events.subspan(std::min(k_piece, events.size()))) {
    const auto some = events.first(std::min(k_piece, events.size()));
    Piece piece(session, workspace, policy);
    applied += piece.take(of_kind(some, Kind::inbound), message_seq);
    const auto words = piece.said();
    said.insert(said.end(), words.begin(), words.end());
    applied += take_statuses(session, workspace, of_kind(some, Kind::status));
  }
  if (message_seq != before) write_counter(session.db, workspace, message_seq);
  // Last, for they are audited, and the head of the audit log is locked until the commit.
  for (const auto& [word, by] : said) {
    if (word == OptWord::stop)
      stop(session, workspace, by);
    else
      start(session, workspace, by);
  }
  return applied;
}

std::vector<const Event*> missing(db::Connection& db, const base::Uuid& workspace,
                                  std::span<const Event> events) {
  std::vector<std::string> keys(events.size());
  std::vector<std::string_view> sids, kept;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    if (!is_usable(event.message_sid)) continue;
    keys[i] = stored_key(event);
    if (event.kind == Kind::inbound)
      sids.emplace_back(event.message_sid);
    else
      kept.emplace_back(keys[i]);
  }
  std::unordered_set<std::string> known_messages, known_keys;
  for (auto& sid : known_sids(db, sids)) known_messages.insert(std::move(sid));
  for (auto& key : kept_keys(db, workspace, kept)) known_keys.insert(std::move(key));
  std::vector<const Event*> all;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    if (keys[i].empty()) continue;
    const bool is_new = event.kind == Kind::inbound ? known_messages.insert(event.message_sid).second
                                                    : known_keys.insert(keys[i]).second;
    if (is_new) all.push_back(&event);
  }
  return all;
}

}  // namespace ringctl::messages
