# Language, warnings, sanitizers and hardening. Targets take them by linking ringctl_settings privately.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(RINGCTL_WERROR "Treat warnings as errors" OFF)
option(RINGCTL_TIDY "Run clang-tidy on every file" OFF)
set(RINGCTL_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

find_program(RINGCTL_CCACHE ccache)
if(RINGCTL_CCACHE)
  # Without this ccache gives up on every file that uses the tests' precompiled header.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${RINGCTL_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
if(RINGCTL_TIDY)
  find_program(RINGCTL_CLANG_TIDY NAMES clang-tidy REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY ${RINGCTL_CLANG_TIDY} --quiet --warnings-as-errors=*)
endif()

set(sanitized 0)
if(RINGCTL_SANITIZE)  # a list with commas, which no generator expression takes
  set(sanitized 1)
endif()
add_library(ringctl_warnings INTERFACE)
target_compile_options(ringctl_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wformat=2
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op>
  # g++ 12's optimiser sees copies of exabytes in "a" + std::string() (GCC bug 105329); other compilers and
  # builds without it (sanitizers are built with some) keep these warnings.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>,$<OR:$<CONFIG:Release>,${sanitized}>>:-Wno-restrict$<SEMICOLON>-Wno-stringop-overflow$<SEMICOLON>-Wno-array-bounds>
  $<$<BOOL:${RINGCTL_WERROR}>:-Werror>)

add_library(ringctl_sanitize INTERFACE)
if(RINGCTL_SANITIZE)
  target_compile_options(ringctl_sanitize INTERFACE -fsanitize=${RINGCTL_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all -O1
    # GCC sees uninitialised reads in the standard library once its code is instrumented.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
    # The thread sanitizer knows no fences. Asio has some; each of its loops is one thread's here.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  target_link_options(ringctl_sanitize INTERFACE -fsanitize=${RINGCTL_SANITIZE})
endif()

add_library(ringctl_hardening INTERFACE)
target_compile_options(ringctl_hardening INTERFACE -fstack-protector-strong -fstack-clash-protection
  $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>)
target_compile_definitions(ringctl_hardening INTERFACE
  $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS> $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_link_options(ringctl_hardening INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)

add_library(ringctl_settings INTERFACE)
target_link_libraries(ringctl_settings INTERFACE ringctl_warnings ringctl_sanitize ringctl_hardening)

include(CheckPIESupported)
check_pie_supported()
