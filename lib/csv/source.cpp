// A pipeline: raw bytes -> digest -> unpacked -> UTF-8. Each stage hands on pieces, none keeps more than one.
#include "csv/source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "csv/inflate.hpp"
#include "csv/transcode.hpp"

namespace ringctl::csv {
namespace {

Error unreadable(const std::string& name, std::string_view why) {
  return {Errc::usage, "input.unreadable", fmt::format("could not read {}: {}", name, why)};
}

bool is_null_device(const struct stat& info) { return major(info.st_rdev) == 1 && minor(info.st_rdev) == 3; }

/// Files, FIFOs, sockets, terminals and /dev/null are input; the rest would be a slip of the hand.
void require_input(int fd, const std::string& name) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) throw unreadable(name, std::generic_category().message(errno));
  if (S_ISDIR(info.st_mode)) throw unreadable(name, "it is a directory");
  if (S_ISBLK(info.st_mode) || (S_ISCHR(info.st_mode) && ::isatty(fd) == 0 && !is_null_device(info)))
    throw unreadable(name, "it is a device");
}

/// What a file is that is no text of rows, by its first bytes; nullptr: it may be one.
struct Foreign {
  const char* is;
  const char* hint;
};

const Foreign* foreign(std::string_view head) {
  using namespace std::string_view_literals;
  constexpr auto k_save = "open it, and save it as CSV";
  static constexpr Foreign k_workbook{"is a workbook (xlsx)", k_save}, k_ods{"is a workbook (ods)", k_save},
      k_xls{"is a workbook (xls)", k_save}, k_page{"is a web page (HTML)", "save its table as CSV"},
      k_pdf{"is a PDF", "ask for its table as CSV"},
      k_zip{"is a zip archive", "unpack it, or pack the file with gzip"};
  if (head.starts_with("PK\x03\x04"sv)) {
    // The name of the first part stands behind 30 bytes.
    const auto part = head.substr(std::min<std::size_t>(head.size(), 30));
    if (part.starts_with("mimetypeapplication/vnd.oasis"sv)) return &k_ods;
    for (const auto name : {"[Content_Types].xml"sv, "_rels/"sv, "docProps/"sv, "xl/"sv})
      if (part.starts_with(name)) return &k_workbook;
    return &k_zip;
  }
  if (head.starts_with("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv)) return &k_xls;
  if (head.starts_with("%PDF-"sv)) return &k_pdf;
  if (head.starts_with("\xEF\xBB\xBF"sv)) head.remove_prefix(3);
  const auto begin = base::ascii_lower(base::trim(head.substr(0, k_detect_size)));
  for (const auto tag : {"<!doctype html"sv, "<html"sv, "<table"sv})
    if (begin.starts_with(tag)) return &k_page;
  return nullptr;
}

}  // namespace

struct Source::Impl {
  std::string name;
  SourceOptions options;
  base::Fd owned;
  int fd = -1;  ///< -1: `text` is the input
  std::string text;
  std::size_t text_at = 0;
  bool from_stdin = false;

  std::string raw;          ///< the last piece read
  std::string_view unread;  ///< its part not yet handed on
  bool raw_ended = false;
  base::Digest digest;

  std::unique_ptr<Inflater> inflater;
  std::string unpacked;
  std::uint64_t unpacked_size = 0;

  std::optional<Transcoder> transcoder;
  std::string transcoded;
  std::size_t bom = 0;     ///< bytes of byte-order mark that the transcoder did not see
  std::string head;        ///< first bytes, read ahead to tell the encoding
  std::string_view ready;  ///< text not yet handed out
  bool started = false;
  bool ended = false;

  std::size_t read_some(char* to, std::size_t room);
  void read_raw(std::size_t least = 1);
  std::string_view next_unpacked();
  std::string_view next_inflated();
  std::string_view decode(std::string_view piece);
  void start();
  std::string_view next_text();
  Error bad_archive(std::string_view why) const {
    return {Errc::invalid, "import.bad_archive", fmt::format("{} {}", name, why)};
  }
  Error bad_encoding(std::uint64_t offset) const {
    return {Errc::invalid, "import.bad_encoding",
            fmt::format("{}: the bytes at offset {} are not text in its encoding", name,
                        base::group_digits(offset)),
            "name the encoding with --encoding"};
  }
};

std::size_t Source::Impl::read_some(char* to, std::size_t room) {
  if (fd < 0) {
    const auto got = text.copy(to, room, text_at);
    text_at += got;
    return got;
  }
  for (;;) {
    const ssize_t got = ::read(fd, to, room);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw unreadable(name, std::generic_category().message(errno));
  }
}

/// Replaces `raw` by the next piece of input, of `least` bytes where the input has as many: a pipe may give
/// one at a time. Only called when `unread` is empty.
void Source::Impl::read_raw(std::size_t least) {
  raw.resize(std::max(options.piece, least));
  std::size_t size = 0;
  while (size < least) {
    const auto got = read_some(raw.data() + size, raw.size() - size);
    if (got == 0) break;
    size += got;
  }
  raw.resize(size);
  digest.update(raw);
  unread = raw;
  raw_ended = raw.empty();
}

std::string_view Source::Impl::next_unpacked() {
  if (inflater) return next_inflated();
  if (unread.empty() && !raw_ended) read_raw();
  return std::exchange(unread, {});
}

std::string_view Source::Impl::next_inflated() {
  for (;;) {
    if (unread.empty() && !raw_ended) read_raw();
    if (unread.empty() && inflater->at_end()) return {};
    const bool fresh_member = inflater->at_end();
    const auto before = unread.size();
    if (!inflater->step(unread, unpacked))
      throw bad_archive(fresh_member ? "has something else behind the archive" : "is a damaged archive");
    unpacked_size += unpacked.size();
    if (unpacked_size > options.decompressed_cap)
      throw Error(Errc::invalid, "import.too_large",
                  fmt::format("{} unpacks to more than {} bytes", name,
                              base::group_digits(options.decompressed_cap)));
    if (!unpacked.empty()) return unpacked;
    if (raw_ended && unread.size() == before && !inflater->at_end())
      throw bad_archive("is an archive that was cut short");
  }
}

void Source::Impl::start() {
  started = true;
  read_raw(k_magic_size);
  inflater = inflater_for(unread);
  while (head.size() < k_detect_size) {
    const auto piece = next_unpacked();
    if (piece.empty()) break;
    head += piece;
  }
  if (inflater && inflater_for(head)) throw bad_archive("holds an archive within the archive");
  if (const auto* other = foreign(head))
    throw Error(Errc::invalid, "import.not_rows", fmt::format("{} {}", name, other->is), other->hint);
  const auto found = detect(head, options.encoding);
  if (found.iconv_name != nullptr) transcoder.emplace(found.iconv_name);
  bom = found.bom;
  head.erase(0, bom);
}

std::string_view Source::Impl::decode(std::string_view piece) {
  if (!transcoder) return piece;
  transcoded.clear();
  if (const auto bad = transcoder->convert(piece, transcoded)) throw bad_encoding(bom + *bad);
  return transcoded;
}

/// The next piece that is not empty, or the end.
std::string_view Source::Impl::next_text() {
  if (!started) {
    start();
    if (const auto first = decode(head); !first.empty()) return first;
  }
  while (!ended) {
    const auto piece = next_unpacked();
    if (piece.empty()) break;
    // A piece may be less than one character.
    if (const auto decoded = decode(piece); !decoded.empty()) return decoded;
  }
  if (!ended && transcoder)
    if (const auto cut = transcoder->finish()) throw bad_encoding(bom + *cut);
  ended = true;
  return {};
}

Source::Source(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Source::Source(Source&&) noexcept = default;
Source& Source::operator=(Source&&) noexcept = default;
Source::~Source() = default;

Source Source::open(const std::string& path, const SourceOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->from_stdin = path == "-";
  impl->name = impl->from_stdin ? "standard input" : path;
  if (impl->from_stdin) {
    impl->fd = STDIN_FILENO;
  } else {
    if (const auto nul = path.find('\0'); nul != std::string::npos)
      throw unreadable(path.substr(0, nul), "its name holds a NUL byte");
    impl->owned = base::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    impl->fd = impl->owned.get();
    const int error = errno;
    if (!impl->owned && (error == ENOENT || error == ENOTDIR))
      throw Error(Errc::usage, "input.not_found", fmt::format("no such file: {}", path));
    if (!impl->owned) throw unreadable(path, std::generic_category().message(error));
  }
  require_input(impl->fd, impl->name);
  ::posix_fadvise(impl->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return Source(std::move(impl));
}

Source Source::from_text(std::string text, const SourceOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->name = "text";
  impl->text = std::move(text);
  return Source(std::move(impl));
}

Source Source::from_file(int fd, std::string name, const SourceOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->name = std::move(name);
  impl->fd = fd;
  if (::lseek(fd, 0, SEEK_SET) != 0) throw unreadable(impl->name, std::generic_category().message(errno));
  return Source(std::move(impl));
}

std::string_view Source::read() {
  if (impl_->ready.empty()) impl_->ready = impl_->next_text();
  const auto piece = impl_->ready.substr(0, impl_->options.piece);
  impl_->ready.remove_prefix(piece.size());
  return piece;
}

std::string Source::digest() const { return impl_->digest.hex(); }
bool Source::is_stdin() const { return impl_->from_stdin; }
const std::string& Source::name() const { return impl_->name; }

}  // namespace ringctl::csv
