// Runs that were stopped, failed or had company: the end is that of a run nobody disturbed.

#include "bulk/imports.hpp"
#include "db/lease.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

using namespace ringctl;
using namespace ringctl::bulk;
using test::Imports;
using test::Lines;

namespace {

/// The numbers adapter with a hand on it: `before_look_up` and `before_insert` are called with how often they
/// were.
class Meddler final : public Adapter {
 public:
  std::function<void(int)> before_look_up = [](int) {}, after_look_up = [](int) {};
  std::function<void()> before_remove = [] {};

  std::string_view noun() const override { return inner_->noun(); }
  std::string_view object_type() const override { return inner_->object_type(); }
  std::span<const Column> columns() const override { return inner_->columns(); }
  db::Door door() const override { return inner_->door(); }
  bool looks_like_key(std::string_view text) const override { return inner_->looks_like_key(text); }
  bool canonical(std::size_t column, std::string_view text, const Reading& reading, std::string& out,
                 base::Finding& finding) const override {
    return inner_->canonical(column, text, reading, out, finding);
  }
  bool check(Row& row, std::size_t& column, base::Finding& finding) const override {
    return inner_->check(row, column, finding);
  }
  std::span<const Unique> uniques() const override { return inner_->uniques(); }
  std::vector<std::string> unique_values(std::size_t unique, const Row& row) const override {
    return inner_->unique_values(unique, row);
  }
  void look_up(db::Connection& db, const base::Uuid& workspace, std::span<const std::string_view> keys,
               const std::function<void(Existing&&)>& found) override {
    before_look_up(++calls_);
    inner_->look_up(db, workspace, keys, found);
    after_look_up(calls_);
  }
  void find_holders(db::Connection& db, const base::Uuid& workspace, std::size_t column,
                    std::span<const std::string_view> values,
                    const std::function<void(std::string_view, std::string_view)>& held) override {
    inner_->find_holders(db, workspace, column, values, held);
  }
  std::unique_ptr<Inserter> inserter(audit::Session& session, const base::Uuid& workspace,
                                     const base::Uuid& job) override {
    return inner_->inserter(session, workspace, job);
  }
  std::int64_t update(audit::Session& session, const base::Uuid& workspace,
                      std::span<const Update> updates) override {
    return inner_->update(session, workspace, updates);
  }
  std::optional<base::Uuid> made_by(db::Connection& db, const base::Uuid& workspace,
                                    std::string_view key) override {
    return inner_->made_by(db, workspace, key);
  }
  std::int64_t remove_made_by(db::Connection& db, const base::Uuid& workspace, const base::Uuid& job,
                              const KeptRows& kept) override {
    before_remove();
    return inner_->remove_made_by(db, workspace, job, kept);
  }
  Restored restore(audit::Session& session, const base::Uuid& workspace, const Replaced& row) override {
    return inner_->restore(session, workspace, row);
  }

 private:
  std::unique_ptr<Adapter> inner_ = numbers_adapter();
  int calls_ = 0;
};

struct PulledPlug {};

/// Fails the n-th look-up as a killed process or a lost connection would.
std::unique_ptr<Adapter> fails_at(int call) {
  auto meddler = std::make_unique<Meddler>();
  meddler->before_look_up = [call](int now) {
    if (now == call) throw PulledPlug();
  };
  return meddler;
}

std::function<void()> busy_once() {
  return [first = true]() mutable {
    if (std::exchange(first, false)) throw Error(Errc::db_busy, "db.busy", "the database is busy");
  };
}

/// Sends the n-th look-up back once, as a deadlock would.
std::unique_ptr<Adapter> busy_at(int call) {
  auto meddler = std::make_unique<Meddler>();
  meddler->before_look_up = [call, busy = busy_once()](int now) {
    if (now == call) busy();
  };
  return meddler;
}

/// Some of everything: new, changed, equal, invalid and conflicting rows, duplicates of both kinds.
struct Mixed : Imports {
  explicit Mixed(db::Engine engine) : Imports(engine) {
    import("+12025550102,telnyx\n+12025550105,telnyx\n+12025550108,telnyx\n");
    const auto other = database.add_workspace("other");
    bulk::ImportOptions theirs;
    theirs.intake.path = file("+12025550103\n+12025550107\n", "theirs.csv");
    run(theirs, other);
    options = test::max_errors("6");
    options.batch_rows = 2;
    options.rejects = dir / "rejects.csv";
    options.intake.path = file(
        "+12025550101\n+12025550102,twilio\n+12025550103\nnonsense\n+12025550104\n+12025550101\n+12025550105,telnyx\n"
        "+12025550106\n+12025550106,telnyx\n+12025550107\n+12025550108,twilio,US,Sales\n+12025550109\n+12025550110\n");
  }
  bulk::ImportOptions options;
};

void check_same_end(Mixed& disturbed, const ImportReport& report) {
  Mixed calm(disturbed.database.engine());
  const auto wanted = calm.run(calm.options);
  CHECK(report.outcome == wanted.outcome);
  CHECK(test::text_of(report.counts) == test::text_of(wanted.counts));
  CHECK(disturbed.numbers() == calm.numbers());
  CHECK(test::read_text(disturbed.options.rejects) == test::read_text(calm.options.rejects));
  REQUIRE(report.job);
  CHECK(disturbed.job_rows(*report.job) == calm.job_rows(*wanted.job));
  CHECK(disturbed.job(*report.job).counts == calm.job(*wanted.job).counts);
  CHECK(disturbed.job(*report.job).state == jobs::State::finished);
  CHECK_FALSE(disturbed.audit_verdict().broken_at);
}

}  // namespace

TEST_CASE("a run stopped after any batch goes on where it was and ends as if nothing had happened",
          "[bulk][resume]") {
  const auto engine = GENERATE(from_range(test::engines()));
  const int batches = GENERATE(range(1, 5));
  Mixed m(engine);
  int done = 0;
  m.progress = [&](const Progress& now) {
    if (now.phase == "writing" && ++done == batches) m.cancel.cancel(130);
  };
  const auto stopped = test::error_of([&] { m.run(m.options); });
  CAPTURE(batches);
  REQUIRE(stopped);
  CHECK(stopped->errc() == Errc::interrupted);
  const auto unfinished = m.read([&] { return jobs::Journal(m.db(), m.clock, m.workspace).list(1).at(0); });
  CHECK(unfinished.state == jobs::State::running);
  CHECK(stopped->hint() == "ringctl jobs resume " + unfinished.id.short_id());

  base::CancelToken fresh;
  m.progress = [](const Progress&) {};
  const auto target = [&](bool) { return Target{m.session(), m.workspace}; };
  const auto report = run_import(target, *m.adapter, m.options, fresh, m.progress);
  CHECK(report.resumed);
  CHECK(report.job == unfinished.id);
  check_same_end(m, report);
}

TEST_CASE("a run whose process dies in the middle of any batch goes on the same way", "[bulk][resume]") {
  const auto engine = GENERATE(from_range(test::engines()));
  const int call = GENERATE(range(1, 6));
  Mixed m(engine);
  m.adapter = fails_at(call);
  CAPTURE(call);
  CHECK_THROWS_AS(m.run(m.options), PulledPlug);
  m.adapter = numbers_adapter();
  const auto report = m.run(m.options);
  CHECK(report.resumed);
  check_same_end(m, report);
}

TEST_CASE("a SID that a row gave up before the run was stopped stays taken for the rest of it",
          "[bulk][resume]") {
  Imports i(GENERATE(from_range(test::engines())));
  const std::string sid = "PN0000000000000000000000000000000a";
  i.import("phone_number,sid\n+12025550105," + sid + "\n");
  const std::string text = "phone_number,sid\n+12025550105,-\n+12025550109," + sid + "\n";
  auto options = test::max_errors("1");
  options.batch_rows = 1;
  i.adapter = fails_at(2);
  CHECK_THROWS_AS(i.import(text, options), PulledPlug);
  i.adapter = numbers_adapter();
  const auto report = i.import(text, options);
  CHECK(report.resumed);
  CHECK(test::text_of(report.counts) == "rows 2 updated 1 conflict 1");
}

TEST_CASE("a SID that a row kept before the run was stopped is named as that row's afterwards",
          "[bulk][resume]") {
  Imports i(GENERATE(from_range(test::engines())));
  const std::string sid = "PN0000000000000000000000000000000a";
  i.import("phone_number,sid,label\n+12025550105," + sid + ",old\n");
  const std::string text = "phone_number,sid,label\n+12025550105,,new\n+12025550109," + sid + ",\n";
  auto options = test::max_errors("1");
  options.batch_rows = 1;
  i.adapter = fails_at(2);
  CHECK_THROWS_AS(i.import(text, options), PulledPlug);
  i.adapter = numbers_adapter();
  const auto report = i.import(text, options);
  CHECK(test::texts_of(report.problems) ==
        Lines{"sid_taken: line 3, sid: \"" + sid + "\" is that of +12025550105"});
}

TEST_CASE("a SID that a row kept before the run was stopped is not taken for one that the file gives up",
          "[bulk][resume]") {
  Imports i(GENERATE(from_range(test::engines())));
  const std::string sid = "PN0000000000000000000000000000000a";
  i.import("phone_number,sid,label\n+12025550105," + sid + ",old\n");
  const std::string text =
      "phone_number,sid,label\n+12025550105,,new\n+12025550106,,\n+12025550109," + sid + ",\n";
  auto options = test::max_errors("1");
  options.batch_rows = 1;
  i.adapter = fails_at(2);
  CHECK_THROWS_AS(i.import(text, options), PulledPlug);
  // Freed by hand meanwhile: the file itself gives up nothing.
  i.exec("UPDATE phone_numbers SET sid = NULL WHERE phone_number = $1", {"+12025550105"});
  i.adapter = numbers_adapter();
  const auto report = i.import(text, options);
  CHECK(report.resumed);
  CHECK(test::text_of(report.counts) == "rows 3 new 2 updated 1");
}

TEST_CASE("an import of all or nothing that the database sent back begins again, and counts nothing twice",
          "[bulk][resume]") {
  Imports i(GENERATE(from_range(test::engines())));
  i.import("+12025550102,telnyx\n");
  i.adapter = busy_at(2);
  ImportOptions options;
  options.batch_rows = 1;
  const auto report = i.import("+12025550101\n+12025550101\n+12025550102,twilio\n+12025550103\n", options);
  CHECK(test::text_of(report.counts) == "rows 4 new 2 updated 1 skipped 1 warnings 1");
  CHECK(report.warnings.size() == 1);
  CHECK(i.numbers().size() == 3);
  CHECK(i.count("jobs") == 2);
}

TEST_CASE("an undo that the database sent back begins again", "[bulk][resume]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto job = *i.import("+12025550101\n+12025550102\n").job;
  auto meddler = std::make_unique<Meddler>();
  meddler->before_remove = busy_once();
  i.adapter = std::move(meddler);
  const auto report = i.undo(job);
  CHECK(report.removed == 2);
  CHECK(report.kept_count == 0);
  CHECK(i.numbers().empty());
}

TEST_CASE("a run that dies again and again still ends well", "[bulk][resume]") {
  Mixed m(GENERATE(from_range(test::engines())));
  for (int time = 0; time < 4; ++time) {
    m.adapter = fails_at(2);
    CHECK_THROWS_AS(m.run(m.options), PulledPlug);
  }
  m.adapter = numbers_adapter();
  check_same_end(m, m.run(m.options));
}

TEST_CASE("an import of all or nothing that is stopped leaves nothing, and offers no job to resume",
          "[bulk][resume]") {
  Mixed m(GENERATE(from_range(test::engines())));
  m.options.allowance = {};
  m.options.intake.path = m.file("+12025550111\n+12025550112\n+12025550113\n");
  const auto sizes = m.sizes();
  const auto before = m.numbers();
  SECTION("by a signal") {
    m.progress = [&](const Progress& now) {
      if (now.phase == "writing") m.cancel.cancel(143);
    };
    const auto stopped = test::error_of([&] { m.run(m.options); });
    REQUIRE(stopped);
    CHECK(stopped->errc() == Errc::terminated);
    CHECK(stopped->hint() == "run the same command again");
  }
  SECTION("by a failure") {
    m.adapter = fails_at(2);
    CHECK_THROWS_AS(m.run(m.options), PulledPlug);
  }
  CHECK(m.sizes() == sizes);
  CHECK(m.numbers() == before);
}

TEST_CASE("a finished job is not taken up: the next run finds everything the same", "[bulk][resume]") {
  Imports i(GENERATE(from_range(test::engines())));
  const auto first = i.import("+12025550101\n", test::max_errors("0"));
  const auto second = i.import("+12025550101\n", test::max_errors("0"));
  CHECK_FALSE(second.resumed);
  CHECK(second.job != first.job);
  CHECK(test::text_of(second.counts) == "rows 1 same 1");
}

TEST_CASE("the flag --restart plans anew and closes the unfinished job", "[bulk][resume]") {
  Mixed m(GENERATE(from_range(test::engines())));
  m.adapter = fails_at(3);
  CHECK_THROWS_AS(m.run(m.options), PulledPlug);
  const auto unfinished = m.read([&] { return jobs::Journal(m.db(), m.clock, m.workspace).list(1).at(0); });
  m.adapter = numbers_adapter();
  m.options.restart = true;
  const auto report = m.run(m.options);
  CHECK_FALSE(report.resumed);
  CHECK(report.job != unfinished.id);
  CHECK(m.job(unfinished.id).state == jobs::State::failed);
  m.options.restart = false;
  CHECK_FALSE(m.run(m.options).resumed);
}

TEST_CASE("an unfinished job is not taken up by a run that means something else", "[bulk][resume]") {
  Mixed m(GENERATE(from_range(test::engines())));
  m.adapter = fails_at(3);
  CHECK_THROWS_AS(m.run(m.options), PulledPlug);
  m.adapter = numbers_adapter();
  SECTION("other options") {
    m.options.on_conflict = OnConflict::skip;
    CHECK_FALSE(m.run(m.options).resumed);
  }
  SECTION("another file") {
    m.options.intake.path = m.file("+12025550115\n");
    CHECK_FALSE(m.run(m.options).resumed);
  }
  SECTION("another workspace") { CHECK_FALSE(m.run(m.options, m.database.add_workspace("third")).resumed); }
  SECTION("only more errors allowed: that is the same") {
    m.options.allowance = parse_allowance("50%");
    CHECK(m.run(m.options).resumed);
  }
}

TEST_CASE("an import of all or nothing closes an unfinished run of the same file", "[bulk][resume]") {
  Imports m(GENERATE(from_range(test::engines())));
  const auto path = m.file("+12025550101\n+12025550102\n+12025550103\n", "whole.csv");
  auto batches = test::max_errors("1");
  batches.intake.path = path;
  batches.batch_rows = 1;
  m.adapter = fails_at(2);
  CHECK_THROWS_AS(m.run(batches), PulledPlug);
  m.adapter = numbers_adapter();
  ImportOptions atomic;
  atomic.intake.path = path;
  REQUIRE(m.run(atomic).outcome == Errc::ok);
  m.exec("DELETE FROM phone_numbers WHERE phone_number = $1", {"+12025550101"});
  const auto report = m.run(batches);
  CHECK_FALSE(report.resumed);
  CHECK(report.counts.created == 1);
}

TEST_CASE("the next import closes an unfinished run that read standard input, and none of another kind",
          "[bulk][resume]") {
  Imports m(GENERATE(from_range(test::engines())));
  m.adapter = fails_at(2);
  auto batches = test::max_errors("1");
  batches.batch_rows = 1;
  CHECK_THROWS_AS(m.import("+12025550101\n+12025550102\n", batches), PulledPlug);
  m.adapter = numbers_adapter();
  // What a run leaves whose input was a pipe.
  const auto piped = m.read([&] { return jobs::Journal(m.db(), m.clock, m.workspace).list(1).at(0); });
  CHECK(m.exec("UPDATE jobs SET input_digest = NULL", {}) == 1);
  auto other = piped;
  other.id = m.alice.ids.next();
  other.kind = "users.import";
  other.input_digest.clear();
  m.write([&] { jobs::Journal(m.db(), m.clock, m.workspace).insert(other); });

  const bool atomic = GENERATE(true, false);
  CAPTURE(atomic);
  const auto report = m.import("+12025550103\n", atomic ? ImportOptions() : batches);
  CHECK_FALSE(report.resumed);
  CHECK(m.job(piped.id).state == jobs::State::failed);
  CHECK(m.job(piped.id).finished_at);
  CHECK(m.job(other.id).state == jobs::State::running);
  CHECK_FALSE(m.audit_verdict().broken_at);
  CHECK(m.undo(piped.id).removed == 1);
}

TEST_CASE(
    "while an import of all or nothing that closes an unfinished run writes, others write to the audit log",
    "[bulk][resume]") {
  const auto engine = db::Engine::postgresql;  // SQLite lets no other writer in
  const auto found = test::engines();
  if (std::find(found.begin(), found.end(), engine) == found.end()) return;
  Imports i(engine);
  ImportOptions atomic;
  atomic.intake.path = i.file("+12025550101\n+12025550102\n", "whole.csv");
  auto batches = test::max_errors("1");
  batches.intake.path = atomic.intake.path;
  i.adapter = fails_at(1);
  CHECK_THROWS_AS(i.run(batches), PulledPlug);
  auto options = test::test_options();
  options.busy_timeout = std::chrono::seconds(1);
  test::Actor bob(i.database.connect(options), i.clock, "os:bob");
  auto meddler = std::make_unique<Meddler>();
  std::string refused = "was not tried";
  meddler->after_look_up = [&](int) {
    refused = test::slug_of([&] {
      db::Transaction transaction(*bob.connection, db::Scope::of(i.workspace));
      audit::record(bob.session, i.workspace,
                    {.action = "users.update", .object_type = "user", .object_key = "bob"});
      transaction.commit();
    });
  };
  i.adapter = std::move(meddler);
  CHECK(i.run(atomic).outcome == Errc::ok);
  CHECK(refused.empty());
  const auto verdict = i.audit_verdict();
  CHECK_FALSE(verdict.broken_at);
  CHECK(verdict.rows == 4);  // begun, bob's, given up, imported
}

TEST_CASE("an undone job is not taken up", "[bulk][resume]") {
  Mixed m(GENERATE(from_range(test::engines())));
  m.adapter = fails_at(4);
  CHECK_THROWS_AS(m.run(m.options), PulledPlug);
  m.adapter = numbers_adapter();
  m.undo(m.read([&] { return jobs::Journal(m.db(), m.clock, m.workspace).list(1).at(0).id; }));
  const auto report = m.run(m.options);
  CHECK_FALSE(report.resumed);
  Mixed calm(m.database.engine());
  CHECK(test::text_of(report.counts) == test::text_of(calm.run(calm.options).counts));
}

TEST_CASE("a job that is resumed by name refuses a file that changed", "[bulk][resume]") {
  Mixed m(test::engines().front());
  m.options.expected_digest = "0123";
  CHECK(test::slug_of([&] { m.run(m.options); }) == "import.input_changed");
}

TEST_CASE("a row that another writer changes between look-up and write is looked at again",
          "[bulk][resume]") {
  const auto engine = db::Engine::postgresql;  // SQLite lets no other writer in
  const auto found = test::engines();
  if (std::find(found.begin(), found.end(), engine) == found.end()) return;
  Imports i(engine);
  i.import("+12025550101,telnyx,US,Old\n");
  test::Actor bob(i.database.connect(), i.clock, "os:bob");
  const auto as_bob = [&](const char* sql) {
    db::Transaction transaction(*bob.connection, db::Scope::of(i.workspace));
    bob.connection->exec(sql);
    transaction.commit();
  };
  auto meddler = std::make_unique<Meddler>();
  auto& hand = *meddler;
  i.adapter = std::move(meddler);
  auto options = test::max_errors("0");

  SECTION("in batches: once, and the import goes on with what is there now") {
    hand.after_look_up = [&](int call) {
      if (call == 1) as_bob("UPDATE phone_numbers SET label = 'Bob', version = version + 1");
    };
    const auto report = i.import("+12025550101,twilio\n", options);
    CHECK(test::text_of(report.counts) == "rows 1 updated 1");
    CHECK(i.numbers() == Lines{"+12025550101|twilio|US|Bob|active|| v3"});
  }
  SECTION("a row that was new is there by now, with other values") {
    hand.after_look_up = [&](int call) {
      if (call == 1)
        as_bob(
            "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
            "SELECT gen_random_uuid(), id, '+12025550102', 'bobtel', 'active', now(), now() FROM workspaces");
    };
    const auto report = i.import("+12025550102,twilio\n", options);
    CHECK(test::text_of(report.counts) == "rows 1 updated 1");
  }
  SECTION("a SID that was free is taken by now") {
    hand.after_look_up = [&](int call) {
      if (call == 1)
        as_bob(
            "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, sid, created_at, updated_at) "
            "SELECT gen_random_uuid(), id, '+12025550102', 'bobtel', 'active', 'PN0000000000000000000000000000000a', "
            "now(), now() FROM workspaces");
    };
    options.allowance = parse_allowance("1");
    const auto report =
        i.import("phone_number,sid\n+12025550101,PN0000000000000000000000000000000a\n", options);
    CHECK(test::text_of(report.counts) == "rows 1 conflict 1");
  }
  SECTION("all or nothing: a row is there by now that was sent to the server long ago") {
    hand.after_look_up = [&](int call) {
      if (call == 1)
        as_bob(
            "INSERT INTO phone_numbers (id, workspace_id, phone_number, provider, status, created_at, updated_at) "
            "SELECT gen_random_uuid(), id, '+12022000000', 'bobtel', 'active', now(), now() FROM workspaces");
    };
    std::string text = "phone_number,label\n";
    for (std::size_t n = 0; n < 40'000; ++n) text += test::number_at(n) + "," + std::string(180, 'x') + "\n";
    CHECK(test::text_of(i.import(text).counts) == "rows 40000 new 39999 updated 1");
  }
  SECTION("again and again: the import gives up and leaves the batch unwritten") {
    hand.after_look_up = [&](int) {
      as_bob("UPDATE phone_numbers SET label = 'Bob', version = version + 1");
    };
    const auto error = test::error_of([&] { i.import("+12025550101,twilio\n", options); });
    REQUIRE(error);
    CHECK(error->slug() == "import.moved_on");
    CHECK(error->errc() == Errc::conflict);
  }
  SECTION("all or nothing: refused, and nothing is written") {
    hand.after_look_up = [&](int) {
      as_bob("UPDATE phone_numbers SET label = 'Bob', version = version + 1");
    };
    const auto jobs = i.count("jobs");
    CHECK(test::slug_of([&] { i.import("+12025550101,twilio\n+12025550102\n"); }) == "import.moved_on");
    CHECK(i.numbers() == Lines{"+12025550101|telnyx|US|Bob|active|| v4"});  // tried three times
    CHECK(i.count("jobs") == jobs);
  }
}
