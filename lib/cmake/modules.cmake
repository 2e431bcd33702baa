# What nearly every file includes, parsed once: a third of the time to build. Sources include it all the same, and the
# tidy preset is built without.
set(RINGCTL_PRECOMPILED <algorithm> <array> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <optional> <span>
  <string> <string_view> <unordered_map> <utility> <vector> <fmt/format.h> <nlohmann/json.hpp>)
file(CONFIGURE OUTPUT precompiled.cpp CONTENT "")
add_library(ringctl_precompiled OBJECT ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp)
target_link_libraries(ringctl_precompiled PRIVATE ringctl_settings fmt::fmt nlohmann_json::nlohmann_json)
target_precompile_headers(ringctl_precompiled PRIVATE ${RINGCTL_PRECOMPILED})

# ringctl_module(NAME [USES ROOM...] [LINKS LIBRARY...])
# One static library per room, from every .cpp in its folder. USES are the rooms whose headers it may include;
# tests/house holds the #include lines against them. LINKS are third-party libraries, kept out of other rooms.
# A room that has only headers is an interface library.
function(ringctl_module name)
  cmake_parse_arguments(arg "" "" "USES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/${name}/*.cpp)
  list(TRANSFORM arg_USES PREPEND ringctl_)
  if(NOT sources)
    add_library(ringctl_${name} INTERFACE)
    target_include_directories(ringctl_${name} INTERFACE ${PROJECT_SOURCE_DIR}/lib)
    target_link_libraries(ringctl_${name} INTERFACE ${arg_USES} fmt::fmt)
    return()
  endif()
  add_library(ringctl_${name} STATIC ${sources})
  target_include_directories(ringctl_${name} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(ringctl_${name} PUBLIC ${arg_USES} fmt::fmt PRIVATE ringctl_settings ${arg_LINKS})
  target_precompile_headers(ringctl_${name} REUSE_FROM ringctl_precompiled)
endfunction()
