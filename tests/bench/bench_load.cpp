// Calls or texts that come in, as many as asked for, by the load of support/load.hpp. Prints one JSON object.
// TWILIO_AUTH_TOKEN signs.
//   bench_load --port 8080 --path /api/workspaces/ID/voice --public-url https://pbx.example.com
//              --account AC... --to +12025550100 --callers FILE --connections 16 --seconds 10
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "support/load.hpp"

using namespace ringctl;

namespace {

test::Load* running = nullptr;
void ask_to_stop(int) { running->stop(); }

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
File open_to_write(const std::string& path) {
  File file(path.empty() ? nullptr : std::fopen(path.c_str(), "w"), &std::fclose);
  if (!file && !path.empty()) throw std::system_error(errno, std::generic_category(), path);
  return file;
}

nlohmann::json times(const test::Histogram& histogram) {
  const auto ms = [](double ns) { return std::round(ns / 1e3) / 1e3; };
  const auto at = [&](double share) { return ms(static_cast<double>(histogram.percentile(share))); };
  return {{"count", histogram.count()},
          {"mean", ms(histogram.mean())},
          {"p50", at(0.5)},
          {"p90", at(0.9)},
          {"p99", at(0.99)},
          {"p99_9", at(0.999)},
          {"max", ms(static_cast<double>(histogram.max()))}};
}

nlohmann::json json_of(const test::LoadReport& report) {
  return {{"requests", report.requests},
          {"answered", report.answered()},
          {"answered_per_second", static_cast<double>(report.answered()) / report.elapsed_s},
          {"elapsed_s", report.elapsed_s},
          {"ms", times(report.all)},
          {"ms_connected", times(report.connected)},
          {"ms_others", times(report.others)},
          {"failed", report.failed()},
          {"failures", report.failures},
          {"statuses", report.statuses}};
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lines.push_back(line);
  if (lines.empty()) throw std::runtime_error(path + ": no callers");
  return lines;
}

/// "name=value"
test::Form fields_of(const std::vector<std::string>& given) {
  test::Form fields;
  for (const auto& text : given) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) throw std::runtime_error("--field: NAME=VALUE");
    fields.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return fields;
}

}  // namespace

int main(int argc, char** argv) try {
  test::LoadOptions options;
  test::RequestOptions request{.account_sid = "AC00000000000000000000000000000000", .to = "+12025550100"};
  std::string callers, acknowledged;
  std::vector<std::string> fields;
  CLI::App app("Posts signed webhooks of calls or texts that come in, and times the answers");
  app.add_option("--host", options.host, "IPv4 address");
  app.add_option("--port", options.port)->required();
  app.add_option("--path", request.path, "Path of the webhook")->required();
  app.add_option("--public-url", request.public_url, "What is signed before the path")->required();
  app.add_option("--account", request.account_sid, "AccountSid");
  app.add_option("--to", request.to, "The number that is called");
  app.add_option("--callers", callers, "File of the numbers that call, in turn")->required();
  app.add_option("--field", fields, "NAME=VALUE beside the usual ones");
  app.add_flag("--texts", request.texts, "Texts that come in, in the place of calls");
  app.add_option("--connections", options.connections, "How many at once")->check(CLI::PositiveNumber);
  app.add_flag("--new-connection", options.new_connection, "One for every request");
  app.add_option("--rate", options.rate, "Requests a second, at random moments; default: closed loop");
  app.add_option("--seconds", options.seconds, "For how long");
  app.add_option("--requests", options.requests, "At most so many");
  app.add_option("--timeout", options.timeout, "Seconds until a request counts as lost");
  app.add_option("--acknowledged", acknowledged, "File for the CallSids that were answered with TwiML");
  CLI11_PARSE(app, argc, argv);

  const char* const token = std::getenv("TWILIO_AUTH_TOKEN");
  if (token == nullptr) throw std::runtime_error("TWILIO_AUTH_TOKEN is not set");
  request.token = token;
  request.host = options.host + ":" + std::to_string(options.port);
  request.callers = lines_of(callers);
  request.fields = fields_of(fields);
  request.close = options.new_connection;
  const auto file = open_to_write(acknowledged);
  if (file)
    options.acknowledged = [&](std::string_view sid) {
      std::fprintf(file.get(), "%.*s\n", static_cast<int>(sid.size()), sid.data());
    };
  test::Load load(options, test::Requests(std::move(request)));
  running = &load;
  std::signal(SIGINT, ask_to_stop);
  std::signal(SIGTERM, ask_to_stop);
  const auto report = load.run();
  if (file && std::fflush(file.get()) != 0)
    throw std::system_error(errno, std::generic_category(), acknowledged);
  std::puts(json_of(report).dump(2).c_str());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_load: %s\n", error.what());
  return 1;
}
