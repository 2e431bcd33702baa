#include <fmt/core.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "base/build_info.hpp"
#include "cmd/context.hpp"
#include "cmd/library_versions.hpp"
#include "cmd/root.hpp"
#include "db/migrations.hpp"

namespace ringctl::cmd {
namespace {

struct VersionOptions {};

std::string as_json(bool pretty) {
  const auto& build = base::build_info();
  nlohmann::ordered_json json = {
      {"version", std::string(build.version)},   {"commit", std::string(build.commit)},
      {"compiler", std::string(build.compiler)}, {"build_type", std::string(build.type)},
      {"flags", std::string(build.flags)},       {"sanitizers", std::string(build.sanitizers)},
      {"schema", db::latest_schema()},           {"libraries", nlohmann::ordered_json::object()}};
  for (const auto& [name, version] : library_versions()) json["libraries"][name] = version;
  return json.dump(pretty ? 2 : -1) + "\n";
}

void run_version(const VersionOptions&, Context& context) {
  auto& io = context.io();
  if (io.options().format && io.json()) return io.text(as_json(io.out_is_terminal()));
  const auto& build = base::build_info();
  io.text(fmt::format("ringctl {} ({})\n", build.version, build.commit));
}

}  // namespace

void add_version(Noun& noun) {
  noun.command<VersionOptions>(run_version)
      .without_settings()
      .details(
          "With -o json: version, commit, build flags, compiler, versions of the libraries and of the database schema.")
      .example("ringctl version")
      .example("ringctl version -o json", "everything a bug report needs")
      .exits({Errc::ok});
}

}  // namespace ringctl::cmd
