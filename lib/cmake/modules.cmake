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
endfunction()
