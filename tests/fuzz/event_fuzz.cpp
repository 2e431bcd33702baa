// Bytes of an event, whatever they are: no crash, no leak; what is read back is written and read again the
// same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "calls/event.hpp"

using namespace ringctl::calls;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::error_code error;
  const auto event = try_from_bytes(bytes, error);
  if (event.has_value() == static_cast<bool>(error)) std::abort();
  if (!event) return 0;
  if (event_key(*event).size() > 200) std::abort();
  form_json(*event);
  if (try_from_bytes(to_bytes(*event), error) != event) std::abort();
  return 0;
}
