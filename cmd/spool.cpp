#include "cmd/spool.hpp"

#include <fmt/format.h>

#include <system_error>

#include "base/error.hpp"

namespace ringctl::cmd {
namespace {

constexpr std::size_t k_chunk = 64 * 1024;

}  // namespace

void Spool::write(std::string_view text) {
  buffer_.append(text);
  if (buffer_.size() >= k_chunk) flush();
}

void Spool::flush() {
  base::write_all(file_.get(), buffer_, "a temporary file");
  buffer_.clear();
}

void Spool::hand_out(Output& out) {
  flush();
  const auto error = base::read_back(file_.get(), [&](std::string_view piece) { out.write(piece); });
  if (error)
    throw Error(Errc::output, "output.write_failed",
                fmt::format("could not read a temporary file back: {}", error.message()));
}

}  // namespace ringctl::cmd
