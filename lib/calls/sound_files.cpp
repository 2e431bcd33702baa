#include "calls/sound_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

namespace ringctl::calls {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

/// One that is noted from the current folder, or climbs, may be anything.
bool is_place(const fs::path& path) {
  return path.is_absolute() && path.has_filename() && path == path.lexically_normal();
}

}  // namespace

/// A name as it stands in its folder, whatever the folder is called a moment later.
struct SoundRemoval::Place {
  base::Fd folder, file;
  Stamp stamp = {};
  std::string trouble = {};  ///< why there is no file to open; "" and no file: nothing is there

  explicit Place(const fs::path& path) {
    if (!is_place(path))
      trouble = "it is not known in which folder that is";
    else if (!open_folder(path.parent_path()))
      trouble = errno == ENOENT || errno == ENOTDIR ? "its folder is not there" : reason(errno);
    else if (!open_file(path.filename()) && errno != ENOENT)
      trouble = errno == k_other ? "it is no regular file any more" : reason(errno);
  }

 private:
  static constexpr int k_other = ENOTSUP;

  /// False with errno, as open_file(). A folder that is away, on a disk that is not mounted say, may come
  /// back with its files.
  bool open_folder(const fs::path& path) {
    folder = base::Fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    return static_cast<bool>(folder);
  }

  bool open_file(const fs::path& name) {
    struct stat info {};
    if (::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
    if (!S_ISREG(info.st_mode)) {
      errno = k_other;
      return false;
    }
    base::Fd opened(
        ::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!opened || ::fstat(opened.get(), &info) != 0) return false;
    file = std::move(opened);
    stamp = {static_cast<std::int64_t>(info.st_dev), static_cast<std::int64_t>(info.st_ino), info.st_size,
             info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
    return true;
  }
};

std::vector<SoundFile> sound_files(std::string_view files, std::string_view file_name) {
  std::vector<SoundFile> all;
  if (files.empty()) {
    if (!file_name.empty()) all.push_back({std::string(file_name), {}});
    return all;
  }
  for (const auto& one : nlohmann::json::parse(files))
    all.push_back({one.at("name").get<std::string>(), one.at("sha256").get<std::string>()});
  return all;
}

std::string to_json(const std::vector<SoundFile>& files) {
  auto all = nlohmann::json::array();
  for (const auto& file : files) {
    if (!base::valid_utf8(file.name))
      throw Error(Errc::invalid, "recordings.bad_file", "the name of the file is not UTF-8", "name another");
    all.push_back({{"name", file.name}, {"sha256", file.sha256}});
  }
  return all.dump();
}

std::string SoundRemoval::digest_of(const std::string& name, const Place& place) {
  if (const auto seen = seen_.find(name); seen != seen_.end() && seen->second.first == place.stamp)
    return seen->second.second;
  base::Digest digest;
  if (base::read_back(place.file.get(), [&](std::string_view piece) { digest.update(piece); })) return {};
  return seen_.insert_or_assign(name, std::pair(place.stamp, digest.hex())).first->second.second;
}

void SoundRemoval::look_at(const SoundFile& file) {
  if (file.sha256.empty()) return;
  const Place place(file.name);
  if (place.file) digest_of(file.name, place);
}

std::string SoundRemoval::remove(const SoundFile& file) {
  const fs::path path(file.name);
  const Place place(path);
  if (!place.file) return place.trouble;
  if (file.sha256.empty()) return "it is not known what was written to it";
  const auto digest = digest_of(file.name, place);
  if (digest.empty()) return "it cannot be read";
  if (digest != file.sha256)
    return is_noted_(digest) ? std::string() : "it holds something else than was fetched";
  if (::unlinkat(place.folder.get(), path.filename().c_str(), 0) != 0)
    return errno == ENOENT ? std::string() : reason(errno);
  ++removed_;
  folders_.insert(path.parent_path());
  return {};
}

void SoundRemoval::settle() {
  for (const auto& folder : folders_)
    if (!base::sync_directory(folder))
      throw Error(Errc::output, "output.write_failed",
                  fmt::format("could not write {}: {}", folder.string(), reason(errno)));
  folders_.clear();
}

}  // namespace ringctl::calls
