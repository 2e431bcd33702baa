#include "db/keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"

namespace ringctl::db {
namespace {

constexpr std::string_view k_key = "$1";

/// `sql` with something else in the place of $1; $10 stays.
std::string with_key(std::string_view sql, std::string_view key) {
  std::string out;
  for (auto at = sql.find(k_key); at != std::string_view::npos; at = sql.find(k_key)) {
    const auto end = at + k_key.size();
    const bool longer = end < sql.size() && sql[end] >= '0' && sql[end] <= '9';
    out.append(sql.substr(0, at)).append(longer ? k_key : key);
    sql.remove_prefix(end);
  }
  return out.append(sql);
}

std::string list_of(const std::vector<std::string_view>& keys) {
  auto list = nlohmann::json::array();
  for (const auto key : keys) {
    if (key.find('\0') != std::string_view::npos || !base::valid_utf8(key))
      throw Error(Errc::invalid, "db.bad_text", "a key is not UTF-8 or holds a NUL byte, as no column does");
    list.emplace_back(std::string(key));
  }
  return list.dump();
}

std::vector<Param> params_of(std::string_view key, std::initializer_list<Param> others) {
  std::vector<Param> params{Param(key)};
  params.insert(params.end(), others);
  return params;
}

}  // namespace

// OFFSET 0 keeps the planner from making one join of it all, whose order would be a guess.
KeyedSelect::KeyedSelect(std::string_view sql)
    : of_one_(sql),
      of_many_(fmt::format("SELECT found.* FROM json_array_elements_text($1::json) AS asked(key) "
                           "CROSS JOIN LATERAL ({} OFFSET 0) AS found",
                           with_key(sql, "asked.key"))) {}

KeyedRead::KeyedRead(const Connection& db, const KeyedSelect& select, std::vector<std::string_view> keys,
                     std::initializer_list<Param> others) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (db.engine() == Engine::postgresql && keys.size() > 1) {
    list_ = list_of(keys);
    reads_.push_back({select.of_many(), params_of(list_, others)});
  } else {
    for (const auto key : keys) reads_.push_back({select.of_one(), params_of(key, others)});
  }
}

}  // namespace ringctl::db
