// Texts of `ringctl help TOPIC`.
#include <fmt/format.h>

#include <array>
#include <iterator>

#include "base/error.hpp"
#include "cmd/export_schemas.hpp"
#include "cmd/help.hpp"
#include "config/settings.hpp"

namespace ringctl::cmd {
namespace {

std::string exit_codes() {
  std::string text =
      "Exit statuses of ringctl. They are stable; an unknown status other than 0 is a failure.\n\n"
      "  code  name             retry         meaning\n";
  for (const auto& info : errc_table())
    fmt::format_to(std::back_inserter(text), "  {:>4}  {:<15}  {:<12}  {}\n", static_cast<int>(info.code),
                   info.name, info.retry, info.meaning);
  return text;
}

std::string environment() {
  std::string text =
      "Variables ringctl reads. A flag outranks them, they outrank the configuration file.\n"
      "Of every secret there is a variant NAME_FILE that names a file (mode 0600) to read it from.\n\n";
  for (const auto& key : config::keys())
    if (!key.environment.empty())
      fmt::format_to(std::back_inserter(text), "  {:<28}  {}\n", key.environment, key.summary);
  text.append(
      "\n  TWILIO_VOICE_WEBHOOK_URL      what numbers are told to ask for calls, where that is not serve\n"
      "  TWILIO_SMS_WEBHOOK_URL        the same, for messages\n"
      "  RINGCTL_CONFIG                configuration file to read instead of the user's\n"
      "  NO_COLOR                      not empty: no colour\n"
      "  CLICOLOR_FORCE, FORCE_COLOR   not empty and not 0: colour although there is no terminal\n"
      "  TERM                          \"dumb\": no colour\n"
      "  COLUMNS, LINES                size of the terminal, where it does not know itself\n"
      "  PAGER                         pager, if RINGCTL_PAGER is not set; \"cat\" or empty: none\n"
      "  TZ                            time zone, if RINGCTL_TZ is not set\n"
      "  XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, XDG_CACHE_HOME\n"
      "                                where configuration, database, spool and caches lie\n"
      "  CREDENTIALS_DIRECTORY         secrets handed over by systemd\n"
      "  HTTPS_PROXY, NO_PROXY         proxy that requests go through, and hosts that are asked directly\n"
      "  SSL_CERT_FILE                 PEM file of the roots to trust, instead of the system's\n"
      "  TMPDIR                        temporary files\n\n"
      "There is no RINGCTL_YES, and DATABASE_URL is not read: it may be another program's.\n");
  return text;
}

std::string export_schemas() {
  std::string text = "Exports for programs have a number each, which goes up when their columns change:\n";
  for (const auto& schema : k_export_schemas)
    fmt::format_to(std::back_inserter(text), "  {:<16}  schema {}\n", fmt::format("{} export", schema.noun),
                   schema.number);
  return text;
}

std::string formats() {
  return std::string() +
         "Output formats (-o FORMAT). On a terminal the default is table, elsewhere tsv.\n\n"
         "  table   for people: local times, fitted to the terminal, a selection of columns\n"
         "  tsv     header line, tab-separated; \\t \\n \\r \\\\ escaped and \\N for absent, as PostgreSQL's COPY reads\n"
         "  csv     RFC 4180, LF; --crlf and --bom for Excel, --delimiter for another separator\n"
         "  json    one array (one object for `show`); indented on a terminal\n"
         "  jsonl   one object a line\n"
         "  md      a Markdown table\n"
         "  html    one page that needs no other file and no network: the table's columns; reports with charts\n"
         "  xlsx    a workbook, to --out FILE only: text as text, never a formula; times as text, with their offset\n\n"
         "All but table and html are contracts: all columns, snake_case names, RFC 3339 times with offset, durations in\n"
         "whole seconds (_s), absent values as null. Fields may be added; none is removed or changes its type.\n\n" +
         export_schemas() + "\n" +
         "  --columns a,b   only these, in this order; --columns help lists them with their types\n"
         "  --no-header     no header line          --null TEXT   what stands for an absent value\n"
         "  --sort COL[:desc]  --limit N            a list that was cut says so on standard error\n\n"
         "In csv and tsv, free text that a spreadsheet would take for a formula (it begins with = + - @ TAB CR NUL) gets\n"
         "a ' in front; `import` removes it again. --csv-raw turns that off. Numbers, times and identifiers are checked\n"
         "and never prefixed.\n\n"
         "--out FILE takes its format from the name, if that ends in .csv, .tsv, .json, .jsonl, .md, .html or .xlsx and -o\n"
         "names none; a name such as x.pdf, of a format there is not, is refused. One that ends in .gz or .zst is packed:\n"
         "numbers.csv.gz is csv, and `import` reads it.\n\n"
         "Written to a terminal, tsv and csv show control characters as the table does; a pipe or file gets them raw.\n"
         "tsv, csv, jsonl and html are written while the rows are read, in bounded memory; so is xlsx, into temporary files\n"
         "(TMPDIR). --out FILE appears whole or not at all. A full disk is exit status 40.\n";
}

std::string configuration() {
  return "Where values come from, first one wins: flag, environment, [profiles.NAME] of the user's file, its [defaults],\n"
         "the same two of /etc/ringctl/config.toml, built-in. `ringctl config show --origin` prints every value with its\n"
         "source. Nothing is read from the current directory.\n\n"
         "  ~/.config/ringctl/config.toml        settings ($XDG_CONFIG_HOME; or --config FILE, RINGCTL_CONFIG)\n"
         "  ~/.config/ringctl/credentials.toml   secrets; must be yours and 0600\n"
         "  ~/.local/share/ringctl/ringctl.db    the embedded database ($XDG_DATA_HOME)\n\n"
         "  schema = 1\n"
         "  [defaults]\n"
         "  profile = \"prod\"\n"
         "  timezone = \"America/New_York\"\n"
         "  [profiles.prod]\n"
         "  database = \"postgresql://ringctl@db1/ringctl\"\n\n"
         "No configuration at all works: the embedded database is made by the first command that writes.\n"
         "`ringctl config set KEY VALUE` edits the user's file, `ringctl profiles add NAME` adds a profile.\n"
         "See ringctl-config(5) for every key.\n";
}

std::string security() {
  return "Secrets\n"
         "  Credentials stand in credentials.toml, in files, in systemd credentials, or come from a command\n"
         "  such as pass; the environment works too. config.toml refuses them and no flag takes one. A secret\n"
         "  is fetched when a command needs it and wiped from memory after. Output, errors, logs and --trace\n"
         "  never hold one: `config show` prints **** and four characters, URLs lose their password. What\n"
         "  ringctl starts (pager, a secret's command) gets an environment without them.\n\n"
         "Files\n"
         "  credentials.toml and every *_file must be this user's or root's and closed to others (0600 or\n"
         "  0400), else a command ends with status 10; `ringctl doctor --fix` closes them.\n"
         "  ringctl makes its database, backups, rejects and configuration 0600 and their folders 0700.\n"
         "  --out FILE is for others to read (0644, less the umask). No configuration is read from the current\n"
         "  directory. A database that is a symbolic link is refused.\n\n"
         "Database\n"
         "  PostgreSQL: row policies keep workspaces apart and bind the role ringctl connects as; `ringctl db\n"
         "  check` says if they do not. TLS is libpq's: by itself it encrypts where the server can, but does\n"
         "  not check who the server is. Add ?sslmode=verify-full&sslrootcert=FILE to the URL. Keep the\n"
         "  password out of --database, which every user of the machine can read: ~/.pgpass, PGPASSWORD or a\n"
         "  database key in credentials.toml bring it.\n\n"
         "Audit\n"
         "  Every change is a row of the audit log, written in the same transaction: who, when, what, before\n"
         "  and after. Rows are linked by SHA-256, so `ringctl audit verify` finds one that was changed,\n"
         "  removed or added. Whoever can write to the database could make the whole chain anew: note the\n"
         "  newest hash, which `audit verify` prints, elsewhere.\n\n"
         "What comes in\n"
         "  What packed files unpack to is capped, bad rows are refused by line, and control characters are\n"
         "  shown, not sent to the terminal. csv and tsv guard text against spreadsheet formulas.\n"
         "  No command goes through a shell but the pager, which is a line of shell wherever PAGER is read.\n";
}

std::string webhooks() {
  return "What Twilio asks `ringctl serve`, and how numbers come to ask it. See ringctl-serve(8), ringctl-webhooks(1).\n\n"
         "Paths, below serve.public_url; ID is the workspace's id\n"
         "  /api/twilio/voice/inbound           a call comes in; the number called tells the workspace\n"
         "  /api/workspaces/ID/voice            the same, and calls that agents place\n"
         "  /api/workspaces/ID/voice/status     what became of a call\n"
         "  /api/twilio/webhook                 a message comes in; the number tells the workspace\n"
         "  /api/workspaces/ID/sms              the same\n"
         "  /api/workspaces/ID/sms/status       what became of a message of ours\n\n"
         "Setting up\n"
         "  ringctl config set serve.public_url https://pbx.example.com\n"
         "                              what Twilio signs; the Host header is never asked\n"
         "  ringctl webhooks configure  tells the TwiML app and every active number\n"
         "  ringctl numbers audit       which numbers point elsewhere; --fix mends them\n"
         "  ringctl doctor serve        what this machine lacks for it\n\n"
         "Signatures\n"
         "  Every webhook must be signed with a token of the account it comes from: auth_token, auth_tokens or an\n"
         "  account's own (ringctl-accounts(1)). What is not gets 403 and nothing else. `ringctl webhooks verify` says\n"
         "  why a signature is right or wrong. While a token is changed, auth_token_secondary is taken as well.\n\n"
         "What holds\n"
         "  A call has an answer that makes sense within two seconds, also while the database is away. What was answered\n"
         "  is in a journal by then and is never lost; the same webhook again counts once. `ringctl webhooks replay`\n"
         "  holds calls and messages against that journal. Where the server does not answer, Twilio asks the\n"
         "  workspace's fallback URL (`webhooks configure --fallback-url`), on another host.\n\n"
         "Trying it out\n"
         "  ringctl webhooks send --to http://127.0.0.1:8080/api/twilio/voice/inbound   one webhook, signed\n"
         "  ringctl sim call --to NUMBER                                                a whole call, nobody rung\n";
}

std::string limits_topic() {
  return "How many calls a day an agent may place, and to where. See ringctl-limits(1), ringctl-assignments(1).\n\n"
         "To place a call an agent needs a live assignment of an active number at Twilio, room under the assignment's\n"
         "daily limit, and a destination in its allowed countries. Of any number of callers at a limit less one exactly\n"
         "one is let through, on one machine or on many.\n\n"
         "  A day       a date in the workspace's zone. A new day is a new counter: nothing waits for cron.\n"
         "  Limit       `ringctl assignments set NUMBER AGENT --daily-limit N`; 100 unless it is given\n"
         "  Countries   --allowed-countries 'US|CA'; none: the number's own; *: all. Of the whole number: CA takes\n"
         "              +1 613 and not +1 212. Premium and shared-cost numbers, and those of no known country, only by\n"
         "              an entry that is their beginning, such as +1900.\n"
         "  Emergency   calls for help are never counted and never refused\n"
         "  Counting    `ringctl workspaces update` says whether every call counts that was placed (--limit-policy\n"
         "              attempts), or those that were answered (connected)\n\n"
         "Refusals, in every place the same\n"
         "  no_number              the agent has no number to call from, or not the one asked for\n"
         "  limit_reached          the number has made its calls of the day\n"
         "  country_not_allowed    not this destination from this number\n"
         "  number_inactive, agent_inactive\n"
         "  opted_out              the destination asked not to be called\n"
         "  provider_not_callable  only numbers at Twilio are called from\n"
         "  same_number            the destination is the number that would call\n"
         "  limits_unavailable     the database cannot be asked; the workspace may allow calls all the same\n\n"
         "  ringctl limits check --agent ann@example.com --to +12125550123    every reason, exit 8 if there is one\n"
         "  ringctl limits status                                             today, against the limits\n"
         "  ringctl limits reset --all-workspaces -q --lock-wait 10m          for cron: closes the days that are over\n";
}

constexpr std::array k_topics = {
    Topic{"exit-codes", "every exit status and whether trying again helps", exit_codes},
    Topic{"environment", "variables ringctl reads", environment},
    Topic{"formats", "output formats and what they promise", formats},
    Topic{"config", "configuration files, profiles and precedence", configuration},
    Topic{"webhooks", "what Twilio asks of serve, paths, signatures, trying it out", webhooks},
    Topic{"limits", "how often a day and to where agents may call, and every refusal", limits_topic},
    Topic{"security", "secrets, file modes, the audit chain, TLS to the database", security},
};

}  // namespace

std::span<const Topic> topics() { return k_topics; }

}  // namespace ringctl::cmd
