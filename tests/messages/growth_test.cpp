// Every statement that a text, a callback or a claim brings finds its rows of the tables that grow by an
// index that says more than whose they are: the log of statements, explained by the engine itself.

#include <sstream>

#include "directory/contacts.hpp"
#include "messages/cursor.hpp"
#include "messages/desk.hpp"
#include "messages/follow.hpp"
#include "messages/hooks.hpp"
#include "support/catch.hpp"
#include "support/query_plans.hpp"

using namespace ringctl;
using test::k_lin;
using test::message_sid;
using test::TextDesk;

namespace {

const std::set<std::string> k_growing{
    "messages",           "m", "message_threads", "t", "message_events", "notifications", "n",
    "message_deliveries", "d", "message_stops",   "o"};

bool explainable(const std::string& sql) {
  return sql.starts_with("SELECT") || sql.starts_with("UPDATE") || sql.starts_with("DELETE");
}

/// Lines of SQLite's plan that look through all that a workspace has.
std::string reads_of_whole_workspaces(const std::string& plan) {
  std::string found;
  std::istringstream lines(plan);
  for (std::string line; std::getline(lines, line);)
    for (const auto& table : k_growing)
      if (line.starts_with("SEARCH " + table + " ") && line.ends_with("(workspace_id=?)"))
        found += line + "\n";
  return found;
}

void write_everything(TextDesk& f) {
  auto named = f.status(2, "delivered", 9);
  named.message = f.send(0);
  auto strange = f.text(8, "Hello", "+12025550152");
  for (auto& [name, value] : strange.parameters)
    if (name == "To") value = "+12025550177";
  f.apply({f.text(1), f.text(3, "#101 Hi", "+12025550151"), f.text(4, "STOP"), f.text(5, "START"), strange,
           named});
  f.apply({f.text(6), f.status(2, "read", 10)});
  const auto lin = f.thread().id;
  const auto ann = f.person(test::k_ann), bob = f.person(test::k_bob);
  messages::claim(f.session(), f.workspace, lin, ann);
  messages::claim(f.session(), f.workspace, lin, bob);
  messages::reassign(f.session(), f.workspace, lin, bob, std::nullopt);
  messages::release(f.session(), f.workspace, lin, bob);
  f.read([&] { return messages::missing(f.db(), f.workspace, std::vector{f.text(1), named}).size(); });
}

void read_everything(TextDesk& f, const base::Uuid& contact) {
  const auto none = [](const auto&) {};
  messages::Follower(f.db(), f.workspace).poll(none);
  f.read([&] {
    auto& db = f.db();
    const auto& workspace = f.workspace;
    messages::queue_state(db, workspace);
    const auto lin = messages::get_thread(db, workspace, k_lin);
    for (const auto& what : {message_sid(1), lin.id.text()}) messages::get_thread(db, workspace, what);
    messages::events_of(db, workspace, messages::get(db, workspace, message_sid(2)));
    const messages::MessageFilter filters[] = {{.party = k_lin},
                                               {.thread = lin.id},
                                               {.user = f.ann_id},
                                               {.number = f.number_id},
                                               {.contact = contact}};
    for (const auto& filter : filters) {
      messages::for_each(db, workspace, filter, "created_at", true, 10, none);
      messages::count(db, workspace, filter);
    }
    const messages::ThreadFilter threads[] = {{.user = f.ann_id}, {.number = f.number_id}, {.party = k_lin}};
    for (const auto& filter : threads)
      messages::for_each_thread(db, workspace, filter, f.clock.now(), {}, false, 10, none);
    for (const auto& filter :
         {messages::NotificationFilter{.user = f.ann_id}, messages::NotificationFilter{.message = lin.id}})
      messages::for_each_notification(db, workspace, filter, 10, none);
    messages::for_each_of_person(db, workspace, contact, {k_lin}, none);
    messages::require_own(db, workspace, messages::changes_to_come(db, workspace));
    return 0;
  });
}

}  // namespace

TEST_CASE("no statement about messages reads a whole table that grows with them", "[messages]") {
  TextDesk f(GENERATE(from_range(test::engines())));
  f.all_join();
  f.mode("round_robin");
  f.set_hook();
  f.extension("101", f.ann_id);
  const auto contact = f.contact(k_lin);
  const auto statements = test::statements_of([&] {
    write_everything(f);
    read_everything(f, contact);
    directory::erase_contact(f.session(), f.workspace, contact, true);
    f.apply({f.status(2, "undelivered", 11)});
  });
  int explained = 0;
  for (const auto& sql : statements) {
    const bool own =
        sql.find("message") != std::string::npos || sql.find("notifications") != std::string::npos;
    if (!own || !explainable(sql)) continue;
    const auto plan = test::plan_of(f, sql);
    INFO(sql << "\n" << plan);
    CHECK(test::whole_reads(plan, k_growing).empty());
    // What erasing looks for has no index of its own, and is looked for once.
    if (sql.find("contact_id = $2") == std::string::npos && sql.find("instr(") == std::string::npos)
      CHECK(reads_of_whole_workspaces(plan).empty());
    ++explained;
  }
  CHECK(explained > 30);
}

TEST_CASE("a contact's messages are found by it and by its phones", "[messages]") {
  TextDesk f(GENERATE(from_range(test::engines())));
  const auto contact = f.contact(k_lin);
  const auto statements = test::statements_of([&] {
    f.read([&] {
      messages::for_each(f.db(), f.workspace, {.contact = contact}, "created_at", true, 0,
                         [](const auto&) {});
      return 0;
    });
  });
  std::string plans;
  for (const auto& sql : statements)
    if (sql.find("contact_phones") != std::string::npos) plans += test::plan_of(f, sql);
  INFO(plans);
  // Of a table without rows PostgreSQL takes any index that begins with the workspace.
  if (f.database.engine() == db::Engine::sqlite)
    for (const auto* index : {"idx_messages_contact", "idx_messages_from", "idx_messages_to"})
      CHECK(plans.find(index) != std::string::npos);
  CHECK(test::whole_reads(plans, k_growing).empty());
}
