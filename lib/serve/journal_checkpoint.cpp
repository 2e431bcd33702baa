#include "serve/journal_checkpoint.hpp"

#include <fcntl.h>

#include <array>
#include <cstring>
#include <string>

#include "serve/journal_format.hpp"

namespace ringctl::serve {
namespace {

constexpr std::string_view k_magic = "rjapplid";
constexpr std::size_t k_block = 4096, k_used = 28, k_summed = 24;
constexpr const char* k_name = "applied";

struct Mark {
  std::uint64_t applied = 0, turn = 0;
};

std::optional<Mark> decode(std::string_view bytes) {
  std::uint32_t sum = 0;
  Mark mark;
  if (bytes.size() < k_used || !bytes.starts_with(k_magic)) return std::nullopt;
  std::memcpy(&mark.applied, bytes.data() + 8, sizeof mark.applied);
  std::memcpy(&mark.turn, bytes.data() + 16, sizeof mark.turn);
  std::memcpy(&sum, bytes.data() + k_summed, sizeof sum);
  return sum == checksum(bytes.substr(0, k_summed)) ? std::optional(mark) : std::nullopt;
}

std::string encode(Mark mark) {
  std::string bytes(k_used, '\0');
  bytes.replace(0, k_magic.size(), k_magic);
  std::memcpy(bytes.data() + 8, &mark.applied, sizeof mark.applied);
  std::memcpy(bytes.data() + 16, &mark.turn, sizeof mark.turn);
  const auto sum = checksum(std::string_view(bytes).substr(0, k_summed));
  std::memcpy(bytes.data() + k_summed, &sum, sizeof sum);
  return bytes;
}

/// The later of the two blocks that are whole.
Mark read_mark(int fd) {
  Mark latest;
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{k_block}}) {
    std::array<char, k_used> bytes{};
    std::size_t got = 0;
    if (read_at(fd, bytes, offset, got)) continue;
    const auto mark = decode({bytes.data(), got});
    if (mark && mark->turn > latest.turn) latest = *mark;
  }
  return latest;
}

}  // namespace

std::error_code Checkpoint::open(Disk& disk, const std::filesystem::path& folder) {
  const auto path = folder / k_name;
  auto failed = disk.open(path, fd_);
  if (failed == std::errc::no_such_file_or_directory) {
    failed = disk.create(path, fd_);
    if (!failed) failed = disk.grow(fd_.get(), 2 * k_block);
    if (!failed) failed = disk.sync_folder(folder);
  }
  if (failed) return failed;
  const auto mark = read_mark(fd_.get());
  applied_ = mark.applied;
  turn_ = mark.turn;
  return {};
}

std::error_code Checkpoint::save(Disk& disk, std::uint64_t applied) {
  const Mark mark{applied, turn_ + 1};
  if (const auto failed = disk.write(fd_.get(), encode(mark), {}, mark.turn % 2 * k_block)) return failed;
  if (const auto failed = disk.sync(fd_.get())) return failed;
  applied_ = mark.applied;
  turn_ = mark.turn;
  return {};
}

std::uint64_t Checkpoint::peek(const std::filesystem::path& folder) {
  const base::Fd fd(::open((folder / k_name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return fd ? read_mark(fd.get()).applied : 0;
}

}  // namespace ringctl::serve
