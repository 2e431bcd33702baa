#include "support/sample_estate.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "db/connection.hpp"

namespace ringctl::test {
namespace {

namespace fs = std::filesystem;

void must(const Machine& machine, const std::string& line) {
  const auto result = run_in_shell(machine, line);
  if (result.status != 0) throw std::runtime_error(line + ": " + result.err);
}

struct SampleFile {
  std::string name, rows;
  std::string more;  ///< what the file has gained since the estate imported it
};

/// In the order in which they can be imported.
const std::vector<SampleFile>& sample_files() {
  static const std::vector<SampleFile> k_files = {
      {"numbers.csv",
       "phone_number,provider,country_code,label\n+12025550123,twilio,US,Sales\n"
       "+12025550124,twilio,US,Desk\n+16135550111,twilio,CA,Ottawa\n",
       ""},
      {"teams.csv", "name\nSales\nSupport\n", "International\n"},
      {"users.csv",
       "email,name,role,team,skills,phone_number\n"
       "ann@example.com,Ann Baker,agent,Sales,solar|spanish,+12025550191\n"
       "bob@example.com,Bob Carter,agent,Sales,solar,+12025550192\nsam@example.com,Sam Jones,supervisor,,,\n"
       "sue@example.com,Sue Lane,supervisor,Sales,,+12025550193\n",
       "dan@example.com,Dan Evans,agent,Support,,\n"},
      {"contacts.csv",
       "phone_number,name,state,tags,agents\n+16265550101,Lin Park,CA,vip,ann@example.com\n"
       "+16265550102,Moe Reyes,CA,,\n",
       "+16265550105,Nia Stone,TX,,bob@example.com\n"},
      {"assignments.csv",
       "phone_number,agent,daily_limit,allowed_countries\n+12025550123,ann@example.com,25,US|CA\n",
       "+16135550111,bob@example.com,,\n"},
      {"extensions.csv", "extension,user\n101,ann@example.com\n102,bob@example.com\n",
       "103,sam@example.com\n"},
      {"pools.csv", "phone_number,user,sms_access_enabled\n+12025550123,ann@example.com,yes\n",
       "+12025550123,sam@example.com,yes\n"},
      {"rules.json",
       "{\"name\":\"VIP\",\"position\":10,\"when\":{\"contact\":{\"tags\":[\"vip\"]}},\"ring\":[{\"team\":\"Sales\"}]}\n"
       "{\"name\":\"Nights\",\"position\":20,\"when\":{\"hours\":{\"from\":\"18:00\",\"to\":\"08:00\"}},"
       "\"ring\":[{\"voicemail\":true}]}\n",
       "{\"name\":\"Solar\",\"position\":30,\"when\":{},\"ring\":[{\"skill\":\"solar\"}]}\n"},
      {"optouts.csv", "phone_number,channel,source\n+16265550109,voice,asked by letter\n",
       "+16265550110,sms,\n"},
  };
  return k_files;
}

std::string noun_of(const SampleFile& file) { return file.name.substr(0, file.name.find('.')); }

/// A file that nobody else may read.
fs::path lay_secret(const Machine& machine, const std::string& name, const std::string& content) {
  auto file = machine.file(name, content);
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  return file;
}

void lay_out_files(const Machine& machine) {
  for (const auto& file : sample_files()) machine.file(file.name, file.rows + file.more);
  lay_secret(machine, "token.txt", SampleEstate::k_auth_token + "\n");
  lay_secret(machine, "livekit.txt", SampleEstate::k_livekit_secret + "\n");
  lay_secret(machine, "hook.txt", "a secret that the webhook knows\n");
  lay_secret(machine, "old.key", std::string(64, '0') + "\n");
  machine.file("form.txt", "Body=hi&From=%2B15005550006\n");
  const fs::path scenarios = RINGCTL_SOURCE_DIR "/fixtures/scenarios";
  const auto one = scenarios / "owner-rings-first.json";
  fs::create_directories(machine.home() / "scenarios");
  fs::copy_file(one, machine.home() / "scenarios" / one.filename());
  fs::copy_file(one, machine.home() / "smoke.json");
  for (const auto* folder :
       {".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"})
    fs::create_directories(machine.home() / folder);
}

/// Calls come by webhook, which examples have none of: one that nobody answered, with its callback, and one
/// that goes on, with a webhook that was kept just now. And a contact that is held.
constexpr const char* k_calls =
    "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, number_id, contact_id, "
    "customer_name, routed_by, started_at, ended_at, duration_s, closed_seq, created_at, updated_at) "
    "SELECT '019ccd51-8e00-7000-8000-000000000001', w.id, 'CA5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5', 'inbound', 'missed', "
    "'+16265550101', '+12025550123', p.id, k.id, 'Lin Park', 'assigned', '2026-03-08T12:00:00.000Z', "
    "'2026-03-08T12:00:50.000Z', 50, 1, '2026-03-08T12:00:00.000Z', '2026-03-08T12:00:50.000Z' "
    "FROM workspaces w, phone_numbers p, contacts k WHERE p.phone_number = '+12025550123' AND k.name = 'Lin Park';"
    "INSERT INTO call_counters (workspace_id, closed_seq) SELECT id, 1 FROM workspaces;"
    "INSERT INTO callbacks (id, workspace_id, phone_number, contact_id, user_id, call_id, status, due_at, notes, "
    "created_at, updated_at) SELECT '019ccd51-8e00-7000-8000-000000000002', c.workspace_id, c.from_number, c.contact_id, "
    "u.id, c.id, 'open', c.ended_at, 'missed call', c.ended_at, c.ended_at FROM calls c, users u "
    "WHERE u.email = 'ann@example.com';"
    "INSERT INTO recordings (id, workspace_id, recording_sid, call_id, kind, status, duration_s, channels, created_at, "
    "updated_at) SELECT '019ccd51-8e00-7000-8000-000000000004', workspace_id, 'RE5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5', id, "
    "'voicemail', 'completed', 12, 1, ended_at, ended_at FROM calls;"
    "INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, user_id, routed_by, "
    "started_at, answered_at, created_at, updated_at) "
    "SELECT '019ccd51-8e00-7000-8000-000000000003', workspace_id, 'CA00000000000000000000000000000002', 'outbound', "
    "'in-progress', '+12025550123', '+16265550102', id, 'outbound', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), "
    "strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), "
    "strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM users WHERE email = 'ann@example.com';"
    "INSERT INTO call_events (id, workspace_id, event_key, call_sid, kind, status, sequence, received_at, form) "
    "SELECT substr(ms, 1, 8) || '-' || substr(ms, 9) || '-7000-8000-000000000004', id, 'outbound', "
    "'CA00000000000000000000000000000002', 'outbound', 'ringing', NULL, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), "
    "'{\"CallSid\":\"CA00000000000000000000000000000002\"}' "
    "FROM workspaces, (SELECT printf('%012x', CAST(strftime('%s', 'now') AS INTEGER) * 1000) AS ms);"
    "INSERT INTO legal_holds (id, workspace_id, contact_id, reason, held_by, created_at, updated_at) "
    "SELECT '019ccd51-8e00-7000-8000-000000000005', workspace_id, id, 'Case 2026-16', 'os:alice', "
    "strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM contacts WHERE name = 'Moe Reyes'";

void add_calls(const Machine& machine) {
  const auto file = machine.home() / ".local/share/ringctl/ringctl.db";
  db::Connection::open("sqlite:" + file.string())->exec_script(k_calls);
}

/// Texts come by webhook, too: one that Ann answered, which did not arrive, and one that nobody took up, of
/// which the workspace's own webhook was told in vain. All of yesterday. Sam looks after Ann's team.
constexpr const char* k_messages =
    "INSERT INTO message_counters (workspace_id, message_seq) SELECT id, 3 FROM workspaces WHERE name = 'default';"
    "UPDATE teams SET supervisor_id = (SELECT id FROM users WHERE email = 'sam@example.com') WHERE name = 'Sales';"
    "INSERT INTO message_threads (id, workspace_id, our_number, party_number, number_id, contact_id, assigned_user_id, "
    "assigned_by, assigned_at, last_message_at, last_inbound_at, created_at, updated_at) "
    "SELECT CASE k.name WHEN 'Lin Park' THEN '019ccd51-8e00-7000-8000-000000000011' "
    "ELSE '019ccd51-8e00-7000-8000-000000000012' END, p.workspace_id, p.phone_number, h.phone_number, p.id, k.id, u.id, "
    "CASE WHEN u.id IS NULL THEN NULL ELSE 'claim' END, CASE WHEN u.id IS NULL THEN NULL ELSE t.at END, t.at, t.at, t.at, "
    "t.at FROM phone_numbers p, contacts k JOIN contact_phones h ON h.contact_id = k.id LEFT JOIN users u ON "
    "u.email = 'ann@example.com' AND k.name = 'Lin Park', (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day') AS at) t "
    "WHERE p.phone_number = '+12025550123' AND k.name IN ('Lin Park', 'Moe Reyes');"
    "INSERT INTO messages (id, workspace_id, thread_id, message_sid, account_sid, number_id, contact_id, user_id, "
    "direction, from_number, to_number, body, encoding, segments, status, status_rank, error_code, message_seq, "
    "created_at, updated_at) "
    "SELECT '019ccd51-8e00-7000-8000-00000000002' || v.seq, t.workspace_id, t.id, v.sid, "
    "'AC0123456789abcdef0123456789abcdef', t.number_id, t.contact_id, CASE v.seq WHEN 2 THEN t.assigned_user_id END, "
    "CASE v.seq WHEN 2 THEN 'outbound' ELSE 'inbound' END, CASE v.seq WHEN 2 THEN t.our_number ELSE t.party_number END, "
    "CASE v.seq WHEN 2 THEN t.party_number ELSE t.our_number END, v.body, 'gsm7', 1, v.status, v.rank, v.code, v.seq, "
    "t.created_at, t.created_at FROM (SELECT 1 AS seq, '1' AS thread, 'SM5f0c8e1d2b3a4c5d6e7f8091a2b3c4d5' AS sid, "
    "'Is it still to be had?' AS body, 'received' AS status, 13 AS rank, NULL AS code "
    "UNION ALL SELECT 2, '1', 'SM00000000000000000000000000000002', 'Yes, come and see', 'undelivered', 8, 30003 "
    "UNION ALL SELECT 3, '2', 'SM00000000000000000000000000000003', 'Good morning', 'received', 13, NULL) v "
    "JOIN message_threads t ON t.id = '019ccd51-8e00-7000-8000-00000000001' || v.thread;"
    "INSERT INTO notifications (id, workspace_id, message_id, thread_id, user_id, kind, reason, created_at) "
    "SELECT '019ccd51-8e00-7000-8000-00000000003' || m.message_seq, m.workspace_id, m.id, m.thread_id, u.id, "
    "'inbound_client_message', 'pool', m.created_at FROM messages m, users u WHERE m.direction = 'inbound' "
    "AND u.email = 'ann@example.com';"
    "INSERT INTO message_deliveries (id, workspace_id, message_id, event, state, attempts, due_at, last_error, created_at, "
    "updated_at) SELECT '019ccd51-8e00-7000-8000-00000000004' || message_seq, workspace_id, id, 'message.received', "
    "'given_up', 30, created_at, 'it answered 503', created_at, created_at FROM messages WHERE message_seq = 3";

void add_messages(const Machine& machine) {
  const auto file = machine.home() / ".local/share/ringctl/ringctl.db";
  db::Connection::open("sqlite:" + file.string())->exec_script(k_messages);
  must(machine,
       "ringctl notifications configure --url https://hooks.example.com/texts --secret-file hook.txt");
}

/// Examples that make something that the estate holds. What others make, the estate holds not.
bool starts_from_nothing(const std::string& command) {
  static constexpr std::array<std::string_view, 6> k_makers{
      "ringctl db migrate --to ", "ringctl init",          "ringctl numbers add ",
      "ringctl numbers import ",  "ringctl profiles add ", "ringctl workspaces add "};
  return std::any_of(k_makers.begin(), k_makers.end(),
                     [&](std::string_view maker) { return command.starts_with(maker); });
}

/// The login, and how serve and Twilio reach each other.
void log_in(const Machine& machine, const std::string& twilio_url) {
  must(machine, "ringctl config set account_sid " + SampleEstate::k_account);
  lay_secret(machine, ".config/ringctl/credentials.toml",
             "[defaults]\nauth_token = \"" + SampleEstate::k_auth_token +
                 "\"\napi_key = \"SK0123456789abcdef0123456789abcdef\"\n"
                 "api_secret = \"an example of a secret\"\n");
  if (twilio_url.empty()) return;
  must(machine, "ringctl config set twilio.base_url " + twilio_url);
  must(machine, "ringctl config set serve.public_url https://pbx.example.com");
}

/// What stands at the account beside numbers: logins, trunks, and an assistant at the LiveKit beside it.
void add_accounts(const Machine& machine, const std::string& twilio_url) {
  must(machine, "ringctl accounts set " + SampleEstate::k_account + " --auth-token-file token.txt");
  must(
      machine,
      "ringctl accounts set AC1123456789abcdef0123456789abcdef --auth-token-file token.txt --no-check --no-trunk");
  must(machine, "ringctl trunks add backup");
  must(machine, "ringctl assistants add desk --host " + twilio_url +
                    " --sip-domain example.sip.livekit.cloud --api-key " + SampleEstate::k_livekit_key +
                    " --api-secret-file livekit.txt");
}

}  // namespace

SampleEstate::SampleEstate(const std::string& twilio_url)
    : tree_(nlohmann::json::parse(machine_.run({"help", "--tree", "json"}).out)) {
  log_in(machine_, twilio_url);
  for (const auto& file : sample_files()) {
    machine_.file(file.name, file.rows);
    must(machine_, "ringctl " + noun_of(file) + " import " + file.name);
    // Numbers know their SIDs, and the last job is still an import.
    if (!twilio_url.empty() && noun_of(file) == "numbers") must(machine_, "ringctl numbers sync --apply");
  }
  lay_out_files(machine_);
  add_calls(machine_);
  if (!twilio_url.empty()) add_accounts(machine_, twilio_url);
  must(machine_, "ringctl workspaces add support");
  must(machine_, "ringctl workspaces update default --twiml-app-sid " + k_app);
  must(machine_, "ringctl workspaces update default --fallback-url https://fallback.example.org/voice");
  must(machine_, "ringctl config set workspace default");
  add_messages(machine_);
  must(machine_, "ringctl export estate --out estate.json");
  must(machine_, "ringctl db backup estate.db");
  for (const auto* profile : {"prod", "test"}) must(machine_, std::string("ringctl profiles add ") + profile);
  must(machine_, "ringctl config set timezone Europe/London");
  const auto jobs = run_in_shell(machine_, "ringctl jobs list --columns job --no-header");
  job_ = jobs.out.substr(0, jobs.out.find('\n'));
  if (job_.size() < 8) throw std::runtime_error("jobs list: " + jobs.err);
}

std::string SampleEstate::with_job(std::string command) const {
  const std::string sample = "5be01d7a";
  if (const auto at = command.find(sample); at != std::string::npos)
    command.replace(at, sample.size(), job_.substr(job_.size() - 8));
  return command;
}

void SampleEstate::lay_out(const Machine& machine, const std::string& command) const {
  if (starts_from_nothing(command))
    lay_out_files(machine);
  else
    fs::copy(machine_.home(), machine.home(), fs::copy_options::recursive);
  if (command == "ringctl db backup estate.db") fs::remove(machine.home() / "estate.db");
}

int example_status(const std::string& command) {
  struct Known {
    std::string_view begin;
    int status;
  };
  static constexpr auto k_known = std::to_array<Known>({
      // The job at hand is finished; one that is not would have to be killed first (tests of the bulk engine
      // do).
      {"ringctl jobs resume ", 6},
      // No number is handed to anybody.
      // The call they name is over: nobody can be brought into it, or out of it
      // (system/calls_twilio_test.cpp).
      {"ringctl calls transfer ", 6},
      {"ringctl calls listen ", 6},
      {"ringctl calls whisper ", 6},
      {"ringctl calls barge ", 6},
  });
  // Nobody has configured the account's numbers yet, and it says so.
  if (command == "ringctl numbers audit") return 8;
  const auto* const known = std::find_if(k_known.begin(), k_known.end(),
                                         [&](const Known& one) { return command.starts_with(one.begin); });
  return known == k_known.end() ? 0 : known->status;
}

ProcessResult run_in_shell(const Machine& machine, const std::string& line,
                           std::map<std::string, std::string> environment) {
  ProcessOptions options;
  options.program = "/bin/bash";
  options.environment = std::move(environment);
  options.environment["PATH"] = fs::path(RINGCTL_BINARY).parent_path().string() + ":/usr/bin:/bin";
  return machine.run({"-o", "pipefail", "-c", line}, options);
}

}  // namespace ringctl::test
