// The #include lines against the drawing of the house: lib/CMakeLists.txt says which room takes which.

#include <map>
#include <regex>
#include <set>

#include "house/source.hpp"

namespace ringctl::house {
namespace {

using Rooms = std::map<std::string, std::set<std::string>>;

/// The USES lists, word for word.
Rooms drawn() {
  const auto cmake = test::read_text(root() / "lib/CMakeLists.txt");
  const std::regex call(R"(ringctl_module\(\s*(\w+)([^)]*)\))");
  Rooms rooms;
  for (std::sregex_iterator at(cmake.begin(), cmake.end(), call), end; at != end; ++at) {
    auto& uses = rooms[(*at)[1]];
    const std::string rest = (*at)[2];
    const std::regex word(R"(\S+)");
    bool listing = false;
    for (std::sregex_iterator part(rest.begin(), rest.end(), word); part != end; ++part) {
      const auto text = part->str();
      if (text == "USES" || text == "LINKS")
        listing = text == "USES";
      else if (listing)
        uses.insert(text);
    }
  }
  return rooms;
}

struct Include {
  std::string name;
  bool quoted;
};

std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> all;
  const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  for (const auto& line : lines_of(text)) {
    std::smatch found;
    if (line.find('#') != std::string::npos && std::regex_search(line, found, include)) all.push_back({found[2], found[1] == "\""});
  }
  return all;
}

TEST_CASE("rooms are drawn lowest first, each over rooms that exist", "[house]") {
  const auto cmake = test::read_text(root() / "lib/CMakeLists.txt");
  const auto rooms = drawn();
  REQUIRE(rooms.size() >= 10);
  for (const auto& [room, uses] : rooms)
    for (const auto& used : uses) {
      INFO(room << " uses " << used);
      REQUIRE(rooms.count(used) == 1);
      CHECK(cmake.find("ringctl_module(" + used) < cmake.find("ringctl_module(" + room));
    }
}

TEST_CASE("every folder of lib that holds source is a room of the drawing", "[house]") {
  const auto rooms = drawn();
  for (const auto& file : sources()) {
    if (file.room == "cmd") continue;
    INFO(file.path);
    CHECK(rooms.count(file.room) == 1);
  }
}

TEST_CASE("a room includes only its own headers and those of the rooms it uses", "[house]") {
  const auto rooms = drawn();
  int seen = 0;
  for (const auto& file : sources())
    for (const auto& [name, quoted] : includes_of(file.text)) {
      const auto slash = name.find('/');
      if (!quoted || slash == std::string::npos) continue;
      const auto taken = name.substr(0, slash);
      ++seen;
      INFO(file.path << " includes " << name);
      if (file.room == "cmd")
        CHECK((taken == "cmd" || rooms.count(taken) == 1));
      else
        CHECK((taken == file.room || rooms.at(file.room).count(taken) == 1));
    }
  CHECK(seen > 50);
}

TEST_CASE("a room uses every room it is drawn over", "[house]") {
  Rooms taken;
  std::set<std::string> built;
  for (const auto& file : sources()) {
    if (!file.header()) built.insert(file.room);
    for (const auto& [name, quoted] : includes_of(file.text))
      if (quoted && name.find('/') != std::string::npos)
        taken[file.room].insert(name.substr(0, name.find('/')));
  }
  for (const auto& [room, uses] : drawn())
    for (const auto& used : uses) {
      if (built.count(room) == 0) continue;
      INFO(room << " is drawn over " << used);
      CHECK(taken[room].count(used) == 1);
    }
}

/// Headers that other rooms come to see, themselves or through another header.
std::set<std::string> seen_from_outside(const std::vector<SourceFile>& files) {
  std::map<std::string, std::vector<std::string>> includes;
  std::vector<std::string> open;
  for (const auto& file : files)
    for (const auto& [name, quoted] : includes_of(file.text)) {
      if (!quoted) continue;
      includes[file.path].push_back("lib/" + name);
      if (!name.starts_with(file.room + "/")) open.push_back("lib/" + name);
    }
  std::set<std::string> seen;
  while (!open.empty()) {
    const auto path = open.back();
    open.pop_back();
    if (!seen.insert(path).second) continue;
    for (const auto& further : includes[path]) open.push_back(further);
  }
  return seen;
}

enum class Where {
  sources,      ///< .cpp files only
  own_headers,  ///< also headers that no other room sees
  anywhere,
};

struct Library {
  const char* prefix;
  std::set<std::string> rooms;  ///< empty: every room
  Where where;
};

/// Who may touch which third-party library.
const Library k_libraries[] = {
    {"CLI/", {"cmd"}, Where::own_headers},
    {"absl/", {"base"}, Where::own_headers},
    {"boost/", {"net"}, Where::own_headers},
    {"csv.h", {"csv"}, Where::own_headers},
    {"curl/", {"http"}, Where::own_headers},
    {"fmt/", {}, Where::anywhere},
    {"libpq-fe.h", {"db"}, Where::own_headers},
    {"nlohmann/", {}, Where::sources},
    {"openssl/", {"net", "twilio"}, Where::own_headers},
    {"phonenumbers/", {"phone"}, Where::own_headers},
    {"prometheus/", {"serve"}, Where::sources},
    {"pugixml.hpp", {"twiml"}, Where::sources},
    {"sodium.h", {"base"}, Where::own_headers},
    {"spdlog/", {"base"}, Where::own_headers},
    {"sqlite3.h", {"db"}, Where::own_headers},
    {"toml++/", {"config"}, Where::own_headers},
    {"utf8proc.h", {"base", "cmd"}, Where::own_headers},
    {"xlsxwriter.h", {"report"}, Where::sources},
    {"zlib.h", {"csv", "serve"}, Where::own_headers},
    {"zstd.h", {"csv"}, Where::own_headers},
};

/// C headers of the system itself. C++ headers have neither dot nor slash.
bool of_the_system(const std::string& name) {
  static const std::set<std::string> k_known = {
      "arpa/inet.h", "cxxabi.h", "fcntl.h",  "iconv.h",   "poll.h", "pthread.h", "pwd.h",
      "signal.h",    "spawn.h",  "stdlib.h", "termios.h", "time.h", "unistd.h",  "langinfo.h"};
  if (name.find('.') == std::string::npos && name.find('/') == std::string::npos) return true;
  return k_known.count(name) == 1 || name.starts_with("sys/") || name.starts_with("linux/") ||
         name.starts_with("netinet/");
}

TEST_CASE("a third-party library is known only to the rooms that own it", "[house]") {
  const auto files = sources();
  const auto outside = seen_from_outside(files);
  for (const auto& file : files)
    for (const auto& [name, quoted] : includes_of(file.text)) {
      if (quoted || of_the_system(name)) continue;
      const auto* const library =
          std::find_if(std::begin(k_libraries), std::end(k_libraries),
                       [&, &header = name](const Library& one) { return header.starts_with(one.prefix); });
      INFO(file.path << " includes <" << name << ">; a new library needs a row in the table above");
      REQUIRE(library != std::end(k_libraries));
      CHECK((library->rooms.empty() || library->rooms.count(file.room) == 1));
      if (library->where == Where::sources) CHECK_FALSE(file.header());
      if (library->where == Where::own_headers) CHECK(outside.count(file.path) == 0);
    }
}

TEST_CASE("every header guards itself, and every source file includes its own header first", "[house]") {
  for (const auto& file : sources()) {
    INFO(file.path);
    if (file.header()) {
      CHECK(file.text.starts_with("#pragma once\n"));
      continue;
    }
    const auto own = file.path.substr(0, file.path.size() - 4) + ".hpp";
    if (!fs::exists(root() / own)) continue;
    const auto includes = includes_of(file.text);
    REQUIRE_FALSE(includes.empty());
    CHECK("lib/" + includes.front().name == (file.room == "cmd" ? "lib/" : "") + own);
  }
}

}  // namespace
}  // namespace ringctl::house
