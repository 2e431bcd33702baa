#include "serve/journal_replay.hpp"

#include <fmt/format.h>

#include "calls/calls.hpp"
#include "messages/event.hpp"
#include "serve/applier_refused.hpp"
#include "serve/journal_site.hpp"
#include "support/errors.hpp"
#include "support/session.hpp"

using namespace ringctl;
using std::chrono::minutes;
using test::fetch_all;

namespace {

struct Replay : test::Estate {
  explicit Replay(db::Engine engine) : Estate(engine) { site.clock.set(clock.now()); }

  calls::Event inbound(int n, const base::Uuid& where) const {
    auto event = calls::event_from(calls::Kind::inbound, where,
                                   {{"CallSid", fmt::format("CA{:032x}", n)},
                                    {"From", "+12025550150"},
                                    {"To", "+12025550100"},
                                    {"CallStatus", "ringing"}},
                                   site.clock.now());
    event.decision.emplace().routed_by = "everyone";
    return event;
  }
  /// A text to a number; without a workspace, as where nobody knew whose that is.
  messages::Event text(int n, const std::optional<base::Uuid>& where,
                       const std::string& to = "+12025550100") const {
    auto event = messages::event_from(messages::Kind::inbound,
                                      {{"MessageSid", fmt::format("SM{:032x}", n)},
                                       {"AccountSid", "AC0123456789abcdef0123456789abcdef"},
                                       {"From", "+12025550150"},
                                       {"To", to},
                                       {"Body", "Hello"}},
                                      site.clock.now());
    event.workspace = where;
    event.main_account = true;
    return event;
  }
  messages::Event state(int n, const std::string& word) const {
    auto event = messages::event_from(messages::Kind::status,
                                      {{"MessageSid", fmt::format("SM{:032x}", n)},
                                       {"MessageStatus", word},
                                       {"AccountSid", "AC0123456789abcdef0123456789abcdef"}},
                                      site.clock.now());
    event.workspace = workspace;
    return event;
  }
  void take(test::Journal& journal, const messages::Event& event) {
    take(journal, messages::to_bytes(event));
  }
  /// All that came so far is in the database for all that serve knows.
  static void apply_all(test::Journal& journal) {
    fetch_all(journal, true);
    REQUIRE_FALSE(journal.save_checkpoint());
  }
  /// Ten minutes after each other.
  void take(test::Journal& journal, const std::string& bytes) {
    test::append_all(journal, {bytes});
    site.clock.advance(minutes(10));
  }
  void take(test::Journal& journal, int n) { take(journal, calls::to_bytes(inbound(n, workspace))); }

  serve::ReplayReport replay(serve::ReplayOptions options = {}) {
    options.state = site.folder.path();
    return serve::replay_journal(session(), workspace, options);
  }
  std::int64_t logged() {
    return read([&] { return db().integer("SELECT count(*) FROM calls").value_or(0); });
  }

  std::int64_t rows_of(std::string_view table) {
    return read([&] {
      return db()
          .integer(fmt::format("SELECT count(*) FROM {} WHERE workspace_id = $1", table), {workspace})
          .value_or(0);
    });
  }

  test::JournalSite site;
};

std::vector<std::string> sids(const serve::ReplayReport& report) {
  std::vector<std::string> all;
  for (const auto& call : report.differences) all.push_back(call.call_sid.substr(33));
  return all;
}
using Sids = std::vector<std::string>;

db::Engine any_engine() { return GENERATE(from_range(test::engines())); }

}  // namespace

TEST_CASE("what the journals of all servers have and the call log lacks is found, and put right when told to",
          "[serve]") {
  Replay f(any_engine());
  const auto one = f.site.open(), other = f.site.open();
  for (int n = 1; n <= 6; ++n) f.take(n % 2 == 0 ? *one : *other, n);
  fetch_all(*one, true);
  fetch_all(*other, true);
  REQUIRE_FALSE(one->save_checkpoint());
  REQUIRE_FALSE(other->save_checkpoint());

  const auto plan = f.replay();
  CHECK(plan.webhooks == 6);
  CHECK(sids(plan) == Sids{"1", "2", "3", "4", "5", "6"});
  CHECK(f.logged() == 0);
  const auto start = f.clock.now();
  CHECK(sids(f.replay({.since = start + minutes(15), .until = start + minutes(40)})) == Sids{"3", "4"});
  CHECK(sids(f.replay({.since = start + minutes(40), .write = true})) == Sids{"5", "6"});
  CHECK(f.logged() == 2);
  CHECK(sids(f.replay({.write = true})) == Sids{"1", "2", "3", "4"});
  CHECK(f.logged() == 6);
  const auto again = f.replay({.write = true});
  CHECK(again.webhooks == 6);
  CHECK(again.differences.empty());
}

TEST_CASE("webhooks of other workspaces, and those that serve has yet to apply, are left alone", "[serve]") {
  Replay f(any_engine());
  const auto other = f.database.add_workspace("other");
  const auto journal = f.site.open();
  f.take(*journal, calls::to_bytes(f.inbound(1, other)));
  f.take(*journal, 2);
  fetch_all(*journal, true);
  REQUIRE_FALSE(journal->save_checkpoint());
  f.take(*journal, 3);
  f.take(*journal, calls::to_bytes(f.inbound(4, other)));
  const auto report = f.replay({.write = true});
  CHECK(sids(report) == Sids{"2"});
  CHECK(report.webhooks == 1);
  CHECK(report.waiting == 1);
  CHECK(f.logged() == 1);
}

TEST_CASE("a webhook that was set aside is tried again", "[serve]") {
  Replay f(any_engine());
  const auto journal = f.site.open();
  const auto bytes = calls::to_bytes(f.inbound(1, f.workspace));
  serve::set_aside(journal->slot().folder(), {.sequence = 7, .at = f.site.clock.now(), .bytes = bytes},
                   "the table was not there");
  CHECK(sids(f.replay({.write = true})) == Sids{"1"});
  CHECK(f.replay({.write = true}).differences.empty());
  CHECK(sids(f.replay({.since = f.site.clock.now() + minutes(1), .write = true})).empty());
}

TEST_CASE("a record that is no webhook is counted, and one that the database refuses stands alone",
          "[serve]") {
  Replay f(any_engine());
  const auto journal = f.site.open();
  f.take(*journal, 1);
  f.take(*journal, "no event");
  for (int n = 2; n <= 9; ++n) f.take(*journal, n);
  fetch_all(*journal, true);
  REQUIRE_FALSE(journal->save_checkpoint());
  f.write([&] {
    f.db().exec(f.database.engine() == db::Engine::sqlite
                    ? "CREATE TRIGGER refuse BEFORE INSERT ON calls WHEN NEW.call_sid LIKE '%5' "
                      "BEGIN SELECT RAISE(ABORT, 'no fives'); END"
                    : "ALTER TABLE ringctl.calls ADD CHECK (call_sid NOT LIKE '%5')");
  });
  const auto report = f.replay({.write = true});
  CHECK(report.unreadable == 1);
  CHECK(report.refused.size() == 1);
  CHECK(sids(report) == Sids{"1", "2", "3", "4", "6", "7", "8", "9"});
  CHECK(f.logged() == 8);
}

TEST_CASE("a record set aside that cannot be read is counted, and the others are replayed", "[serve]") {
  Replay f(any_engine());
  const auto journal = f.site.open();
  f.take(*journal, 1);
  fetch_all(*journal, true);
  REQUIRE_FALSE(journal->save_checkpoint());
  const auto refused = journal->slot().folder() / "refused";
  std::filesystem::create_directory(refused);
  test::write_text(refused / "00000000000000000009.record", "edited by somebody\n");
  const auto report = f.replay({.write = true});
  CHECK(report.unreadable == 1);
  CHECK(sids(report) == Sids{"1"});
}

TEST_CASE("where nothing was journaled there is nothing to replay", "[serve]") {
  Replay f(any_engine());
  const auto report = f.replay();
  CHECK(report.webhooks == 0);
  CHECK(report.differences.empty());
}

TEST_CASE("webhooks about messages that the database lacks are counted, and kept when told to", "[serve]") {
  Replay f(any_engine());
  const auto journal = f.site.open();
  f.take(*journal, f.text(1, f.workspace));
  f.take(*journal, 7);
  f.take(*journal, f.text(2, f.workspace));
  f.take(*journal, f.state(3, "sent"));
  f.take(*journal, f.state(3, "delivered"));
  Replay::apply_all(*journal);

  const auto plan = f.replay();
  CHECK(plan.webhooks == 5);
  CHECK(plan.messages == 4);
  CHECK(plan.messages_missing == 4);
  CHECK(sids(plan) == Sids{"7"});
  CHECK(f.rows_of("messages") == 0);
  const auto start = f.clock.now();
  CHECK(f.replay({.since = start + minutes(15), .write = true}).messages_missing == 3);
  CHECK(f.rows_of("messages") == 1);
  CHECK(f.rows_of("message_events") == 2);
  const auto rest = f.replay({.write = true});
  CHECK(rest.messages == 4);
  CHECK(rest.messages_missing == 1);
  CHECK(f.rows_of("messages") == 2);
  CHECK(f.rows_of("calls") == 1);
  const auto again = f.replay({.write = true});
  CHECK(again.messages == 4);
  CHECK(again.messages_missing == 0);
  CHECK(f.read([&] {
    audit::Filter filter;
    filter.action = "webhooks.replay";
    filter.object_type = "messages";
    return audit::count(f.db(), f.workspace, filter);
  }) == 2);
}

TEST_CASE("a text that came while nobody knew whose its number is, is that of whoever has it now",
          "[serve]") {
  Replay f(any_engine());
  const auto other = f.database.add_workspace("other");
  const auto add_number = [&](const base::Uuid& of, std::string_view number) {
    db::in_transaction(f.db(), db::Scope::of(of), [&] {
      f.db().exec(
          "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
          "VALUES ($1, $2, $3, 'twilio', 'active', $4, $4)",
          {f.alice.ids.next(), of, number, f.clock.now()});
    });
  };
  add_number(f.workspace, "+12025550100");
  add_number(other, "+12025550160");
  const auto journal = f.site.open();
  f.take(*journal, f.text(1, std::nullopt));
  f.take(*journal, f.text(2, std::nullopt, "+12025550160"));
  f.take(*journal, f.text(3, std::nullopt, "+12025550177"));
  f.take(*journal, f.text(4, other));
  Replay::apply_all(*journal);
  const auto report = f.replay({.write = true});
  CHECK(report.messages == 1);
  CHECK(report.messages_missing == 1);
  CHECK(report.refused.empty());
  CHECK(f.rows_of("messages") == 1);
}

TEST_CASE("webhooks about messages that wait, are damaged or were refused are told as those of calls",
          "[serve]") {
  Replay f(any_engine());
  const auto journal = f.site.open();
  auto damaged = messages::to_bytes(f.text(9, f.workspace));
  damaged.resize(damaged.size() / 2);
  f.take(*journal, damaged);
  for (int n = 1; n <= 6; ++n) f.take(*journal, f.text(n, f.workspace));
  Replay::apply_all(*journal);
  f.take(*journal, f.text(7, f.workspace));
  f.write([&] {
    f.db().exec(f.database.engine() == db::Engine::sqlite
                    ? "CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.message_sid LIKE '%5' "
                      "BEGIN SELECT RAISE(ABORT, 'no fives'); END"
                    : "ALTER TABLE ringctl.messages ADD CHECK (message_sid NOT LIKE '%5')");
  });
  const auto report = f.replay({.write = true});
  CHECK(report.unreadable == 1);
  CHECK(report.waiting == 1);
  CHECK(report.refused.size() == 1);
  CHECK(report.messages == 6);
  CHECK(report.messages_missing == 5);
  CHECK(f.rows_of("messages") == 5);
}
