# tests/fuzz/<name>_fuzz.c is one fuzz target. With BARKER_FUZZ (clang) it is linked with
# libFuzzer and the whole code counts coverage; otherwise it is a test that replays
# tests/fuzz/corpus/<name>. scripts/fuzz runs them.
if(NOT BARKER_TESTS OR NOT (BARKER_UNIT OR BARKER_FUZZ))
  return()
endif()
if(BARKER_FUZZ) # -w: the warnings that count are those of the dev preset
  target_compile_options(barker_flags INTERFACE -w
      -fsanitize=fuzzer-no-link,float-cast-overflow
      -fno-sanitize-recover=float-cast-overflow)
endif()

add_custom_target(fuzzers)
file(GLOB sim_src CONFIGURE_DEPENDS tests/llmsim/*.c)
list(REMOVE_ITEM sim_src ${CMAKE_SOURCE_DIR}/tests/llmsim/main.c)
file(GLOB fuzz_src CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} tests/fuzz/*_fuzz.c)
foreach(source IN LISTS fuzz_src)
  string(REGEX REPLACE "^tests/fuzz/(.*)_fuzz\\.c$" "\\1" name ${source})
  add_executable(fuzz.${name} ${source})
  target_link_libraries(fuzz.${name} PRIVATE workers m)
  add_dependencies(fuzzers fuzz.${name})
  if(name STREQUAL "llmsim")
    target_sources(fuzz.${name} PRIVATE ${sim_src})
  endif()
  if(BARKER_FUZZ)
    target_link_options(fuzz.${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz.${name} PRIVATE tests/fuzz/replay.c)
    add_test(NAME fuzz.${name}
        COMMAND fuzz.${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120)
  endif()
endforeach()
