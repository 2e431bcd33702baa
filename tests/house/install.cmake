# Installs into a folder of its own, as root's and as an administrator's, and looks for every file. Run by ctest.
# BUILD, SOURCE   the build and the sources
# SCDOC, BIN      the program that makes manuals, if there is one; where programs go, below the prefix
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
list(FILTER files EXCLUDE REGEX "^(${BIN}/ringctl|share/(man|doc/ringctl|bash-completion|zsh|fish)/.+)$")
if(files)
  message(SEND_ERROR "more than was meant is installed: ${files}")
endif()

install_below(/usr/local)
expect(/usr/local/share/zsh/site-functions/_ringctl)
file(REMOVE_RECURSE ${root})
