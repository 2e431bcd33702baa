#pragma once
// What the typed resources have in common. Internal to this room.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "twilio/client.hpp"
#include "twilio/client_wire.hpp"

namespace ringctl::twilio {

inline Ask get_ask(std::string path, Fields query = {}) {
  Ask ask;
  ask.path = std::move(path);
  ask.query = std::move(query);
  return ask;
}
inline Ask post_ask(std::string path, Fields form, Repeat repeat = Repeat::freely) {
  Ask ask;
  ask.method = "POST";
  ask.path = std::move(path);
  ask.form = std::move(form);
  ask.repeat = repeat;
  return ask;
}
inline Ask delete_ask(std::string path) {
  Ask ask;
  ask.method = "DELETE";
  ask.path = std::move(path);
  return ask;
}
inline Ask at_api(Api api, Ask ask) {
  ask.api = api;
  return ask;
}

inline std::string flag_text(bool value) { return value ? "true" : "false"; }
inline void add_if(Fields& fields, std::string_view name, const std::string& value) {
  if (!value.empty()) fields.emplace_back(name, value);
}
inline void add_if(Fields& fields, std::string_view name, const std::optional<std::string>& value) {
  if (value) fields.emplace_back(name, *value);
}
inline void add_if(Fields& fields, std::string_view name, const std::optional<bool>& value) {
  if (value) fields.emplace_back(name, flag_text(*value));
}

/// Errc::twilio_garbage [twilio.garbage]: an answer without what it has to have.
Error incomplete(std::string_view what);

/// The answer read, or Errc::twilio_garbage.
template <class Value>
Value required(std::optional<Value> value, std::string_view what) {
  if (!value) throw incomplete(what);
  return *std::move(value);
}

/// send(), but nullopt where there is none of it (404).
std::optional<Reply> find(Client&, const Ask&);
/// True if it was there.
bool remove(Client&, const Ask&);

/// All items of a list, read by `from`. Throws Errc::twilio_garbage for one that cannot be.
template <class Value, class From>
std::vector<Value> collect(Client& client, const Ask& first, std::string_view list, const From& from) {
  std::vector<Value> all;
  client.pages(first, list, [&](const std::vector<Json>& items) {
    for (const auto& item : items) all.push_back(required(from(item), list));
    return true;
  });
  return all;
}

/// The same one by one, `visit` returning false for enough; how many it got.
template <class From, class Visit>
std::uint64_t each(Client& client, const Ask& first, std::string_view list, const From& from,
                   const Visit& visit) {
  std::uint64_t count = 0;
  client.pages(first, list, [&](const std::vector<Json>& items) {
    for (const auto& item : items) {
      const auto value = required(from(item), list);
      ++count;
      if (!visit(value)) return false;
    }
    return true;
  });
  return count;
}

/// A day's name and inequality in the name of a filter: asked a day wider than [since, until), for texts
/// disagree on whether the days themselves count.
void add_days(Fields& query, std::string_view name, std::optional<base::Instant> since,
              std::optional<base::Instant> until);
inline bool is_within(std::optional<base::Instant> at, std::optional<base::Instant> since,
                      std::optional<base::Instant> until) {
  return !at || ((!since || *at >= *since) && (!until || *at < *until));
}

/// "/Conferences/CF..." or by its name, encoded.
std::string under(std::string_view folder, std::string_view id, std::string_view rest = ".json");

}  // namespace ringctl::twilio
