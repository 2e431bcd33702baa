# Writes the build's facts as macros; touches the file only when one changed.
execute_process(COMMAND git -C ${ROOT} describe --always --dirty --abbrev=12 --exclude=* OUTPUT_VARIABLE commit
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit unknown)
endif()
# Where it was built is no fact of the build.
string(REGEX REPLACE " *-f[a-z]+-prefix-map=[^ ]*" "" FLAGS "${FLAGS}")
string(REGEX REPLACE "([\\\"])" "\\\\\\1" FLAGS "${FLAGS}")
set(text "#pragma once\n")
string(APPEND text "#define RINGCTL_VERSION \"${VERSION}\"\n#define RINGCTL_COMMIT \"${commit}\"\n")
string(APPEND text "#define RINGCTL_COMPILER \"${COMPILER}\"\n#define RINGCTL_BUILD_TYPE \"${TYPE}\"\n")
string(APPEND text "#define RINGCTL_FLAGS \"${FLAGS}\"\n#define RINGCTL_SANITIZERS \"${SANITIZE}\"\n")
file(CONFIGURE OUTPUT ${OUT} CONTENT "${text}" @ONLY)
