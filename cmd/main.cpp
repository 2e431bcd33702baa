#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "cmd/context.hpp"
#include "cmd/dispatch.hpp"
#include "cmd/root.hpp"
#include "cmd/signals.hpp"

int main(int argc, char** argv) {
  using namespace ringctl;
  static base::CancelToken cancel;  // the signal handler reads it until the very end
  cmd::signals::reserve_standard_streams();
  cmd::signals::install(cancel);
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  const cmd::Registry registry(cmd::nouns(), cmd::aliases());
  cmd::Context context(registry, cmd::process_world(cancel));
  try {
    return cmd::dispatch(args, context);
  } catch (...) {
    return cmd::fail(args, context);
  }
}
