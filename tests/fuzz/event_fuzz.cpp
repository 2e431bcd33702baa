// Bytes of an event, whatever they are: no crash, no leak; what is read back is written and read again the
// same, and is of a call or of a message, never both.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "calls/event.hpp"
#include "messages/event.hpp"

using namespace ringctl;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool read_call(std::string_view bytes) {
  std::error_code error;
  const auto event = calls::try_from_bytes(bytes, error);
  require(event.has_value() != static_cast<bool>(error));
  if (!event) return false;
  require(calls::event_key(*event).size() <= 200);
  calls::form_json(*event);
  require(calls::try_from_bytes(calls::to_bytes(*event), error) == event);
  return true;
}

bool read_message(std::string_view bytes) {
  std::error_code error;
  const auto event = messages::try_from_bytes(bytes, error);
  require(event.has_value() != static_cast<bool>(error));
  if (!event) return false;
  require(messages::is_message(bytes));
  require(messages::event_key(*event).size() <= 200);
  messages::form_json(*event);
  const auto media = messages::content_of(*event).media;
  require(messages::media_from(messages::media_json(media)) == media);
  require(messages::try_from_bytes(messages::to_bytes(*event), error) == event);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool call = read_call(bytes), message = read_message(bytes);
  require(!call || !message);
  return 0;
}
