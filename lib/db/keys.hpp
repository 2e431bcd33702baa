#pragma once
// One SELECT for many keys: whoever has several things to look up asks once, by the SQL that finds one.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"

namespace ringctl::db {

/// Made once for each text.
class KeyedSelect {
 public:
  /// `sql` finds the rows of one key, which stands in it as $1; each row names its key, for the rows of
  /// several keys come together, in any order.
  explicit KeyedSelect(std::string_view sql);

  const std::string& of_one() const { return of_one_; }
  /// PostgreSQL; $1 is a JSON array. One key after the other is found in the way that one alone is found,
  /// whatever the planner believes of how many there are.
  const std::string& of_many() const { return of_many_; }

 private:
  std::string of_one_, of_many_;
};

/// What read_together() is to read for some keys: one statement on PostgreSQL, one for each key on SQLite,
/// where another statement is no round trip. None for no keys.
class KeyedRead {
 public:
  /// Each key is asked for once; `others` are $2, $3... Select and texts must outlive it, and it the reading.
  /// Throws Errc::invalid [db.bad_text] where one of several keys is a text that no database can hold.
  KeyedRead(const Connection&, const KeyedSelect&, std::vector<std::string_view> keys,
            std::initializer_list<Param> others = {});
  KeyedRead(const KeyedRead&) = delete;
  KeyedRead& operator=(const KeyedRead&) = delete;

  const std::vector<Read>& reads() const { return reads_; }

 private:
  std::string list_;
  std::vector<Read> reads_;
};

}  // namespace ringctl::db
