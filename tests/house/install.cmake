# Installs into a folder of its own, as root's and as an administrator's, and looks for every file. Run by ctest.
# BUILD, SOURCE   the build and the sources
# SCDOC, ANALYZE  the programs that make manuals and look at units of systemd, where there are such
# BIN             where programs go, below the prefix
set(root ${BUILD}/tests/installed)

function(install_below prefix)
  file(REMOVE_RECURSE ${root})
  execute_process(COMMAND ${CMAKE_COMMAND} -E env DESTDIR=${root} ${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(expect file)
  if(NOT EXISTS ${root}${file})
    message(SEND_ERROR "${file} is not there")
  endif()
endfunction()

install_below(/usr)
expect(/usr/share/bash-completion/completions/ringctl)
expect(/usr/share/zsh/vendor-completions/_ringctl)
expect(/usr/share/fish/vendor_completions.d/ringctl.fish)
set(units ringctl.service ringctl.socket ringctl-reset.service ringctl-reset.timer)
foreach(unit ${units})
  expect(/usr/lib/systemd/system/${unit})
endforeach()
foreach(doc copyright README.md CHANGELOG.md)
  expect(/usr/share/doc/ringctl/${doc})
endforeach()
if(SCDOC)
  file(GLOB pages RELATIVE ${SOURCE}/man ${SOURCE}/man/*.scd)
  foreach(page ${pages})
    string(REGEX REPLACE "\\.scd$" "" name ${page})
    string(REGEX REPLACE "^.*\\." "" part ${name})
    expect(/usr/share/man/man${part}/${name})
  endforeach()
endif()
execute_process(COMMAND ${root}/usr/${BIN}/ringctl --version OUTPUT_VARIABLE version COMMAND_ERROR_IS_FATAL ANY)
if(NOT version MATCHES "^ringctl [0-9]")
  message(SEND_ERROR "the installed program says: ${version}")
endif()
# Nothing of the tests or of the libraries that it is made of.
file(GLOB_RECURSE files RELATIVE ${root}/usr ${root}/usr/*)
list(FILTER files EXCLUDE REGEX "^(${BIN}/ringctl|share/(man|doc/ringctl|bash-completion|zsh|fish)/.+|lib/systemd/system/.+)$")
if(files)
  message(SEND_ERROR "more than was meant is installed: ${files}")
endif()

install_below(/usr/local)
expect(/usr/local/share/zsh/site-functions/_ringctl)
file(REMOVE_RECURSE ${root})

# systemd looks for the programs that units start, so these are installed where they say that they are.
if(ANALYZE)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${root} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  list(TRANSFORM units PREPEND ${root}/lib/systemd/system/)
  execute_process(COMMAND ${ANALYZE} verify --man=no ${units} RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(result OR said)
    message(SEND_ERROR "systemd finds in the units: ${said}")
  endif()
  list(FILTER units INCLUDE REGEX "service$")
  foreach(unit ${units})
    # In tenths: 100 is a service that may do everything, and below 20 systemd itself calls one well confined.
    execute_process(COMMAND ${ANALYZE} security --offline=true --threshold=20 ${unit} RESULT_VARIABLE result
      OUTPUT_VARIABLE said ERROR_VARIABLE said)
    if(result)
      message(SEND_ERROR "${unit} may do too much: ${said}")
    endif()
  endforeach()
  file(REMOVE_RECURSE ${root})
endif()
