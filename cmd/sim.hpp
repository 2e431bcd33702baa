#pragma once
// Parts of the noun `sim` that its files share.

#include <optional>
#include <string>

#include "base/secret.hpp"
#include "cmd/context.hpp"
#include "cmd/registry.hpp"
#include "sim/ladder.hpp"
#include "sim/runner.hpp"

namespace ringctl::cmd {

// One function per file adds its verb, in the order help shows them.
void add_sim_run(Noun&);
void add_sim_serve(Noun&);
void add_sim_call(Noun&);

/// Flags for a server that runs elsewhere.
struct AgainstOptions {
  std::optional<std::string> against, public_url, auth_token_file;
};
template <class Options>
void add_against(Verb<Options>& verb) {
  verb.flag("against", &Options::against, "URL",
            "A server that runs already, in real time, not the built-in one")
      .flag("public-url", &Options::public_url, "URL", "With --against: what the server knows itself by")
      .default_text("serve.public_url if it is on this machine, else --against")
      .flag("auth-token-file", &Options::auth_token_file, "FILE",
            "With --against: what webhooks are signed with")
      .kind(ValueKind::file)
      .default_text("the auth_token that is configured");
}
/// nullopt: the built-in one. Throws Errc::usage for URLs, Errc::auth [webhooks.no_token], and
/// Errc::twilio_down [sim.unreachable], except for a dry run.
std::optional<sim::Outside> outside_of(const AgainstOptions&, Context&);

/// A server at `url`. The database behind it is looked into where one is named, configured, or is this user's
/// own and the server on this machine; it is only read. Throws Errc::usage for a URL that is neither https
/// nor on this machine.
sim::Outside server_at(const std::string& url, const std::optional<std::string>& public_url, Context&);

/// The file's only line; it must be closed to others. Throws Errc::config.
base::Secret token_in(const std::string& file);

/// Of --seed. Throws Errc::usage for one below 0.
std::uint64_t seed_of(std::int64_t typed);
/// Another one each time: a server that keeps what it hears must not be told of two calls by one SID.
std::uint64_t fresh_seed(Context&);

/// As wide as the screen, in the characters it shows.
sim::LadderOptions ladder_options(Context&);

/// Lines that only people read: beside a table on standard output, else on standard error, where they disturb
/// no program.
void show_people(const std::string& lines, Context&);

/// Serve in this process tells its operator what a scenario breaks on purpose: only with --verbose.
void hush_log(Context&);

}  // namespace ringctl::cmd
