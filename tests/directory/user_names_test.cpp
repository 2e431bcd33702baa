#include "directory/user_names.hpp"

#include "base/text.hpp"
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
  std::optional<std::string> find(std::string_view who) {
    return directory::find_email(db(), workspace, who);
  }
  std::string get(std::string_view who) { return directory::get_email(db(), workspace, who); }
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

TEST_CASE("a user is found by e-mail address in any case, and by id", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  CHECK(f.find(" ANN@Example.com ") == "ann@example.com");
  CHECK(f.find("ann@example") == std::nullopt);
  const auto id =
      records::Records(f.session(), f.workspace, directory::users_noun()).get("bob@example.com").id;
  CHECK(f.find(id.view()) == "bob@example.com");
  CHECK(f.find(base::ascii_upper(id.view())) == "bob@example.com");
  CHECK(f.find("019ccd51-8e00-7000-8000-00000000000f") == std::nullopt);
}

TEST_CASE("for nobody the error names those who are called nearly so", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto told = [&](std::string_view who) {
    const auto error = error_of([&] { f.get(who); });
    REQUIRE(error);
    CHECK(error->errc() == Errc::not_found);
    CHECK(error->slug() == "users.unknown");
    CHECK(error->hint() == "ringctl users list");
    return error->details();
  };
  CHECK(told("Anne Baker") == std::vector<std::string>{"did you mean: ann@example.com"});
  CHECK(told("ZOE@example.con") == std::vector<std::string>{"did you mean: zoe@example.com"});
  CHECK(told("zoë") == std::vector<std::string>{"did you mean: zoe@example.com"});
  CHECK(told("somebody else").empty());
  CHECK(told("019ccd51-8e00-7000-8000-00000000000f").empty());
  CHECK(told("").empty());
}

TEST_CASE("another workspace's user is nobody", "[directory]") {
  Office f(GENERATE(from_range(test::engines())));
  const auto other = f.database.add_workspace("other");
  const auto id =
      records::Records(f.session(), f.workspace, directory::users_noun()).get("ann@example.com").id;
  for (const auto& who : {std::string("Ann Baker"), std::string("ann@example.com"), id.text()})
    CHECK(directory::find_email(f.db(), other, who) == std::nullopt);
}

TEST_CASE("extensions, numbers and addresses are no users, where they are taken as well", "[directory]") {
  for (const auto* name : {"Ann Baker", "ann", "Zoë", "李", "Agent 7", "O'Neil", "ann@example.com",
                           "019ccd51-8e00-7000-8000-000000000001", "00000000-0000-7000-8000-000000000001"}) {
    INFO(name);
    CHECK(directory::may_be_user(name));
  }
  for (const auto* other :
       {"", "-", "101", "+12025550123", "(202) 555-0123", "client:ann", "sip:ann@example.com"}) {
    INFO(other);
    CHECK_FALSE(directory::may_be_user(other));
  }
}
