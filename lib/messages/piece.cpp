#include "messages/piece.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "db/row_batch.hpp"
#include "estate/pools.hpp"
#include "messages/rows.hpp"
#include "messages/status.hpp"
#include "phone/e164.hpp"

namespace ringctl::messages {
namespace {

constexpr std::string_view k_received = "received";
constexpr std::string_view k_event = "message.received";

constexpr std::string_view k_insert_conversation =
    "INSERT INTO message_threads (id, workspace_id, our_number, party_number, number_id, contact_id, "
    "assigned_user_id, assigned_by, assigned_at, lease_expires_at, last_message_at, last_inbound_at, version, "
    "created_at, updated_at)";
constexpr std::size_t k_conversation_values = 15;
constexpr std::string_view k_update_conversation =
    "ON CONFLICT (id) DO UPDATE SET number_id = excluded.number_id, contact_id = excluded.contact_id, "
    "assigned_user_id = excluded.assigned_user_id, assigned_by = excluded.assigned_by, "
    "assigned_at = excluded.assigned_at, lease_expires_at = excluded.lease_expires_at, "
    "last_message_at = excluded.last_message_at, last_inbound_at = excluded.last_inbound_at, "
    "version = excluded.version, updated_at = excluded.updated_at";

constexpr std::string_view k_insert_message =
    "INSERT INTO messages (id, workspace_id, thread_id, message_sid, account_sid, number_id, contact_id, direction, "
    "from_number, to_number, extension, body, media, details, keyword, encoding, segments, status, status_rank, "
    "message_seq, created_at, updated_at)";
constexpr std::size_t k_message_values = 22;
/// Passes over a SID that is taken, by whichever workspace: it says so by returning nothing.
constexpr std::string_view k_unless_message = "ON CONFLICT (message_sid) DO NOTHING RETURNING message_sid";

std::string_view word_name(OptWord word) {
  switch (word) {
    case OptWord::stop:
      return "stop";
    case OptWord::start:
      return "start";
    case OptWord::help:
      return "help";
    case OptWord::none:
      break;
  }
  return "";
}

bool is_number(std::string_view party) {
  std::error_code why;
  return phone::E164::try_parse(party, why).has_value();
}

/// As Twilio counts what is billed; else as the network cuts the text.
std::int64_t segments_of(const Event& event, const Size& size) {
  constexpr std::int64_t k_most = 1000;
  const auto told = base::parse_int(event.parameter("NumSegments"));
  return told && *told > 0 && *told <= k_most ? *told : size.segments;
}

std::string array_of(const std::set<std::string_view>& texts) {
  return db::json_array({texts.begin(), texts.end()});
}

}  // namespace

Policy read_policy(db::Connection& db, const base::Uuid& workspace) {
  Policy policy;
  auto rows = db.query(
      "SELECT w.sms_lease_s, w.sms_offline, EXISTS (SELECT 1 FROM message_hooks h WHERE h.workspace_id = w.id AND "
      "h.is_active = TRUE) FROM workspaces w WHERE w.id = $1",
      {workspace});
  if (!rows.next()) return policy;
  policy.lease = std::chrono::seconds(rows.integer(0));
  policy.skip_offline = rows.text(1) == "skip";
  policy.has_hook = rows.boolean(2);
  return policy;
}

std::vector<std::string> known_sids(db::Connection& db, const std::vector<std::string_view>& sids) {
  std::vector<std::string> known;
  if (sids.empty()) return known;
  const auto array = db::json_array(sids);
  auto rows = db.query(
      fmt::format("SELECT message_sid FROM messages WHERE {}", db.among("message_sid", "$1")), {array});
  while (rows.next()) known.emplace_back(rows.text(0));
  return known;
}

/// Those that are new as far as can be seen, each SID once.
void Piece::collect(const std::vector<const Event*>& events) {
  std::vector<std::string_view> sids;
  for (const auto* event : events) {
    if (is_usable(event->message_sid))
      sids.emplace_back(event->message_sid);
    else
      base::log(base::LogLevel::warn, "message.no_sid", {{"account_sid", event->parameter("AccountSid")}});
  }
  const auto known = known_sids(session_.db, sids);
  std::unordered_set<std::string_view> seen(known.begin(), known.end());
  for (const auto* event : events) {
    if (!is_usable(event->message_sid) || !seen.insert(event->message_sid).second) continue;
    auto& arrival = arrivals_.emplace_back();
    arrival.event = event;
    arrival.content = content_of(*event);
    arrival.id = session_.ids.next();
  }
}

void Piece::read_numbers() {
  std::set<std::string_view> ours;
  for (const auto& arrival : arrivals_) ours.insert(arrival.content.to);
  const auto array = array_of(ours);
  auto rows = session_.db.query(
      fmt::format("SELECT p.phone_number, p.id, p.sms_mode, u.id FROM phone_numbers p "
                  "LEFT JOIN agent_phone_numbers a ON a.phone_number_id = p.id AND a.voice = TRUE AND "
                  "a.is_active = TRUE LEFT JOIN users u ON u.id = a.agent_id AND u.is_active = TRUE "
                  "WHERE p.workspace_id = $1 AND {}",
                  session_.db.among("p.phone_number", "$2")),
      {workspace_, array});
  while (rows.next()) {
    auto& number = numbers_[std::string(rows.text(0))];
    number.id = rows.uuid(1);
    number.mode = mode_from(rows.text(2));
    number.owner = maybe_uuid(rows, 3);
  }
  for (auto& arrival : arrivals_)
    if (const auto number = numbers_.find(arrival.content.to); number != numbers_.end())
      arrival.number = &number->second;
}

void Piece::read_pools() {
  std::vector<std::string_view> ids;
  for (const auto& [text, number] : numbers_) ids.emplace_back(number.id.view());
  const auto pools = estate::list_eligible_users_of(session_.db, workspace_, ids);
  for (auto& [text, number] : numbers_) {
    const auto pool = pools.find(number.id.text());
    if (pool == pools.end()) continue;
    for (const auto& member : pool->second)
      number.pool.push_back({.user = member.user,
                             .offline = member.availability == "offline",
                             .may_answer = member.role != "manager"});
    std::sort(number.pool.begin(), number.pool.end(),
              [](const Member& a, const Member& b) { return a.user < b.user; });
  }
}

void Piece::read_turns() {
  std::unordered_map<std::string, Number*> dealing;
  std::set<std::string_view> ids;
  for (auto& [text, number] : numbers_) {
    if (number.mode != Mode::round_robin) continue;
    dealing.emplace(number.id.text(), &number);
    ids.insert(number.id.view());
  }
  if (ids.empty()) return;
  const auto array = array_of(ids);
  auto rows =
      session_.db.query(fmt::format("SELECT number_id, last_user_id, turns FROM message_turns WHERE {}",
                                    db::ids_among(session_.db, "number_id", "$1")),
                        {array});
  while (rows.next()) {
    auto& number = *dealing.at(std::string(rows.text(0)));
    number.last_turn = rows.uuid(1);
    number.turns = rows.integer(2);
  }
}

void Piece::read_contacts() {
  std::set<std::string_view> phones;
  for (const auto& arrival : arrivals_)
    if (is_number(arrival.content.from)) phones.insert(arrival.content.from);
  if (phones.empty()) return;
  const auto array = array_of(phones);
  auto rows = session_.db.query(
      fmt::format("SELECT phone_number, contact_id FROM contact_phones WHERE workspace_id = $1 AND {}",
                  session_.db.among("phone_number", "$2")),
      {workspace_, array});
  while (rows.next()) contacts_.emplace(rows.text(0), rows.uuid(1));
  for (auto& arrival : arrivals_)
    if (const auto contact = contacts_.find(arrival.content.from); contact != contacts_.end())
      arrival.contact = contact->second;
}

void Piece::read_extensions() {
  std::set<std::string_view> named;
  for (const auto& arrival : arrivals_)
    if (!arrival.content.extension.empty()) named.insert(arrival.content.extension);
  if (named.empty()) return;
  const auto array = array_of(named);
  auto rows = session_.db.query(
      fmt::format(
          "SELECT x.extension, x.user_id, x.number_id FROM user_extensions x JOIN users u ON "
          "u.id = x.user_id WHERE x.workspace_id = $1 AND x.is_active = TRUE AND u.is_active = TRUE AND {}",
          session_.db.among("x.extension", "$2")),
      {workspace_, array});
  while (rows.next())
    extensions_.emplace(rows.text(0), Extension{.user = rows.uuid(1), .number = maybe_uuid(rows, 2)});
}

/// Nobody claims one of them before the commit: those who claim take no lock but the row's.
void Piece::read_conversations() {
  std::set<std::string_view> ours, parties;
  for (const auto& arrival : arrivals_) {
    ours.insert(arrival.content.to);
    parties.insert(arrival.content.from);
  }
  auto& db = session_.db;
  const auto our_array = array_of(ours), party_array = array_of(parties);
  auto rows = db.query(
      fmt::format(
          "SELECT t.id, t.our_number, t.party_number, t.number_id, t.contact_id, t.assigned_user_id, t.assigned_by, "
          "t.assigned_at, t.lease_expires_at, t.last_inbound_at, t.last_message_at, t.created_at, t.version, u.id "
          "FROM message_threads t LEFT JOIN users u ON u.id = t.assigned_user_id AND {} "
          "WHERE t.workspace_id = $1 AND {} AND {} ORDER BY t.id{}",
          k_can_have, db.among("t.our_number", "$2"), db.among("t.party_number", "$3"),
          db.engine() == db::Engine::postgresql ? " FOR UPDATE OF t" : ""),
      {workspace_, our_array, party_array});
  while (rows.next()) {
    auto& one = conversations_.emplace_back();
    one.id = rows.uuid(0);
    one.ours = rows.text(1);
    one.party = rows.text(2);
    one.number = maybe_uuid(rows, 3);
    one.contact = maybe_uuid(rows, 4);
    one.user = maybe_uuid(rows, 5);
    one.by = rows.text(6);
    one.assigned_at = rows.maybe_instant(7);
    one.lease_expires_at = rows.maybe_instant(8);
    one.last_inbound_at = rows.maybe_instant(9);
    one.last_message_at = rows.instant(10);
    one.created_at = rows.instant(11);
    one.version = rows.integer(12);
    one.can_answer = !rows.is_null(13);
    by_parties_.emplace(std::pair<std::string_view, std::string_view>(one.ours, one.party), &one);
  }
}

/// Each message is of one: new ones begin here.
void Piece::begin_conversations() {
  for (auto& arrival : arrivals_) {
    const std::pair<std::string_view, std::string_view> parties(arrival.content.to, arrival.content.from);
    auto found = by_parties_.find(parties);
    if (found == by_parties_.end()) {
      auto& one = conversations_.emplace_back();
      one.id = session_.ids.next();
      one.ours = arrival.content.to;
      one.party = arrival.content.from;
      one.last_message_at = arrival.event->received_at;
      one.created_at = now_;
      one.is_new = true;
      found =
          by_parties_.emplace(std::pair<std::string_view, std::string_view>(one.ours, one.party), &one).first;
    }
    arrival.conversation = found->second;
    if (arrival.number != nullptr) arrival.conversation->number = arrival.number->id;
    if (arrival.contact) arrival.conversation->contact = arrival.contact;
  }
}

void Piece::read_fallback() {
  const auto nobody = [](const Arrival& one) { return one.number == nullptr || one.number->pool.empty(); };
  std::set<std::string_view> contacts;
  for (const auto& arrival : arrivals_)
    if (nobody(arrival) && arrival.contact) contacts.insert(arrival.contact->view());
  if (std::none_of(arrivals_.begin(), arrivals_.end(), nobody)) return;
  auto& db = session_.db;
  if (!contacts.empty()) {
    const auto array = array_of(contacts);
    auto rows = db.query(
        fmt::format(
            "SELECT a.contact_id, a.user_id FROM contact_assignments a JOIN users u ON u.id = a.user_id "
            "WHERE a.status = 'active' AND u.is_active = TRUE AND {} ORDER BY a.user_id",
            db::ids_among(db, "a.contact_id", "$1")),
        {array});
    while (rows.next()) fallback_.agents_of_contact[std::string(rows.text(0))].push_back(rows.uuid(1));
  }
  auto rows = db.query(
      "SELECT u.id, u.role, u.email = w.default_user FROM workspaces w JOIN users u ON u.workspace_id = w.id "
      "WHERE w.id = $1 AND u.is_active = TRUE AND (u.role = 'admin' OR u.email = w.default_user) ORDER BY u.id",
      {workspace_});
  while (rows.next()) {
    if (rows.text(1) == "admin") fallback_.admins.push_back(rows.uuid(0));
    if (!rows.is_null(2) && rows.boolean(2)) fallback_.default_user = rows.uuid(0);
  }
}

/// So that their messages have something to belong to; whose they are is decided after.
void Piece::insert_conversations() {
  db::RowBatch batch(session_.db, k_insert_conversation, k_conversation_values, "");
  for (const auto& one : conversations_)
    if (one.is_new)
      batch.add({one.id, workspace_, one.ours, one.party, one.number, one.contact, nullptr, nullptr, nullptr,
                 nullptr, one.last_message_at, one.last_inbound_at, one.version, one.created_at, now_});
  batch.flush();
}

/// Only what is written here goes on: a SID that another workspace has is left alone.
void Piece::insert_messages(std::int64_t& message_seq) {
  db::RowBatch batch(session_.db, k_insert_message, k_message_values, k_unless_message);
  std::deque<std::string> texts;
  const auto keep = [&](std::string text) -> const std::string& {
    return texts.emplace_back(std::move(text));
  };
  for (auto& arrival : arrivals_) {
    arrival.seq = ++message_seq;
    const auto& content = arrival.content;
    const auto size = size_of(content.body);
    const auto number = arrival.number != nullptr ? db::Param(arrival.number->id) : db::Param(nullptr);
    batch.add({arrival.id,
               workspace_,
               arrival.conversation->id,
               arrival.event->message_sid,
               keep(base::repaired(arrival.event->parameter("AccountSid"))),
               number,
               arrival.contact,
               "inbound",
               content.from,
               content.to,
               db::or_null(content.extension),
               db::or_null(content.body),
               db::or_null(keep(media_json(content.media))),
               db::or_null(content.details),
               db::or_null(word_name(content.keyword)),
               encoding_name(size.encoding),
               segments_of(*arrival.event, size),
               k_received,
               rank_of(k_received),
               arrival.seq,
               arrival.event->received_at,
               now_});
  }
  std::unordered_set<std::string> written;
  batch.flush([&](const db::Rows& row) { written.emplace(row.text(0)); });
  for (auto& arrival : arrivals_) {
    if (!written.contains(arrival.event->message_sid)) continue;
    arrival.is_kept = arrival.conversation->is_kept = true;
    auto& one = *arrival.conversation;
    one.last_message_at = std::max(one.last_message_at, arrival.event->received_at);
    one.last_inbound_at = std::max(one.last_inbound_at, std::optional(arrival.event->received_at));
  }
}

RouteFacts Piece::facts_for(const Arrival& arrival) const {
  const auto& conversation = *arrival.conversation;
  const auto& content = arrival.content;
  RouteFacts facts;
  facts.skip_offline = policy_.skip_offline;
  facts.keyword = content.keyword;
  const bool runs = !conversation.lease_expires_at || *conversation.lease_expires_at > now_;
  if (conversation.user && conversation.can_answer && runs) facts.owner = conversation.user;
  if (const auto named = extensions_.find(content.extension); named != extensions_.end())
    if (!named->second.number || named->second.number == conversation.number)
      facts.extension = named->second.user;
  if (arrival.number != nullptr) {
    facts.mode = arrival.number->mode;
    facts.pool = arrival.number->pool;
    facts.last_turn = arrival.number->last_turn;
    facts.number_owner = arrival.number->owner;
  }
  if (!facts.pool.empty()) return facts;
  facts.default_user = fallback_.default_user;
  facts.admins = fallback_.admins;
  if (!arrival.contact) return facts;
  if (const auto agents = fallback_.agents_of_contact.find(arrival.contact->text());
      agents != fallback_.agents_of_contact.end())
    facts.contact_agents = agents->second;
  return facts;
}

void Piece::deal_one(Arrival& arrival) {
  const auto facts = facts_for(arrival);
  auto routed = route(facts);
  auto& conversation = *arrival.conversation;
  if (routed.assign) {
    conversation.user = routed.assign;
    conversation.can_answer = true;
    conversation.by = by_name(routed.by);
    conversation.assigned_at = now_;
    conversation.lease_expires_at.reset();
    if (policy_.lease.count() > 0) conversation.lease_expires_at = now_ + policy_.lease;
  }
  if (routed.took_turn) {
    arrival.number->last_turn = routed.assign;
    arrival.number->took_turn = true;
    ++arrival.number->turns;
  }
  arrival.owner = routed.assign ? routed.assign : facts.owner;
  arrival.told = std::move(routed.told);
}

void Piece::deal() {
  for (auto& arrival : arrivals_)
    if (arrival.is_kept) deal_one(arrival);
}

void Piece::write_conversations() {
  db::RowBatch batch(session_.db, k_insert_conversation, k_conversation_values, k_update_conversation);
  for (auto& one : conversations_) {
    if (one.is_new && !one.is_kept) session_.db.exec("DELETE FROM message_threads WHERE id = $1", {one.id});
    if (!one.is_kept) continue;
    if (!one.is_new) ++one.version;
    batch.add({one.id, workspace_, one.ours, one.party, one.number, one.contact, one.user,
               db::or_null(one.by), one.assigned_at, one.lease_expires_at, one.last_message_at,
               one.last_inbound_at, one.version, one.created_at, now_});
  }
  batch.flush();
}

void Piece::write_turns() {
  db::RowBatch batch(
      session_.db, "INSERT INTO message_turns (number_id, workspace_id, last_user_id, turns, updated_at)", 5,
      "ON CONFLICT (number_id) DO UPDATE SET last_user_id = excluded.last_user_id, "
      "turns = excluded.turns, updated_at = excluded.updated_at");
  for (const auto& [text, number] : numbers_)
    if (number.took_turn) batch.add({number.id, workspace_, number.last_turn, number.turns, now_});
  batch.flush();
}

/// Whose the conversations were. No change of the messages: they are written for the first time here.
void Piece::write_owners() {
  std::map<base::Uuid, std::vector<std::string_view>> messages;
  for (const auto& arrival : arrivals_)
    if (arrival.is_kept && arrival.owner) messages[*arrival.owner].push_back(arrival.id.view());
  const auto sql = fmt::format("UPDATE messages SET assigned_user_id = $2 WHERE {}",
                               db::ids_among(session_.db, "id", "$1"));
  for (const auto& [user, ids] : messages) {
    const auto array = db::json_array(ids);
    session_.db.exec(sql, {array, user});
  }
}

void Piece::write_notifications() {
  db::RowBatch batch(
      session_.db,
      "INSERT INTO notifications (id, workspace_id, message_id, thread_id, user_id, kind, reason, "
      "created_at)",
      8, "ON CONFLICT (message_id, user_id) DO NOTHING");
  std::deque<base::Uuid> ids;
  for (const auto& arrival : arrivals_)
    for (const auto& one : arrival.told)
      batch.add({ids.emplace_back(session_.ids.next()), workspace_, arrival.id, arrival.conversation->id,
                 one.user,
                 arrival.content.keyword == OptWord::none ? "inbound_client_message" : "inbound_opt_out",
                 reason_name(one.reason), now_});
  batch.flush();
}

std::int64_t Piece::queue_deliveries() {
  if (!policy_.has_hook) return 0;
  db::RowBatch batch(session_.db,
                     "INSERT INTO message_deliveries (id, workspace_id, message_id, event, state, due_at, "
                     "created_at, updated_at)",
                     8, "ON CONFLICT (message_id, event) DO NOTHING");
  std::deque<base::Uuid> ids;
  for (const auto& arrival : arrivals_)
    if (arrival.is_kept)
      batch.add({ids.emplace_back(session_.ids.next()), workspace_, arrival.id, k_event, "waiting", now_,
                 now_, now_});
  batch.flush();
  return std::ssize(ids);
}

Applied Piece::take(const std::vector<const Event*>& events, std::int64_t& message_seq) {
  Applied applied{.repeated = std::ssize(events)};
  collect(events);
  if (arrivals_.empty()) return applied;
  read_numbers();
  read_pools();
  read_turns();
  read_contacts();
  read_extensions();
  read_conversations();
  begin_conversations();
  read_fallback();
  insert_conversations();
  insert_messages(message_seq);
  deal();
  write_conversations();
  write_turns();
  write_owners();
  write_notifications();
  applied.queued = queue_deliveries();
  applied.fresh =
      std::count_if(arrivals_.begin(), arrivals_.end(), [](const Arrival& one) { return one.is_kept; });
  applied.repeated -= applied.fresh;
  return applied;
}

std::vector<Said> Piece::said() const {
  std::vector<Said> all;
  for (const auto& arrival : arrivals_) {
    const auto& content = arrival.content;
    if (!arrival.is_kept || (content.keyword != OptWord::stop && content.keyword != OptWord::start)) continue;
    all.push_back({.word = content.keyword,
                   .by = {.phone_number = content.from,
                          .ours = content.service_sid.empty() ? content.to : content.service_sid,
                          .number = content.to,
                          .message_sid = arrival.event->message_sid,
                          .at = arrival.event->received_at}});
  }
  return all;
}

}  // namespace ringctl::messages
