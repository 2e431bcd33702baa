#pragma once
// Many rows with few statements that both engines take: INSERT with several rows of values.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "db/connection.hpp"

namespace ringctl::db {

class RowBatch {
 public:
  /// `head`: "INSERT INTO t (a, b)"; `tail`: "ON CONFLICT ...". Both must outlive it.
  RowBatch(Connection& db, std::string_view head, std::size_t columns, std::string_view tail)
      : db_(db), head_(head), tail_(tail), columns_(columns) {}

  /// Texts must live until flush().
  void add(std::initializer_list<Param> row);
  /// `visit`: each row that the statement returns.
  void flush(const std::function<void(const Rows&)>& visit = {});

 private:
  const std::string& statement(std::size_t rows);
  Connection& db_;
  std::string_view head_, tail_;
  std::size_t columns_;
  std::vector<Param> values_;
  std::vector<std::pair<std::size_t, std::string>> statements_;
};

/// JSON array, to bind where Connection::among() asks for one.
std::string json_array(const std::vector<std::string_view>& texts);
/// Condition, as Connection::among(): a column of ids holds one of the ids of such an array.
std::string ids_among(const Connection&, std::string_view column, std::string_view placeholder);

}  // namespace ringctl::db
