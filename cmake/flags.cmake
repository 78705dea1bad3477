# Warnings of DESIGN §9 and the sanitizer switch, on one interface target.
add_library(barker_flags INTERFACE)
target_include_directories(barker_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(barker_flags INTERFACE _GNU_SOURCE
    BARKER_VERSION="${PROJECT_VERSION}")
target_compile_options(barker_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow
    -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
    -fno-omit-frame-pointer)
if(BARKER_WERROR)
  target_compile_options(barker_flags INTERFACE -Werror)
endif()
if(BARKER_SANITIZE)
  target_compile_options(barker_flags INTERFACE -fsanitize=address,undefined
      -fno-sanitize-recover=undefined)
  target_link_options(barker_flags INTERFACE -fsanitize=address,undefined)
endif()
if(BARKER_COVERAGE)
  target_compile_options(barker_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(barker_flags INTERFACE --coverage)
endif()
