# What is installed beside the program (cmd) and its manual (man), and the Debian package: cpack in the build folder.
install(FILES README.md CHANGELOG.md TYPE DOC)
install(FILES LICENSE TYPE DOC RENAME copyright)
install(FILES completions/ringctl.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ringctl)
install(FILES completions/ringctl.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
# Debian's zsh looks for those of packages in a folder of their own.
install(CODE "
  set(folder site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
    set(folder vendor-completions)
  endif()
  file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${folder}\" TYPE FILE
    RENAME _ringctl FILES \"${PROJECT_SOURCE_DIR}/completions/ringctl.zsh\")")
# The services run the program from where it is installed. Units stand in cmd/systemd, beside the command that each runs.
install(CODE "
  set(bin \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  file(READ \"${PROJECT_SOURCE_DIR}/cmd/systemd/sandbox.conf\" sandbox)
  foreach(unit ringctl.service ringctl-reset.service)
    configure_file(\"${PROJECT_SOURCE_DIR}/cmd/systemd/\${unit}.in\" \"${PROJECT_BINARY_DIR}/systemd/\${unit}\" @ONLY)
  endforeach()
  file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\" TYPE FILE
    FILES \"${PROJECT_BINARY_DIR}/systemd/ringctl.service\" \"${PROJECT_BINARY_DIR}/systemd/ringctl-reset.service\"
      \"${PROJECT_SOURCE_DIR}/cmd/systemd/ringctl-reset.timer\" \"${PROJECT_SOURCE_DIR}/cmd/systemd/ringctl.socket\")")

set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
# Without a maintainer cpack refuses to make a package.
if(DEFINED ENV{DEBEMAIL})
  set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION comm)
# The libraries that it is linked with are asked of dpkg-shlibdeps.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "tzdata, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
