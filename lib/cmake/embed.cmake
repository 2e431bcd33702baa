# Generated sources: the migrations as string literals, what was built from which commit, the tables of numbers.
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
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  set(flags ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}} $<TARGET_PROPERTY:ringctl_hardening,INTERFACE_COMPILE_OPTIONS>)
  add_custom_target(ringctl_build_info BYPRODUCTS ${out}
    COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION} -DOUT=${out}
      "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}" -DTYPE=${CMAKE_BUILD_TYPE}
      "-DFLAGS=$<JOIN:${flags}, >"
      "-DSANITIZE=${RINGCTL_SANITIZE}" -P ${PROJECT_SOURCE_DIR}/lib/cmake/write_build_info.cmake VERBATIM)
  add_dependencies(${target} ringctl_build_info)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
endfunction()

function(ringctl_embed_phone_tables target)
  set(dir ${PROJECT_SOURCE_DIR}/lib/phone/generate)
  add_executable(ringctl_phone_generate ${dir}/main.cpp ${dir}/decision.cpp ${dir}/pattern.cpp)
  target_include_directories(ringctl_phone_generate PRIVATE ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(ringctl_phone_generate PRIVATE ringctl_settings fmt::fmt ${RINGCTL_LIBPHONENUMBER}
    PkgConfig::PROTOBUF)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/generated/phone_tables_generated.cpp)
  add_custom_command(OUTPUT ${out} COMMAND ringctl_phone_generate ${out} DEPENDS ringctl_phone_generate VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
