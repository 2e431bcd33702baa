#include "calls/apply.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "calls/piece.hpp"

namespace ringctl::calls {
namespace {

constexpr std::size_t k_piece = 1000;

Applied apply_piece(audit::Session& session, const base::Uuid& workspace, std::span<const Event> events,
                    std::int64_t& closed_seq) {
  auto fresh = insert_events(session, workspace, events);
  Applied applied{.fresh = std::ssize(fresh), .repeated = std::ssize(events) - std::ssize(fresh)};
  fresh = in_order(std::move(fresh));
  if (fresh.empty()) return applied;
  Piece piece(session, workspace);
  piece.read(fresh);
  piece.fold(fresh);
  applied.closed = piece.write(closed_seq);
  return applied;
}

}  // namespace

Applied apply(audit::Session& session, std::span<const Event> events) {
  Applied applied;
  if (events.empty()) return applied;
  const auto workspace = events.front().workspace;
  if (std::any_of(events.begin(), events.end(), [&](const Event& e) { return e.workspace != workspace; }))
    throw Error(Errc::failure, "calls.several_workspaces", "events of several workspaces in one transaction");
  const auto before = lock_counter(session.db, workspace);
  auto closed_seq = before;
  for (; !events.empty(); events = events.subspan(std::min(k_piece, events.size())))
    applied += apply_piece(session, workspace, events.first(std::min(k_piece, events.size())), closed_seq);
  if (closed_seq != before) write_counter(session.db, workspace, closed_seq);
  return applied;
}

}  // namespace ringctl::calls
