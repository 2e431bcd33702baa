#include "sim/given.hpp"

#include "directory/workspaces.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"
#include "support/temp_dir.hpp"

using namespace ringctl;
using namespace ringctl::sim;

namespace {

const std::string k_step = "\"steps\": [{\"at\": \"0s\", \"restart_serve\": true}]";

Scenario with_given(const std::string& given, const std::filesystem::path& folder = ".") {
  return read_scenario("s.json", "{\"scenario\": \"s\", " + k_step + ",\n\"given\":\n" + given + "}", folder);
}

struct Ground {
  explicit Ground(db::Engine engine) : database(engine), actor(database.connect(), clock) {}
  base::Uuid bring_in(const Scenario& scenario) {
    const auto workspace = lay_out(actor.session, scenario.given, scenario.file);
    import_rows(actor.session, workspace, scenario.file, scenario.given.nouns, folder.path());
    name_users(actor.session, workspace, scenario.file, scenario.given.workspace);
    return workspace;
  }
  test::FakeClock clock;
  test::TempDir folder;
  test::TestDatabase database;
  test::Actor actor;
};

std::string refusal(Ground& ground, const std::string& given) {
  try {
    ground.bring_in(with_given(given));
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::invalid);
    return error.message();
  }
  return "it was taken";
}

}  // namespace

TEST_CASE("rows of a scenario are in the database as if they had been imported", "[sim]") {
  Ground ground(GENERATE(from_range(test::engines())));
  const auto workspace = ground.bring_in(with_given(R"({
    "workspace": {"zone": "America/New_York", "ring_timeout": "20"},
    "teams": [{"name": "Sales"}],
    "users": [{"email": "ann@example.com", "team": "Sales"}, {"email": "bob@example.com"}],
    "numbers": [{"phone_number": "+12025550101", "provider": "twilio"},
                {"phone_number": "+12025550102", "provider": "telnyx"}],
    "rules": [{"name": "All", "ring": [{"team": "Sales"}]}]})"));
  const auto found = directory::Workspaces(ground.actor.session).get(workspace.text());
  CHECK(found.timezone == "America/New_York");
  CHECK(found.setting("ring_timeout_s") == "20");
  const auto directory = read_directory(*ground.actor.connection, workspace);
  REQUIRE(directory.people.size() == 2);
  CHECK(directory.people[0].email == "ann@example.com");
  CHECK(directory.people[0].identity.starts_with("agent_"));
  REQUIRE(directory.numbers.size() == 1);
  CHECK(directory.numbers[0].phone_number == "+12025550101");
}

TEST_CASE("a scenario's default user is one of its rows", "[sim]") {
  Ground ground(GENERATE(from_range(test::engines())));
  const auto given = [](const std::string& email) {
    return R"({"workspace": {"default_user": ")" + email + R"("}, "users": [{"email": "ann@example.com"}]})";
  };
  const auto refused = refusal(ground, given("bob@example.com"));
  CHECK(refused.find("bob@example.com") != std::string::npos);
  CHECK(refused.find("s.json:3") != std::string::npos);
  Ground another(db::Engine::sqlite);
  const auto workspace = another.bring_in(with_given(given("ann@example.com")));
  CHECK(directory::Workspaces(another.actor.session).get(workspace.text()).setting("default_user") ==
        "ann@example.com");
}

TEST_CASE("numbers take what the estate says they can, and everything where it says nothing", "[sim]") {
  Ground ground(GENERATE(from_range(test::engines())));
  const auto workspace = ground.bring_in(with_given(R"({"numbers": [
    {"phone_number": "+12025550100", "provider": "twilio"},
    {"phone_number": "+12025550101", "provider": "twilio", "capabilities": "voice|sms"},
    {"phone_number": "+12025550102", "provider": "twilio", "capabilities": "sms|mms"}]})"));
  const auto lines = read_directory(ground.actor.session.db, workspace).numbers;
  REQUIRE(lines.size() == 3);
  CHECK((lines[0].voice && lines[0].sms && lines[0].mms));
  CHECK((lines[1].voice && lines[1].sms && !lines[1].mms));
  CHECK((!lines[2].voice && lines[2].sms && lines[2].mms));
}

TEST_CASE("a row that is refused is named by the line and path of its wrong field", "[sim]") {
  Ground ground(db::Engine::sqlite);
  const auto message = refusal(
      ground,
      "{\"users\": [{\"email\": \"ann@example.com\"},\n{\"role\": \"agent\",\n\"email\": \"nobody\"}]}");
  INFO(message);
  CHECK(message.find("s.json:5: /given/users/1/email is refused") == 0);
  Ground other(db::Engine::sqlite);
  const auto missing =
      refusal(other, "{\"users\": [{\"email\": \"ann@example.com\"},\n{\"role\": \"agent\"}]}");
  INFO(missing);
  CHECK(missing.find("s.json:4: /given/users/1 is refused: email") == 0);
}

TEST_CASE("a column that nobody knows is refused where it stands, with the nearest one", "[sim]") {
  Ground ground(db::Engine::sqlite);
  const auto given = with_given(
      "{\"users\": [{\"email\": \"ann@example.com\"},\n{\"email\": \"bob@example.com\",\n\"rolle\": \"agent\"}]}");
  const auto error = test::error_of([&] { ground.bring_in(given); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::invalid);
  CHECK(error->message() == "s.json:5: /given/users/1/rolle is no column of users");
  REQUIRE_FALSE(error->details().empty());
  CHECK(error->details().front() == "did you mean: role");
}

TEST_CASE("a setting that no workspace has is refused with the nearest one", "[sim]") {
  Ground ground(db::Engine::sqlite);
  CHECK(refusal(ground, "{\"workspace\": {\"ring_timeot\": \"20\"}}").find("did you mean ring_timeout?") !=
        std::string::npos);
}

TEST_CASE("a folder of files is an estate", "[sim]") {
  Ground ground(db::Engine::sqlite);
  const test::TempDir folder;
  test::write_text(folder / "users.csv", "email\nann@example.com\n");
  test::write_text(folder / "numbers.csv", "phone_number,provider\n+12025550101,twilio\n");
  const auto workspace = ground.bring_in(with_given("{\"estate\": \".\"}", folder.path()));
  const auto directory = read_directory(*ground.actor.connection, workspace);
  CHECK(directory.people.size() == 1);
  CHECK(directory.numbers.size() == 1);
}
