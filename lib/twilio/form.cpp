#include "twilio/form.hpp"

#include <array>

namespace ringctl::twilio {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_decoded(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i] == '+' ? ' ' : text[i];
  }
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '*';
}

void append_encoded(std::string& out, std::string_view text) {
  static constexpr std::string_view k_hex = "0123456789ABCDEF";
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += k_hex[static_cast<unsigned char>(c) >> 4];
      out += k_hex[static_cast<unsigned char>(c) & 15];
    }
  }
}

}  // namespace

void Form::clear() {
  text_.clear();
  places_.clear();
}

Parsed Form::parse(std::string_view encoded) {
  clear();
  if (encoded.size() > k_max_form_bytes) return Parsed::too_long;
  while (!encoded.empty()) {
    const auto end = encoded.find('&');
    const auto parameter = encoded.substr(0, end);
    encoded.remove_prefix(end == std::string_view::npos ? encoded.size() : end + 1);
    if (parameter.empty()) continue;
    if (places_.size() == k_max_form_parameters) {
      clear();
      return Parsed::too_many;
    }
    const auto equals = parameter.find('=');
    Place place{};
    place.name = static_cast<std::uint32_t>(text_.size());
    append_decoded(text_, parameter.substr(0, equals));
    place.value = static_cast<std::uint32_t>(text_.size());
    if (equals != std::string_view::npos) append_decoded(text_, parameter.substr(equals + 1));
    place.end = static_cast<std::uint32_t>(text_.size());
    places_.push_back(place);
  }
  return Parsed::ok;
}

void Form::add(std::string_view name, std::string_view value) {
  Place place{};
  place.name = static_cast<std::uint32_t>(text_.size());
  text_ += name;
  place.value = static_cast<std::uint32_t>(text_.size());
  text_ += value;
  place.end = static_cast<std::uint32_t>(text_.size());
  places_.push_back(place);
}

Form::Parameter Form::operator[](std::size_t index) const {
  const auto& place = places_[index];
  const std::string_view text = text_;
  return {text.substr(place.name, place.value - place.name),
          text.substr(place.value, place.end - place.value)};
}

std::optional<std::string_view> Form::find(std::string_view name) const {
  for (std::size_t i = 0; i < size(); ++i)
    if (const auto parameter = (*this)[i]; parameter.name == name) return parameter.value;
  return std::nullopt;
}

std::string Form::encoded() const {
  std::string out;
  for (std::size_t i = 0; i < size(); ++i) {
    const auto parameter = (*this)[i];
    if (i > 0) out += '&';
    append_encoded(out, parameter.name);
    out += '=';
    append_encoded(out, parameter.value);
  }
  return out;
}

}  // namespace ringctl::twilio
