#include "config/secrets.hpp"

#include "config/world.hpp"

namespace ringctl::config {
namespace {

/// Planted as every secret, and looked for in everything that is shown.
constexpr auto k_canary = "canary-9d41c7e2";

std::string revealed(const World& world, std::string_view key) {
  const auto secret = world.load().secret(key);
  return secret ? secret->reveal() : "(none)";
}

TEST_CASE("a secret that nobody configured is absent", "[config]") {
  const World world;
  CHECK_FALSE(world.load().secret("api_secret"));
}

TEST_CASE("a secret comes from the environment, a file it names, systemd, or credentials.toml, in this order",
          "[config]") {
  World world;
  world.write(world.credentials(), "[defaults]\napi_secret = 'from-defaults'\n");
  CHECK(revealed(world, "api_secret") == "from-defaults");
  world.write(world.credentials(),
              "[defaults]\napi_secret = 'from-defaults'\n[profiles.default]\napi_secret = 'from-profile'\n");
  CHECK(revealed(world, "api_secret") == "from-profile");
  CHECK(world.load().find("api_secret")->origin == world.credentials().string() + ":4 [profiles.default]");

  std::filesystem::create_directory(world.root() / "creds");
  world.write(world.root() / "creds/TWILIO_API_SECRET", "from-systemd\n", 0440);
  world.environment["CREDENTIALS_DIRECTORY"] = (world.root() / "creds").string();
  CHECK(revealed(world, "api_secret") == "from-systemd");
  CHECK(world.load().find("api_secret")->origin == "systemd credential TWILIO_API_SECRET");

  world.environment["TWILIO_API_SECRET_FILE"] = world.write(world.root() / "s", "from-file\r\n").string();
  CHECK(revealed(world, "api_secret") == "from-file");
  CHECK(world.load().find("api_secret")->origin == "environment TWILIO_API_SECRET_FILE");

  world.environment.erase("TWILIO_API_SECRET_FILE");
  world.environment["TWILIO_API_SECRET"] = "from-environment";
  CHECK(revealed(world, "api_secret") == "from-environment");
  CHECK(world.load().find("api_secret")->origin == "environment TWILIO_API_SECRET");
}

TEST_CASE("a variable and its _FILE twin together are an error", "[config]") {
  World world;
  world.environment["TWILIO_AUTH_TOKEN"] = k_canary;
  world.environment["TWILIO_AUTH_TOKEN_FILE"] = "/somewhere";
  const auto error = error_of([&] { world.load(); });
  CHECK(error.slug() == "config.ambiguous_secret");
  CHECK(whole(error).find(k_canary) == std::string::npos);
}

TEST_CASE("a secret's file is found beside credentials.toml, under HOME, or by its whole path", "[config]") {
  World world;
  world.write(world.credentials().parent_path() / "token", "beside\n");
  world.write(world.root() / "home/token", "home\n");
  world.write(world.root() / "token", "whole\n");
  const auto with = [&](const std::string& path) {
    world.write(world.credentials(), "[defaults]\nauth_token_file = '" + path + "'\n");
    return revealed(world, "auth_token");
  };
  CHECK(with("token") == "beside");
  CHECK(with("~/token") == "home");
  CHECK(with((world.root() / "token").string()) == "whole");
}

TEST_CASE("a secret's file that others can read is refused with the chmod line", "[config]") {
  World world;
  const auto path = world.write(world.root() / "token", k_canary, 0644);
  world.write(world.credentials(), "[defaults]\nauth_token_file = '" + path.string() + "'\n");
  const auto error = error_of([&] { world.load().secret("auth_token"); });
  CHECK(error.errc() == Errc::config);
  CHECK(error.slug() == "config.secret_permissions");
  CHECK(error.hint().find("chmod 600 " + path.string()) != std::string::npos);
  CHECK(whole(error).find(k_canary) == std::string::npos);
}

TEST_CASE("a secret's file that is missing, empty or binary is an error that quotes nothing", "[config]") {
  World world;
  const auto path = world.root() / "token";
  world.write(world.credentials(), "[defaults]\nauth_token_file = '" + path.string() + "'\n");
  const auto failure = [&] { return error_of([&] { world.load().secret("auth_token"); }); };
  CHECK(failure().errc() == Errc::config);
  world.write(path, "\n\n");
  CHECK(failure().slug() == "config.empty_secret");
  world.write(path, std::string(k_canary) + '\0' + "x");
  CHECK(failure().slug() == "config.bad_value");
  CHECK(whole(failure()).find(k_canary) == std::string::npos);
}

TEST_CASE("a secret's command is run when the secret is asked for, not before", "[config]") {
  World world;
  const auto mark = (world.root() / "ran").string();
  world.write(world.credentials(),
              "[defaults]\nauth_tokens_command = ['sh', '-c', 'echo one; echo two; : >" + mark + "']\n");
  const auto settings = world.load();
  CHECK_FALSE(std::filesystem::exists(mark));
  CHECK(settings.secret("auth_tokens")->reveal() == "one\ntwo");
  CHECK(std::filesystem::exists(mark));
}

TEST_CASE("a list of tokens is one token a line", "[config]") {
  World world;
  world.write(world.credentials(), "[defaults]\nauth_tokens = ['one', 'two']\n");
  CHECK(revealed(world, "auth_tokens") == "one\ntwo");
}

TEST_CASE("no secret shows in what is listed", "[config]") {
  World world;
  world.environment["TWILIO_API_KEY"] = k_canary;
  world.environment["TWILIO_AUTH_TOKEN_FILE"] = world.write(world.root() / "t", k_canary).string();
  world.environment["RINGCTL_DATABASE_URL"] = std::string("postgresql://u:") + k_canary + "@db/x";
  world.write(world.credentials(), std::string("[defaults]\napi_secret = '") + k_canary +
                                       "'\nauth_tokens_command = ['printf', '" + k_canary + "']\n");
  const auto settings = world.load();
  for (const auto& [key, value] : settings.effective()) {
    INFO(key->name);
    CHECK(value.text.find(k_canary) == std::string::npos);
    CHECK(value.origin.find(k_canary) == std::string::npos);
  }
  for (const auto& key : keys()) {
    if (key.kind != Kind::secret) continue;
    if (const auto value = settings.find(key.name)) CHECK(value->text.find(k_canary) == std::string::npos);
  }
  CHECK(settings.find("api_secret")->text == "****c7e2");
  CHECK(settings.find("auth_token")->text == "file " + (world.root() / "t").string());
  CHECK(settings.find("auth_tokens")->text == "command printf");
  CHECK(settings.secret("auth_tokens")->reveal() == k_canary);
}

TEST_CASE("the database may come from a private file", "[config]") {
  World world;
  const auto path = world.write(world.root() / "url", "postgresql://u:pw@db/x\n");
  world.environment["RINGCTL_DATABASE_URL_FILE"] = path.string();
  CHECK(world.load().database_url() == "postgresql://u:pw@db/x");
  world.write(path, "postgresql://u:pw@db/x\n", 0644);
  CHECK(error_of([&] { world.load(); }).slug() == "config.secret_permissions");
}

TEST_CASE("the system's credentials serve those who may read them", "[config]") {
  World world;
  world.write(world.system_file().parent_path() / "credentials.toml", "[defaults]\napi_key = 'SKsystem'\n");
  CHECK(revealed(world, "api_key") == "SKsystem");
  world.write(world.credentials(), "[defaults]\napi_key = 'SKuser'\n");
  CHECK(revealed(world, "api_key") == "SKuser");
}

}  // namespace
}  // namespace ringctl::config
