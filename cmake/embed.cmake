# barker_embed(TARGET OUT SYMBOL_PREFIX FILES...): each text file becomes
# `const char <prefix><name>[]` in one generated C file of the build tree.
# A file named after a PRELUDE is put before each text (for Lua).
function(barker_embed target name prefix prelude)
  set(out ${CMAKE_BINARY_DIR}/embed/${name}.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DPREFIX=${prefix} -DPRELUDE=${prelude}
            "-DFILES=${ARGN}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_run.cmake
    DEPENDS ${ARGN} ${prelude} ${CMAKE_SOURCE_DIR}/cmake/embed_run.cmake
    COMMENT "Embedding ${name}" VERBATIM)
  target_sources(${target} PRIVATE ${out})
  set_source_files_properties(${out} PROPERTIES COMPILE_OPTIONS
      "-Wno-missing-prototypes;-Wno-overlength-strings;-Wno-overflow")
endfunction()
