# tests/unit mirrors the source paths: tests/unit/<dir>/<file>_test.c is one
# program per file; tests/sim, llmsim, bench, counter and calendar have one program each.
if(NOT BARKER_TESTS)
  return()
endif()
enable_testing()

if(BARKER_UNIT)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
  file(GLOB_RECURSE unit_src CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} tests/unit/*_test.c)
endif()
foreach(source IN LISTS unit_src)
  string(REGEX REPLACE "^tests/unit/(.*)\\.c$" "\\1" path ${source})
  string(REPLACE "/" "." name ${path})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE workers PkgConfig::CMOCKA m)
  target_compile_definitions(${name} PRIVATE
      SOURCE_DIR="${CMAKE_SOURCE_DIR}" BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES TIMEOUT 120)
endforeach()

foreach(part sim llmsim bench counter calendar)
  file(GLOB part_src CONFIGURE_DEPENDS tests/${part}/*.c)
  if(part_src)
    add_executable(barker-${part} ${part_src})
    target_link_libraries(barker-${part} PRIVATE workers m)
  endif()
endforeach()
target_link_libraries(barker-bench PRIVATE PkgConfig::ZLIB)

# Preloaded into a redis-server, so without sanitizers, which want to be there first.
add_library(clock-shim MODULE tests/fakes/clock_shim.c)
target_compile_options(clock-shim PRIVATE -std=gnu11 -Wall -Wextra -Werror -O1 -fPIC)
if(TARGET workers.llm.batch_wire_test) # it starts one
  add_dependencies(workers.llm.batch_wire_test barker-llmsim)
endif()
