#include "base/file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using ringctl::Errc;
using ringctl::base::AtomicFile;
using ringctl::base::Fd;
using ringctl::base::make_private_folder;
using ringctl::test::error_of;
using ringctl::test::read_text;
using ringctl::test::slug_of;
using ringctl::test::TempDir;
using ringctl::test::write_text;

namespace {

std::ptrdiff_t entries(const TempDir& dir) {
  return std::distance(std::filesystem::directory_iterator(dir.path()),
                       std::filesystem::directory_iterator());
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

}  // namespace

TEST_CASE("a descriptor is closed once, by its last owner") {
  int raw = -1;
  {
    Fd first(::open("/dev/null", O_RDONLY));
    raw = first.get();
    Fd second(std::move(first));
    CHECK(is_open(raw));
    CHECK(second.get() == raw);
  }
  CHECK_FALSE(is_open(raw));
}

TEST_CASE("an atomic file appears whole on commit, with nothing beside it") {
  const TempDir dir;
  AtomicFile file(dir / "report.csv");
  file.write("a,b\n");
  file.write(std::string(200'000, 'x'));
  CHECK_FALSE(std::filesystem::exists(dir / "report.csv"));
  file.commit();
  CHECK(read_text(dir / "report.csv") == "a,b\n" + std::string(200'000, 'x'));
  CHECK(entries(dir) == 1);
}

TEST_CASE("an atomic file that is not committed leaves the old one and nothing else") {
  const TempDir dir;
  write_text(dir / "report.csv", "old");
  {
    AtomicFile file(dir / "report.csv");
    file.write(std::string(200'000, 'x'));
  }
  CHECK(read_text(dir / "report.csv") == "old");
  CHECK(entries(dir) == 1);
}

TEST_CASE("a moved atomic file is still committed or removed exactly once") {
  const TempDir dir;
  {
    AtomicFile first(dir / "a");
    first.write("text");
    AtomicFile second(std::move(first));
    second.commit();
  }
  CHECK(read_text(dir / "a") == "text");
  CHECK(entries(dir) == 1);
}

TEST_CASE("a new file gets the mode asked for, an old one keeps its own") {
  const TempDir dir;
  AtomicFile(dir / "new", 0600).commit();
  CHECK(mode_of(dir / "new") == 0600);
  write_text(dir / "old", "x");
  std::filesystem::permissions(dir / "old", std::filesystem::perms(0640));
  AtomicFile(dir / "old", 0644).commit();
  CHECK(mode_of(dir / "old") == 0640);
}

TEST_CASE("a symbolic link stays a link and the file it names is replaced") {
  const TempDir dir;
  write_text(dir / "real", "old");
  std::filesystem::create_symlink("real", dir / "link");
  AtomicFile file(dir / "link");
  file.write("new");
  file.commit();
  CHECK(std::filesystem::is_symlink(dir / "link"));
  CHECK(read_text(dir / "real") == "new");
}

TEST_CASE("a device is written to, never replaced") {
  AtomicFile file("/dev/null");
  file.write("gone");
  file.commit();
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("a directory or a missing folder cannot be written, and the error names it") {
  const TempDir dir;
  const auto of_directory = error_of([&] { AtomicFile file(dir.path()); });
  REQUIRE(of_directory);
  CHECK(of_directory->errc() == Errc::output);
  CHECK(of_directory->slug() == "output.write_failed");
  const auto missing = error_of([&] { AtomicFile file(dir / "no/such/report.csv"); });
  REQUIRE(missing);
  CHECK(missing->message().find("no/such/report.csv: No such file or directory") != std::string::npos);
}

TEST_CASE("a full disk fails the commit and keeps the old file") {
  const TempDir dir;
  write_text(dir / "report.csv", "old");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto slug = slug_of([&] {
    AtomicFile file(dir / "report.csv");
    file.write(std::string(10'000, 'x'));
    file.commit();
  });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(slug == "output.write_failed");
  CHECK(read_text(dir / "report.csv") == "old");
  CHECK(entries(dir) == 1);
}

TEST_CASE("writing all survives a pipe that takes little at a time") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  Fd out(ends[0]);
  Fd in(ends[1]);
  REQUIRE(::fcntl(in.get(), F_SETFL, O_NONBLOCK) == 0);
  const std::string data(1'000'000, 'x');
  std::string got;
  std::thread reader([&] {
    std::array<char, 4096> piece{};
    for (ssize_t n = 0; (n = ::read(out.get(), piece.data(), piece.size())) > 0;)
      got.append(piece.data(), static_cast<std::size_t>(n));
  });
  ringctl::base::write_all(in.get(), data, "a pipe");
  in = Fd();
  reader.join();
  CHECK(got == data);
}

TEST_CASE("writing to a full device or to nobody has an error of its own") {
  const Fd full(::open("/dev/full", O_WRONLY));
  const auto error = error_of([&] { ringctl::base::write_all(full.get(), "x", "standard output"); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::output);
  CHECK(error->message() == "could not write standard output: No space left on device");

  const auto handler = std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const Fd in(ends[1]);
  ::close(ends[0]);
  const auto broken = error_of([&] { ringctl::base::write_all(in.get(), "x", "standard output"); });
  std::signal(SIGPIPE, handler);
  REQUIRE(broken);
  CHECK(broken->errc() == Errc::broken_pipe);
}

TEST_CASE("a file is read whole up to its cap") {
  const TempDir dir;
  write_text(dir / "f", std::string(100'000, 'x'));
  CHECK(ringctl::base::read_file(dir / "f") == std::string(100'000, 'x'));
  CHECK(ringctl::base::read_file(dir / "f", 100'000).size() == 100'000);
  CHECK(slug_of([&] { ringctl::base::read_file(dir / "f", 99'999); }) == "file.too_large");
  CHECK(slug_of([&] { ringctl::base::read_file(dir / "absent"); }) == "file.unreadable");
  CHECK(slug_of([&] { ringctl::base::read_file(dir.path()); }) == "file.unreadable");
}

TEST_CASE("a secret file must be the owner's alone") {
  const TempDir dir;
  write_text(dir / "credentials.toml", "x");
  const auto with_mode = [&](unsigned mode) {
    std::filesystem::permissions(dir / "credentials.toml", std::filesystem::perms(mode));
    return error_of([&] { ringctl::base::require_private(dir / "credentials.toml"); });
  };
  CHECK_FALSE(with_mode(0600));
  CHECK_FALSE(with_mode(0400));
  for (const unsigned mode : {0644U, 0640U, 0604U, 0620U, 0601U}) {
    const auto error = with_mode(mode);
    REQUIRE(error);
    CHECK(error->errc() == Errc::config);
    CHECK(error->slug() == "config.secret_permissions");
    CHECK(error->hint() == "chmod 600 " + (dir / "credentials.toml").string());
  }
  CHECK(slug_of([&] { ringctl::base::require_private(dir.path()); }) == "config.secret_permissions");
  CHECK(slug_of([&] { ringctl::base::require_private(dir / "absent"); }) == "config.secret_unreadable");
}

TEST_CASE("a private folder is made with those above it, and one that is there stays as it is") {
  const TempDir dir;
  const auto deep = dir / "a" / "b" / "c";
  const auto before = ::umask(0);
  CHECK_FALSE(make_private_folder(deep));
  ::umask(before);
  for (auto folder = deep; folder != dir.path(); folder = folder.parent_path()) {
    INFO(folder);
    CHECK(mode_of(folder) == 0700);
  }
  REQUIRE(::chmod(deep.c_str(), 0750) == 0);
  CHECK_FALSE(make_private_folder(deep));
  CHECK(mode_of(deep) == 0750);
  CHECK_FALSE(make_private_folder(""));

  write_text(dir / "file", "x");
  CHECK(make_private_folder(dir / "file" / "below") == std::errc::not_a_directory);
  CHECK(make_private_folder("/proc/nowhere/at-all"));
}

TEST_CASE("what was written to a temporary file is read back whole, in order") {
  const Fd fd = ringctl::base::temporary_file();
  std::string text;
  while (text.size() < 200'000) text += std::to_string(text.size()) + "\n";
  ringctl::base::write_all(fd.get(), text, "temporary file");
  std::string back;
  CHECK_FALSE(ringctl::base::read_back(fd.get(), [&](std::string_view piece) { back += piece; }));
  CHECK(back == text);
  CHECK(ringctl::base::read_back(-1, [](std::string_view) {}) == std::errc::bad_file_descriptor);
}

TEST_CASE("a temporary file is private and has no name") {
  const Fd fd = ringctl::base::temporary_file();
  struct stat info {};
  REQUIRE(::fstat(fd.get(), &info) == 0);
  CHECK(info.st_nlink == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
  ringctl::base::write_all(fd.get(), "text", "temporary file");
  std::array<char, 4> back{};
  CHECK(::pread(fd.get(), back.data(), back.size(), 0) == 4);
  CHECK(std::string_view(back.data(), back.size()) == "text");
}
