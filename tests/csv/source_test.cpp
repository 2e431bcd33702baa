#include "csv/source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using ringctl::Errc;
using ringctl::csv::Source;
using ringctl::csv::SourceOptions;
using ringctl::test::error_of;
using ringctl::test::slug_of;
using ringctl::test::TempDir;
using ringctl::test::write_text;

namespace {

std::string all_of(Source& source) {
  std::string text;
  for (auto piece = source.read(); !piece.empty(); piece = source.read()) text += piece;
  return text;
}

std::string read_path(const std::string& path) {
  auto source = Source::open(path);
  return all_of(source);
}

}  // namespace

TEST_CASE("a file is read whole, and its digest is that of its bytes") {
  const TempDir dir;
  const std::string text(1'000'000, 'x');
  write_text(dir / "a.csv", text);
  auto source = Source::open((dir / "a.csv").string());
  CHECK(all_of(source) == text);
  CHECK(source.digest() == ringctl::base::sha256_hex(text));
  CHECK(source.read().empty());
  CHECK(source.name() == (dir / "a.csv").string());
  CHECK_FALSE(source.is_stdin());
}

TEST_CASE(
    "an open file is read from its first byte as often as it is asked for, under the name it is given") {
  const auto fd = ringctl::base::temporary_file();
  ringctl::base::write_all(fd.get(), "a,b\n", "file");
  for (int again = 0; again < 2; ++again) {
    auto source = Source::from_file(fd.get(), "users in estate.json");
    CHECK(source.name() == "users in estate.json");
    CHECK_FALSE(source.is_stdin());
    CHECK(all_of(source) == "a,b\n");
    CHECK(source.digest() == ringctl::base::sha256_hex("a,b\n"));
  }
}

TEST_CASE("an empty file is an empty text") {
  const TempDir dir;
  write_text(dir / "empty.csv", "");
  CHECK(read_path((dir / "empty.csv").string()).empty());
  CHECK(read_path("/dev/null").empty());
}

TEST_CASE("a FIFO is read to its end, a byte at a time if need be") {
  const TempDir dir;
  const auto path = (dir / "fifo").string();
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  std::thread writer([&] {
    const ringctl::base::Fd fd(::open(path.c_str(), O_WRONLY));
    for (const char c : std::string("\xEF\xBB\xBFphone_number\n+12025550143\n"))
      ringctl::base::write_all(fd.get(), {&c, 1}, "fifo");
  });
  const auto text = read_path(path);
  writer.join();
  CHECK(text == "phone_number\n+12025550143\n");
}

TEST_CASE("standard input is read and named as such") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  ringctl::base::write_all(ends[1], "a,b\n", "pipe");
  ::close(ends[1]);
  const ringctl::base::Fd saved(::dup(STDIN_FILENO));
  ::dup2(ends[0], STDIN_FILENO);
  ::close(ends[0]);
  auto source = Source::open("-");
  const auto text = all_of(source);
  ::dup2(saved.get(), STDIN_FILENO);
  CHECK(text == "a,b\n");
  CHECK(source.is_stdin());
  CHECK(source.name() == "standard input");
}

TEST_CASE("what is no input is refused as a mistake in the command") {
  const TempDir dir;
  const auto missing = error_of([&] { Source::open((dir / "none.csv").string()); });
  REQUIRE(missing);
  CHECK(missing->errc() == Errc::usage);
  CHECK(missing->slug() == "input.not_found");
  CHECK(missing->message().find("none.csv") != std::string::npos);
  write_text(dir / "file", "x");
  CHECK(slug_of([&] { Source::open((dir / "file/below.csv").string()); }) == "input.not_found");
  CHECK(slug_of([&] { Source::open(dir.path().string()); }) == "input.unreadable");
  CHECK(slug_of([&] { Source::open("/dev/zero"); }) == "input.unreadable");
  CHECK(slug_of([&] { Source::open(std::string("a\0b.csv", 7)); }) == "input.unreadable");
}

TEST_CASE("a file without permission is refused") {
  if (::geteuid() == 0) return;  // root may read everything
  const TempDir dir;
  write_text(dir / "a.csv", "x");
  std::filesystem::permissions(dir / "a.csv", std::filesystem::perms::none);
  CHECK(slug_of([&] { Source::open((dir / "a.csv").string()); }) == "input.unreadable");
}

TEST_CASE("what is no text of rows is refused by what it is") {
  const std::string zip("PK\x03\x04" + std::string(26, '\0'));
  const std::pair<std::string, const char*> k_cases[] = {
      {zip + "[Content_Types].xml", "text is a workbook (xlsx)"},
      {zip + "xl/workbook.xml", "text is a workbook (xlsx)"},
      {zip + "mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "text is a workbook (ods)"},
      {zip + "numbers.csv", "text is a zip archive"},
      {"PK\x03\x04", "text is a zip archive"},
      {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "text is a workbook (xls)"},
      {"\xEF\xBB\xBF\r\n<!DOCTYPE html>\n<html>", "text is a web page (HTML)"},
      {"<HTML><body>", "text is a web page (HTML)"},
      {"<table border=1>", "text is a web page (HTML)"},
      {"%PDF-1.7", "text is a PDF"}};
  for (const auto& [text, message] : k_cases) {
    INFO(message);
    auto source = Source::from_text(text);
    const auto error = error_of([&] { all_of(source); });
    REQUIRE(error);
    CHECK(error->slug() == "import.not_rows");
    CHECK(error->errc() == Errc::invalid);
    CHECK(error->message() == message);
    CHECK_FALSE(error->hint().empty());
  }
}

TEST_CASE("text that only resembles another kind of file is read") {
  for (const std::string text : {"PK,label\n", "<b>phone_number</b>\n", "%PDF\n"}) {
    auto source = Source::from_text(text);
    CHECK(all_of(source) == text);
  }
}

TEST_CASE("pieces are no larger than asked for and make up the text") {
  const std::string text(10'000, 'y');
  SourceOptions options;
  options.piece = 7;
  auto source = Source::from_text(text, options);
  std::string got;
  for (auto piece = source.read(); !piece.empty(); piece = source.read()) {
    REQUIRE(piece.size() <= 7);
    got += piece;
  }
  CHECK(got == text);
}
