#pragma once
// What an engine provides behind Rows. Private to this room.

#include <cstdint>
#include <string_view>

#include "db/connection.hpp"

namespace ringctl::db {

class Rows::Impl {
 public:
  virtual ~Impl() = default;
  virtual bool next() = 0;
  virtual void stop() noexcept {}
  virtual int columns() const = 0;
  virtual bool is_null(int column) const = 0;
  virtual std::string_view text(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual bool boolean(int column) const = 0;
};

}  // namespace ringctl::db
