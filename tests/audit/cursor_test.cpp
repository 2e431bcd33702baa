#include "audit/cursor.hpp"

#include "audit/log.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using test::Estate;

namespace {

struct Log : Estate {
  explicit Log(db::Engine engine) : Estate(engine) {
    for (const auto* action : {"numbers.add", "numbers.update", "numbers.delete"}) record(action);
  }
  void record(std::string_view action) {
    write([&] {
      audit::record(session(), workspace,
                    {.action = action, .object_type = "number", .object_key = "+12025550123"});
    });
  }
  /// Of the row with this number, or the newest; seq 0 where there is none.
  audit::Cursor at(std::int64_t seq) {
    audit::Cursor cursor{.workspace = workspace};
    audit::Filter filter;
    filter.seq = seq;
    read([&] {
      audit::for_each(db(), workspace, filter, false, 0, [&](const audit::Entry& entry) {
        cursor.seq = entry.seq;
        cursor.hash = entry.hash;
      });
      return 0;
    });
    return cursor;
  }
  std::string refusal(const audit::Cursor& cursor) {
    return test::slug_of([&] {
      read([&] {
        audit::require_own(db(), workspace, cursor);
        return 0;
      });
    });
  }
  std::string past(std::int64_t seq) {
    audit::Filter filter;
    filter.after = seq;
    return read([&] {
      std::string all;
      audit::for_each(db(), workspace, filter, false, 0,
                      [&](const audit::Entry& entry) { all.append(entry.action).append(" "); });
      return all;
    });
  }
};

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

}  // namespace

TEST_CASE("a cursor of the audit log is read back as it was", "[audit]") {
  const audit::Cursor cursor{.workspace = base::Uuid::parse("0190f5fe-7c00-7a00-8000-000000000001"),
                             .seq = 7,
                             .hash = std::string(64, 'a')};
  const auto back = audit::parse_cursor(audit::cursor_text(cursor));
  CHECK(back.workspace == cursor.workspace);
  CHECK(back.seq == 7);
  CHECK(back.hash == cursor.hash);
  for (
      const auto* bad :
      {"", "{}", "[1]", R"({"ringctl_audit_cursor":2})",
       R"({"ringctl_audit_cursor":1,"workspace":"x","seq":1,"hash":"a"})",
       R"({"ringctl_audit_cursor":1,"workspace":"0190f5fe-7c00-7a00-8000-000000000001","seq":-1,"hash":"a"})",
       R"({"ringctl_audit_cursor":1,"workspace":"0190f5fe-7c00-7a00-8000-000000000001","seq":1,"hash":""})",
       R"({"ringctl_calls_cursor":1,"workspace":"0190f5fe-7c00-7a00-8000-000000000001","closed_seq":0,"call_sid":""})"})
    CHECK(test::slug_of([&] { audit::parse_cursor(bad); }) == "audit.bad_cursor");
}

TEST_CASE("a cursor is good for the log that has its row, also when that has grown", "[audit]") {
  Log f(any_engine());
  const auto cursor = f.at(2);
  REQUIRE(cursor.seq == 2);
  CHECK(f.refusal(cursor).empty());
  CHECK(f.refusal({.workspace = f.workspace}).empty());
  f.record("numbers.add");
  CHECK(f.refusal(cursor).empty());
  CHECK(f.past(2) == "numbers.delete numbers.add ");
  CHECK(f.past(4).empty());
}

TEST_CASE("a log that was set back, rewritten or is another workspace's refuses a cursor", "[audit]") {
  Log f(any_engine());
  auto cursor = f.at(3);
  REQUIRE(cursor.seq == 3);
  SECTION("it does not reach so far") { cursor.seq = 9; }
  SECTION("its row has another hash") { cursor.hash = f.at(2).hash; }
  SECTION("another workspace") { cursor.workspace = f.alice.ids.next(); }
  CHECK(f.refusal(cursor) == "audit.foreign_cursor");
}

TEST_CASE("what was done to objects is found by their types and ids, oldest first", "[audit]") {
  Log f(any_engine());
  const auto one = f.alice.ids.next(), two = f.alice.ids.next();
  const auto change = [&](std::string_view action, std::string_view type, const base::Uuid& id) {
    f.write([&] {
      audit::record(f.session(), f.workspace,
                    {.action = action, .object_type = type, .object_id = id, .object_key = "x"});
    });
  };
  change("calls.note", "call", one);
  change("contacts.add", "contact", two);
  change("numbers.add", "number", one);
  change("calls.note", "call", f.alice.ids.next());
  change("contacts.update", "contact", two);
  const auto ids = "[\"" + one.text() + "\",\"" + two.text() + "\"]";
  const auto found = f.read([&] {
    std::string all;
    audit::for_each_about(f.db(), f.workspace, R"(["call","contact"])", ids,
                          [&](const audit::Entry& entry) { all.append(entry.action).append(" "); });
    return all;
  });
  CHECK(found == "calls.note contacts.add contacts.update ");
}
