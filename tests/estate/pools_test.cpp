#include "estate/pools.hpp"

#include "directory/people.hpp"
#include "estate/assignments.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using namespace ringctl::estate;

namespace {

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

const std::string k_ann = "ann@example.com", k_bob = "bob@example.com", k_cleo = "cleo@example.com";
const std::string k_main = "+12025550101", k_second = "+12025550102";

/// Three users and two numbers, nobody in a pool.
struct Pools : test::Estate {
  explicit Pools(db::Engine engine) : Estate(engine) {
    for (const auto* email : {&k_ann, &k_bob, &k_cleo}) users().put({{directory::k_user_email, *email}});
    for (const auto* number : {&k_main, &k_second}) add_number(*number);
  }
  void add_number(const std::string& number) {
    write([&] {
      db().exec(
          "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
          "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
          {alice.ids.next(), workspace, number, clock.now()});
    });
  }
  records::Records users() { return records::Records(session(), workspace, directory::users_noun()); }
  base::Uuid user(const std::string& email) { return users().get(email).id; }
  base::Uuid number(const std::string& phone_number) {
    return read([&] {
      return base::Uuid::parse(
          *db().text("SELECT id FROM phone_numbers WHERE phone_number = $1", {phone_number}));
    });
  }
  records::Plan join(const std::string& number, const std::string& user, std::optional<bool> primary = {}) {
    clock.advance(std::chrono::seconds(1));
    return add_to_pool(session(), workspace, {.number = number, .user = user, .is_primary = primary});
  }
  /// "bob ann": as the number's members are listed.
  std::string members(const std::string& phone_number) {
    const auto id = number(phone_number);
    return names(read([&] { return list_eligible_users(db(), workspace, id); }));
  }
  static std::string names(const std::vector<PoolMember>& members) {
    std::string all;
    for (const auto& member : members)
      all += (all.empty() ? "" : " ") + member.email.substr(0, member.email.find('@'));
    return all;
  }
  std::optional<base::Uuid> primary(const std::string& phone_number) {
    const auto id = number(phone_number);
    return read([&] { return resolve_primary_owner(db(), workspace, id); });
  }
};

}  // namespace

TEST_CASE("members of a pool are listed with the primary sender first, then as they came", "[estate]") {
  Pools f(any_engine());
  CHECK(f.members(k_main).empty());
  CHECK_FALSE(f.primary(k_main));
  for (const auto* user : {&k_bob, &k_ann, &k_cleo}) f.join(k_main, *user);
  CHECK(f.members(k_main) == "bob ann cleo");
  CHECK(f.primary(k_main) == f.user(k_bob));
  f.join(k_main, k_cleo, true);
  CHECK(f.members(k_main) == "cleo bob ann");
  CHECK(f.primary(k_main) == f.user(k_cleo));
}

TEST_CASE("who is not active is eligible for nothing, who is offline still is", "[estate]") {
  Pools f(any_engine());
  f.users().update(k_ann, {{directory::k_user_is_active, "no"}});  // later nobody who is in a pool can be
  f.join(k_main, k_ann);
  f.join(k_main, k_bob);
  f.users().update(k_bob, {{directory::k_user_availability, "offline"}});
  CHECK(f.members(k_main) == "bob");
  const auto id = f.number(k_main);
  const auto bob = f.read([&] { return list_eligible_users(f.db(), f.workspace, id); }).at(0);
  CHECK(bob.availability == "offline");
  CHECK(bob.role == "agent");
  f.users().update(k_ann, {{directory::k_user_is_active, "yes"}});
  CHECK(f.members(k_main) == "ann bob");
}

TEST_CASE("who leaves a pool is deactivated, and comes back to what they were", "[estate]") {
  Pools f(any_engine());
  f.join(k_main, k_ann, true);
  CHECK(remove_from_pool(f.session(), f.workspace, k_main, k_ann, false).changed.size() == 1);
  CHECK(f.members(k_main) == "ann");
  CHECK(remove_from_pool(f.session(), f.workspace, k_main, k_ann).changed.size() == 1);
  CHECK(f.members(k_main).empty());
  CHECK(remove_from_pool(f.session(), f.workspace, k_main, k_ann).changed.empty());
  const auto back = f.join(k_main, k_ann);
  REQUIRE(back.before);
  CHECK(back.after.cells[k_pool_is_primary] == "yes");
  CHECK(f.members(k_main) == "ann");
  CHECK(test::slug_of([&] { remove_from_pool(f.session(), f.workspace, k_main, k_bob); }) == "pools.unknown");
}

TEST_CASE("a pool takes users and numbers that are there", "[estate]") {
  Pools f(any_engine());
  CHECK_FALSE(test::slug_of([&] { f.join(k_main, "nobody@example.com"); }).empty());
  CHECK_FALSE(test::slug_of([&] { f.join("+12025550199", k_ann); }).empty());
  CHECK(f.members(k_main).empty());
  const auto added = add_to_pool(f.session(), f.workspace, {.number = k_main, .user = k_ann}, false);
  CHECK_FALSE(added.before);
  CHECK(f.members(k_main).empty());
}

TEST_CASE("the pools of many numbers come at once, those of nobody are left out", "[estate]") {
  Pools f(any_engine());
  f.join(k_main, k_ann);
  f.join(k_main, k_bob, true);
  const auto main = f.number(k_main), second = f.number(k_second);
  const auto pools = f.read([&] {
    return list_eligible_users_of(f.db(), f.workspace, {main.view(), second.view()});
  });
  REQUIRE(pools.size() == 1);
  CHECK(Pools::names(pools.at(main.text())) == "bob ann");
  CHECK(f.read([&] { return list_eligible_users_of(f.db(), f.workspace, {}); }).empty());
}

TEST_CASE("a user texts from their primary number first, then by number", "[estate]") {
  Pools f(any_engine());
  f.join(k_main, k_ann);
  f.join(k_second, k_ann, true);
  f.join(k_second, k_bob);
  const auto ann = f.user(k_ann), bob = f.user(k_bob), cleo = f.user(k_cleo);
  const auto numbers = f.read([&] { return texting_numbers(f.db(), f.workspace, ann); });
  REQUIRE(numbers.size() == 2);
  CHECK(numbers[0].phone_number == k_second);
  CHECK(numbers[0].is_primary);
  CHECK(numbers[1].phone_number == k_main);
  CHECK(numbers[1].provider == "twilio");
  CHECK(numbers[1].status == "active");
  CHECK(numbers[1].sms_mode == "notify_all");
  CHECK(f.read([&] { return texting_numbers(f.db(), f.workspace, bob); }).size() == 1);
  CHECK(f.read([&] { return texting_numbers(f.db(), f.workspace, cleo); }).empty());
}

TEST_CASE("what a user has access to is counted", "[estate]") {
  Pools f(any_engine());
  const auto ann = f.user(k_ann);
  const auto counted = [&] {
    const auto access = f.read([&] { return count_access(f.db(), f.workspace, ann); });
    return std::pair(access.numbers, access.extensions);
  };
  using Counted = std::pair<std::int64_t, std::int64_t>;
  CHECK(counted() == Counted{0, 0});
  f.join(k_main, k_ann);
  records::Records assignments(f.session(), f.workspace, assignments_noun());
  assignments.put({{k_assignment_number, k_main}, {k_assignment_agent, k_ann}});
  assignments.put({{k_assignment_number, k_second}, {k_assignment_agent, k_ann}});
  records::Records extensions(f.session(), f.workspace, extensions_noun());
  extensions.put({{k_extension, "101"}, {k_extension_user, k_ann}});
  extensions.put({{k_extension, "102"}, {k_extension_user, k_ann}, {k_extension_is_active, "no"}});
  CHECK(counted() == Counted{2, 1});
  assignments.update(k_second + " " + k_ann, {{k_assignment_is_active, "no"}});
  CHECK(counted() == Counted{1, 1});
}
