#pragma once
// How conversations and messages are read, for the files of this room. Private to it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"
#include "messages/messages.hpp"
#include "messages/threads.hpp"

namespace ringctl::messages {

/// Conditions that hold together, and what they are about.
struct Where {
  std::string sql = {};
  std::vector<db::Param> params = {};
  /// "m.status = ${0}"
  void add(std::string_view condition, const db::Param& value);
};

std::optional<std::int64_t> maybe_integer(const db::Rows&, int column);
std::optional<base::Uuid> maybe_uuid(const db::Rows&, int column);

/// E.164; others text from short codes, names and Twilio's addresses of their channels.
bool is_number(std::string_view party);
/// A SID that can be a key: Twilio's are 34 characters.
bool is_usable(std::string_view sid);
/// The last eight digits of an id, as lists show it.
bool is_short_id(std::string_view text);
/// Condition: that the id in a column ends in the digits that are bound.
std::string ends_in(std::string_view column, std::string_view placeholder);

/// Condition: a user u can have a conversation. Who is active no more has none, and managers answer nothing.
inline constexpr std::string_view k_can_have = "u.is_active = TRUE AND u.role <> 'manager'";

/// SELECT of all columns of conversations t, up to the WHERE, with whoever has it as u; and a row of it.
std::string select_thread();
Thread read_thread(const db::Rows&);
/// Errc::not_found [messages.no_thread].
Thread thread_by_id(db::Connection&, const base::Uuid& workspace, const base::Uuid& thread);

/// SELECT of all columns of messages m, up to the WHERE; and a row of it.
std::string select_message();
Message read_message(const db::Rows&);

}  // namespace ringctl::messages
