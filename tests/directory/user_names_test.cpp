#include "directory/user_names.hpp"

#include "directory/people.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using test::error_of;

namespace {

struct Office : test::Estate {
  explicit Office(db::Engine engine) : Estate(engine) {
    add("ann@example.com", "Ann Baker");
    add("zoe@example.com", "Zoë Ash");
    add("bob@example.com", "Bob Carter");
    add("bob2@example.com", "bob carter", "no");
    add("nameless@example.com", "");
  }
  void add(const std::string& email, const std::string& name, const std::string& active = "yes") {
    records::Records(session(), workspace, directory::users_noun())
        .add({{directory::k_user_email, email},
              {directory::k_user_name, name},
              {directory::k_user_is_active, active}});
  }
  std::optional<std::string> find(std::string_view name) {
    return directory::find_email_by_name(db(), workspace, name);
  }
};

}  // namespace

TEST_CASE("a user is found by name in any case, and nobody by a part of it", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  CHECK(f.find("Ann Baker") == "ann@example.com");
  CHECK(f.find(" ann BAKER ") == "ann@example.com");
  CHECK(f.find("ZOË ash") == "zoe@example.com");
  CHECK(f.find("Ann") == std::nullopt);
  CHECK(f.find("") == std::nullopt);
}

TEST_CASE("a name that several have is refused with all of them", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto error = error_of([&] { f.find("Bob Carter"); });
  REQUIRE(error);
  CHECK(error->errc() == Errc::usage);
  CHECK(error->slug() == "users.ambiguous");
  CHECK(error->message() == "\"Bob Carter\" is the name of 2 users");
  CHECK(error->details() == std::vector<std::string>{"bob2@example.com (not active)", "bob@example.com"});
}

TEST_CASE("a name of another workspace's user is nobody's", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto other = f.database.add_workspace("other");
  CHECK(directory::find_email_by_name(f.db(), other, "Ann Baker") == std::nullopt);
}

TEST_CASE("what users go by otherwise is no name", "[directory]") {
  for (const auto* name : {"Ann Baker", "ann", "Zoë", "李", "Agent 7", "O'Neil"}) {
    INFO(name);
    CHECK(directory::may_be_name(name));
  }
  for (const auto* other : {"", "-", "101", "+12025550123", "(202) 555-0123", "ann@example.com", "client:ann",
                            "019ccd51-8e00-7000-8000-000000000001"}) {
    INFO(other);
    CHECK_FALSE(directory::may_be_name(other));
  }
}
