#include "calls/sound_files.hpp"

#include <sys/stat.h>

#include "base/digest.hpp"
#include "calls/person.hpp"
#include "calls/recordings.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using calls::SoundFile;
using calls::SoundRemoval;

namespace {

struct Shelf {
  SoundFile file(const std::string& name, const std::string& sound = "sound") const {
    test::write_text(folder / name, sound);
    return {(folder / name).string(), base::sha256_hex(sound)};
  }
  std::string remove(const SoundFile& one) { return removal.remove(one); }

  test::TempDir folder;
  std::string noted_too = {};  ///< digest of another file that was fetched
  SoundRemoval removal{[this](std::string_view sha256) { return sha256 == noted_too; }};
};

}  // namespace

TEST_CASE("a file that holds what was fetched is removed, and one that is not there is no trouble",
          "[calls]") {
  Shelf f;
  const auto one = f.file("one.wav");
  CHECK(f.remove(one).empty());
  CHECK_FALSE(std::filesystem::exists(one.name));
  CHECK(f.removal.removed() == 1);
  CHECK(f.remove(one).empty());
  CHECK(f.remove({one.name, {}}).empty());
  CHECK(f.removal.removed() == 1);
  f.removal.settle();
}

TEST_CASE("files of a folder that is away are not taken for gone, since it may come back", "[calls]") {
  Shelf f;
  std::filesystem::create_directory(f.folder / "tapes");
  const auto one = f.file("tapes/one.wav");
  std::filesystem::rename(f.folder / "tapes", f.folder / "elsewhere");
  CHECK(f.remove(one) == "its folder is not there");
  test::write_text(f.folder / "tapes", "no folder");
  CHECK(f.remove(one) == "its folder is not there");
  std::filesystem::remove(f.folder / "tapes");
  std::filesystem::rename(f.folder / "elsewhere", f.folder / "tapes");
  CHECK(f.remove(one).empty());
  CHECK(f.removal.removed() == 1);
}

TEST_CASE("what is not what was fetched stays, whatever was noted of it", "[calls]") {
  Shelf f;
  const auto one = f.file("one.wav");
  auto noted = one;
  std::string why;
  SECTION("it was changed") {
    test::write_text(one.name, "sound, cut");
    why = "it holds something else than was fetched";
  }
  SECTION("nobody noted what it held") {
    noted.sha256.clear();
    why = "it is not known what was written to it";
  }
  SECTION("its name is of a folder that nobody noted") {
    noted.name = std::filesystem::relative(one.name).string();
    REQUIRE(std::filesystem::exists(noted.name));
    why = "it is not known in which folder that is";
  }
  SECTION("its name climbs out of its folder") {
    std::filesystem::create_directory(f.folder / "tapes");
    noted.name = (f.folder / "tapes/../one.wav").string();
    REQUIRE(std::filesystem::exists(noted.name));
    why = "it is not known in which folder that is";
  }
  SECTION("a link to it is in its place") {
    noted.name = (f.folder / "link.wav").string();
    std::filesystem::create_symlink(one.name, noted.name);
    why = "it is no regular file any more";
  }
  SECTION("a folder is in its place") {
    std::filesystem::remove(one.name);
    std::filesystem::create_directory(one.name);
    why = "it is no regular file any more";
  }
  SECTION("a pipe is in its place, which is not waited for") {
    std::filesystem::remove(one.name);
    REQUIRE(::mkfifo(one.name.c_str(), 0600) == 0);
    why = "it is no regular file any more";
  }
  SECTION("the system refuses to look there") {
    noted.name = (f.folder / std::string(300, 'x')).string();
    why = "File name too long";
  }
  f.removal.look_at(noted);
  CHECK(f.remove(noted) == why);
  CHECK(std::filesystem::exists(one.name));
  CHECK(f.removal.removed() == 0);
}

TEST_CASE("sound that another recording's took the place of is no more, and the other stays", "[calls]") {
  Shelf f;
  auto one = f.file("take.wav", "the first");
  const auto other = f.file("take.wav", "the second");
  f.noted_too = other.sha256;
  CHECK(f.remove(one).empty());
  CHECK(test::read_text(other.name) == "the second");
}

TEST_CASE("a file that was looked at is read again if it is another by the time it is to go", "[calls]") {
  Shelf f;
  const auto one = f.file("one.wav");
  f.removal.look_at(one);
  test::write_text(f.folder / "new", "sound that somebody mended");
  std::filesystem::rename(f.folder / "new", one.name);
  CHECK(f.remove(one) == "it holds something else than was fetched");
  CHECK(std::filesystem::exists(one.name));
}

TEST_CASE("each file that a recording was fetched into is noted, once under each name", "[calls]") {
  test::Person f(GENERATE(from_range(test::engines())));
  const auto sid = test::recording_sid(1);
  f.apply({f.known(1),
           f.event(calls::Kind::recording, {{"CallSid", test::call_sid(1)}, {"RecordingSid", sid}}, 5)});
  const auto id = f.read([&] { return calls::get_recording(f.db(), f.workspace, sid).id; });
  const auto fetched = [&](const SoundFile& file) {
    f.write([&] { calls::note_fetched(f.session(), f.workspace, id, file); });
  };
  const auto noted = [&] {
    std::string all;
    for (const auto& file :
         calls::sound_files(f.rows("SELECT files FROM recordings WHERE workspace_id = $1"),
                            f.read([&] { return calls::get_recording(f.db(), f.workspace, sid).file_name; })))
      all += file.name + " " + file.sha256 + "\n";
    return all;
  };
  f.exec("UPDATE recordings SET file_name = 'tapes/old.wav' WHERE id = $1", {id});
  CHECK(calls::sound_files("", "tapes/old.wav").at(0).sha256.empty());
  fetched({"/srv/tapes/lin.wav", "aa"});
  fetched({"/srv/tapes/lin.mp3", "bb"});
  fetched({"/srv/tapes/lin.wav", "cc"});
  CHECK(noted() == "tapes/old.wav \n/srv/tapes/lin.mp3 bb\n/srv/tapes/lin.wav cc\n");
  fetched({"/dev/stdout", {}});
  CHECK(noted() == "tapes/old.wav \n/srv/tapes/lin.mp3 bb\n/srv/tapes/lin.wav cc\n");
  CHECK(test::slug_of([&] { fetched({"/srv/\xff.wav", "dd"}); }) == "recordings.bad_file");
}
