#include "estate/number_row.hpp"

#include <nlohmann/json.hpp>

#include "estate/capabilities.hpp"

namespace ringctl::estate {

void read_number(const db::Rows& row, Number& out) {
  out.id = row.uuid(0);
  out.phone_number = row.text(1);
  out.provider = row.text(2);
  out.country_code = row.text(3);
  out.label = row.text(4);
  out.status = row.text(5);
  out.capabilities = capabilities_text(capabilities_from_json(row.text(6)));
  out.sid = row.text(7);
  out.webhook_status = row.text(8);
  out.trunk_sid = row.text(9);
  out.assistant_id = row.text(10);
  out.sms_mode = row.text(11);
  out.record_policy = row.text(12);
  out.job_id = row.text(13);
  out.version = row.integer(14);
  out.created_at = row.instant(15);
  out.updated_at = row.instant(16);
  out.account_sid = row.text(17);
  out.missing_since = row.maybe_instant(18);
  out.release_at = row.maybe_instant(19);
  out.configured_at = row.maybe_instant(20);
  out.assigned_to = row.text(21);
}

std::string image_of(const Number& number) {
  nlohmann::json image = {{"version", number.version}};
  const auto put = [&](const char* key, const std::string& value) {
    if (value.empty())
      image[key] = nullptr;
    else
      image[key] = value;
  };
  put("phone_number", number.phone_number);
  put("provider", number.provider);
  put("country_code", number.country_code);
  put("label", number.label);
  put("status", number.status);
  put("capabilities", number.capabilities);
  put("sid", number.sid);
  put("webhook_status", number.webhook_status);
  put("trunk_sid", number.trunk_sid);
  put("assistant_id", number.assistant_id);
  put("sms_mode", number.sms_mode);
  put("record_policy", number.record_policy);
  put("job_id", number.job_id);
  put("account_sid", number.account_sid);
  put("release_at", number.release_at ? base::format_utc(*number.release_at) : std::string());
  // Labels are checked, but a row that another program wrote may hold anything; its image must still be
  // writable.
  return image.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace ringctl::estate
