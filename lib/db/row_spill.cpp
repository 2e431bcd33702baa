#include "db/row_spill.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"

namespace ringctl::db {
namespace {

constexpr std::size_t k_in_memory = 8 << 20;
constexpr std::size_t k_read_at_once = 1 << 20;
constexpr std::uint32_t k_null = 0xffffffff;
// In front of each row: the number of its columns. In front of each value: its length, or k_null.
constexpr std::size_t k_number = sizeof(std::uint32_t);

void append_number(std::string& out, std::uint32_t number) {
  char bytes[k_number];
  std::memcpy(bytes, &number, k_number);
  out.append(bytes, k_number);
}

std::size_t size_of(const RowSpill::Values& row) {
  std::size_t size = k_number;
  for (const auto& value : row) size += k_number + (value ? value->size() : 0);
  return size;
}

}  // namespace

void RowSpill::add(const Values& row) {
  append_number(buffer_, static_cast<std::uint32_t>(size_of(row)));
  append_number(buffer_, static_cast<std::uint32_t>(row.size()));
  for (const auto& value : row) {
    append_number(buffer_, value ? static_cast<std::uint32_t>(value->size()) : k_null);
    if (value) buffer_.append(*value);
  }
  if (buffer_.size() >= k_in_memory) write_out();
}

void RowSpill::write_out() {
  if (!file_) file_ = base::temporary_file();
  base::write_all(file_.get(), buffer_, "a temporary file");
  buffer_.clear();
}

bool RowSpill::have(std::size_t bytes) {
  if (buffer_.size() - at_ >= bytes) return true;
  if (!file_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  while (buffer_.size() < bytes) {
    const auto held = buffer_.size();
    buffer_.resize(held + std::max(bytes, k_read_at_once));
    const auto got = ::pread(file_.get(), buffer_.data() + held, buffer_.size() - held, offset_);
    if (got < 0 && errno != EINTR)
      throw Error(Errc::output, "db.spill",
                  std::string("cannot read a temporary file: ") + std::strerror(errno));
    buffer_.resize(held + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) return false;
    if (got > 0) offset_ += got;
  }
  return true;
}

std::uint32_t RowSpill::take_number() {
  std::uint32_t number = 0;
  std::memcpy(&number, buffer_.data() + at_, k_number);
  at_ += k_number;
  return number;
}

bool RowSpill::next(Values& row) {
  if (!reading_ && file_) write_out();
  reading_ = true;
  if (!have(k_number)) return false;
  std::uint32_t size = 0;
  std::memcpy(&size, buffer_.data() + at_, k_number);
  // The whole row at once, so that the views into it hold.
  if (!have(k_number + size)) return false;
  at_ += k_number;
  row.resize(take_number());
  for (auto& value : row) {
    const auto length = take_number();
    value = std::nullopt;
    if (length == k_null) continue;
    value = std::string_view(buffer_).substr(at_, length);
    at_ += length;
  }
  return true;
}

}  // namespace ringctl::db
