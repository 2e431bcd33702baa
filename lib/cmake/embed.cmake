# Generated sources: the migrations as string literals, and what was built from which commit.
function(ringctl_embed_migrations target)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL INTERFACE_LIBRARY)
    return()
  endif()
  set(dir ${PROJECT_SOURCE_DIR}/lib/db/migrations)
  file(GLOB files CONFIGURE_DEPENDS ${dir}/sqlite/*.sql ${dir}/postgresql/*.sql)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/generated/migrations_embedded.cpp)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DDIR=${dir} -DOUT=${out} -P ${PROJECT_SOURCE_DIR}/lib/cmake/write_migrations.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/lib/cmake/write_migrations.cmake VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

function(ringctl_embed_build_info target)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/generated/build_info_generated.hpp)
  add_custom_target(ringctl_build_info BYPRODUCTS ${out}
    COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION} -DOUT=${out}
      "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" -DTYPE=${CMAKE_BUILD_TYPE}
      "-DSANITIZE=${RINGCTL_SANITIZE}" -P ${PROJECT_SOURCE_DIR}/lib/cmake/write_build_info.cmake VERBATIM)
  add_dependencies(${target} ringctl_build_info)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
endfunction()
