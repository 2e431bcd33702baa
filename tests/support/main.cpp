#define CATCH_CONFIG_MAIN
#include "support/catch.hpp"

#ifdef __SANITIZE_THREAD__
// libstdc++ is not instrumented, so the reference count of an exception that a future carries from one thread
// to another looks like no synchronisation at all.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
#endif
