// The table of configuration keys. config(5) documents it and a test holds the two together.

#include <algorithm>

#include "config/settings.hpp"

namespace ringctl::config {
namespace {

constexpr KeyInfo k_keys[] = {
    {"account_sid", Kind::text, "TWILIO_ACCOUNT_SID", "", "", "Twilio account, AC and 32 hex digits"},
    {"api_key", Kind::secret, "TWILIO_API_KEY", "", "", "Twilio API key, SK and 32 hex digits"},
    {"api_secret", Kind::secret, "TWILIO_API_SECRET", "", "", "secret of the API key"},
    {"area_codes", Kind::text_list, "", "", "",
     "North American area codes newer than this ringctl, as 728=US"},
    {"auth_token", Kind::secret, "TWILIO_AUTH_TOKEN", "", "", "auth token; verifies webhook signatures"},
    {"auth_token_secondary", Kind::secret, "TWILIO_AUTH_TOKEN_SECONDARY", "", "",
     "second token accepted for signatures while rotating"},
    {"auth_tokens", Kind::secret, "", "", "", "all tokens accepted for signatures, one a line"},
    {"color", Kind::choice, "", "auto", "auto|always|never", "colour on terminals", "--color"},
    {"database", Kind::url, "RINGCTL_DATABASE_URL", "", "", "sqlite:PATH or postgresql://...", "--database"},
    {"edge", Kind::text, "TWILIO_EDGE", "", "", "Twilio edge, as ashburn"},
    {"limit", Kind::integer, "", "", "", "rows a list shows at most, 0 = all", "--limit"},
    {"lock_wait", Kind::duration, "", "0s", "", "how long to wait for another ringctl's lock", "--lock-wait"},
    {"log_format", Kind::choice, "RINGCTL_LOG_FORMAT", "text", "text|json", "form of diagnostics on stderr",
     "--log-format"},
    {"log_level", Kind::choice, "RINGCTL_LOG_LEVEL", "warn", "error|warn|info|debug|trace",
     "how much is logged", "--verbose"},
    {"named_statements", Kind::boolean, "", "true", "",
     "PostgreSQL: false behind a pooler in transaction mode that does not follow prepared statements"},
    {"no_input", Kind::boolean, "RINGCTL_NO_INPUT", "false", "", "never prompt", "--no-input"},
    {"null_text", Kind::text, "", "", "", "what an absent value looks like in tables and text formats",
     "--null"},
    {"output", Kind::choice, "RINGCTL_OUTPUT", "", "table|tsv|json|jsonl|csv|md|html",
     "output format; table on a terminal and tsv elsewhere unless set", "--output"},
    {"pager", Kind::text, "RINGCTL_PAGER", "", "", "command that long tables go through", "", "PAGER"},
    {"profile", Kind::text, "RINGCTL_PROFILE", "default", "", "profile to use; only under [defaults]",
     "--profile"},
    {"progress", Kind::choice, "RINGCTL_PROGRESS", "auto", "auto|tty|plain|json|none",
     "progress of long work on stderr", "--progress"},
    {"region", Kind::text, "TWILIO_REGION", "", "", "Twilio region, as us1"},
    {"secrets_key", Kind::secret, "RINGCTL_SECRETS_KEY", "", "",
     "seals what is secret in the database: 64 hex digits; else the file secrets.key beside config.toml"},
    {"serve.drain_timeout", Kind::duration, "", "20s", "", "how long a stopping server finishes requests",
     "--drain-timeout"},
    {"serve.durability", Kind::choice, "", "journal", "journal|database",
     "what must be durable before a webhook is answered"},
    {"serve.journal_age", Kind::duration, "", "7d", "", "how long the journal keeps what was applied"},
    {"serve.journal_size", Kind::size, "", "1GiB", "", "how much disk one server's journal takes at most"},
    {"serve.listen", Kind::text, "RINGCTL_LISTEN", "127.0.0.1:8080", "", "HOST:PORT, unix:PATH or fd:N",
     "--listen"},
    {"serve.log_pii", Kind::boolean, "", "false", "", "phone numbers whole in the server's log", "--log-pii"},
    {"serve.max_connections", Kind::integer, "", "4096", "", "connections open at once", "--max-connections"},
    {"serve.metrics_listen", Kind::text, "", "127.0.0.1:9464", "", "where /metrics is served"},
    {"serve.public_url", Kind::url, "RINGCTL_PUBLIC_URL", "", "",
     "the URL Twilio signs; never taken from the Host header", "--public-url"},
    {"serve.tls_certificate", Kind::text, "", "", "",
     "PEM file; with serve.tls_key the server speaks TLS itself"},
    {"serve.tls_key", Kind::text, "", "", "", "PEM file of the certificate's key"},
    {"serve.trusted_proxies", Kind::text_list, "", "", "", "networks whose forwarded headers count"},
    {"timeout", Kind::duration, "", "", "", "deadline of the whole command", "--timeout"},
    {"timezone", Kind::text, "RINGCTL_TZ", "", "", "IANA zone that dates are read and times are printed in",
     "--tz", "TZ"},
    {"twilio.base_url", Kind::url, "RINGCTL_TWILIO_BASE_URL", "", "",
     "REST endpoint; https, or http on loopback"},
    {"twilio.max_concurrency", Kind::integer, "", "8", "", "requests to Twilio at once"},
    {"twilio.messaging_url", Kind::url, "RINGCTL_TWILIO_MESSAGING_URL", "", "",
     "endpoint of the messaging API, where it is not twilio.base_url's"},
    {"twilio.pricing_url", Kind::url, "RINGCTL_TWILIO_PRICING_URL", "", "",
     "endpoint of the pricing API, where it is not twilio.base_url's"},
    {"twilio.retries", Kind::integer, "", "5", "", "attempts after the first"},
    {"twilio.timeout", Kind::duration, "", "10s", "", "deadline of one request"},
    {"twilio.trunking_url", Kind::url, "RINGCTL_TWILIO_TRUNKING_URL", "", "",
     "endpoint of the trunking API, where it is not twilio.base_url's"},
    {"workspace", Kind::text, "", "", "", "workspace to work in", "--workspace"},
};
static_assert(std::is_sorted(std::begin(k_keys), std::end(k_keys),
                             [](const KeyInfo& a, const KeyInfo& b) { return a.name < b.name; }));

}  // namespace

std::span<const KeyInfo> keys() { return k_keys; }

const KeyInfo* find_key(std::string_view name) {
  const auto* const at =
      std::lower_bound(std::begin(k_keys), std::end(k_keys), name,
                       [](const KeyInfo& key, std::string_view wanted) { return key.name < wanted; });
  return at != std::end(k_keys) && at->name == name ? at : nullptr;
}

}  // namespace ringctl::config
