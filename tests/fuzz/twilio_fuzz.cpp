// Forms and signatures of any bytes. A form stays within its limits and comes back from its encoding; a
// request is accepted exactly when it carries the signature of itself.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "twilio/signature.hpp"

using namespace ringctl;
using namespace ringctl::twilio;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// Up to the next newline.
std::string_view take(std::string_view& input) {
  const auto end = input.find('\n');
  const auto part = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto base = take(input), target = take(input), signature = take(input);
  Form form, again;
  const bool parsed = form.parse(input) == Parsed::ok;
  require(parsed || form.empty(), "a form past its limits is empty");
  if (parsed && again.parse(form.encoded()) == Parsed::ok) {
    require(again.size() == form.size(), "no parameter is lost");
    for (std::size_t i = 0; i < form.size(); ++i) require(again[i] == form[i], "parameters come back");
  }

  static const std::vector<base::Secret> k_tokens{base::Secret("one"), base::Secret("two")};
  static Scratch scratch;
  Request request{.base = base, .target = target, .signature = signature, .form = &form, .body = input};
  require(verify(request, k_tokens, scratch) != Signed::ok, "a signature that nobody made is refused");
  const bool by_body = target.find("bodySHA256") != std::string_view::npos;
  for (const auto& url : candidate_urls(request)) {
    const auto made = sign("two", url, by_body ? Form() : form);
    request.signature = made;
    const auto verdict = verify(request, k_tokens, scratch);
    require(verdict == (by_body ? verdict : Signed::ok) && verdict != Signed::mismatch,
            "a signed request passes");
  }
  return 0;
}
